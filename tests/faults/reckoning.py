"""The one check that every fault ends with: what the stations wrote against what the hub has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from edge import wire
from edge.hub.reconcile import Held
from edge.hub.tables import event_key, inbox
from edge.hub.watermarks import Watermarks


@dataclass(frozen=True, slots=True)
class Kept:
    """One place of the hub's key table, with the bytes that are kept for it."""

    station: str
    epoch: str
    seq: int
    event_id: str
    line: bytes | None
    """None: the inbox has no bytes with this digest."""


Confirmed = Mapping[tuple[str, str], int]
"""(station, epoch) -> the hub's watermark."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the stations said, and what was found in their journals."""

    green: frozenset[str]
    """Scans that showed ACCEPTED."""
    recorded: frozenset[str]
    """Events that are on a card: the station said so, or its journal has them."""
    begun: frozenset[str] = frozenset()
    """Scans that a station spoke of; whether they reached its card is known of `recorded` only."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The outcome of a fault; all but `events` have to be nothing."""

    events: int = 0
    lost: frozenset[str] = frozenset()
    doubled: int = 0
    foreign: frozenset[str] = frozenset()
    broken: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, nothing foreign, every chain intact."""
        return not (self.lost or self.doubled or self.foreign or self.broken)

    def __str__(self) -> str:
        """Counts, then the first few of what is wrong."""
        counts = f"events={self.events} lost={len(self.lost)} doubled={self.doubled} foreign={len(self.foreign)}"
        wrong = [*sorted(self.lost)[:5], *sorted(self.foreign)[:5], *self.broken[:5]]
        return f"{counts} broken={len(self.broken)} {' '.join(wrong)}".rstrip()


def kept(connection: Connection, leave_out: Iterable[str] = ()) -> list[Kept]:
    """The key table with its bytes, in order, without the stations to leave out."""
    lines: dict[tuple[int, str], bytes] = {}
    for ident, payload in connection.execute(select(inbox.c.id, inbox.c.payload)):
        lines.update({(ident, wire.digest(line)): line for line in wire.split(bytes(payload))})
    query = select(event_key).where(event_key.c.station.not_in(list(leave_out)))
    ordered = query.order_by(event_key.c.station, event_key.c.epoch, event_key.c.seq)
    return [
        Kept(row.station, row.epoch, row.seq, row.event_id, lines.get((row.inbox_id, row.digest)))
        for row in connection.execute(ordered)
    ]


def confirmed(connection: Connection, rows: Iterable[Kept]) -> Confirmed:
    """The watermarks of all epochs there are."""
    epochs = list(dict.fromkeys((row.station, row.epoch) for row in rows))
    found = Watermarks().advance(connection, epochs)
    return {(station, ack.epoch): ack.through for station, ack in found}


def broken_chains(rows: Iterable[Kept], confirmed: Confirmed) -> tuple[str, ...]:
    """Where an epoch does not begin at 1, has a gap, or an event is not chained to the bytes before it.

    Behind the watermark only; what stands beyond it is another card's, and has to have come again in a new epoch.
    """
    rows = list(rows)
    settled = {row.event_id for row in rows if row.seq <= confirmed.get((row.station, row.epoch), 0)}
    found, former = [], Kept("", "", 0, "", None)
    for row in rows:
        if (row.station, row.epoch) != (former.station, former.epoch):
            former = Kept(row.station, row.epoch, 0, "", None)
        name = f"{row.station}/{row.epoch}/{row.seq}"
        if row.seq > confirmed.get((row.station, row.epoch), 0):
            if row.event_id not in settled:
                found.append(f"{name}:unconfirmed")
        elif row.seq != former.seq + 1:
            found.append(f"{name}:follows-{former.seq}")
        elif row.line is None:
            found.append(f"{name}:no-bytes")
        elif not _fits(row, former):
            found.append(f"{name}:chain")
        former = row
    return tuple(found)


def _fits(row: Kept, former: Kept) -> bool:
    event = wire.Event.decode(row.line or b"")
    before = None if former.line is None else wire.digest(former.line)
    return event.key == (row.station, row.epoch, row.seq) and event.event_id == row.event_id and event.chain == before


def reckon(told: Told, held: Held, rows: Iterable[Kept], confirmed: Confirmed) -> Reckoning:
    """Compare. Every package of a test has a serial number of its own and is shown once."""
    rows = list(rows)
    scans = {row.event_id: event for row in rows if (event := _scan(row)) is not None}
    ids = {row.event_id for row in rows}
    counted = set(held.counted) & ids
    packages = Counter((event.data.get("udi") or {}).get("trace_key") for event in scans.values())
    again = sum(count - 1 for package, count in packages.items() if package is not None)
    return Reckoning(
        events=len(told.recorded | told.green),
        lost=(told.recorded | told.green) - ids | scans.keys() - counted,
        doubled=held.doubled + again,
        foreign=frozenset(ids - told.recorded - told.green - told.begun) | frozenset(counted - scans.keys()),
        broken=broken_chains(rows, confirmed),
    )


def _scan(row: Kept) -> wire.Event | None:
    event = None if row.line is None or not row.event_id else wire.Event.decode(row.line)
    return event if event is not None and event.kind == wire.Kind.SCAN else None
