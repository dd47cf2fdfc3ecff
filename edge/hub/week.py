"""The figures of a week, each with what it is counted from. Pure questions; the period is an argument."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Subquery, distinct, func, select

from edge.hub.counting import counts
from edge.hub.tables import event_key, scan, station_state
from edge.wire import iso

PACE_MOST_S = 120.0
"""A longer pause between two items is a break, not handling time."""
JUDGED_ITEMS = ("ACCEPTED", "CHECKED", "ATTENTION", "STOP")
"""Outcomes that end a presentation with a readable UDI."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """In percent; None if nothing was counted."""
        return None if self.whole == 0 else 100.0 * self.part / self.whole


@dataclass(frozen=True, slots=True)
class Missing:
    """Packages without a UDI from one supplier."""

    supplier: str
    """Counterparty, else document, else empty: not known."""
    missing: int


@dataclass(frozen=True, slots=True)
class Offline:
    """How long the hub did not hear a station."""

    station: str
    hours: float
    of_hours: float
    """Hours of the period since the station was first heard."""


@dataclass(frozen=True, slots=True)
class Week:
    """Figures of a period, of what counts (`edge.hub.counting`)."""

    start: str
    end: str
    scans: int
    """Presentations of every outcome."""
    first_read: Share
    """Items with a readable UDI not directly preceded by REDO at the same station, of all such items."""
    median_s: float | None
    """Median seconds from one item to the next within one case or document; pauses over 120 s are left out."""
    median_of: int
    """Pairs that the median was taken from."""
    stopped: Share
    """STOP of all scans."""
    missing: tuple[Missing, ...]
    """Most first."""
    lost: Share
    """Numbers below the highest known of each epoch that did not arrive; over the whole store, not only the week."""
    doubled: Share
    """event_ids counted more than once; over the whole store."""
    offline: tuple[Offline, ...]


def week(connection: Connection, start: datetime, end: datetime) -> Week:
    """Count a period.

    Args:
        connection: to the store.
        start: aware; the first moment that counts.
        end: aware; the first moment that does not count.
    """
    first, last = iso(start.astimezone(UTC)), iso(end.astimezone(UTC))
    lagged = _lagged(first, last)
    paces = _paces(connection, lagged)
    scans = _count(connection, lagged)
    return Week(
        start=first,
        end=last,
        scans=scans,
        first_read=_first_read(connection, lagged),
        median_s=statistics.median(paces) if paces else None,
        median_of=len(paces),
        stopped=Share(_count(connection, lagged, "STOP"), scans),
        missing=_missing(connection, lagged),
        lost=_lost(connection),
        doubled=_doubled(connection),
        offline=_offline(connection, start, end),
    )


def _lagged(first: str, last: str) -> Subquery:
    """Scans of the period, each with its predecessors."""
    order = (scan.c.at, scan.c.event_id)
    judged = scan.c.outcome.in_(JUDGED_ITEMS)
    group = func.coalesce(scan.c.case_id, scan.c.document)
    query = select(
        scan.c.at,
        scan.c.outcome,
        judged.label("judged"),
        group.label("work"),
        func.coalesce(scan.c.counterparty, scan.c.document, "").label("supplier"),
        func.lag(scan.c.outcome).over(partition_by=scan.c.station, order_by=order).label("before"),
        func.lag(scan.c.at).over(partition_by=(scan.c.station, group, judged), order_by=order).label("former_at"),
    )
    return query.where(scan.c.at >= first, scan.c.at < last, counts()).subquery()


def _count(connection: Connection, lagged: Subquery, outcome: str | None = None) -> int:
    query = select(func.count()).select_from(lagged)
    if outcome is not None:
        query = query.where(lagged.c.outcome == outcome)
    return connection.execute(query).scalar_one()


def _first_read(connection: Connection, lagged: Subquery) -> Share:
    items = select(func.count()).select_from(lagged).where(lagged.c.judged)
    first = items.where(func.coalesce(lagged.c.before, "") != "REDO")
    return Share(connection.execute(first).scalar_one(), connection.execute(items).scalar_one())


def _paces(connection: Connection, lagged: Subquery) -> list[float]:
    pairs = select(lagged.c.former_at, lagged.c.at).where(
        lagged.c.judged, lagged.c.work.is_not(None), lagged.c.former_at.is_not(None)
    )
    paces = [_seconds(before, after) for before, after in connection.execute(pairs)]
    return [pace for pace in paces if pace <= PACE_MOST_S]


def _missing(connection: Connection, lagged: Subquery) -> tuple[Missing, ...]:
    count = func.count().label("missing")
    query = select(lagged.c.supplier, count).where(lagged.c.outcome == "MISSING").group_by(lagged.c.supplier)
    rows = connection.execute(query.order_by(count.desc(), lagged.c.supplier))
    return tuple(Missing(supplier, missing) for supplier, missing in rows)


def _lost(connection: Connection) -> Share:
    epochs = (
        select(func.max(event_key.c.seq).label("highest"), func.count().label("there"))
        .group_by(event_key.c.station, event_key.c.epoch)
        .subquery()
    )
    query = select(func.coalesce(func.sum(epochs.c.highest), 0), func.coalesce(func.sum(epochs.c.there), 0))
    highest, there = connection.execute(query).one()
    return Share(int(highest) - int(there), int(highest))


def _doubled(connection: Connection) -> Share:
    counted, different = connection.execute(select(func.count(), func.count(distinct(scan.c.event_id)))).one()
    return Share(counted - different, counted)


def _offline(connection: Connection, start: datetime, end: datetime) -> tuple[Offline, ...]:
    states: dict[str, list[tuple[datetime, bool]]] = {}
    for station, state, received in connection.execute(
        select(station_state.c.station, station_state.c.state, station_state.c.received).order_by(station_state.c.id)
    ):
        states.setdefault(station, []).append((_moment(received), state in ("ready", "fault")))
    return tuple(_offline_of(name, changes, start, end) for name, changes in sorted(states.items()))


def _offline_of(station: str, changes: list[tuple[datetime, bool]], start: datetime, end: datetime) -> Offline:
    ends = [at for at, _ in changes[1:]] + [end]
    known = away = 0.0
    for (since, there), until in zip(changes, ends, strict=True):
        hours = max(0.0, (min(until, end) - max(since, start)).total_seconds() / 3600)
        known += hours
        away += 0.0 if there else hours
    return Offline(station, round(away, 2), round(known, 2))


def _seconds(before: str, after: str) -> float:
    return (_moment(after) - _moment(before)).total_seconds()


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
