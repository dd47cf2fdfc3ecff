"""Goods that come back, or go back to the supplier, against the lines of their document."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.cards import CardKind
from edge.documents import DocumentKind, Line
from edge.rules.verdict import TaskName
from edge.station.tasks.said import Badge, Document, Said
from hardware.signals import Signal
from tests.support.documents import DI, document, line
from tests.support.tasks import UNDO, Table, act, card, no_code, piece

QUALITY, BACK = Badge("Q7", "Q"), Document("RT-1")
LOT, OTHER, S1, S9 = (piece(each) for each in ("10A1", "10B7", "21S1", "21S9"))
RETURN, SEND_BACK, OVER, MIXED, RELEASE = (act(each) for each in ("RETURN", "SEND_BACK", "OVER", "MIXED", "RELEASE"))
HOLD, REFUSE, CLOSE = act("HOLD"), act("REFUSE"), act("CLOSE")
TWO, REASON = card(CardKind.QUANTITY, "2"), card(CardKind.REASON, "DAMAGED")
CHECK = card(CardKind.TASK, "CHECK")
ONE, TEN = line(quantity=1, lot="A1"), line(lot="A1")
SERIALS = line(3, quantity=2, serials=("S1", "S2"))
STRANGE = line(di="10614141543219")

Booked = tuple[str, int | None, int | None]


@dataclass(frozen=True)
class Shown:
    lines: tuple[Line, ...]
    said: tuple[Said, ...]
    books: list[Booked]
    """Task, line, count."""
    light: Signal
    why: str = ""
    held: int = 0
    """Names of what waits."""


RETURNS = {
    "at the running task": Shown((TEN,), (LOT,), [("RETURN", 1, 1)], Signal.ACCEPTED),
    "by the card": Shown((TEN,), (RETURN, LOT), [("RETURN", 1, 1)], Signal.ACCEPTED),
    "by the card at another task": Shown((TEN,), (CHECK, RETURN, LOT), [("RETURN", 1, 1)], Signal.ACCEPTED),
    "to the supplier": Shown((TEN,), (SEND_BACK, LOT), [("SEND_BACK", 1, 1)], Signal.ACCEPTED),
    "both": Shown((TEN,), (LOT, SEND_BACK, LOT), [("RETURN", 1, 1), ("SEND_BACK", 1, 1)], Signal.ACCEPTED),
    "a count": Shown((TEN,), (SEND_BACK, LOT, TWO), [("SEND_BACK", 1, 2)], Signal.ACCEPTED),
    "a reason": Shown((TEN,), (LOT, REASON), [("RETURN", 1, 1)], Signal.ACCEPTED),
    "a serial that left": Shown((SERIALS,), (RETURN, S1), [("RETURN", 3, 1)], Signal.ACCEPTED),
    "too much": Shown((ONE,), (LOT, LOT), [("RETURN", 1, 1)], Signal.REDO, "over"),
    "too much, and so it is": Shown(
        (ONE,), (LOT, LOT, OVER), [("RETURN", 1, 1), ("RETURN", 1, 1)], Signal.ATTENTION, "over"
    ),
    "too much by the card, and so it is": Shown(
        (ONE,), (CHECK, SEND_BACK, LOT, SEND_BACK, LOT, OVER), [("SEND_BACK", 1, 1)] * 2, Signal.ATTENTION, "over"
    ),
    "not on it": Shown((STRANGE,), (LOT,), [], Signal.REDO, "not_on_document"),
    "not on it, by the card": Shown((STRANGE,), (RETURN, LOT), [], Signal.REDO, "not_on_document"),
    "not on it, and so it is": Shown((STRANGE,), (LOT, OVER), [], Signal.ATTENTION, "not_on_document", held=1),
    "not on it, by the card, and so it is": Shown(
        (STRANGE,), (CHECK, RETURN, LOT, OVER), [], Signal.ATTENTION, "not_on_document", held=1
    ),
    "another lot than left": Shown((TEN,), (OTHER, MIXED), [], Signal.ATTENTION, "other_lot", held=1),
    "another serial than left": Shown((SERIALS,), (S9, MIXED), [], Signal.ATTENTION, "serial_not_announced", held=1),
    "not on it, to the supplier, and so it is": Shown(
        (STRANGE,), (SEND_BACK, LOT, OVER), [("SEND_BACK", None, 1)], Signal.ATTENTION, "not_on_document"
    ),
    "held, and taken back": Shown((STRANGE,), (LOT, OVER, UNDO), [], Signal.ATTENTION, "not_on_document"),
    "held, and released": Shown((STRANGE,), (LOT, OVER, RELEASE, LOT), [], Signal.CHECKED),
    "taken back": Shown((TEN,), (LOT, UNDO), [], Signal.ACCEPTED),
    "no code, and held": Shown((TEN,), (no_code(), HOLD), [], Signal.ATTENTION, "no_udi", held=1),
    "no code, and refused": Shown((TEN,), (no_code(), REFUSE), [], Signal.ATTENTION, "no_udi"),
}


@pytest.mark.parametrize("shown", RETURNS.values(), ids=RETURNS.keys())
def test_what_comes_back_finds_its_line_or_waits(shown: Shown) -> None:
    known = document("RT-1", *shown.lines, kind=DocumentKind.RETURN)
    table = Table(TaskName.CHECK, documents={"RT-1": known}).say(QUALITY, BACK, *shown.said)
    standing = {event for each in table.state.undoable for event in each.events}
    books = [
        (each.by.task.value, each.booking.line, each.booking.count)
        for each in table.records
        if each.event_id in standing and each.booking.count is not None
    ]
    assert books == shown.books
    assert len(table.state.held) == shown.held
    assert {each.booking.document for each in table.records} == {"RT-1"}
    last = table.records[-1]
    assert last.signal is shown.light
    assert [each.code for each in last.verdict.reasons][:1] == ([shown.why] if shown.why else [])


def test_what_is_of_unknown_origin_leaves_under_no_document() -> None:
    known = document("RT-1", STRANGE, kind=DocumentKind.RETURN)
    table = Table(TaskName.CHECK, documents={"RT-1": known}).say(QUALITY, BACK, LOT, OVER, CLOSE, CLOSE)
    (event,) = (each for each in table.records if each.by.task is TaskName.QUARANTINE)
    assert (event.booking.count, event.booking.reason, event.booking.corrects) == (None, "OVER", "e1")
    table.say(card(CardKind.TASK, "SHIP"), LOT)
    assert table.records[-1].verdict.reasons[0].code == "goods_held"


def test_a_return_is_closed_when_its_lines_came_back_by_either_way() -> None:
    known = document("RT-1", line(quantity=2, di=DI), kind=DocumentKind.RETURN)
    table = Table(TaskName.CHECK, documents={"RT-1": known}).say(QUALITY, BACK, LOT, SEND_BACK, LOT, CLOSE)
    assert table.sessions[-1] == ("document", "closed", None)


def test_at_a_patient_a_return_is_the_patients() -> None:
    known = document("RT-1", TEN, kind=DocumentKind.RETURN)
    table = Table(TaskName.RECEIVE, documents={"RT-1": known}).say(QUALITY, BACK, card(CardKind.TASK, "USE"))
    table.say(card(CardKind.CASE, "C000123"), RETURN, LOT)
    assert (table.records[-1].booking.case is not None, table.records[-1].booking.line) == (True, None)
