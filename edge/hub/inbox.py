"""Storing scan messages: raw bytes once, and a key for each event.

The outcome does not depend on the order of messages, on how events were cut into messages, nor on how often a
message comes. A key is taken once; other bytes for a key that is taken are quarantined, never dropped.

Nearly always every event is new, so that is tried first, without a look at what is there. If the database says
that some keys were taken, the same is done again slowly, event by event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, update
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


def store(store: Store, messages: Sequence[Incoming], received: str) -> list[Touched]:
    """Store messages; they are committed and flushed when this returns.

    Args:
        store: opened for writing.
        messages: in the order of arrival.
        received: the hub's time, UTC as on the wire.

    Returns:
        The epochs to answer, in the order of arrival.

    Raises:
        DBAPIError: the database refused; nothing was stored.
    """
    read = [_Read(message, *read_message(message)) for message in messages]
    for write in (_write_new, *(_write_carefully,) * TRIES):
        try:
            with store.begin() as connection:
                write(connection, read, received)
        except _Taken:
            continue
        except OperationalError as error:
            if not _deadlocked(error) or write is not _write_carefully:
                raise
            continue
        break
    else:
        raise OSError(f"{store.name}: the same events were stored by others {TRIES} times in a row: stop one collector")
    return [
        Touched(station, epoch, len(each.entries) > 1)
        for each in read
        for station, epoch in dict.fromkeys(entry.key[:2] for entry in each.entries)
    ]


def _deadlocked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def _write_new(connection: Connection, read: Sequence[_Read], received: str) -> None:
    """Take it that every event is new.

    Raises:
        _Taken: it is not so.
    """
    full = [each for each in read if each.entries]
    rows: list[bulk.KeyRow] = []
    ids = bulk.next_inbox_ids(connection, len(full)) if full else ()
    for inbox_id, each in zip(ids, full, strict=True):
        rows += [(*entry.key, entry.event_id, entry.digest, inbox_id) for entry in each.entries]
    rows.sort()
    if bulk.insert_keys(connection, rows) != len(rows):
        raise _Taken
    _keep(connection, list(zip(ids, full, strict=True)), received, mixed=False)
    _set_aside(connection, read, received)


def _write_carefully(connection: Connection, read: Sequence[_Read], received: str) -> None:
    """Look at what is there, then write what is new."""
    known = look_up(connection, [entry.key for each in read for entry in each.entries])
    ids = bulk.next_inbox_ids(connection, len(read))
    taken = {key: (digest, event_id != "") for key, (digest, event_id, _) in known.items()}
    placing = _Placing(received, taken, _quarantined(connection, [entry for each in read for entry in each.entries]))
    kept = []
    for inbox_id, each in zip(ids, read, strict=True):
        placed = [placing.place(entry, inbox_id) for entry in each.entries]
        if any(placed):
            kept.append((inbox_id, each))
    if bulk.insert_keys(connection, sorted(placing.new.values())) != len(placing.new):
        raise _Taken
    _keep(connection, kept, received, mixed=True)
    for row in placing.replaced:
        _replace(connection, row)
    bulk.insert_or_nothing(connection, tables.key_conflict, placing.conflicts)
    _set_aside(connection, read, received)


@dataclass(slots=True)
class _Placing:
    """What becomes of each event whose key may be taken. Pure."""

    received: str
    known: dict[Key, tuple[str, bool]]
    """Key -> (digest, readable)."""
    quarantined: set[tuple[Key, str]]
    """Keys and digests."""
    new: dict[Key, bulk.KeyRow] = field(default_factory=dict)
    replaced: list[bulk.KeyRow] = field(default_factory=list)
    conflicts: list[Mapping[str, Any]] = field(default_factory=list)

    def place(self, entry: Entry, inbox_id: int) -> bool:
        """Give the entry its place; False when the store has these bytes there already."""
        former = self.known.get(entry.key)
        row = (*entry.key, entry.event_id, entry.digest, inbox_id)
        if former is not None and former[0] == entry.digest:
            return False
        if former is None or (not former[1] and entry.poison is None):
            self.known[entry.key] = (entry.digest, entry.poison is None)
            if former is None or entry.key in self.new:
                self.new[entry.key] = row
            else:
                self.replaced.append(row)
        elif (entry.key, entry.digest) in self.quarantined:
            return False
        else:
            self.quarantined.add((entry.key, entry.digest))
            names = ("station", "epoch", "seq", "event_id", "digest", "inbox_id")
            self.conflicts.append({"received": self.received, **dict(zip(names, row, strict=True))})
        return True


def _replace(connection: Connection, row: bulk.KeyRow) -> None:
    """A readable event takes the key that unreadable bytes had."""
    station, epoch, seq, event_id, digest, inbox_id = row
    c = tables.event_key.c
    at_key = (c.station == station, c.epoch == epoch, c.seq == seq)
    values = {"event_id": event_id, "digest": digest, "inbox_id": inbox_id}
    connection.execute(update(tables.event_key).where(*at_key).values(values))


def _keep(connection: Connection, kept: Sequence[tuple[int, _Read]], received: str, *, mixed: bool) -> None:
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
    connection.execute(insert(tables.unprojected), [{"inbox_id": inbox_id, "mixed": mixed} for inbox_id, _ in kept])


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


def look_up(connection: Connection, keys: Iterable[Key]) -> dict[Key, tuple[str, str, int]]:
    """Digest, event_id and inbox_id of those keys that are taken."""
    by_epoch: dict[tuple[str, str], set[int]] = {}
    for station, epoch, seq in keys:
        by_epoch.setdefault((station, epoch), set()).add(seq)
    known = {}
    c = tables.event_key.c
    columns = select(c.seq, c.digest, c.event_id, c.inbox_id)
    for (station, epoch), seqs in by_epoch.items():
        for part in chunks(sorted(seqs)):
            query = columns.where(c.station == station, c.epoch == epoch, c.seq.in_(part))
            for seq, digest, event_id, inbox_id in connection.execute(query):
                known[station, epoch, seq] = (digest, event_id, inbox_id)
    return known


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
