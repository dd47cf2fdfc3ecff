"""Sealing of patients and pictures to the hub's public key: HPKE base mode, RFC 9180.

The station can seal and cannot open. HPKE's info string binds a sealed value to where it belongs: a patient to site and
case, a picture to site and station. A value that is moved elsewhere does not open.

A picture is named by the SHA-256 of its sealed form (`picture_name`), and that name cannot be part of what it is
bound to: it is known only afterwards. It need not be. The event that the picture belongs to carries the name, and the
journal's chain holds the event: a picture that is exchanged for another, even for one of the same station, has another
name. Hash the sealed form, never the picture: a hash of the plain bytes would tell who has seen them.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ENC_BYTES = 32
"""Length of the encapsulated X25519 key that HPKE puts before the ciphertext."""
_TAG_BYTES = 16
MAX_PICTURE_BYTES = 150_000
"""Most bytes of a sealed picture as it is sent."""
_MAGIC = b"UDIS\x01"
"""First bytes of the compact form: what it is, and its version."""


class SealError(ValueError):
    """A sealed value that does not open: wrong key, wrong place, or changed bytes. Its text never holds the value."""


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

    def to_bytes(self) -> bytes:
        """The compact form: ``UDIS`` and version 1, length of the kid (one byte), kid, enc, ct. A picture's form."""
        kid = self.kid.encode()
        return _MAGIC + bytes([len(kid)]) + kid + self.enc + self.ct

    @classmethod
    def from_bytes(cls, data: bytes) -> Sealed:
        """The inverse of `to_bytes`.

        Raises:
            SealError: not of this form.
        """
        start = len(_MAGIC) + 1
        if len(data) < start or not data.startswith(_MAGIC):
            raise SealError(f"{len(data)} bytes are no sealed value: expected {_MAGIC!r} at their beginning")
        middle = start + data[start - 1]
        end = middle + _ENC_BYTES
        if len(data) < end + _TAG_BYTES:
            raise SealError(f"a sealed value was cut: {len(data)} bytes, expected at least {end + _TAG_BYTES}")
        try:
            kid = data[start:middle].decode()
        except UnicodeDecodeError as error:
            raise SealError(f"the key id of a sealed value is no UTF-8: {data[start:middle]!r}") from error
        return cls(kid, data[middle:end], data[end:])


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals to one hub key."""

    kid: str
    public_key: bytes
    """Raw X25519 public key, 32 bytes."""

    def seal(self, plain: bytes, *, site: str, case: str) -> Sealed:
        """Seal a patient for the hub, bound to ``site`` and ``case``."""
        return self._seal(plain, bound("patient", site, case))

    def seal_picture(self, jpeg: bytes, *, site: str, station: str) -> bytes:
        """Seal a picture for the hub, bound to ``site`` and ``station``, in compact form.

        Raises:
            ValueError: its sealed form would exceed `MAX_PICTURE_BYTES`.
        """
        data = self._seal(jpeg, bound("picture", site, station)).to_bytes()
        if len(data) > MAX_PICTURE_BYTES:
            raise ValueError(f"a sealed picture has {len(data)} bytes: expected at most {MAX_PICTURE_BYTES}")
        return data

    def _seal(self, plain: bytes, context: bytes) -> Sealed:
        data = seal_to(self.public_key, plain, context)
        return Sealed(self.kid, data[:_ENC_BYTES], data[_ENC_BYTES:])


def open_sealed(sealed: Sealed, private_key: bytes, *, site: str, case: str) -> bytes:
    """The patient.

    Raises:
        SealError: the key, the site or the case is not the one it was sealed with, or the bytes were changed.
    """
    try:
        return open_with(private_key, sealed.enc + sealed.ct, bound("patient", site, case))
    except SealError as error:
        where = f"site {site!r} and case {case!r}"
        raise SealError(f"patient sealed to {sealed.kid!r} does not open for {where}") from error


def open_picture(data: bytes, private_keys: Mapping[str, bytes], *, site: str, station: str) -> bytes:
    """The picture.

    Args:
        data: as `Sealer.seal_picture` gave it.
        private_keys: kid -> raw X25519 private key.
        site: the site it was sealed for.
        station: the station whose topic it came by.

    Raises:
        SealError: not a sealed picture, its key is not among these, site or station differ, or it was changed.
    """
    sealed = Sealed.from_bytes(data)
    private_key = private_keys.get(sealed.kid)
    if private_key is None:
        raise SealError(f"a picture is sealed to {sealed.kid!r}: expected one of {sorted(private_keys)}")
    try:
        return open_with(private_key, sealed.enc + sealed.ct, bound("picture", site, station))
    except SealError as error:
        where = f"site {site!r} and station {station!r}"
        raise SealError(f"picture sealed to {sealed.kid!r} does not open for {where}") from error


def picture_name(data: bytes) -> str:
    """The name of a sealed picture: SHA-256 of its sealed form, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def bound(purpose: str, *places: str) -> bytes:
    """What a value is bound to, as HPKE's info string; values of one purpose never open as those of another.

    Raises:
        ValueError: a place holds a NUL, which would make two places look like one.
    """
    if any("\0" in place for place in places):
        raise ValueError(f"{places!r} holds a NUL: expected text without")
    return "\0".join((f"udi-station/{purpose}/1", *places)).encode()


def seal_to(public_key: bytes, plain: bytes, context: bytes) -> bytes:
    """``enc`` and ``ct`` in one piece, for a raw X25519 public key and a context of `bound`.

    Raises:
        ValueError: not a usable public key, see `is_usable`.
    """
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public_key), info=context)


def open_with(private_key: bytes, data: bytes, context: bytes) -> bytes:
    """The inverse of `seal_to`, with the private half.

    Raises:
        SealError: another key or context, or changed bytes.
    """
    try:
        return _SUITE.decrypt(data, _private(private_key), info=context)
    except InvalidTag as error:
        raise SealError("sealed bytes do not open: another key, another place, or changed") from error


@functools.lru_cache(maxsize=16)
def _private(raw: bytes) -> X25519PrivateKey:
    """Half of opening is making the key from its bytes, and a hub has few keys."""
    return X25519PrivateKey.from_private_bytes(raw)


def is_usable(public_key: bytes) -> bool:
    """Whether anything can be sealed to these bytes: 32 of them, and no point of small order such as all zeros."""
    try:
        seal_to(public_key, b"", b"")
    except ValueError:
        return False
    return True


def new_key() -> bytes:
    """A new private key for a hub: raw X25519, 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_half(private_key: bytes) -> bytes:
    """The public key that stations seal to: raw X25519, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
