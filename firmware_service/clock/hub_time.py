"""What time the hub says it is, signed: for sites whose stations reach nothing but the broker.

``udi/site/time``, not retained: ``{"schema": 1, "at": "...Z", "by": NAME, "sig": base64}``. The signature (Ed25519)
covers the text of ``at``; whose key counts stands in the site's settings.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOPIC = "udi/site/time"
SCHEMA = 1
_COVERED = b"udi-station signature 1\ntime\n"


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
        text, by, sig = str(told["at"]), str(told["by"]), base64.b64decode(told["sig"], validate=True)
        schema, at = told["schema"], datetime.fromisoformat(text)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise HubTimeError(f"{len(payload)} bytes are no time: {type(error).__name__}") from None
    if schema != SCHEMA or at.tzinfo is None:
        raise HubTimeError(f"schema {schema!r}, at {text!r}: expected schema {SCHEMA} and a time with its zone")
    if by not in keys:
        raise HubTimeError(f"{by!r} may not say the time here; expected one of {sorted(keys)}")
    try:
        Ed25519PublicKey.from_public_bytes(keys[by]).verify(sig, _COVERED + text.encode())
    except (InvalidSignature, ValueError):
        raise HubTimeError(f"the signature of {by!r} does not fit the time {text}") from None
    return at.astimezone(UTC)
