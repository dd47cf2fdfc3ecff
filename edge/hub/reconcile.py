"""Which events the hub has, by id: what every check for lost and doubled events is made with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from edge.hub.tables import event_key, scan, unprojected


@dataclass(frozen=True, slots=True)
class Held:
    """What the hub holds."""

    events: frozenset[str]
    """event_id of every event stored."""
    counted: tuple[str, ...]
    """event_id of every row of the scan projection; one that stands there twice is doubled."""
    units: int
    """Sale units of all scans together."""
    waiting: int
    """Messages that are stored, but not projected yet."""

    @property
    def doubled(self) -> int:
        """Scans counted more than once."""
        return len(self.counted) - len(set(self.counted))


def held(connection: Connection) -> Held:
    """Read what the hub holds."""
    return Held(
        events=frozenset(connection.execute(select(event_key.c.event_id).where(event_key.c.event_id != "")).scalars()),
        counted=tuple(connection.execute(select(scan.c.event_id)).scalars()),
        units=int(connection.execute(select(func.coalesce(func.sum(scan.c.count), 0))).scalar_one()),
        waiting=connection.execute(select(func.count()).select_from(unprojected)).scalar_one(),
    )
