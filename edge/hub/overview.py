"""How each station stands, as the hub knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Connection, func, select

from edge.hub.tables import event, event_key, key_conflict, poison, scan, station_status, unprojected, watermark


@dataclass(frozen=True, slots=True)
class StationRow:
    """One station."""

    station: str
    state: str
    """``ready``, ``lost``, ``stopped`` or ``fault``; ``unknown`` before its first status."""
    seen: str | None
    """When the hub heard its last status, UTC."""
    version: str | None
    unacknowledged: int | None
    """As the station said then."""
    capacity: int | None
    pressure: float | None
    """The used fraction of the capacity, 0 to 1; at 1 the station refuses scans."""
    last_scan: str | None
    epoch: str | None
    """The epoch whose watermark is the newest known, by the station's status."""
    through: int | None
    conflicts: int
    """Events for a key that was taken: a cloned or rolled back card."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """Counts of the whole store."""

    events: int
    poison: int
    conflicts: int
    waiting: int
    """Messages that are stored, but not to be seen in any answer yet."""


def stations(connection: Connection) -> list[StationRow]:
    """Every station that sent anything, by name."""
    return [_station(connection, name) for name in sorted(connection.execute(_names()).scalars())]


def is_station(connection: Connection, name: str) -> bool:
    """It sent anything: there is a page of it."""
    names = _names().subquery()
    return connection.execute(select(names).where(names.c.station == name)).first() is not None


def site(connection: Connection) -> SiteRow:
    """Counts of the whole store."""
    tables = (event, poison, key_conflict, unprojected)
    return SiteRow(*(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables))


def _names() -> CompoundSelect[Any]:
    return select(station_status.c.station).union(select(event_key.c.station))


def _station(connection: Connection, name: str) -> StationRow:
    status = connection.execute(select(station_status).where(station_status.c.station == name)).one_or_none()
    epoch = None if status is None else status.epoch
    mark = select(watermark.c.through).where(watermark.c.station == name, watermark.c.epoch == (epoch or ""))
    last_scan = select(func.max(scan.c.at)).where(scan.c.station == name)
    conflicts = select(func.count()).select_from(key_conflict).where(key_conflict.c.station == name)
    return StationRow(
        station=name,
        state="unknown" if status is None else status.state,
        seen=None if status is None else status.seen,
        version=None if status is None else status.version,
        unacknowledged=None if status is None else status.unacknowledged,
        capacity=None if status is None else status.capacity,
        pressure=None if status is None else status.pressure,
        last_scan=connection.execute(last_scan).scalar(),
        epoch=epoch,
        through=connection.execute(mark).scalar(),
        conflicts=connection.execute(conflicts).scalar_one(),
    )
