"""Cases and documents from opening to close, who was there, and those that wait for somebody. Pure questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from edge.hub.counting import undone
from edge.hub.tables import change, restamp, scan

EMERGENCY, CARD = "emergency", "card"
"""By what a case was opened other than a wristband: the first word of its ``why``, before the card's number."""
SUSPEND_H = 12.0
"""A case that nobody touched for so long should not be open."""
COMPLETE_H = 24.0
"""So long after its opening an emergency should have its patient (补录)."""

_KINDS = ("session", "document")
_OPEN, _ENDED = ("opened", "resumed", "suspended"), ("closed", "shipped", "refused")


@dataclass(frozen=True, slots=True)
class Opened:
    """A case or document that was opened at a station and not closed."""

    subject: str
    """``case`` or ``document``."""
    ident: str
    at: str
    state: str
    """``opened``, ``suspended`` or ``resumed``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a case, a document or a badge."""

    at: str
    """UTC; by the hub's reckoning where the station did not know the time."""
    station: str
    place: str | None
    operator: str | None
    witness: str | None
    what: str
    """As in ``event.schema.json``: ``opened``, ``suspended``, ``closed`` ..."""
    why: str | None
    lines: int | None
    """Of a document, as far as the station knew."""


@dataclass(frozen=True, slots=True)
class Presence:
    """One person's turn (交接班: the next one's begins)."""

    operator: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case or document that is not closed, or an emergency whose patient nobody said yet."""

    subject: Literal["case", "document"]
    ident: str
    number: str | None
    """Of the emergency or the case card."""
    station: str
    state: str
    """The last change: ``opened``, ``resumed``, ``suspended``, ``completed`` or ``closed``."""
    opened: str
    touched: str
    """The last change or scan."""
    idle_h: float
    age_h: float
    suspended: bool
    """Nobody touched this case for `SUSPEND_H` (挂起)."""
    to_complete: bool
    """An emergency without a patient (补录)."""
    alert: bool
    """`to_complete`, for `COMPLETE_H` and longer."""


def open_sessions(connection: Connection, station: str) -> list[Opened]:
    """Cases and documents whose last event at this station does not end them, newest first."""
    return [Opened(*row) for row in connection.execute(_last(change.c.station == station))]


def steps(connection: Connection, subject: str, ident: str) -> list[Step]:
    """Everything that became of a case or document and was not taken back, in its order."""
    query = _steps().where(change.c.subject == subject, change.c.ident == ident)
    return [_step(row) for row in connection.execute(query)]


def number_of(found: Iterable[Step]) -> tuple[str, str | None]:
    """By what a case was opened, ``patient``, ``card`` or ``emergency``, and the number of that card."""
    why = next((each.why for each in found if each.what == "opened" and each.why), "")
    kind, _, number = (why or "").partition(" ")
    return (kind, number or None) if kind in (EMERGENCY, CARD) else ("patient", None)


def badges(connection: Connection, stations: Iterable[str], first: str, last: str) -> list[Step]:
    """Badges that were shown at some stations within a time, oldest first."""
    shown = (change.c.subject == "operator", change.c.what == "opened", change.c.station.in_(sorted(stations)))
    found = [_step(row) for row in connection.execute(_steps().where(*shown, change.c.kind == "session"))]
    return [each for each in found if first <= each.at <= last]


def presences(seen: Iterable[tuple[str, str | None]]) -> tuple[Presence, ...]:
    """Turns of people from who was seen when; None sees nobody."""
    turns: list[Presence] = []
    for at, operator in sorted((at, who) for at, who in seen if who is not None):
        if turns and turns[-1].operator == operator:
            turns[-1] = replace(turns[-1], last=at)
        else:
            turns.append(Presence(operator, at, at))
    return tuple(turns)


def waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """What is not closed or not completed, those first that waited longest.

    Args:
        connection: to the projections.
        now: the hub's clock, aware.
    """
    opened = ((row.subject, row.ident) for row in connection.execute(_last()))
    found = [_waiting(connection, *key, now) for key in sorted({*opened, *_to_complete(connection)})]
    return sorted(found, key=lambda each: (not each.alert, not each.suspended, each.opened))


def _steps() -> Select[Any]:
    at = func.coalesce(restamp.c.earliest, change.c.at).label("happened")
    return (
        select(change, at)
        .outerjoin(restamp, restamp.c.event_id == change.c.event_id)
        .where(change.c.kind.in_(_KINDS), ~undone(change.c.event_id))
        .order_by(at, change.c.event_id)
    )


def _step(row: Row[Any]) -> Step:
    lines = row.detail.get("lines")
    operator = row.ident if row.subject == "operator" else row.operator
    told = lines if isinstance(lines, int) else None
    return Step(row.happened, row.station, row.place, operator, row.witness, row.what or "", row.why, told)


def _last(*parts: ColumnElement[bool]) -> Select[Any]:
    """Of each case and document the last change that opens or ends it, if it does not end it; newest first."""
    newest = (change.c.at.desc(), change.c.event_id.desc())
    rank = func.row_number().over(partition_by=(change.c.subject, change.c.ident), order_by=newest)
    last = (
        select(change.c.subject, change.c.ident, change.c.at, change.c.what, rank.label("rank"))
        .where(change.c.kind.in_(_KINDS), change.c.subject.in_(("case", "document")), change.c.ident.is_not(None))
        .where(change.c.what.in_((*_OPEN, *_ENDED)), ~undone(change.c.event_id), *parts)
        .subquery()
    )
    query = select(last.c.subject, last.c.ident, last.c.at, last.c.what)
    return query.where(last.c.rank == 1, last.c.what.in_(_OPEN)).order_by(last.c.at.desc())


def _to_complete(connection: Connection) -> Iterator[tuple[str, str]]:
    cases = select(change.c.ident).where(change.c.subject == "case", ~undone(change.c.event_id))
    completed = cases.where(change.c.what == "completed", change.c.ident.is_not(None))
    opened = cases.where(change.c.what == "opened", change.c.why.like(f"{EMERGENCY}%"))
    query = opened.where(change.c.ident.not_in(completed)).distinct()
    return (("case", ident) for ident in connection.execute(query).scalars())


def _waiting(connection: Connection, subject: str, ident: str, now: datetime) -> Waiting:
    found = steps(connection, subject, ident)
    column = scan.c.case_id if subject == "case" else scan.c.document
    scanned = connection.execute(select(func.max(scan.c.at)).where(column == ident)).scalar()
    kind, number = number_of(found) if subject == "case" else ("", None)
    touched = max(found[-1].at, scanned or "")
    idle_h, age_h = _hours(touched, now), _hours(found[0].at, now)
    to_complete = kind == EMERGENCY and all(each.what != "completed" for each in found)
    return Waiting(
        subject="case" if subject == "case" else "document",
        ident=ident,
        number=number,
        station=found[-1].station,
        state=found[-1].what,
        opened=found[0].at,
        touched=touched,
        idle_h=idle_h,
        age_h=age_h,
        suspended=subject == "case" and found[-1].what != "closed" and idle_h >= SUSPEND_H,
        to_complete=to_complete,
        alert=to_complete and age_h >= COMPLETE_H,
    )


def _hours(at: str, now: datetime) -> float:
    return round((now - datetime.fromisoformat(at)).total_seconds() / 3600, 1)
