"""Makes the projections from what the collector stored, a little later.

The same event always gives the same row, whatever the order of arrival. An event counts once: the first of its
``event_id`` is projected, every other is noted as a repeat. Which key it stands at does not matter here. Of several
hubs on one database one projects at a time.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Select, delete, func, insert, select, text

from edge import wire
from edge.hub import bindings, bulk, restamp, tables
from edge.hub.inbox import poison_row
from edge.hub.projections import PatientIndex, ProjectionError, project
from edge.hub.reading import Entry, Incoming, decode, read_message
from edge.hub.store import Store
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

MESSAGES = 500
BYTES = 768 * 1024
"""Of the messages of one transaction, about: 500 events, a twentieth of a second."""
YIELD_S = 0.001
"""Between two transactions: a collector that waits for its turn on SQLite would else hardly get it."""
IDLE_S = 0.5
GIVE_WAY_S = 4.0
"""So long a collector that does not keep up goes first; answers are never further behind for that alone."""
FRESH_S = 60.0
_PROJECTING = 7_431_002
"""PostgreSQL's advisory lock."""


class Message(NamedTuple):
    """A message as it was stored."""

    id: int
    received: str
    topic: str
    payload: bytes


class Projector:
    """A worker that projects what is new. It gives way to the collector, but not for ever."""

    def __init__(
        self,
        store: Store,
        patient_index: PatientIndex,
        quiet: threading.Event,
        when_idle: Callable[[], None] = lambda: None,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Prepare; `worker.start()` begins.

        Args:
            store: opened for writing.
            patient_index: see `edge.hub.projections`.
            quiet: set while the collector keeps up, see `edge.hub.collector.Collector`.
            when_idle: what else is to be done; called when everything is projected.
            after_step: told after ``written``, inside the transaction, and ``projected``; tests kill the process there.
        """
        self._store = store
        self._patient_index = patient_index
        self._quiet = quiet
        self._when_idle = when_idle
        self._after_step = after_step
        self._new = threading.Event()
        self._behind_since: float | None = None
        self.worker = Worker("projector", self._step, fresh_within=FRESH_S)

    def wake(self) -> None:
        """There is something new; may be called from any thread."""
        self._new.set()

    def stop(self) -> None:
        """End the thread; what is left is projected at the next start."""
        self.worker.stopping.set()
        self._quiet.set()
        self._new.set()
        self.worker.stop()

    def _step(self) -> None:
        self._new.clear()
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        self._quiet.wait(max(0.0, self._behind_since + GIVE_WAY_S - now))
        began = time.monotonic()
        if project_some(self._store, self._patient_index, self._after_step) == 0:
            self._behind_since = None
            self._when_idle()
            self._new.wait(IDLE_S)
        else:
            self._after_step("projected")
            self.worker.stopping.wait(YIELD_S)
            self._quiet.wait(time.monotonic() - began)  # a collector that does not keep up has half of the time


def project_all(store: Store, patient_index: PatientIndex, told: Callable[[int], None] = lambda _count: None) -> int:
    """Project everything that waits; gives the number of events. `told` hears how many are done by now."""
    done = 0
    while count := project_some(store, patient_index):
        done += count
        told(done)
    return done


def rebuild(store: Store, patient_index: PatientIndex, told: Callable[[int], None] = lambda _count: None) -> int:
    """Make everything derived again from the raw bytes; gives the number of events.

    If it is interrupted, the next start of a hub, or of this, goes on from there.
    """
    with store.begin() as connection:
        _take_turn(connection, wait=True)
        for table in tables.DERIVED:
            connection.execute(table.delete())
        connection.execute(tables.unprojected.delete())
        connection.execute(insert(tables.unprojected).from_select(["inbox_id"], select(tables.inbox.c.id)))
    return project_all(store, patient_index, told)


def project_some(
    store: Store, patient_index: PatientIndex, after_step: Callable[[str], None] = lambda _step: None
) -> int:
    """Project the oldest messages that wait, all or none; gives the number of their lines, 0 if none waited.

    `after_step` is told after ``written``, before the commit.

    On SQLite the collector waits only while rows are written, not while they are made: here is the only projector,
    and what it reads is never changed, or was changed after.

    Raises:
        DBAPIError: the database refused; nothing was changed.
    """
    if store.is_sqlite:
        with store.read() as connection:
            work = _prepare(connection, patient_index)
        if work.messages:
            with store.begin() as connection:
                work.write(connection)
                after_step("written")
        return work.lines
    with store.begin() as connection:
        if not _take_turn(connection):
            return 0
        work = _prepare(connection, patient_index)
        work.write(connection)
        if work.messages:
            after_step("written")
        return work.lines


def _prepare(connection: Connection, patient_index: PatientIndex) -> _Work:
    messages = _oldest(connection)
    entries = [(message, entry) for message in messages for entry in _events(message)]
    work = _Work(patient_index, messages)
    known = _known(connection, [entry.event_id for _, entry in entries])
    for message, entry in entries:
        first = known.get(entry.event_id)
        if first is None:
            known[entry.event_id] = _First(entry.digest, message.id)
            work.count(message, entry)
        elif first.digest != entry.digest:
            work.repeat(message, entry, same=_content(first.line(connection)) == _content(entry.line))
    return work


def _take_turn(connection: Connection, *, wait: bool = False) -> bool:
    """On PostgreSQL: whether this transaction is the one that projects."""
    if connection.dialect.name == "sqlite":
        return True
    if wait:
        connection.execute(select(func.pg_advisory_xact_lock(_PROJECTING)))
        return True
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(_PROJECTING))).scalar())


def _oldest(connection: Connection) -> list[Message]:
    """At most `MESSAGES`: one, and then as many as begin within `BYTES`. No others are read: a batch may be long."""
    c, waiting = tables.inbox.c, tables.unprojected.c
    first = select(waiting.inbox_id).order_by(waiting.inbox_id).limit(MESSAGES).subquery()
    sizes = select(c.id, func.length(c.payload)).join(first, first.c.inbox_id == c.id).order_by(c.id)
    asked: list[dict[str, int]] = []
    taken = 0
    for inbox_id, size in connection.execute(sizes).all():
        if taken < BYTES:
            asked.append({"id": inbox_id})
        taken += size
    found = connection.execute(_messages(connection.dialect.name), bulk.listing(asked)).all()
    return [Message(*row) for row in found]


@functools.cache
def _messages(dialect: str) -> Select[Any]:
    c, asked = tables.inbox.c, bulk.listed(dialect, tables.inbox.c.id)
    return select(c.id, c.received, c.topic, c.payload).join(asked, asked.c.id == c.id).order_by(c.id)


def _events(message: Message) -> Iterator[Entry]:
    """All that can be read of it. Quarantined ones too: what happened at another card of that name has happened."""
    entries, _ = read_message(Incoming(message.topic, message.payload, {}))
    return (entry for entry in entries if entry.poison is None)


@dataclass(frozen=True, slots=True)
class _First:
    """The event that counts for its ``event_id``."""

    digest: str
    inbox_id: int

    def line(self, connection: Connection) -> bytes:
        payload = connection.execute(select(tables.inbox.c.payload).where(tables.inbox.c.id == self.inbox_id)).scalar()
        return next(line for line in wire.split(payload or b"") if wire.digest(line) == self.digest)


def _known(connection: Connection, event_ids: Sequence[str]) -> dict[str, _First]:
    """The events of these ids that count already."""
    listing = bulk.listing([{"event_id": each} for each in event_ids])
    found = connection.execute(_firsts(connection.dialect.name), listing).all()
    return {event_id: _First(digest, inbox_id) for event_id, digest, inbox_id in found}


@functools.cache
def _firsts(dialect: str) -> Select[Any]:
    c, asked = tables.event.c, bulk.listed(dialect, tables.event.c.event_id)
    return select(c.event_id, c.digest, c.inbox_id).join(asked, asked.c.event_id == c.event_id)


def _content(line: bytes) -> bytes:
    """The event without its place: equal when it was journaled again under its old id."""
    return wire.replace_place(line, epoch="", seq=0, chain=None)


@dataclass(slots=True)
class _Work:
    """What becomes of some messages: rows by table."""

    patient_index: PatientIndex
    messages: Sequence[Message]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    months: set[str] = field(default_factory=set)
    moments: restamp.Moments = field(default_factory=restamp.Moments)

    @property
    def lines(self) -> int:
        """Of all messages."""
        return sum(len(wire.split(message.payload)) for message in self.messages)

    def count(self, message: Message, entry: Entry) -> None:
        """An event that is new, or bytes that turn out not to be one of schema 1: they are set aside."""
        self._add("event", {"event_id": entry.event_id, "digest": entry.digest, "inbox_id": message.id})
        try:
            event = decode(entry.line)
            row = project(event, self.patient_index)
        except (ProjectionError, wire.WireError) as error:
            self._add("poison", poison_row(message.received, message.topic, entry.line, str(error)))
            return
        if row is not None:
            month = message.received[:7]
            self.months.add(month)
            self.moments.note(event, message.received)
            self._add(row.table, {**row.values, "month": month})
            bound = bindings.row(event.data) if event.kind == wire.Kind.SCAN else None
            if bound is not None:
                self._add("binding", bound)

    def repeat(self, message: Message, entry: Entry, *, same: bool) -> None:
        """A known event under another key."""
        if not same:
            log.error("event_id=%s came twice with different content: see udi-hub db check", entry.event_id)
        row = {"digest": entry.digest, "event_id": entry.event_id, "inbox_id": message.id, "same": same}
        self._add("repeat", row)

    def write(self, connection: Connection) -> None:
        """Write everything, and take the messages from the list."""
        if connection.dialect.name == "postgresql":
            for month in sorted(self.months):
                _make_partitions(connection, month)
        for name, rows in self.rows.items():
            if name in ("poison", "repeat"):
                bulk.insert_or_nothing(connection, tables.METADATA.tables[name], rows)
            else:
                bulk.insert(connection, tables.METADATA.tables[name], rows)
        bindings.touch(connection, self._touched())
        restamp.write(connection, self.moments)
        done = bulk.listing([{"inbox_id": message.id} for message in self.messages])
        connection.execute(_finished(connection.dialect.name), done)

    def _touched(self) -> Iterator[str]:
        """New bindings, and all events that are corrected: bindings may be among them."""
        yield from (row["event_id"] for row in self.rows.get("binding", ()))
        for name in ("correction", "scan"):
            yield from (row["corrects"] for row in self.rows.get(name, ()) if row["corrects"] is not None)

    def _add(self, table: str, row: dict[str, Any]) -> None:
        self.rows.setdefault(table, []).append(row)


@functools.cache
def _finished(dialect: str) -> Delete:
    waiting = tables.unprojected
    return delete(waiting).where(waiting.c.inbox_id.in_(select(bulk.listed(dialect, waiting.c.inbox_id))))


def _make_partitions(connection: Connection, month: str) -> None:
    for table in tables.PROJECTIONS:
        name = f"{table.name}_{month.replace('-', '_')}"
        if connection.execute(select(func.to_regclass(name))).scalar() is None:
            connection.execute(text(f"CREATE TABLE {name} PARTITION OF {table.name} FOR VALUES IN ('{month}')"))
