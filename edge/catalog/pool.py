"""What many products share, stored once: a table whose rows are found again by a hash kept in memory."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

KEPT = 150_000
"""Rows remembered at least; each costs about 150 bytes."""
_HASH_BYTES = 12


class Pool:
    """Gives equal rows one number. What falls out of memory is stored again when it comes back: that costs bytes."""

    def __init__(self, conn: sqlite3.Connection, table: str, columns: int, kept: int = KEPT) -> None:
        """Go on with a table whose first column is its integer key."""
        self._conn = conn
        self._insert = f"INSERT INTO {table} VALUES ({', '.join('?' * (columns + 1))})"  # noqa: S608
        self._kept = kept
        self._new: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}
        self._waiting: list[tuple[Any, ...]] = []
        self._next: int = conn.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]  # noqa: S608

    def number(self, row: tuple[Any, ...]) -> int:
        """The number of a row, stored now if it is not remembered."""
        key = hashlib.blake2b(repr(row).encode(), digest_size=_HASH_BYTES).digest()
        known = self._new.get(key)
        if known is None:
            known = self._old.get(key)
            if known is None:
                known, self._next = self._next, self._next + 1
                self._waiting.append((known, *row))
            self._remember(key, known)
        return known

    def flush(self) -> None:
        """Bring what is new into the table."""
        self._conn.executemany(self._insert, self._waiting)
        self._waiting.clear()

    def forget(self) -> None:
        """Give the memory back."""
        self._new, self._old = {}, {}

    def _remember(self, key: bytes, number: int) -> None:
        if len(self._new) >= self._kept:
            self._old, self._new = self._new, {}
        self._new[key] = number
