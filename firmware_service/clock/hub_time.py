"""What time the hub says it is, signed: for sites whose stations reach nothing but the broker.

``udi/site/time``, once a minute: ``{"schema": 1, "at": "...Z", "by": NAME, "sig": base64}``. The signature (Ed25519)
covers the text of ``at``; whose key counts stands in the site's settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from firmware_service.signed import SignatureError, demand

TOPIC = "udi/site/time"
SCHEMA = 1


class HubTimeError(ValueError):
    """No time that may be believed; the text says why."""


def read_hub_time(payload: bytes, keys: Mapping[str, bytes]) -> datetime:
    """The time in a message, UTC.

    Args:
        payload: as it came.
        keys: public keys (32 bytes) of those who may say the time, by name.

    Raises:
        HubTimeError: it is none, or not signed by one of them.
    """
    try:
        told = json.loads(payload)
        text, by, sig, schema = str(told["at"]), str(told["by"]), str(told["sig"]), told["schema"]
        at = datetime.fromisoformat(text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise HubTimeError(f"{len(payload)} bytes are no time: {type(error).__name__}") from None
    if schema != SCHEMA or at.tzinfo is None:
        raise HubTimeError(f"schema {schema!r}, at {text!r}: expected schema {SCHEMA} and a time with its zone")
    try:
        demand("time", text.encode(), by=by, sig=sig, keys=keys)
    except SignatureError as error:
        raise HubTimeError(str(error)) from None
    return at.astimezone(UTC)
