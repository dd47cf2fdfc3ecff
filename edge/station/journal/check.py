"""Whether a journal is what was written to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge import wire
from edge.station.journal.reader import JournalDamaged, JournalReader, Row

_WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


def look_at_headers(path: Path) -> None:
    """Notice a broken header before SQLite does: it would throw the log away, and with it the newest events."""
    for file, known in ((path, (b"SQLite format 3\0",)), (path.with_name(path.name + "-wal"), _WAL_MAGIC)):
        head = _first_bytes(file)
        if head and not head.startswith(known):
            raise JournalDamaged(f"{file.name} begins with {head!r}")


def _first_bytes(file: Path) -> bytes:
    if not file.exists():
        return b""
    with file.open("rb") as opened:
        return opened.read(16)


def broken_links(rows: Iterable[tuple[int, bytes]]) -> list[str]:
    """What is wrong with a run of events, seen by themselves."""
    problems: list[str] = []
    former: Row | None = None
    for seq, line in rows:
        try:
            event = wire.Event.decode(line)
        except wire.WireError as error:
            problems.append(f"seq {seq}: {error}")
            former = None
            continue
        if event.seq != seq:
            problems.append(f"row {seq} holds event {event.seq}")
        elif former is not None and (former.seq + 1 != seq or event.chain != wire.digest(former.line)):
            problems.append(f"seq {seq} does not follow {former.seq}: the chain is broken")
        former = Row(seq, line)
    return problems


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is not as it was written."""

    seq: int | None
    """The first event it touches; None where it is no single event's."""
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the full check of a file found."""

    epoch: str
    events: int
    first_seq: int | None
    last_seq: int | None
    wrong: tuple[Wrong, ...]

    @property
    def first_wrong_seq(self) -> int | None:
        """The first event that is not as it was written; None also where only the file itself is wrong."""
        return min((each.seq for each in self.wrong if each.seq is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Cursor:
    epoch: str
    acked_seq: int
    acked_chain: str | None


@dataclass(slots=True)
class _Walk:
    """One pass over the events, in order."""

    cursor: _Cursor
    wrong: list[Wrong] = field(default_factory=list)
    events: int = 0
    first_seq: int | None = None
    former: Row | None = None
    broken: list[int] = field(default_factory=list)
    """Events whose chain value is not the digest of the event before."""

    def take(self, row: Row) -> None:
        self.events += 1
        self.first_seq = row.seq if self.first_seq is None else self.first_seq
        try:
            event = wire.Event.decode(row.line)
        except wire.WireError:
            event = None
            self._say(row.seq, f"seq {row.seq} cannot be read: {len(row.line)} bytes that are no event")
        if event is not None:
            self._alone(row, event)
        self._linked(row, event)
        self.former = row

    def end(self) -> None:
        """Say which events the broken links are of: a changed chain value breaks its own, anything else the next."""
        last = 0 if self.former is None else self.former.seq
        if last == 0 or last < self.cursor.acked_seq:
            self._say(last + 1, f"the journal ends at {last}, but the hub has everything up to {self.cursor.acked_seq}")
        for seq in self.broken:
            if seq - 1 not in self.broken:
                first = seq if seq + 1 in self.broken or self.first_seq == seq else seq - 1
                self._say(first, f"seq {seq} is not chained to the bytes of seq {seq - 1}")

    def _alone(self, row: Row, event: wire.Event) -> None:
        if event.seq != row.seq:
            self._say(row.seq, f"seq {row.seq} holds event {event.seq}")
        if event.epoch != self.cursor.epoch:
            self._say(row.seq, f"seq {row.seq} is of epoch {event.epoch!r}, expected {self.cursor.epoch!r}")
        if row.seq == self.cursor.acked_seq and wire.digest(row.line) != self.cursor.acked_chain:
            self._say(row.seq, f"seq {row.seq} is not what the hub confirmed")
        if row.seq == 1 and (event.chain is not None or opening_of(event) is None):
            self._say(1, "seq 1 does not open an epoch")

    def _linked(self, row: Row, event: wire.Event | None) -> None:
        acked, former = self.cursor.acked_seq, self.former
        if former is None and row.seq > acked + 1:
            self._say(acked + 1, f"seq {acked + 1} to {row.seq - 1} are missing, and the hub does not have them")
        elif former is not None and row.seq != former.seq + 1:
            self._say(former.seq + 1, f"seq {former.seq + 1} to {row.seq - 1} are missing")
        elif event is not None and not self._follows(former, event):
            self.broken.append(row.seq)

    def _follows(self, former: Row | None, event: wire.Event) -> bool:
        if former is not None:
            return event.chain == wire.digest(former.line)
        return event.seq != self.cursor.acked_seq + 1 or event.chain == self.cursor.acked_chain

    def _say(self, seq: int | None, message: str) -> None:
        self.wrong.append(Wrong(seq, message))


def opening_of(event: wire.Event) -> Mapping[str, Any] | None:
    """What an epoch's first event says of the epoch before: ``why``, ``previous``, ``lost``, ``salvaged``."""
    change = event.data.get("change")
    return change if isinstance(change, dict) and change.get("what") == "epoch_opened" else None


def inspect(path: Path) -> Report:
    """The full check of a journal's file, beside its writer or without one: it writes nothing.

    A changed newest event is noticed only if it cannot be read or the hub has confirmed it: nothing is chained to it.

    Raises:
        sqlite3.OperationalError: the file cannot be opened.
    """
    wrong: list[Wrong] = []
    walk = _Walk(_Cursor("", 0, None))
    try:
        look_at_headers(path)
        with JournalReader.snapshot(path) as reader:
            wrong += [Wrong(None, text) for (text,) in reader.conn.execute("PRAGMA integrity_check") if text != "ok"]
            walk.cursor = _cursor(reader.conn)
            for row in reader.from_seq(0):
                walk.take(row)
            walk.end()
    except (JournalDamaged, sqlite3.DatabaseError) as error:
        after = None if walk.former is None else walk.former.seq + 1
        wrong.append(
            Wrong(after, f"the file cannot be read{'' if after is None else f' from seq {after} on'}: {error}")
        )
    last = None if walk.former is None else walk.former.seq
    return Report(walk.cursor.epoch, walk.events, walk.first_seq, last, (*wrong, *walk.wrong))


def _cursor(conn: sqlite3.Connection) -> _Cursor:
    rows = conn.execute("SELECT epoch, acked_seq, acked_chain FROM cursor").fetchall()
    if len(rows) != 1:
        raise JournalDamaged(f"expected one cursor, found {len(rows)}")
    return _Cursor(*rows[0])
