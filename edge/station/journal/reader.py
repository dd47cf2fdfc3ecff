"""A journal as it stands in its file, read beside the one that writes it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge import wire
from edge.station.journal.room import Room, measure
from hardware.host.sqlite import Database, open_immutable, open_reader


class JournalDamaged(Exception):  # noqa: N818 - reads as what it is
    """What the file holds is not what was written to it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event as journaled."""

    seq: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal stands."""

    epoch: str
    last_seq: int
    last_digest: str | None
    acked_seq: int
    """As read from a running station's file it may lag behind by one range that is pruned at once."""
    acked_chain: str | None


class JournalReader:
    """Reads beside the writer, in another thread."""

    def __init__(self, db: Database) -> None:
        """Use a read-only database; see `open`."""
        self._conn = db.conn

    @classmethod
    def open(cls, path: Path) -> JournalReader:
        """Open read-only; the journal must exist."""
        return cls(open_reader(path))

    @classmethod
    @contextlib.contextmanager
    def snapshot(cls, path: Path) -> Iterator[JournalReader]:
        """The journal as it is now, whether a station runs or not; what is written meanwhile is not seen.

        The writer is not hindered; only its log cannot begin anew, so do not linger.
        """
        alone = not path.with_name(path.name + "-wal").exists()  # without a log there is no writer: touch nothing
        db = open_immutable(path) if alone else open_reader(path)
        with contextlib.closing(db.conn):
            db.conn.execute("BEGIN")
            yield cls(db)

    @property
    def conn(self) -> sqlite3.Connection:
        """The read-only connection."""
        return self._conn

    def head(self) -> Head:
        """Where the journal stands."""
        return read_head(self._conn)

    def kept(self) -> bytes | None:
        """What the tasks knew after the newest event; None if nothing was kept yet."""
        row = self._conn.execute("SELECT state FROM kept").fetchone()
        return None if row is None else bytes(row[0]).rstrip(b" ")

    def after(self, seq: int, limit: int) -> list[Row]:
        """The first events after `seq`, at most `limit`, in order."""
        return [Row(*row) for row in self._after(seq, limit)]

    def lines(self, seq: int, limit: int) -> list[bytes]:
        """Events `seq` + 1 and on, at most `limit`; none if the journal does not hold that one.

        Without a `Row` for each, which a backlog would feel.
        """
        found = self._after(seq, limit)
        return [line for _, line in found] if found and found[0][0] == seq + 1 else []

    def from_seq(self, first: int) -> Iterator[Row]:
        """Every event from `first` on, one by one."""
        for seq, line in self._conn.execute("SELECT seq, line FROM outbox WHERE seq >= ? ORDER BY seq", (first,)):
            yield Row(seq, line)

    def newest(self, first: int, limit: int) -> list[Row]:
        """The newest `limit` events from `first` on, oldest first."""
        query = "SELECT seq, line FROM outbox WHERE seq >= ? ORDER BY seq DESC LIMIT ?"
        return [Row(seq, line) for seq, line in self._conn.execute(query, (first, limit))][::-1]

    def _after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        query = "SELECT seq, line FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?"
        return self._conn.execute(query, (seq, limit)).fetchall()

    def room(self, path: Path) -> Room:
        """What the file takes, and what it has place for."""
        return measure(self._conn, path)

    def close(self) -> None:
        """Close the file."""
        self._conn.close()


def read_head(conn: sqlite3.Connection) -> Head:
    """Where the journal stands.

    Raises:
        JournalDamaged: there is a cursor but no event.
    """
    cursor = conn.execute("SELECT epoch, acked_seq, acked_chain FROM cursor").fetchone()
    if cursor is None:
        return Head("", 0, None, 0, None)
    newest = conn.execute("SELECT seq, line FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
    if newest is None:
        raise JournalDamaged("the newest event is gone")
    return Head(cursor[0], newest[0], wire.digest(newest[1]), cursor[1], cursor[2])
