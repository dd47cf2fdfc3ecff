"""Tokens and certificates, in SQLite; a change is whole or was not."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509

from firmware_service.authority.audit import START
from firmware_service.identity.names import Role
from hardware.host.sqlite import Database, migrate, open_writer

State = Literal["pending", "active", "superseded", "revoked"]
"""Of a certificate: given out; shown by its device; followed by a newer one; taken back."""


@dataclass(frozen=True, slots=True)
class Token:
    """A single-use right to enrol one device. The token itself is not kept, only its hash."""

    hash: str
    station: str | None
    """For whom; None: for whoever shows it first."""
    board: str | None
    """For which board; None: for any."""
    made: datetime
    expires: datetime
    revoked: datetime | None = None

    @property
    def name(self) -> str:
        """What people call it by; says nothing of the token."""
        return self.hash[:8]


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was given out."""

    number: str
    """Its serial number, hex."""
    station: str
    role: Role
    board: str | None
    pin: str
    """Of its key."""
    ca: str
    """Pin of the authority that signed it."""
    issued: datetime
    expires: datetime
    token: str | None
    """Hash of the token it was given for; None: renewed."""
    pem: str
    state: State = "pending"
    ended: datetime | None = None
    """When it was superseded or revoked."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.pem.encode())


class Store:
    """The database; threads take turns, and so do processes."""

    def __init__(self, file: Path) -> None:
        """Open it, or make it; for its owner only, as is everything that SQLite lays beside it."""
        file.touch(mode=0o600)
        self._db = open_writer(file)
        self._lock = threading.Lock()
        migrate(self._db, "authority", [first_tables])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.conn.close()

    @contextmanager
    def transaction(self) -> Iterator[Rows]:
        """All of it or, if anything is raised, nothing."""
        with self._lock:
            self._db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield Rows(self._db.conn)
                self._db.conn.execute("COMMIT")
            finally:
                if self._db.conn.in_transaction:
                    self._db.conn.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class Rows:
    """What can be asked and changed within one transaction."""

    conn: sqlite3.Connection

    def add_token(self, token: Token) -> None:
        """Keep a new token."""
        self._add("token", token)

    def token(self, hash_: str) -> Token | None:
        """The token with this hash."""
        return next((token for token in self.tokens() if token.hash == hash_), None)

    def tokens(self) -> list[Token]:
        """All of them, the oldest first."""
        rows = self.conn.execute(f"SELECT {_columns(Token)} FROM token ORDER BY made")  # noqa: S608 - our own names
        return [_token(row) for row in rows]

    def bind_token(self, token: Token, station: str, board: str | None) -> None:
        """From its first use on it is for this station and board only."""
        self.conn.execute("UPDATE token SET station = ?, board = ? WHERE hash = ?", (station, board, token.hash))

    def revoke_token(self, token: Token, now: datetime) -> None:
        """It is good for nothing from now on."""
        self.conn.execute("UPDATE token SET revoked = ? WHERE hash = ?", (now.isoformat(), token.hash))

    def add(self, issued: Issued) -> None:
        """Keep a new certificate."""
        self._add("issued", issued)

    def issued(self, **where: str | None) -> list[Issued]:
        """Certificates whose fields have these values, the oldest first."""
        asked = " AND ".join(f"{name} IS ?" for name in where) or "1"
        text = f"SELECT {_columns(Issued)} FROM issued WHERE {asked} ORDER BY issued, rowid"  # noqa: S608 - our own names
        return [_issued(row) for row in self.conn.execute(text, tuple(where.values()))]

    def move(self, issued: Issued, state: State, now: datetime) -> Issued:
        """Change what a certificate counts as."""
        ended = issued.ended if state in ("pending", "active") else now
        values = (state, None if ended is None else ended.isoformat(), issued.number)
        self.conn.execute("UPDATE issued SET state = ?, ended = ? WHERE number = ?", values)
        return replace(issued, state=state, ended=ended)

    def note(self, name: str) -> str | None:
        """A remembered value."""
        row = self.conn.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_note(self, name: str, value: str) -> None:
        """Remember a value."""
        self.conn.execute("INSERT OR REPLACE INTO note(name, value) VALUES (?, ?)", (name, value))

    @property
    def audit_head(self) -> str:
        """Hash of the last line of the log."""
        return self.note("audit") or START

    def _add(self, table: str, row: Token | Issued) -> None:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in astuple(row)]
        marks = ", ".join("?" * len(values))
        self.conn.execute(f"INSERT INTO {table}({_columns(type(row))}) VALUES ({marks})", values)  # noqa: S608 - our own names


def first_tables(db: Database) -> None:
    """The tables of the first version."""
    db.conn.execute(
        "CREATE TABLE token(hash TEXT PRIMARY KEY, station TEXT, board TEXT, made TEXT NOT NULL, "
        "expires TEXT NOT NULL, revoked TEXT)"
    )
    db.conn.execute(
        "CREATE TABLE issued(number TEXT PRIMARY KEY, station TEXT NOT NULL, role TEXT NOT NULL, board TEXT, "
        "pin TEXT NOT NULL, ca TEXT NOT NULL, issued TEXT NOT NULL, expires TEXT NOT NULL, token TEXT, "
        "pem TEXT NOT NULL, state TEXT NOT NULL, ended TEXT)"
    )
    db.conn.execute("CREATE INDEX issued_station ON issued(station, role)")
    db.conn.execute("CREATE INDEX issued_pin ON issued(pin)")
    db.conn.execute("CREATE TABLE note(name TEXT PRIMARY KEY, value TEXT NOT NULL)")


def _columns(table: type[Token | Issued]) -> str:
    return ", ".join(field.name for field in fields(table))


def _token(row: tuple[Any, ...]) -> Token:
    hash_, station, board, made, expires, revoked = row
    return Token(hash_, station, board, _at(made), _at(expires), None if revoked is None else _at(revoked))


def _issued(row: tuple[Any, ...]) -> Issued:
    found = Issued(*row)
    ended = None if found.ended is None else _at(found.ended)
    return replace(found, issued=_at(found.issued), expires=_at(found.expires), ended=ended)


def _at(text: Any) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
