"""The record of a case (使用登记、植入登记): who, when, where, and what became of every item.

No patient is named here: it says only whether a trace by patient finds the case. What is pending is reckoned as a
station does it: a piece is pending from its check until it is used, wasted, returned or sent back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select

from edge.hub.counting import Standing, undone
from edge.hub.sessions import Presence, Step, badges, number_of, presences, steps
from edge.hub.tables import change, scan
from edge.hub.trace import Question, Trace, trace


class ItemState(StrEnum):
    """What became of an item; in words in `edge.hub.words.ITEMS`."""

    USED = "used"
    USED_DESPITE = "used_despite"
    """Though its verdict forbade it: by a reason card and a second badge (强制登记)."""
    WASTED = "wasted"
    RETURNED = "returned"
    SENT_BACK = "sent_back"
    EXPLANTED = "explanted"
    PENDING = "pending"
    """Checked, and neither used nor returned."""
    STOPPED = "stopped"
    """Its verdict was STOP, and nothing was booked of it."""
    WITHOUT_CODE = "without_code"
    """It showed no UDI."""
    UNDONE = "undone"
    OTHER = "other"
    """Another task: see `Item.task`."""


_OF_TASK = {
    "USE": ItemState.USED,
    "DISPENSE": ItemState.USED,
    "WASTE": ItemState.WASTED,
    "RETURN": ItemState.RETURNED,
    "SEND_BACK": ItemState.SENT_BACK,
    "EXPLANT": ItemState.EXPLANTED,
}
_SETTLES = ("USE", "DISPENSE", "WASTE", "RETURN", "SEND_BACK", "SAMPLE")
"""Tasks after which a piece is no longer pending. A RETURN of what was only checked has no count."""
_LOOKS = ("CHECKED", "ATTENTION")
"""Outcomes of a check before opening: USE without a count."""


@dataclass(frozen=True, slots=True)
class Item:
    """One act with an item, or what is left of its check."""

    state: str
    """An `ItemState`."""
    task: str | None
    units: int
    """Sale units."""
    checked: bool
    """It was checked before it was opened."""
    di: str | None
    lot: str | None
    serial: str | None
    expires: str | None
    house_code: str | None
    at: str
    station: str
    place: str | None
    operator: str | None
    witness: str | None
    outcome: str
    reasons: tuple[tuple[str, str], ...]
    """(code, audience) of its verdict, the weightiest first."""
    override: str | None
    """Why it was used despite its verdict."""
    reason: str | None
    """Why it was done, for instance wasted."""
    kit: str | None
    """The loaner kit (外来器械) that it is of."""
    line: str | None
    """Of the kit's list; it names what carries no code."""
    event_id: str
    corrected_by: str | None


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case."""

    case: str
    opening: str
    """``patient``, ``card`` or ``emergency``."""
    number: str | None
    """Of the case card, or of the emergency."""
    patient_indexed: bool
    """A trace by the patient's number finds it at this hub."""
    opened: str | None
    completed: str | None
    """When the patient of an emergency was said (补录)."""
    closed: str | None
    pending: int
    """Sale units checked and neither used nor returned, by the hub's reckoning."""
    stations: tuple[str, ...]
    places: tuple[str, ...]
    people: tuple[Presence, ...]
    """In their turns; a new one is a handover (交接班)."""
    witnesses: tuple[str, ...]
    steps: tuple[Step, ...]
    items: tuple[Item, ...]
    """In the order of their acts, what is pending last."""


def case_record(connection: Connection, case: str) -> CaseRecord | None:
    """Everything of one case; None if nothing is known of it."""
    changes, rows = steps(connection, "case", case), trace(connection, Question(case=case))
    if not changes and not rows:
        return None
    opening, number = number_of(changes)
    times = sorted([*(each.at for each in changes), *(_at(row) for row in rows)])
    stations = sorted({*(each.station for each in changes), *(row.station for row in rows)})
    ended = _when(changes, "closed")
    shown = badges(connection, stations, times[0], ended or times[-1])
    found = items(rows)
    return CaseRecord(
        case=case,
        opening=opening,
        number=number,
        patient_indexed=_patient_indexed(connection, case),
        opened=_when(changes, "opened"),
        completed=_when(changes, "completed"),
        closed=ended,
        pending=sum(each.units for each in found if each.state == ItemState.PENDING),
        stations=tuple(stations),
        places=tuple(sorted({row.place for row in rows if row.place is not None})),
        people=presences(
            [*((_at(row), row.operator) for row in rows), *((x.at, x.operator) for x in (*changes, *shown))]
        ),
        witnesses=tuple(sorted({row.witness for row in rows if row.witness is not None})),
        steps=tuple(changes),
        items=tuple(found),
    )


