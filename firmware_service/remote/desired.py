"""The configuration that the hub wants, as it comes: ``udi/<station>.fw/config/desired``, retained.

``{"schema": 1, "rev": 7, "body": "<the station's file>", "by": NAME, "sig": base64}``. The signature covers the
station's name, the revision and the body, so that no file can be passed off as another station's or as a newer one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from firmware_service.signed import SignatureError, demand

SCHEMA = 1
MOST_BYTES = 64 * 1024
MOST_REV = 2**53 - 1


class DesiredError(ValueError):
    """No configuration that may be applied; the text says why."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One revision.

    Attributes:
        rev: counts up; only one above the last is looked at.
        body: the text of the station's file.
    """

    rev: int
    body: str


def read_desired(payload: bytes, station: str, keys: Mapping[str, bytes]) -> Desired:
    """What the hub wants of this station.

    Args:
        payload: as it came.
        station: this station's name.
        keys: public keys (32 bytes) of those who may sign a configuration, by name.

    Raises:
        DesiredError: it is none, or not signed for this station by one of them.
    """
    if len(payload) > MOST_BYTES:
        raise DesiredError(f"{len(payload)} bytes, expected at most {MOST_BYTES}")
    try:
        told = json.loads(payload)
        schema, rev, body, by, sig = (told[name] for name in ("schema", "rev", "body", "by", "sig"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DesiredError(f"{len(payload)} bytes are no configuration: {type(error).__name__}") from None
    if schema != SCHEMA or type(rev) is not int or not 0 < rev <= MOST_REV:
        raise DesiredError(f"schema {schema!r}, rev {rev!r}: expected schema {SCHEMA} and a number from 1 on")
    if not all(isinstance(each, str) for each in (body, by, sig)):
        raise DesiredError("body, by and sig: expected texts")
    try:
        demand("configuration", covered(station, rev, body), by=by, sig=sig, keys=keys)
    except (SignatureError, UnicodeEncodeError) as error:
        raise DesiredError(str(error)) from None
    return Desired(rev, body)


def covered(station: str, rev: int, body: str) -> bytes:
    """What the signature is over."""
    return f"{station}\n{rev}\n{body}".encode()
