"""Where a thing came from and where it went: 来源可查、去向可追、责任可究. Pure questions to the projections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from edge.hub.counting import corrected_by, standing, undone
from edge.hub.tables import binding, change, restamp, scan


@dataclass(frozen=True, slots=True)
class Trace:
    """One scan of a thing."""

    event_id: str
    at: str
    """UTC, by the station's clock."""
    station: str
    place: str | None
    operator: str | None
    witness: str | None
    task: str | None
    training: bool
    outcome: str
    reasons: tuple[tuple[str, str], ...]
    """(code, audience), the weightiest first."""
    di: str | None
    lot: str | None
    serial: str | None
    manufactured: str | None
    expires: str | None
    trace_key: str | None
    document: str | None
    line: str | None
    owner: str | None
    """货主; None: the site's own."""
    counterparty: str | None
    case: str | None
    count: int | None
    """Sale units moved; None where nothing was booked."""
    house_code: str | None
    measurement: Mapping[str, Any] | None
    """``{quantity, value, unit}``."""
    override: str | None
    """Why it was used despite its verdict: a value of a reason card."""
    reason: str | None
    """Why it was done: a value of a reason card."""
    symbologies: tuple[str | None, ...]
    earliest: str | None
    """Where the station did not know the time, the hub does: not before this; equal to `latest` if known exactly."""
    latest: str | None
    """Not after this; None where the station's own time stands."""
    standing: str
    """Whether it counts: a value of `edge.hub.counting.Standing`."""
    corrected_by: str | None
    """event_id of the first correction that takes this scan back, or of the first scan in its place."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for; all given parts must fit. Values exactly as printed on the label or shown on the document."""

    di: str | None = None
    lot: str | None = None
    serial: str | None = None
    document: str | None = None
    place: str | None = None
    case: str | None = None
    patient_index: str | None = None
    """From `edge.hub.patients.Patients.index`."""
    house_code: str | None = None
    """院内码: what was scanned by it, bound to it, or has the serial that it was bound to."""

    @property
    def empty(self) -> bool:
        """Nothing was asked."""
        return not _asked(self)


def trace(connection: Connection, question: Question, *, limit: int | None = None) -> list[Trace]:
    """Every scan that fits, oldest first; with `limit` only the newest so many. Those that do not count are marked."""
    asked = _asked(question)
    parts = [scan.c[name] == value for name, value in asked.items() if name not in _FOUND]
    parts += [find(connection, asked[name]) for name, find in _FOUND.items() if name in asked]
    return _rows(connection, _query().where(*parts), limit)


def last_scans(connection: Connection, station: str, limit: int = 20) -> list[Trace]:
    """The newest scans of a station, newest first."""
    return _rows(connection, _query().where(scan.c.station == station), limit)[::-1]


def _asked(question: Question) -> dict[str, str]:
    parts = {
        "di": question.di,
        "lot": question.lot,
        "serial": question.serial,
        "document": question.document,
        "place": question.place,
        "case_id": question.case,
        "patient_index": question.patient_index,
        "house_code": question.house_code,
    }
    return {name: value for name, value in parts.items() if value is not None}


def _of_patient(connection: Connection, index: str) -> ColumnElement[bool]:
    """Sealed with the scan, or with the later completion of its case (补录)."""
    completed = select(change.c.ident).where(change.c.patient_index == index, ~undone(change.c.event_id))
    cases = connection.execute(completed).scalars().all()  # asked first, so that the scans are found by their indexes
    return or_(scan.c.patient_index == index, scan.c.case_id.in_(cases))


def _of_house_code(connection: Connection, code: str) -> ColumnElement[bool]:
    """Read or bound, or scans of the one piece that it was bound to; of a lot it would be every piece."""
    query = select(scan.c.di, scan.c.serial).join(binding, binding.c.event_id == scan.c.event_id)
    pieces = connection.execute(query.where(binding.c.house_code == code, scan.c.serial.is_not(None))).all()
    return or_(scan.c.house_code == code, *(and_(scan.c.di == di, scan.c.serial == serial) for di, serial in pieces))


_FOUND: Mapping[str, Callable[[Connection, str], ColumnElement[bool]]] = {
    "patient_index": _of_patient,
    "house_code": _of_house_code,
}
"""Parts of a question that more than one column answers."""


def _query() -> Select[Any]:
    marks = (standing().label("standing"), corrected_by().label("corrected_by"))
    dated = (restamp.c.earliest, restamp.c.latest)
    return select(scan, *marks, *dated).outerjoin(restamp, restamp.c.event_id == scan.c.event_id)


def _rows(connection: Connection, query: Select[Any], limit: int | None) -> list[Trace]:
    """Newest first by the station's clock, which has an index; then in the order in which things happened."""
    newest_first = query.order_by(scan.c.at.desc(), scan.c.event_id.desc()).limit(limit)
    rows = [_trace(row) for row in connection.execute(newest_first)]
    return sorted(rows, key=lambda row: (row.earliest or row.at, row.event_id))


def _trace(row: Row[Any]) -> Trace:
    return Trace(
        event_id=row.event_id,
        at=row.at,
        station=row.station,
        place=row.place,
        operator=row.operator,
        witness=row.witness,
        task=row.task,
        training=bool(row.training),
        outcome=row.outcome,
        reasons=tuple((reason["code"], reason["audience"]) for reason in row.reasons),
        di=row.di,
        lot=row.lot,
        serial=row.serial,
        manufactured=row.manufactured,
        expires=row.expires,
        trace_key=row.trace_key,
        document=row.document,
        line=row.line,
        owner=row.owner,
        counterparty=row.counterparty,
        case=row.case_id,
        count=row._mapping["count"],  # noqa: SLF001 - Row's public mapping; `row.count` is a tuple's method
        house_code=row.house_code,
        measurement=row.measurement,
        override=row.override_code,
        reason=row.reason,
        symbologies=tuple(row.symbologies),
        earliest=row.earliest,
        latest=row.latest,
        standing=row.standing,
        corrected_by=row.corrected_by,
    )
