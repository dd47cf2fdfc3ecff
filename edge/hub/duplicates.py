"""Serials that are there more often than a serial can be, whichever stations saw them. A pure question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, select

from edge.hub.counting import Standing, counts
from edge.hub.ledger import USED
from edge.hub.tables import scan
from edge.hub.trace import Question, Trace, trace

AGAIN = ("SHIP", "SEND_BACK")
"""What left so may come again, and be received a second time."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One serial of one DI."""

    di: str
    serial: str
    what: str
    """``used``: at a patient more than once. ``received``: more often than it left again."""
    times: int
    events: tuple[Mapping[str, str | None], ...]
    """Each booking: ``at, station, place, task, case, document, operator, event_id``, oldest first."""


def duplicates(connection: Connection) -> list[Duplicate]:
    """Every serial that was used twice, or received again without having left."""
    used, received = _times(USED), _times(("RECEIVE",)) - _times(AGAIN)
    query = (
        select(scan.c.di, scan.c.serial, used, received)
        .where(counts(), scan.c.serial.is_not(None), scan.c.di.is_not(None), scan.c["count"].is_not(None))
        .group_by(scan.c.di, scan.c.serial)
        .having((used > 1) | (received > 1))
        .order_by(scan.c.di, scan.c.serial)
    )
    found = []
    for di, serial, uses, receipts in connection.execute(query).all():
        rows = trace(connection, Question(di=di, serial=serial))
        if uses > 1:
            found.append(_duplicate(di, serial, "used", uses, rows, USED))
        if receipts > 1:
            found.append(_duplicate(di, serial, "received", receipts, rows, ("RECEIVE", *AGAIN)))
    return found


def _times(tasks: Sequence[str]) -> ColumnElement[int]:
    return func.sum(case((scan.c.task.in_(tasks), 1), else_=0))


def _duplicate(di: str, serial: str, what: str, times: int, rows: Sequence[Trace], tasks: Sequence[str]) -> Duplicate:
    booked = (row for row in rows if row.task in tasks and row.count is not None and row.standing == Standing.COUNTS)
    return Duplicate(di, serial, what, times, tuple(_event(row) for row in booked))


def _event(row: Trace) -> Mapping[str, str | None]:
    return {
        "at": row.earliest or row.at,
        "station": row.station,
        "place": row.place,
        "task": row.task,
        "case": row.case,
        "document": row.document,
        "operator": row.operator,
        "event_id": row.event_id,
    }
