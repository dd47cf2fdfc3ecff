"""How far an epoch is stored without a gap, and when to say so."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from edge.hub.tables import event_key, watermark
from edge.wire import Ack

SECOND_NS = 1_000_000_000


def advance(connection: Connection, station: str, epoch: str) -> Ack | None:
    """Move an epoch's watermark over what is stored without a gap; None while its first event is missing.

    The key table alone decides; the watermark row only remembers from where to look on.
    """
    here = (watermark.c.station == station, watermark.c.epoch == epoch)
    former = connection.execute(select(watermark.c.through, watermark.c.chain).where(*here)).one_or_none()
    through = 0 if former is None else former.through
    query = (
        select(event_key.c.seq, event_key.c.digest)
        .where(event_key.c.station == station, event_key.c.epoch == epoch, event_key.c.seq >= max(through, 1))
        .order_by(event_key.c.seq)
    )
    chain = None
    with connection.execute(query) as rows:
        for seq, digest in rows:
            if seq > through + 1:
                break
            through, chain = seq, digest
    if chain is None:
        return None
    if former is None or (former.through, former.chain) != (through, chain):
        values = {"through": through, "chain": chain}
        statement = sqlite_insert(watermark).values(station=station, epoch=epoch, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["station", "epoch"], set_=values))
    return Ack(epoch, through, chain)


@dataclass(slots=True)
class Pacer:
    """Decides when a station is answered: a batch at once, single events together at most once a second. Pure."""

    _waiting: dict[str, dict[str, None]] = field(default_factory=dict)
    """Station -> its epochs to answer, in the order of arrival."""
    _due_ns: dict[str, int] = field(default_factory=dict)
    _answered_ns: dict[str, int] = field(default_factory=dict)

    def note(self, station: str, epoch: str, *, batch: bool, now_ns: int) -> None:
        """A message was committed. The first single event after a quiet second is due at once."""
        epochs = self._waiting.setdefault(station, {})
        epochs.pop(epoch, None)
        epochs[epoch] = None
        quiet_ns = now_ns if batch else self._answered_ns.get(station, now_ns - SECOND_NS) + SECOND_NS
        due_ns = max(now_ns, quiet_ns)
        self._due_ns[station] = min(due_ns, self._due_ns.get(station, due_ns))

    def due(self, now_ns: int) -> list[tuple[str, str]]:
        """Take the (station, epoch) pairs to answer now."""
        stations = [station for station, due_ns in self._due_ns.items() if due_ns <= now_ns]
        found = []
        for station in stations:
            del self._due_ns[station]
            self._answered_ns[station] = now_ns
            found += [(station, epoch) for epoch in self._waiting.pop(station)]
        return found

    def wait_s(self, now_ns: int, most: float) -> float:
        """Seconds until something is due, at most `most`."""
        first_ns = min(self._due_ns.values(), default=None)
        return most if first_ns is None else min(most, max(0.0, (first_ns - now_ns) / SECOND_NS))
