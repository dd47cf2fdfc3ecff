from dataclasses import replace

import pytest

from edge.catalog.product import Level, Product
from edge.rules.verdict import Outcome, TaskName, Verdict
from edge.seal import Sealed
from edge.station.context import ContextCode, ContextKind
from edge.station.tasks import BOOKED, Change, Running, place, show

CASE_OF_TEN = Product("16901234500025", "06901234500028", Level.CASE, 10, "lens", "IOL", "maker")
SEALED = Sealed("k", b"e", b"c")
USE = Running(TaskName.USE)
OPEN_USE = replace(USE, operator="1207", case="c1", patient=SEALED)


def shown(running: Running, kind: ContextKind, value: str, *, same: bool = False) -> tuple[Running, tuple[Change, ...]]:
    return show(
        running, ContextCode(kind, value), new_case=lambda: "c2", seal=lambda _value, _case: SEALED, same_patient=same
    )


@pytest.mark.parametrize(
    ("running", "reason"),
    [(USE, "operator_missing"), (replace(USE, operator="1207"), "patient_missing")],
    ids=["no badge", "no wristband"],
)
@pytest.mark.parametrize("outcome", BOOKED)
def test_use_without_badge_or_wristband_books_nothing(running: Running, reason: str, outcome: Outcome) -> None:
    placed = place(running, Verdict(outcome), None)
    assert placed.verdict.outcome is Outcome.REDO
    assert placed.verdict.reasons[0].code == reason
    assert placed.booking.count is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_booked_outcomes_move_units(outcome: Outcome) -> None:
    placed = place(OPEN_USE, Verdict(outcome), CASE_OF_TEN)
    assert placed.booking.count == (10 if outcome in BOOKED else None)
    assert (placed.booking.case, placed.booking.patient) == ("c1", SEALED)


def test_an_unknown_product_counts_one() -> None:
    assert place(Running(TaskName.RECEIVE), Verdict(Outcome.ACCEPTED), None).booking.count == 1


def test_a_stop_is_a_stop_even_without_a_badge() -> None:
    assert place(USE, Verdict(Outcome.STOP), None).verdict.outcome is Outcome.STOP


def test_badge_then_wristband_opens_a_case() -> None:
    running, changes = shown(USE, ContextKind.BADGE, "1207")
    assert changes == (Change("operator", "opened", "1207"),)
    running, changes = shown(running, ContextKind.WRISTBAND, "P1")
    assert changes == (Change("case", "opened", "c2"),)
    assert (running.operator, running.case, running.patient) == ("1207", "c2", SEALED)


def test_another_wristband_closes_the_case_first() -> None:
    running, changes = shown(OPEN_USE, ContextKind.WRISTBAND, "P2")
    assert changes == (Change("case", "closed", "c1"), Change("case", "opened", "c2"))
    assert running.case == "c2"


def test_the_same_wristband_changes_nothing() -> None:
    assert shown(OPEN_USE, ContextKind.WRISTBAND, "P1", same=True) == (OPEN_USE, ())


def test_the_same_document_again_closes_it() -> None:
    running, changes = shown(Running(TaskName.RECEIVE), ContextKind.DOCUMENT, "77")
    assert (running.document, changes) == ("77", (Change("document", "opened", "77"),))
    running, changes = shown(running, ContextKind.DOCUMENT, "77")
    assert (running.document, changes) == (None, (Change("document", "closed", "77"),))


def test_a_wristband_never_shows_its_value_in_a_log() -> None:
    assert "P1" not in repr(ContextCode(ContextKind.WRISTBAND, "P1"))
