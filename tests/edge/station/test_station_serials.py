from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from edge.rules.verdict import TaskName
from edge.station import serials
from edge.station.serials import Serials
from edge.station.tasks import Running
from edge.udi.model import Udi
from edge.udi.parse import parse

USE = Running(TaskName.USE, operator="N1", case="c1")
RECEIVE = Running(TaskName.RECEIVE, document="DN-1")


def udi(content: str) -> Udi:
    found = parse(content, "]d2", today=date(2026, 11, 24))
    assert isinstance(found, Udi)
    return found


S1, S2, LOT = (udi(f"010690123456789{rest}") for rest in ("221S1", "221S2", "210A1"))
AGAIN: dict[str, tuple[Running, Udi, Running, Udi, str | None]] = {
    "the same piece in one case": (USE, S1, USE, S1, "use"),
    "the same piece in one delivery": (RECEIVE, S1, RECEIVE, S1, "receipt"),
    "another piece": (USE, S1, USE, S2, None),
    "another patient": (USE, S1, replace(USE, case="c2"), S1, None),
    "another delivery": (RECEIVE, S1, replace(RECEIVE, document="DN-2"), S1, None),
    "a blind receipt": (replace(RECEIVE, document=None), S1, replace(RECEIVE, document=None), S1, None),
    "two of one lot": (USE, LOT, USE, LOT, None),
}


@pytest.mark.parametrize(("first", "one", "then", "other", "seen"), AGAIN.values(), ids=AGAIN.keys())
def test_a_piece_counts_once_under_one_case_or_document(
    first: Running, one: Udi, then: Running, other: Udi, seen: str | None
) -> None:
    known = Serials()
    assert known.seen(first, one) is None
    known.booked("e1", first, one)
    assert known.seen(then, other) == seen


def test_what_was_taken_back_or_never_recorded_may_be_booked_again() -> None:
    known = Serials()
    known.booked("e1", USE, S1)
    known.booked("e2", USE, S2)
    known.not_booked("e1")
    assert (known.seen(USE, S1), known.seen(USE, S2)) == (None, "use")


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serials, "MOST", 1)
    known = Serials()
    known.booked("e1", USE, S1)
    known.booked("e2", USE, S2)
    assert (known.seen(USE, S1), known.seen(USE, S2)) == (None, "use")


def test_nothing_was_read() -> None:
    known = Serials()
    known.booked("e1", USE, None)
    assert known.seen(USE, None) is None
