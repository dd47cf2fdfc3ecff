"""Events that a station has pruned and this store does not have: found, and closed by a person's decision.

It happens when the store is lost or restored to an older state: the stations go on sending from where the lost store
had confirmed, the watermark stands still before the gap, and their cards fill. Nothing closes a gap by itself, because
behind it may stand a copy of the store, or an exported journal, that has the events.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from edge import wire
from edge.hub import bulk
from edge.hub.reading import decode
from edge.hub.tables import event_key, gap, inbox, watermark
from edge.hub.watermarks import Watermarks


class GapError(ValueError):
    """What shall be closed is no gap, or cannot be."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that is not stored, with stored events behind it."""

    station: str
    epoch: str
    first: int
    last: int
    behind: int
    """Stored events behind it, which the watermark cannot reach."""


def gaps(connection: Connection) -> list[Gap]:
    """The first gap of each epoch."""
    epochs = connection.execute(select(event_key.c.station, event_key.c.epoch).distinct()).all()
    through = {(name, ack.epoch): ack.through for name, ack in Watermarks().advance(connection, [*map(tuple, epochs)])}
    found = []
    for station, epoch in sorted(map(tuple, epochs)):
        since = _kept(connection, station, epoch, through.get((station, epoch), 0))
        k = event_key.c
        query = select(func.min(k.seq), func.count()).where(k.station == station, k.epoch == epoch, k.seq > since)
        following, behind = connection.execute(query).one()
        if behind and following > since + 1:
            found.append(Gap(station, epoch, since + 1, following - 1, behind))
    return found


def close(connection: Connection, station: str, why: str, closed: str) -> list[Gap]:
    """Let the watermarks of a station pass its gaps, within the caller's transaction.

    Args:
        connection: to the store, for writing.
        station: whose gaps.
        why: the person's reason, kept.
        closed: the time, UTC as on the wire.

    Raises:
        GapError: there is none, or the event behind it does not say what was before it.
    """
    found = []
    while each := next((one for one in gaps(connection) if one.station == station), None):
        _close(connection, each, why, closed)
        found.append(each)
    if not found:
        raise GapError(f"{station} has no gap: nothing to close; udi-hub db check lists them")
    return found


def _close(connection: Connection, each: Gap, why: str, closed: str) -> None:
    k = event_key.c
    query = (
        select(inbox.c.payload, k.digest)
        .join(event_key, k.inbox_id == inbox.c.id)
        .where(k.station == each.station, k.epoch == each.epoch, k.seq == each.last + 1)
    )
    payload, digest = connection.execute(query).one()
    line = next((line for line in wire.split(payload) if wire.digest(line) == digest), b"")
    try:
        chain = decode(line).chain
    except wire.WireError:
        chain = None
    if chain is None:
        raise GapError(f"{each.station} seq {each.last + 1} of epoch {each.epoch} does not name the event before it")
    place = {"station": each.station, "epoch": each.epoch}
    bulk.upsert(connection, watermark, [{**place, "through": each.last, "chain": chain}])
    row = {**place, "first": each.first, "last": each.last, "closed": closed, "why": why}
    connection.execute(insert(gap), [row])


def _kept(connection: Connection, station: str, epoch: str, through: int) -> int:
    """A closed gap at the very end of what is stored is known to the watermark's row alone."""
    here = (watermark.c.station == station, watermark.c.epoch == epoch)
    return max(through, connection.execute(select(watermark.c.through).where(*here)).scalar() or 0)
