"""The keys that sign a repository of releases: Ed25519, each in a file of its own, best on a medium of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from hardware.host.files import replace

PRIVATE = ".key"
PUBLIC = ".pub"


class KeyFileError(Exception):
    """A key's file cannot be used; the text names it and what to do."""


def new_key(folder: Path, name: str, passphrase: bytes | None) -> SSlibKey:
    """Make a key: ``<name>.key`` (mode 0600) and ``<name>.pub`` in `folder`.

    Args:
        folder: of its medium.
        name: what it is for, such as ``root-1``.
        passphrase: that encrypts it; None only where the medium itself is guarded, as for the online key.

    Raises:
        KeyFileError: there is a key of this name.
        OSError: it could not be written.
    """
    private, public = folder / f"{name}{PRIVATE}", folder / f"{name}{PUBLIC}"
    for file in (private, public):
        if file.exists():
            raise KeyFileError(f"{file} is there already: a key is never overwritten; choose another name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    guard: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    replace(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard), mode=0o600)
    replace(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), mode=0o644)
    return read_public(public)


def read_public(file: Path) -> SSlibKey:
    """The public half.

    Raises:
        KeyFileError: it is none.
    """
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{file}: expected a public key in PEM, such as root-1{PUBLIC}: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{file}: expected an Ed25519 key, found {type(key).__name__}")
    return SSlibKey.from_crypto(key)


def read_signer(file: Path, ask: Callable[[Path], str]) -> CryptoSigner:
    """What signs with a private key.

    Args:
        file: of the key.
        ask: for its passphrase; called only when it is encrypted.

    Raises:
        KeyFileError: it is none, others may read it, or the passphrase is wrong.
    """
    try:
        data = file.read_bytes()
        mode = stat.S_IMODE(os.stat(file).st_mode)  # noqa: PTH116 - beside the bytes of the same file
    except OSError as error:
        raise KeyFileError(f"{file}: {error.strerror or error}") from error
    if mode & 0o077:
        raise KeyFileError(f"{file} has mode {mode:04o}: expected 0600, run chmod 600 {file}")
    encrypted = b"ENCRYPTED" in data.partition(b"\n")[0]
    try:
        key = load_pem_private_key(data, ask(file).encode() if encrypted else None)
    except (ValueError, TypeError) as error:
        reason = "the passphrase is wrong or the file is damaged" if encrypted else f"no private key in PEM: {error}"
        raise KeyFileError(f"{file}: {reason}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{file}: expected an Ed25519 key, found {type(key).__name__}")
    return CryptoSigner(key)
