"""Sealing of patient data to the hub's public key: HPKE base mode, RFC 9180.

The station can seal and cannot open. The sealed form is bound to site and case by HPKE's info string, so that a
sealed patient cannot be moved to another case unnoticed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ENC_BYTES = 32
"""Length of the encapsulated X25519 key that HPKE puts before the ciphertext."""


class SealError(ValueError):
    """A sealed value that does not open: wrong key, wrong site or case, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value as it stands in an event."""

    kid: str
    """Names the hub key it was sealed to."""
    enc: bytes
    """Encapsulated key, 32 bytes."""
    ct: bytes
    """Ciphertext with its tag."""

    def to_json(self) -> dict[str, str]:
        """``{kid, enc, ct}``, bytes in base64."""
        return {
            "kid": self.kid,
            "enc": base64.b64encode(self.enc).decode("ascii"),
            "ct": base64.b64encode(self.ct).decode("ascii"),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sealed:
        """The inverse of `to_json`.

        Raises:
            KeyError, ValueError: a field is missing or not base64.
        """
        return cls(
            kid=data["kid"],
            enc=base64.b64decode(data["enc"], validate=True),
            ct=base64.b64decode(data["ct"], validate=True),
        )


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals to one hub key."""

    kid: str
    public_key: bytes
    """Raw X25519 public key, 32 bytes."""

    def seal(self, plain: bytes, *, site: str, case: str) -> Sealed:
        """Seal ``plain`` for the hub, bound to ``site`` and ``case``."""
        key = X25519PublicKey.from_public_bytes(self.public_key)
        sealed = _SUITE.encrypt(plain, key, info=_info(site, case))
        return Sealed(self.kid, sealed[:_ENC_BYTES], sealed[_ENC_BYTES:])


def open_sealed(sealed: Sealed, private_key: bytes, *, site: str, case: str) -> bytes:
    """The plain value.

    Raises:
        SealError: the key, the site or the case is not the one it was sealed with, or the bytes were changed.
    """
    key = X25519PrivateKey.from_private_bytes(private_key)
    try:
        return _SUITE.decrypt(sealed.enc + sealed.ct, key, info=_info(site, case))
    except InvalidTag as error:
        raise SealError(
            f"sealed value of key {sealed.kid!r} does not open for site {site!r} and case {case!r}"
        ) from error


def new_key() -> bytes:
    """A new private key for a hub: raw X25519, 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_half(private_key: bytes) -> bytes:
    """The public key that stations seal to: raw X25519, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def _info(site: str, case: str) -> bytes:
    return b"udi-station/patient/1\x00" + site.encode() + b"\x00" + case.encode()
