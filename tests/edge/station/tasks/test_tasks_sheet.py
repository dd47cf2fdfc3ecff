"""The stickers of a form against what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from edge.rules.verdict import Outcome
from edge.station.tasks.said import Item
from tests.support.tasks import MOTHER, NURSE, Table, act, piece, sheet

S1, S2, LOT = piece("21S1"), piece("21S2"), piece("10A1")
HALF = piece("", Outcome.INCOMPLETE, "half")
EXPIRED = piece("21S9", Outcome.STOP, "expired")


@dataclass(frozen=True)
class Form:
    said: Sequence[Item]
    """Scanned before, one by one."""
    stickers: Sequence[Item]
    shows: str
    booked: int
    """Pieces after it, scanned ones included."""
    closed: bool
    pending: int = 0


FORMS = {
    "all that was checked": Form([S1, S2], [S2, S1], "ACCEPTED", 2, closed=True),
    "one was not checked before": Form([S1], [S1, S2], "ATTENTION", 2, closed=True),
    "one is not on the form": Form([S1, S2], [S1], "ASK", 1, closed=False, pending=1),
    "none of it is": Form([S1], [], "REDO", 0, closed=False, pending=1),
    "used by hand before": Form([S1, S1], [S1], "CONTEXT", 1, closed=True),
    "one by hand, one by the form": Form([S1, S1, S2], [S1, S2], "ACCEPTED", 2, closed=True),
    "two of a lot, one checked": Form([LOT], [LOT, LOT], "ATTENTION", 2, closed=True),
    "half a code": Form([S1], [S1, HALF], "INCOMPLETE", 1, closed=False),
    "expired meanwhile": Form([S1], [S1, EXPIRED], "STOP", 1, closed=False),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_form_is_matched_with_what_was_checked(form: Form) -> None:
    table = Table().say(NURSE, MOTHER, *form.said, act("SHEET"), sheet(*form.stickers))
    assert table.outcomes[-1] == form.shows
    assert len(table.booked) == form.booked
    assert (table.state.case is None) == form.closed
    assert sum(each.waiting for each in table.state.cases) == form.pending


def test_one_light_answers_the_whole_form() -> None:
    table = Table().say(NURSE, MOTHER, S1, S2, act("SHEET"), sheet(S1, S2))
    assert [each.signal for each in table.records[-2:]] == [None, table.records[-1].signal]


def test_a_form_that_was_photographed_twice_books_nothing_twice() -> None:
    table = Table().say(NURSE, MOTHER, S1, S2, act("SHEET"), sheet(S1), act("SHEET"), sheet(S1, S2))
    assert len(table.booked) == 2
    assert table.state.case is None


def test_a_form_needs_a_case() -> None:
    assert Table().say(NURSE, act("SHEET"), sheet(S1)).booked == []
