"""Who may say what to a station: Ed25519 signatures (RFC 8032) of named authorities.

A signature covers what kind of thing is said, so that a catalogue cannot be passed off as a recall. Whose key may sign
what stands in the reader's own configuration and never in what is read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

What = Literal["catalogue", "order", "rules", "document", "cards", "bindings", "configuration", "time"]
CARD_NAME = re.compile(r"[A-Z0-9.-]{1,30}")
"""The name of an authority that signs cards: it is printed on each of them (`edge.cards`)."""
_CONTEXT = b"udi-station signature 1\n"


class SignatureError(ValueError):
    """What was said was not said by whom it should have been; nothing of it may be used."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody whose word counts here."""

    name: str
    public_key: bytes
    """Ed25519, 32 bytes."""
    may: frozenset[What]


@dataclass(frozen=True, slots=True)
class Signature:
    """One authority's signature."""

    by: str
    """Name of the authority."""
    sig: str
    """Base64."""


def new_key() -> bytes:
    """A new private key, 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_half(key: bytes) -> bytes:
    """The public key of a private one, 32 bytes each.

    Raises:
        ValueError: it is no key.
    """
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def is_public_key(text: str) -> bool:
    """Whether a text is an Ed25519 public key in base64."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
    return True


def sign(what: What, said: bytes, *, by: str, key: bytes) -> Signature:
    """Sign exact bytes with a private key of 32 bytes."""
    made = Ed25519PrivateKey.from_private_bytes(key).sign(_covered(what, said))
    return Signature(by, base64.b64encode(made).decode("ascii"))


def signers(
    what: What, said: bytes, signatures: Sequence[Signature], authorities: Iterable[Authority]
) -> frozenset[str]:
    """Who signed; each public key counts once, whatever names it goes by.

    Args:
        what: what kind of thing is said.
        said: the exact bytes.
        signatures: as they came with it.
        authorities: whose word counts here.

    Raises:
        SignatureError: there is none, or one of them is unknown here, may not say this, or does not fit the bytes.
    """
    known = {each.name: each for each in authorities}
    if not signatures:
        raise SignatureError(f"this {what} is not signed; expected a signature of one of {sorted(known)}")
    found: dict[bytes, str] = {}
    for signature in signatures:
        authority = known.get(signature.by)
        if authority is None or what not in authority.may:
            able = sorted(name for name, each in known.items() if what in each.may)
            raise SignatureError(f"{signature.by!r} may not sign a {what} here; expected one of {able}")
        _check(authority, signature, _covered(what, said))
        found.setdefault(authority.public_key, authority.name)
    return frozenset(found.values())


def _check(authority: Authority, signature: Signature, covered: bytes) -> None:
    try:
        given = base64.b64decode(signature.sig, validate=True)
        Ed25519PublicKey.from_public_bytes(authority.public_key).verify(given, covered)
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise SignatureError(
            f"the signature of {authority.name!r} does not fit: changed on the way, or forged"
        ) from error


def _covered(what: What, said: bytes) -> bytes:
    return _CONTEXT + what.encode() + b"\n" + said
