"""Storing scan messages: raw bytes once, and a key for each event.

The outcome does not depend on the order of messages, on how events were cut into messages, nor on how often a
message comes. A key is taken once; other bytes for a key that is taken are quarantined, never dropped. Two cards with
one station's name (a copy, or one that was put back) may both claim a key: it belongs to the event that the stored one
before it leads to.

Nearly always every event is new, so that is tried first, without a look at what is there. If the database says
that some keys were taken, the same is done again slowly, event by event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update
from sqlalchemy.exc import OperationalError

from edge import wire
from edge.hub import bulk, tables
from edge.hub.reading import Entry, Incoming, Key, read_message
from edge.hub.store import Store

CHUNK = 500
"""Values in one ``IN``; SQLite's limit is far above."""
TRIES = 5
"""Of two collectors that store the same events at once, one begins again."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Touched:
    """An epoch that a message spoke of, to be answered with its watermark."""

    station: str
    epoch: str
    batch: bool
    """The message held more than one event."""


class _Taken(Exception):  # noqa: N818 - reads as what it is
    """Some keys were taken; the transaction is rolled back."""


@dataclass(frozen=True, slots=True)
class _Read:
    """One message as read."""

    message: Incoming
    entries: list[Entry]
    homeless: list[tuple[bytes, str]]


def store(
    store: Store,
    messages: Sequence[Incoming],
    received: str,
    after_step: Callable[[str], None] = lambda _step: None,
) -> list[Touched]:
    """Store messages; they are committed and flushed when this returns.

    Args:
        store: opened for writing.
        messages: in the order of arrival.
        received: the hub's time, UTC as on the wire.
        after_step: told after ``begun``, ``keyed`` and ``kept``, inside the transaction, and ``committed``.

    Returns:
        The epochs to answer, in the order of arrival.

    Raises:
        DBAPIError: the database refused; nothing was stored.
    """
    read = [_Read(message, *read_message(message)) for message in messages]
    for write in (_write_new, *(_write_carefully,) * TRIES):
        try:
            with store.begin() as connection:
                after_step("begun")
                write(connection, read, received, after_step)
        except _Taken:
            continue
        except OperationalError as error:
            if not _deadlocked(error) or write is not _write_carefully:
                raise
            continue
        break
    else:
        raise OSError(f"{store.name}: the same events were stored by others {TRIES} times in a row: stop one collector")
    after_step("committed")
    return [
        Touched(station, epoch, len(each.entries) > 1)
        for each in read
        for station, epoch in dict.fromkeys(entry.key[:2] for entry in each.entries)
    ]


def _deadlocked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def _write_new(connection: Connection, read: Sequence[_Read], received: str, after_step: Callable[[str], None]) -> None:
    """Take it that every event is new.

    Raises:
        _Taken: it is not so.
    """
    full = [each for each in read if each.entries]
    rows: list[bulk.KeyRow] = []
    ids = bulk.next_inbox_ids(connection, len(full)) if full else ()
    for inbox_id, each in zip(ids, full, strict=True):
        rows += [(*entry.key, entry.event_id, entry.digest, entry.chain, inbox_id) for entry in each.entries]
    rows.sort()  # by key, which rows begin with
    if bulk.insert_keys(connection, rows) != len(rows):
        raise _Taken
    after_step("keyed")
    _keep(connection, list(zip(ids, full, strict=True)), received)
    after_step("kept")
    _set_aside(connection, read, received)


def _write_carefully(
    connection: Connection, read: Sequence[_Read], received: str, after_step: Callable[[str], None]
) -> None:
    """Look at what is there, then write what is new."""
    entries = [entry for each in read for entry in each.entries]
    keys = {(station, epoch, seq + back) for (station, epoch, seq), *_ in entries for back in (-1, 0)}
    ids = bulk.next_inbox_ids(connection, len(read))
    placing = _Placing(received, look_up(connection, keys), _quarantined(connection, entries))
    kept = []
    for inbox_id, each in zip(ids, read, strict=True):
        placed = [placing.place(entry, inbox_id) for entry in each.entries]
        if any(placed):
            kept.append((inbox_id, each))
    if bulk.insert_keys(connection, sorted(placing.new.values(), key=_by_key)) != len(placing.new):
        raise _Taken
    after_step("keyed")
    _keep(connection, kept, received)
    after_step("kept")
    for row in placing.replaced.values():
        _replace(connection, row)
    for row in placing.released:
        _release(connection, row)
    bulk.insert_or_nothing(connection, tables.key_conflict, placing.conflicts)
    _set_aside(connection, read, received)


def _by_key(row: bulk.KeyRow) -> Key:
    return row[:3]


@dataclass(slots=True)
class _Placing:
    """What becomes of each event whose key may be taken. Pure."""

    received: str
    known: dict[Key, bulk.KeyRow]
    quarantined: set[tuple[Key, str]]
    """Keys and digests."""
    new: dict[Key, bulk.KeyRow] = field(default_factory=dict)
    replaced: dict[Key, bulk.KeyRow] = field(default_factory=dict)
    released: list[bulk.KeyRow] = field(default_factory=list)
    """Quarantined before, now at their key."""
    conflicts: list[Mapping[str, Any]] = field(default_factory=list)

    def place(self, entry: Entry, inbox_id: int) -> bool:
        """Give the entry its place; False when the store has these bytes there already."""
        former = self.known.get(entry.key)
        row = (*entry.key, entry.event_id, entry.digest, entry.chain, inbox_id)
        if former is None:
            self._put(row)
        elif _digest(former) == entry.digest:
            return False
        elif entry.poison is None and _event_id(former) == "":
            self._put(row)
        elif self._follows(row) and not self._follows(former):
            self._put(row)
            self._quarantine(former)
        elif (entry.key, entry.digest) in self.quarantined:
            return False
        else:
            self._quarantine(row)
        return True

    def _put(self, row: bulk.KeyRow) -> None:
        key = _by_key(row)
        into = self.new if key not in self.known or key in self.new else self.replaced
        into[key] = self.known[key] = row
        if (key, _digest(row)) in self.quarantined:
            self.quarantined.discard((key, _digest(row)))
            self.released.append(row)

    def _quarantine(self, row: bulk.KeyRow) -> None:
        if (_by_key(row), _digest(row)) not in self.quarantined:
            self.quarantined.add((_by_key(row), _digest(row)))
            names = [column.name for column in tables.event_key.columns]
            self.conflicts.append({"received": self.received, **dict(zip(names, row, strict=True))})

    def _follows(self, row: bulk.KeyRow) -> bool:
        """Whether the stored event before it leads to this one."""
        station, epoch, seq = _by_key(row)
        before = self.known.get((station, epoch, seq - 1))
        return before is not None and _digest(before) == _chain(row)


def _event_id(row: bulk.KeyRow) -> str:
    return row[3]


def _digest(row: bulk.KeyRow) -> str:
    return row[4]


def _chain(row: bulk.KeyRow) -> str | None:
    return row[5]


def _at(table: Table, row: bulk.KeyRow) -> ColumnElement[bool]:
    station, epoch, seq = _by_key(row)
    return and_(table.c.station == station, table.c.epoch == epoch, table.c.seq == seq)


def _replace(connection: Connection, row: bulk.KeyRow) -> None:
    """The key goes to this event."""
    names = [column.name for column in tables.event_key.columns]
    statement = update(tables.event_key).where(_at(tables.event_key, row))
    connection.execute(statement.values(dict(zip(names, row, strict=True))))


def _release(connection: Connection, row: bulk.KeyRow) -> None:
    conflict = tables.key_conflict
    connection.execute(delete(conflict).where(_at(conflict, row), conflict.c.digest == _digest(row)))


def _keep(connection: Connection, kept: Sequence[tuple[int, _Read]], received: str) -> None:
    """The raw bytes, and the projector's list."""
    if not kept:
        return
    rows = [
        {
            "id": inbox_id,
            "received": received,
            "station": each.entries[0].key[0],
            "topic": each.message.topic,
            "payload": each.message.payload,
        }
        for inbox_id, each in kept
    ]
    connection.execute(insert(tables.inbox), rows)
    connection.execute(insert(tables.unprojected), [{"inbox_id": inbox_id} for inbox_id, _ in kept])


