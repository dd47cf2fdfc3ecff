from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station import bookings
from edge.station.bookings import READING, UNDO_NS, Bookings, LastBooked
from edge.station.tasks import Running
from edge.udi.model import Udi
from edge.udi.parse import parse

BOOKED = Verdict(Outcome.ACCEPTED)
COLD = Verdict(Outcome.ATTENTION, (Reason(READING, Audience.PERSON),))
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
    known = Bookings()
    assert known.circumstances(first, one).serial_seen is None
    known.booked("e1", first, one, BOOKED)
    assert known.circumstances(then, other).serial_seen == seen


def test_what_was_taken_back_or_never_recorded_may_be_booked_again() -> None:
    known = Bookings()
    known.booked("e1", USE, S1, BOOKED)
    known.booked("e2", USE, S2, BOOKED)
    known.not_booked("e1")
    assert (known.circumstances(USE, S1).serial_seen, known.circumstances(USE, S2).serial_seen) == (None, "use")


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings, "MOST", 1)
    known = Bookings()
    known.booked("e1", USE, S1, BOOKED)
    known.booked("e2", USE, S2, BOOKED)
    assert (known.circumstances(USE, S1).serial_seen, known.circumstances(USE, S2).serial_seen) == (None, "use")


def test_nothing_was_read() -> None:
    known = Bookings()
    known.booked("e1", USE, None, BOOKED)
    assert known.circumstances(USE, None).serial_seen is None


def test_a_reading_is_asked_for_once_in_a_delivery() -> None:
    known, other = Bookings(), replace(RECEIVE, document="DN-2")
    assert not known.circumstances(RECEIVE, LOT).reading_asked
    known.booked("e1", RECEIVE, LOT, COLD)
    known.booked("e2", RECEIVE, S1, BOOKED)
    assert known.circumstances(RECEIVE, LOT).reading_asked
    assert not known.circumstances(other, LOT).reading_asked
    blind = replace(RECEIVE, document=None)
    known.booked("e3", blind, LOT, COLD)
    assert not known.circumstances(blind, LOT).reading_asked


def test_the_last_booking_is_taken_back_once_and_within_its_time() -> None:
    last = LastBooked()
    assert last.take(1) is None
    last.put("e1", 10)
    last.put("e2", 20)
    assert (last.take(20 + UNDO_NS), last.take(21)) == ("e2", None)
    last.put("e3", 30)
    assert (last.take(31 + UNDO_NS), last.take(32)) == (None, None)
