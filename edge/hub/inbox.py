"""Storing scan messages: raw bytes once, a key for each event, a projection row for each new event.

The outcome does not depend on the order of messages, on how events were cut into messages, nor on how often a
message comes. A key is taken once; a known ``event_id`` under another key is a repeat and is not projected again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from edge import wire
from edge.hub import tables
from edge.hub.projections import PatientIndex, project
from edge.hub.reading import Entry, Incoming, Key, read_message

CHUNK = 500
"""Values in one ``IN``; SQLite's limit is far above."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Touched:
    """An epoch that a message spoke of, to be answered with its watermark."""

    station: str
    epoch: str
    batch: bool
    """The message held more than one event."""


@dataclass(slots=True)
class _Known:
    """What is at a key or under an event_id already."""

    digests: dict[Key, tuple[str, str]] = field(default_factory=dict)
    """Key -> (digest, status)."""
    lines: dict[str, bytes] = field(default_factory=dict)
    """event_id -> bytes of the event that was stored first."""


@dataclass(slots=True)
class _Writes:
    """Rows of one transaction, by table."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)


def store(
    connection: Connection, messages: Sequence[Incoming], received: str, patient_index: PatientIndex
) -> list[Touched]:
    """Store messages within the caller's transaction.

    Args:
        connection: in a transaction that the caller commits before it acknowledges anything.
        messages: in the order of arrival.
        received: the hub's time, UTC as on the wire.
        patient_index: see `edge.hub.projections`.

    Returns:
        The epochs to answer, in the order of arrival.
    """
    read = [read_message(message, patient_index) for message in messages]
    known = _look_up(connection, [entry for entries, _ in read for entry in entries])
    intake = _Intake(connection, received, known)
    next_id = (connection.execute(select(func.max(tables.inbox.c.id))).scalar() or 0) + 1
    touched = []
    for message, (entries, homeless) in zip(messages, read, strict=True):
        if _store_one(intake, message, entries, next_id):
            next_id += 1
        for line, why in homeless:
            intake.set_aside(message.topic, line, why)
        epochs = dict.fromkeys(entry.key[:2] for entry in entries)
        touched += [Touched(station, epoch, len(entries) > 1) for station, epoch in epochs]
    _write(connection, intake.writes)
    return touched


def _store_one(intake: _Intake, message: Incoming, entries: Sequence[Entry], inbox_id: int) -> bool:
    """Place the entries; the raw bytes are kept once, if anything of them was new."""
    new = [intake.place(entry, inbox_id) for entry in entries]
    for entry in entries:
        if entry.poison is not None:
            intake.set_aside(message.topic, entry.line, entry.poison)
    if any(new):
        station = entries[0].key[0]
        row = {"received": intake.received, "station": station, "topic": message.topic, "payload": message.payload}
        intake.writes.add("inbox", id=inbox_id, **row)
    return any(new)


def stored_events(connection: Connection) -> Iterator[wire.Event]:
    """Every event that counts, from the raw bytes, in the order of arrival."""
    inbox, event_key = tables.inbox, tables.event_key
    last = 0
    while True:
        rows = connection.execute(
            select(inbox.c.id, inbox.c.payload).where(inbox.c.id > last).order_by(inbox.c.id).limit(CHUNK)
        ).all()
        if not rows:
            return
        query = select(event_key.c.inbox_id, event_key.c.digest).where(
            event_key.c.inbox_id.between(rows[0].id, rows[-1].id), event_key.c.status == "stored"
        )
        counted = {(row.inbox_id, row.digest) for row in connection.execute(query)}
        for ident, payload in rows:
            for line in dict.fromkeys(wire.split(payload)):
                if (ident, wire.digest(line)) in counted:
                    yield wire.Event.decode(line)
        last = rows[-1].id


def rebuild(connection: Connection, patient_index: PatientIndex) -> int:
    """Make all projections again from the raw bytes, within the caller's transaction; gives the number of rows."""
    for table in tables.PROJECTIONS:
        connection.execute(table.delete())
    writes, count = _Writes(), 0
    for event in stored_events(connection):
        row = project(event, patient_index)
        if row is not None:
            writes.add(row.table, **row.values)
            count += 1
        if count % CHUNK == 0:
            _write(connection, writes)
            writes = _Writes()
    _write(connection, writes)
    return count


