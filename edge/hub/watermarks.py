"""How far an epoch is stored without a gap, and when to say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from heapq import heappop, heappush
from typing import Any

from sqlalchemy import Connection, Select, Subquery, and_, case, func, select

from edge.hub import bulk
from edge.hub.inbox import chunks
from edge.hub.tables import event_key, watermark
from edge.wire import Ack

SECOND_NS = 1_000_000_000
Epoch = tuple[str, str]
"""``(station, epoch)``."""


@dataclass(slots=True)
class Watermarks:
    """How far each epoch was found to be stored; the key table alone decides, this only knows from where to look on."""

    _known: dict[Epoch, int] = field(default_factory=dict)
    _unkept: dict[Epoch, Ack] = field(default_factory=dict)

    def advance(self, connection: Connection, epochs: Sequence[Epoch]) -> list[tuple[str, Ack]]:
        """The watermarks of some epochs, to publish; an epoch whose first event is missing has none.

        Args:
            connection: in a transaction that began after the commit of what is answered; only reads.
            epochs: each once.
        """
        found = []
        for part in chunks(epochs):
            since = self._since(connection, part)
            for (station, epoch), (through, chain) in _through(connection, since).items():
                ack = Ack(epoch, through, chain)
                found.append((station, ack))
                self._known[station, epoch] = through
                self._unkept[station, epoch] = ack
        return found

    def keep(self, connection: Connection) -> None:
        """Remember them in the store, within a transaction that is made for something else anyway."""
        rows = [
            {"station": station, "epoch": epoch, "through": ack.through, "chain": ack.chain_at_through}
            for (station, epoch), ack in sorted(self._unkept.items())
        ]
        bulk.upsert(connection, watermark, rows)

    def kept(self) -> None:
        """That transaction was committed."""
        self._unkept.clear()

    def _since(self, connection: Connection, epochs: Sequence[Epoch]) -> dict[Epoch, int]:
        """Where to look on; the table may know more: another collector was there, or a person closed a gap."""
        since = {each: self._known.get(each, 0) for each in epochs}
        for station, epoch, through in _ask(connection, _kept, _places(since)):
            since[station, epoch] = max(through, since[station, epoch])
        return since


def _through(connection: Connection, since: dict[Epoch, int]) -> dict[Epoch, tuple[int, str]]:
    """The last event before the first gap or broken link, with its digest; not for epochs whose first is missing."""
    through: dict[Epoch, int] = {}
    for station, epoch, first, last, count, broken in _ask(connection, _extents, _places(since)):
        begins = since[station, epoch]
        if first <= begins + 1:
            there = last == first + count - 1
            end = last if there else _before_gap(connection, station, epoch, begins)
            through[station, epoch] = end if broken is None else min(end, broken - 1)
    digests = _ask(connection, _digests, _places(through)) if through else ()
    return {(row.station, row.epoch): (row.seq, row.digest) for row in digests}


def _before_gap(connection: Connection, station: str, epoch: str, since: int) -> int:
    k = event_key.c
    query = select(k.seq).where(k.station == station, k.epoch == epoch, k.seq >= since).order_by(k.seq)
    through = since
    with connection.execute(query) as rows:
        for seq in rows.scalars():
            if seq > through + 1:
                break
            through = seq
    return through


Place = dict[str, Any]
"""station, epoch and seq."""


def _places(at: dict[Epoch, int]) -> list[Place]:
    return [{"station": station, "epoch": epoch, "seq": seq} for (station, epoch), seq in at.items()]


def _listed(dialect: str) -> Subquery:
    return bulk.listed(dialect, event_key.c.station, event_key.c.epoch, event_key.c.seq)


def _ask(connection: Connection, statement: Callable[[str], Select[Any]], places: Sequence[Place]) -> Iterator[Any]:
    return iter(connection.execute(statement(connection.dialect.name), bulk.listing(places)))


@cache
def _kept(dialect: str) -> Select[Any]:
    c, here = watermark.c, _listed(dialect)
    same = and_(c.station == here.c.station, c.epoch == here.c.epoch)
    return select(c.station, c.epoch, c.through).select_from(here.join(watermark, same))


@cache
def _extents(dialect: str) -> Select[Any]:
    """First, last and number of the events from there on, and the first that does not follow the one before it.

    Behind such a break stands what another card of that station sent: its watermark shall tell it that it is another.
    """
    k, start = event_key.c, _listed(dialect)
    before = event_key.alias("before")
    same = and_(k.station == start.c.station, k.epoch == start.c.epoch, k.seq >= start.c.seq)
    one_before = and_(
        before.c.station == k.station,
        before.c.epoch == k.epoch,
        before.c.seq == k.seq - 1,
        before.c.seq >= start.c.seq,
    )
    broken = case((and_(before.c.event_id != "", before.c.digest != k.chain), k.seq))
    return (
        select(k.station, k.epoch, func.min(k.seq), func.max(k.seq), func.count(), func.min(broken))
        .select_from(start.join(event_key, same).outerjoin(before, one_before))
        .group_by(k.station, k.epoch)
    )


@cache
def _digests(dialect: str) -> Select[Any]:
    k, here = event_key.c, _listed(dialect)
    same = and_(k.station == here.c.station, k.epoch == here.c.epoch, k.seq == here.c.seq)
    return select(k.station, k.epoch, k.seq, k.digest).select_from(here.join(event_key, same))


@dataclass(slots=True)
class Pacer:
    """Decides when a station is answered: a batch at once, single events together at most once a second. Pure."""

    _waiting: dict[str, dict[str, None]] = field(default_factory=dict)
    """Station -> its epochs to answer, in the order of arrival."""
    _due_ns: dict[str, int] = field(default_factory=dict)
    _queue: list[tuple[int, int, str]] = field(default_factory=list)
    """A heap of due times, the order of arrival, and stations; an entry whose time is not the station's is void."""
    _arrived: int = 0
    _answered_ns: dict[str, int] = field(default_factory=dict)

    def note(self, station: str, epoch: str, *, batch: bool, now_ns: int) -> None:
        """A message was committed. The first single event after a quiet second is due at once."""
        epochs = self._waiting.setdefault(station, {})
        epochs.pop(epoch, None)
        epochs[epoch] = None
        quiet_ns = now_ns if batch else self._answered_ns.get(station, now_ns - SECOND_NS) + SECOND_NS
        due_ns = max(now_ns, quiet_ns)
        if due_ns < self._due_ns.get(station, due_ns + 1):
            self._due_ns[station] = due_ns
            self._arrived += 1
            heappush(self._queue, (due_ns, self._arrived, station))

    def due(self, now_ns: int) -> list[tuple[str, str]]:
        """Take the (station, epoch) pairs to answer now."""
        found: list[tuple[str, str]] = []
        while self._queue and self._queue[0][0] <= now_ns:
            due_ns, _, station = heappop(self._queue)
            if self._due_ns.get(station) == due_ns:
                del self._due_ns[station]
                self._answered_ns[station] = now_ns
                found += [(station, epoch) for epoch in self._waiting.pop(station)]
        return found

    def wait_s(self, now_ns: int, most: float) -> float:
        """Seconds until something may be due, at most `most`."""
        return min(most, max(0.0, (self._queue[0][0] - now_ns) / SECOND_NS)) if self._queue else most
