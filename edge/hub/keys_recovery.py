"""A recovery key on paper: 32 bytes as four rows that a person can type, each with a checksum of its own.

A row is 8 bytes of the key and 2 bytes of checksum: 16 characters of base32 in groups of four. The checksum covers the
row and all rows before it, so a wrong row is named at once and rows in the wrong order are noticed. Lower case, spaces
and hyphens do not matter; 0, 1 and 8, which base32 does not have, are taken for O, I and B.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

ROWS = 4
_PART = 8
_SUM = 2
_WIDTH = 16
_SLIPS = str.maketrans("018", "OIB", " -\t\r\n")


class RecoveryTextError(ValueError):
    """A row that was not typed as it is printed. The text names the row and never holds it."""


def to_text(private_key: bytes) -> list[str]:
    """The four rows of a key of 32 bytes."""
    return [_row(private_key, number) for number in range(ROWS)]


def from_text(lines: Iterable[str], count: int) -> list[bytes]:
    """The first `count` keys; empty lines and comments after ``#`` are passed over. Reads no further than it must.

    Raises:
        RecoveryTextError: a row is wrong, or there are too few.
    """
    keys: list[bytes] = []
    key = b""
    for line in lines:
        typed = line.partition("#")[0].upper().translate(_SLIPS)
        if not typed:
            continue
        key += _part(typed, key, f"row {len(key) // _PART + 1} of key {len(keys) + 1}")
        if len(key) == ROWS * _PART:
            keys.append(key)
            key = b""
        if len(keys) == count:
            return keys
    found = len(keys) * ROWS + len(key) // _PART
    raise RecoveryTextError(f"{found} rows: expected {count * ROWS}, four for each of {count} recovery keys")


def _row(key: bytes, number: int) -> str:
    end = (number + 1) * _PART
    text = base64.b32encode(key[end - _PART : end] + _checksum(key[:end])).decode("ascii")
    return " ".join(text[start : start + 4] for start in range(0, _WIDTH, 4))


def _part(typed: str, before: bytes, name: str) -> bytes:
    if len(typed) != _WIDTH:
        raise RecoveryTextError(f"{name} has {len(typed)} characters: expected {_WIDTH}")
    try:
        data = base64.b32decode(typed)
    except binascii.Error:
        raise RecoveryTextError(f"{name} has a character that is none of A to Z and 2 to 7") from None
    part = data[:_PART]
    if _checksum(before + part) != data[_PART:]:
        raise RecoveryTextError(f"{name} does not fit its checksum: expected the row as it is printed")
    return part


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(b"udi-hub recovery key\0" + key).digest()[:_SUM]
