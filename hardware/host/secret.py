"""Secret keys in files: 32 bytes in base64, which only their owner can read."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

KEY_BYTES = 32


class SecretError(OSError):
    """A key that others can read, or that is none. The text never holds the key."""


def read_secret(file: Path) -> bytes:
    """The 32 bytes of a secret key file.

    Raises:
        SecretError: others can read it, or it is no key.
        OSError: it cannot be read.
    """
    mode = stat.S_IMODE(file.stat().st_mode)
    text = file.read_bytes()
    if mode & 0o077:
        raise SecretError(f"{file} has mode {mode:04o}: expected 0600, run chmod 600 {file}")
    return decode_key(text, str(file))


def decode_key(text: bytes, name: str) -> bytes:
    """32 bytes from base64; `name` says in an error where they come from.

    Raises:
        SecretError: not base64, or not 32 bytes.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise SecretError(f"{name} cannot be read as a key: expected {KEY_BYTES} bytes in base64") from error
    if len(key) != KEY_BYTES:
        raise SecretError(f"{name} holds {len(key)} bytes: expected {KEY_BYTES}, in base64")
    return key