def _set_aside(connection: Connection, read: Sequence[_Read], received: str) -> None:
    """Keep bytes that cannot be read."""
    rows = []
    for each in read:
        bad = [(entry.line, entry.poison) for entry in each.entries if entry.poison is not None]
        rows += [poison_row(received, each.message.topic, line, why) for line, why in (*bad, *each.homeless)]
    bulk.insert_or_nothing(connection, tables.poison, rows)


def poison_row(received: str, topic: str, line: bytes, why: str) -> dict[str, Any]:
    """A row of `tables.poison`; its reason is made a text that every database takes."""
    safe = why.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return {"received": received, "topic": topic, "digest": wire.digest(line), "payload": line, "why": safe}


def look_up(connection: Connection, keys: Iterable[Key]) -> dict[Key, bulk.KeyRow]:
    """The rows of those keys that are taken."""
    by_epoch: dict[tuple[str, str], set[int]] = {}
    for station, epoch, seq in keys:
        by_epoch.setdefault((station, epoch), set()).add(seq)
    known: dict[Key, bulk.KeyRow] = {}
    table, c = tables.event_key, tables.event_key.c
    for (station, epoch), seqs in by_epoch.items():
        for part in chunks(sorted(seqs)):
            query = select(table).where(c.station == station, c.epoch == epoch, c.seq.in_(part))
            rows = [_key_row(*row) for row in connection.execute(query)]
            known |= {_by_key(row): row for row in rows}
    return known


def _key_row(
    station: str, epoch: str, seq: int, event_id: str, digest: str, chain: str | None, inbox_id: int
) -> bulk.KeyRow:
    return station, epoch, seq, event_id, digest, chain, inbox_id


def _quarantined(connection: Connection, entries: Sequence[Entry]) -> set[tuple[Key, str]]:
    c = tables.key_conflict.c
    found = set()
    for part in chunks(sorted({entry.digest for entry in entries})):
        query = select(c.station, c.epoch, c.seq, c.digest).where(c.digest.in_(part))
        found |= {((station, epoch, seq), digest) for station, epoch, seq, digest in connection.execute(query)}
    return found


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts that one statement takes."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
