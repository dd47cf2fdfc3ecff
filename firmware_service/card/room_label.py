"""Room labels: a signed text, printed as QR Code, that tells an unnamed station its site, name and place.

``UDIROOM1.<statement>.<signature>``, both in base32 (RFC 4648) without padding, so that only characters of QR Code's
alphanumeric mode occur, which come unchanged from a scanner in keyboard mode. The statement is JSON; the Ed25519
signature (RFC 8032) covers it and what kind of thing is said. Whose key counts stands in the site's settings.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from firmware_service.card.errors import CardError
from firmware_service.card.site import STATION, is_address, is_text
from hardware.host.toml import ConfigError, parse

PREFIX = "UDIROOM1"
MOST = 900
"""Characters; a QR Code of version 20 at most, which a camera reads from a door sign."""
_CONTEXT = b"udi-station signature 1\nroom-label\n"


class RoomLabelError(CardError):
    """A text that is no room label of this site; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RoomLabel:
    """What a label says."""

    site: str = field(metadata={"check": is_text, "expected": "a site's name"})
    station: str = field(
        metadata={"check": lambda value: STATION.fullmatch(value) is not None, "expected": "a name such as OR-03"}
    )
    place: str = field(metadata={"check": is_text, "expected": "one line of text"})
    address: str | None = field(
        default=None, metadata={"check": is_address, "expected": "an address such as 10.20.3.17/24"}
    )
    """Static address, where the site has no DHCP."""


def new_key() -> tuple[bytes, bytes]:
    """A new private key and its public half, 32 bytes each."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def sign_label(label: RoomLabel, key: bytes) -> str:
    """The text of a label.

    Args:
        label: what it says.
        key: private, 32 bytes.

    Raises:
        RoomLabelError: it would not fit into a code that is read from afar.
    """
    said = {name: value for name, value in asdict(label).items() if value is not None}
    statement = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_CONTEXT + statement)
    text = f"{PREFIX}.{_encode(statement)}.{_encode(signature)}"
    if len(text) > MOST:
        raise RoomLabelError(
            f"the label of {label.station} has {len(text)} characters, at most {MOST}: shorten its place"
        )
    return text


def read_label(text: str, key: bytes) -> RoomLabel:
    """The label that a scanner read.

    Args:
        text: as it was read.
        key: public key of who signs this site's labels, 32 bytes.

    Raises:
        RoomLabelError: it is none, was changed, or was signed by somebody else.
    """
    parts = text.strip().split(".")
    if len(text) > MOST or len(parts) != 3 or parts[0] != PREFIX:  # noqa: PLR2004 - prefix, statement, signature
        raise RoomLabelError(f"{text[:24]!r}… is no room label: expected {PREFIX} and two parts")
    statement, signature = _decode(parts[1]), _decode(parts[2])
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _CONTEXT + statement)
    except InvalidSignature:
        raise RoomLabelError("the label was not signed for this site, or was changed: print it again") from None
    try:
        return parse(json.loads(statement), RoomLabel)
    except (ValueError, ConfigError, RecursionError) as error:
        raise RoomLabelError(f"the label says what this version does not understand: {error}") from None


def _encode(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise RoomLabelError(f"{text[:24]!r}… is not base32: scan the label again") from None
    if _encode(data) != text:
        raise RoomLabelError(f"{text[:24]!r}… is not base32 in its one form: scan the label again")
    return data