@dataclass(slots=True)
class _Intake:
    """One transaction: what is known and what is to be written."""

    connection: Connection
    received: str
    known: _Known
    writes: _Writes = field(default_factory=_Writes)

    def place(self, entry: Entry, inbox_id: int) -> bool:
        """Give the entry its place; False when the store has it already."""
        former = self.known.digests.get(entry.key)
        values = _columns(entry, inbox_id)
        if former is None:
            self._take(entry, values)
        elif former[0] == entry.digest:
            return False
        elif former[1] == "poison" and entry.poison is None:
            self._replace(entry, values)
        else:
            return self._conflict(values)
        return True

    def _take(self, entry: Entry, values: dict[str, Any]) -> None:
        self.writes.add("event_key", **values, status=self._count(entry))

    def _replace(self, entry: Entry, values: dict[str, Any]) -> None:
        """A readable event takes the key that unreadable bytes had."""
        _write(self.connection, _Writes({"event_key": self.writes.rows.pop("event_key", [])}))
        station, epoch, seq = entry.key
        c = tables.event_key.c
        at_key = (c.station == station, c.epoch == epoch, c.seq == seq)
        statement = update(tables.event_key).where(*at_key).values(**values, status=self._count(entry))
        self.connection.execute(statement)

    def _count(self, entry: Entry) -> str:
        status = _status(entry, self.known)
        self.known.digests[entry.key] = (entry.digest, status)
        if status == "stored":
            self.known.lines[entry.event_id] = entry.line
            if entry.row is not None:
                self.writes.add(entry.row.table, **entry.row.values)
        return status

    def _conflict(self, values: dict[str, Any]) -> bool:
        conflict = tables.key_conflict
        at_key = [conflict.c[name] == values[name] for name in ("station", "epoch", "seq", "digest")]
        if self.connection.execute(select(conflict.c.id).where(*at_key)).first() is not None:
            return False
        self.writes.add("key_conflict", received=self.received, **values)
        return True

    def set_aside(self, topic: str, line: bytes, why: str) -> None:
        """Keep bytes that cannot be read."""
        safe = why.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
        self.writes.add("poison", received=self.received, topic=topic, digest=wire.digest(line), payload=line, why=safe)


def _columns(entry: Entry, inbox_id: int) -> dict[str, Any]:
    station, epoch, seq = entry.key
    place = {"station": station, "epoch": epoch, "seq": seq}
    return {**place, "event_id": entry.event_id, "digest": entry.digest, "inbox_id": inbox_id}


def _status(entry: Entry, known: _Known) -> str:
    if entry.poison is not None:
        return "poison"
    first = known.lines.get(entry.event_id)
    if first is None:
        return "stored"
    return "repeat" if _content(first) == _content(entry.line) else "conflict"


def _content(line: bytes) -> bytes:
    """The event without its place: equal when it was journaled again under its old id."""
    return wire.replace_place(line, epoch="", seq=0, chain=None)


def _look_up(connection: Connection, entries: Sequence[Entry]) -> _Known:
    known = _Known()
    by_epoch: dict[tuple[str, str], set[int]] = {}
    for entry in entries:
        by_epoch.setdefault(entry.key[:2], set()).add(entry.key[2])
    event_key = tables.event_key
    for (station, epoch), seqs in by_epoch.items():
        for part in _chunks(sorted(seqs)):
            query = select(event_key.c.seq, event_key.c.digest, event_key.c.status).where(
                event_key.c.station == station, event_key.c.epoch == epoch, event_key.c.seq.in_(part)
            )
            for row in connection.execute(query):
                known.digests[(station, epoch, row.seq)] = (row.digest, row.status)
    fresh = {entry.event_id for entry in entries if entry.event_id and entry.key not in known.digests}
    known.lines = _lines(connection, sorted(fresh))
    return known


def _lines(connection: Connection, event_ids: Sequence[str]) -> dict[str, bytes]:
    event_key, inbox = tables.event_key, tables.inbox
    found = {}
    for part in _chunks(event_ids):
        query = (
            select(event_key.c.event_id, event_key.c.digest, inbox.c.payload)
            .join(inbox, inbox.c.id == event_key.c.inbox_id)
            .where(event_key.c.event_id.in_(part), event_key.c.status == "stored")
        )
        for event_id, digest, payload in connection.execute(query):
            found[event_id] = next(line for line in wire.split(payload) if wire.digest(line) == digest)
    return found


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


_ONCE = {"key_conflict", "poison"}
"""Tables whose rows may come again with each delivery."""


def _write(connection: Connection, writes: _Writes) -> None:
    for name, rows in writes.rows.items():
        table: Table = tables.METADATA.tables[name]
        if rows:
            statement = sqlite_insert(table).on_conflict_do_nothing() if name in _ONCE else insert(table)
            connection.execute(statement, rows)
