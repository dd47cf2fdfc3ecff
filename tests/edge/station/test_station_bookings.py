from __future__ import annotations

from datetime import date

import pytest

from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station import bookings
from edge.station.bookings import READING, Bookings
from edge.udi.model import Udi
from edge.udi.parse import parse

BOOKED = Verdict(Outcome.ACCEPTED)
COLD = Verdict(Outcome.ATTENTION, (Reason(READING, Audience.PERSON),))


def udi(content: str) -> Udi:
    found = parse(content, "]d2", today=date(2026, 11, 24))
    assert isinstance(found, Udi)
    return found


S1, S2, LOT = (udi(f"010690123456789{rest}") for rest in ("221S1", "221S2", "210A1"))
AGAIN: dict[str, tuple[str | None, Udi, str | None, Udi, str | None]] = {
    "the same piece in one delivery": ("DN-1", S1, "DN-1", S1, "receipt"),
    "another piece": ("DN-1", S1, "DN-1", S2, None),
    "another delivery": ("DN-1", S1, "DN-2", S1, None),
    "a blind receipt": (None, S1, None, S1, None),
    "two of one lot": ("DN-1", LOT, "DN-1", LOT, None),
}


@pytest.mark.parametrize(("first", "one", "then", "other", "seen"), AGAIN.values(), ids=AGAIN.keys())
def test_a_piece_counts_once_under_one_document(
    first: str | None, one: Udi, then: str | None, other: Udi, seen: str | None
) -> None:
    known = Bookings()
    assert known.circumstances(first, one).serial_seen is None
    known.booked("e1", first, one, BOOKED)
    assert known.circumstances(then, other).serial_seen == seen


def seen_of(known: Bookings) -> tuple[str | None, str | None]:
    return known.circumstances("DN-1", S1).serial_seen, known.circumstances("DN-1", S2).serial_seen


def test_what_was_taken_back_or_never_recorded_may_be_booked_again() -> None:
    known = Bookings()
    known.booked("e1", "DN-1", S1, BOOKED)
    known.booked("e2", "DN-1", S2, BOOKED)
    known.not_booked("e1")
    assert seen_of(known) == (None, "receipt")


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings, "MOST", 1)
    known = Bookings()
    known.booked("e1", "DN-1", S1, BOOKED)
    known.booked("e2", "DN-1", S2, BOOKED)
    assert seen_of(known) == (None, "receipt")


def test_nothing_was_read() -> None:
    known = Bookings()
    known.booked("e1", "DN-1", None, BOOKED)
    assert known.circumstances("DN-1", None).serial_seen is None


def test_a_reading_is_asked_for_once_in_a_delivery() -> None:
    known = Bookings()
    assert not known.circumstances("DN-1", LOT).reading_asked
    known.booked("e1", "DN-1", LOT, COLD)
    known.booked("e2", "DN-1", S1, BOOKED)
    assert known.circumstances("DN-1", LOT).reading_asked
    assert not known.circumstances("DN-2", LOT).reading_asked
    known.booked("e3", None, LOT, COLD)
    assert not known.circumstances(None, LOT).reading_asked
