"""Keys and certificates as files (PEM): keys for their owner only, everything whole after a power cut."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware_service.identity.est import UNREADABLE
from hardware.host import files


class PemError(OSError):
    """A file that holds no such thing, or a key that others can read; the text names the file and what to do."""


def write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a key, mode 0600."""
    files.replace(file, key_bytes(key))


def key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key in PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """The key in a file.

    Raises:
        PemError: it is none, or others can read it.
        OSError: it cannot be read.
    """
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise PemError(f"{file} has mode {mode:04o}: expected 0600, run chmod 600 {file}")
    return parse_key(file.read_bytes(), str(file))


def parse_key(data: bytes, name: str) -> ec.EllipticCurvePrivateKey:
    """The key in these bytes; `name` says in an error where they come from.

    Raises:
        PemError: it is none.
    """
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except UNREADABLE as error:
        raise PemError(f"{name}: expected a private key in PEM ({error})") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PemError(f"{name}: expected an EC key, found {type(key).__name__}")
    return key


def write_certificates(file: Path, certificates: Sequence[x509.Certificate]) -> None:
    """Write certificates, one after the other; anybody may read them."""
    text = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    files.replace(file, text, mode=0o644)


def read_certificates(file: Path) -> list[x509.Certificate]:
    """The certificates in a file.

    Raises:
        PemError: there are none in it.
        OSError: it cannot be read.
    """
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except UNREADABLE as error:
        raise PemError(f"{file}: expected certificates in PEM ({error})") from None