def items(rows: Iterable[Trace]) -> list[Item]:
    """What became of each item. Pure.

    Args:
        rows: all scans of a case, oldest first.
    """
    done: list[Item] = []
    pending: dict[_Thing, tuple[int, Trace]] = {}
    for row in rows:
        thing = _thing(row)
        waiting, check = pending.get(thing, (0, row))
        state = _state(row)
        if row.standing == Standing.COUNTS and _is_check(row):
            pending[thing] = (_units(row) if row.measurement else max(1, waiting), row)
        elif row.standing == Standing.COUNTS and state is not None:
            done.append(_item(row, state, checked=waiting > 0))
            if row.task in _SETTLES and state not in _NOTHING_DONE:
                pending[thing] = (max(0, waiting - _units(row)), check)
        elif row.standing == Standing.UNDONE and state not in (None, *_NOTHING_DONE):
            done.append(_item(row, ItemState.UNDONE, checked=False))
    left = [_item(row, ItemState.PENDING, checked=True, units=units) for units, row in pending.values() if units]
    return [*_without_repeats(done), *left]


_Thing = tuple[str | None, str | None, str | None]
_NOTHING_DONE = (ItemState.STOPPED, ItemState.WITHOUT_CODE)


def _thing(row: Trace) -> _Thing:
    return row.di, None if row.serial else row.lot, row.serial


def _is_check(row: Trace) -> bool:
    return row.task == "USE" and row.count is None and row.outcome in _LOOKS


def _state(row: Trace) -> ItemState | None:
    """None: nothing became of it; it was read badly, or half of it, or looked at only."""
    if row.count is None and row.outcome == "STOP":
        return ItemState.STOPPED
    if row.count is None and row.outcome == "MISSING":
        return ItemState.WITHOUT_CODE
    if row.count is None and row.task in ("USE", "DISPENSE", "CHECK", None):
        return None
    if row.override is not None:
        return ItemState.USED_DESPITE
    return _OF_TASK.get(row.task or "", ItemState.OTHER)


def _without_repeats(done: Sequence[Item]) -> Iterator[Item]:
    """Of what was stopped the last showing, and none if it was used or put aside after all."""
    for number, each in enumerate(done):
        later = done[number + 1 :]
        same = (x for x in later if (x.di, x.lot, x.serial) == (each.di, each.lot, each.serial))
        if each.state != ItemState.STOPPED or all(x.state == ItemState.UNDONE for x in same):
            yield each


def _units(row: Trace) -> int:
    """Of a check as many as were said by digits; of an act that books nothing one piece."""
    value = (row.measurement or {}).get("value") if row.count is None else row.count
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 1


def _item(row: Trace, state: ItemState, *, checked: bool, units: int | None = None) -> Item:
    return Item(
        state=state.value,
        task=row.task,
        units=_units(row) if units is None else units,
        checked=checked,
        di=row.di,
        lot=row.lot,
        serial=row.serial,
        expires=row.expires,
        house_code=row.house_code,
        at=_at(row),
        station=row.station,
        place=row.place,
        operator=row.operator,
        witness=row.witness,
        outcome=row.outcome,
        reasons=row.reasons,
        override=row.override,
        reason=row.reason,
        kit=None if row.line is None else row.document,
        line=row.line,
        event_id=row.event_id,
        corrected_by=row.corrected_by,
    )


def _at(row: Trace) -> str:
    return row.earliest or row.at


def _when(changes: Iterable[Step], what: str) -> str | None:
    return next((each.at for each in changes if each.what == what), None)


def _patient_indexed(connection: Connection, case: str) -> bool:
    said = select(func.count()).where(scan.c.case_id == case, scan.c.patient_index.is_not(None))
    later = select(func.count()).where(
        change.c.subject == "case",
        change.c.ident == case,
        change.c.patient_index.is_not(None),
        ~undone(change.c.event_id),
    )
    return any(connection.execute(query).scalar_one() for query in (said, later))
