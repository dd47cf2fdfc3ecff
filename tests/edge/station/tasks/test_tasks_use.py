"""Items at a patient: checked, used, refused, used despite."""

from __future__ import annotations

import pytest

from edge.cards import CardKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.effects import Record
from tests.support.tasks import (
    EMERGENCY,
    MOTHER,
    NURSE,
    OK,
    SECOND_NURSE,
    UNDO,
    Table,
    act,
    card,
    no_code,
    piece,
)

S1, S2, LOT = piece("21S1"), piece("21S2"), piece("10A1")
S1_KEY, LOT_KEY = "GS1|06901234567892|S|S1", "GS1|06901234567892|L|A1"
EXPIRED = piece("21S9", Outcome.STOP, "expired")
LIFE = card(CardKind.OVERRIDE, "LIFE_SAVING")


def open_case() -> Table:
    return Table().say(NURSE, MOTHER)


def last(table: Table) -> Record:
    return table.records[-1]


@pytest.mark.parametrize("shown", [(), (NURSE,), (MOTHER,)], ids=["nobody", "no wristband", "no badge"])
def test_without_operator_or_patient_nothing_is_booked(shown: tuple[object, ...]) -> None:
    table = Table().say(*shown, S1, S1)  # type: ignore[arg-type]
    assert table.booked == []
    assert {each.verdict.outcome for each in table.records} == {Outcome.REDO}


def test_a_stop_is_a_stop_even_without_a_badge() -> None:
    assert last(Table().say(EXPIRED)).verdict.outcome is Outcome.STOP


def test_an_implant_is_accepted_in_two_gestures_after_badge_and_patient() -> None:
    table = open_case().say(S1)
    assert (last(table).verdict.outcome, last(table).booking.count) == (Outcome.CHECKED, None)
    table.say(S1)
    assert table.booked == [("USE", S1_KEY, 1)]
    assert last(table).booking.case == table.state.active
    assert last(table).by.operator == "N1"


def test_a_piece_that_is_still_looked_at_is_not_used_by_that() -> None:
    table = open_case().say(S1).at_once(S1, S1)
    assert table.booked == []
    assert table.say(S1).booked == [("USE", S1_KEY, 1)]


def test_a_serial_is_used_once() -> None:
    table = open_case().say(S1, S1, S1)
    assert table.booked == [("USE", S1_KEY, 1)]
    assert [each.code for each in last(table).verdict.reasons] == ["serial_seen"]


def test_two_of_a_lot_are_checked_with_one_more_and_used_one_by_one() -> None:
    table = open_case().say(LOT, act("MORE"))
    case = table.state.case
    assert case is not None
    assert case.waiting == 2
    table.say(LOT, LOT)
    assert table.booked == [("USE", LOT_KEY, 1)] * 2
    assert table.state.case is not None
    assert table.state.case.waiting == 0


def test_a_quantity_after_the_use_counts_them_all() -> None:
    table = open_case().say(LOT, card(CardKind.QUANTITY, "4"), LOT, card(CardKind.QUANTITY, "4"))
    assert table.booked == [("USE", LOT_KEY, 4)]
    assert table.state.case is not None
    assert (table.state.case.waiting, len(table.state.case.used)) == (0, 4)


def test_attention_keeps_its_light_at_the_check_and_books_nothing() -> None:
    table = open_case().say(piece("10A1", Outcome.ATTENTION, "pi_missing"))
    assert (last(table).verdict.outcome, table.booked) == (Outcome.ATTENTION, [])


def test_used_despite_takes_a_reason_and_a_second_person() -> None:
    table = open_case().say(EXPIRED, LIFE)
    assert table.booked == []
    table.say(SECOND_NURSE)
    assert table.booked == [("USE", EXPIRED.key, 1)]
    record = last(table)
    assert record.verdict == EXPIRED.verdict
    assert (record.by.operator, record.by.witness, record.booking.override) == ("N1", "N2", {"reason": "LIFE_SAVING"})
    assert table.state.operator == "N1"


@pytest.mark.parametrize("second", [NURSE, UNDO, OK], ids=["the same person", "undo", "a button"])
def test_nobody_witnesses_alone(second: object) -> None:
    assert open_case().say(EXPIRED, LIFE, second).booked == []  # type: ignore[arg-type]


def test_a_witness_comes_in_time() -> None:
    table = open_case().say(EXPIRED, LIFE).wait(30).say(SECOND_NURSE)
    assert table.booked == []
    assert table.state.operator == "N2"


def test_an_override_answers_what_was_refused_and_nothing_else() -> None:
    assert open_case().say(S1, LIFE, SECOND_NURSE).booked == []


def test_something_without_a_code_was_used_all_the_same() -> None:
    assert open_case().say(no_code(), LIFE, SECOND_NURSE).booked == [("USE", "", 1)]


def test_in_an_emergency_one_showing_is_the_use_and_nobody_has_to_sign_on() -> None:
    table = Table(TaskName.CHECK).say(EMERGENCY, S1)
    assert table.booked == [("USE", S1_KEY, 1)]
    assert (last(table).by.operator, last(table).booking.case) == (None, table.state.active)


def test_in_an_emergency_a_reason_alone_is_enough() -> None:
    table = Table(TaskName.CHECK).say(EMERGENCY, EXPIRED, LIFE)
    assert table.booked == [("USE", EXPIRED.key, 1)]


def test_undo_restores_what_was_pending() -> None:
    table = open_case().say(S1, S1, UNDO)
    assert table.booked == []
    assert table.state.case is not None
    assert table.state.case.waiting == 1
    assert table.say(UNDO).state.case is not None
    assert table.state.case.waiting == 0
    assert table.say(S1, S1).booked == [("USE", S1_KEY, 1)]


def test_an_undo_comes_in_time() -> None:
    assert open_case().say(S1, S1).wait(301).say(UNDO).booked == [("USE", S1_KEY, 1)]


def test_whoever_takes_over_may_take_back() -> None:
    table = open_case().say(S1, S1, SECOND_NURSE, UNDO)
    assert table.booked == []
    assert ("operator", "opened", "handover") in table.sessions


ACTS = {
    "waste": ("WASTE", 1),
    "return what was only checked": ("RETURN", None),
    "back to the supplier": ("SEND_BACK", 1),
}


@pytest.mark.parametrize(("name", "count"), ACTS.values(), ids=ACTS.keys())
def test_an_act_settles_what_was_checked(name: str, count: int | None) -> None:
    table = open_case().say(S1, act(name), S1)
    assert (last(table).by.task.value, last(table).booking.count) == (name, count)
    assert table.state.case is not None
    assert table.state.case.waiting == 0
    assert table.say(S2).state.task is TaskName.USE


def test_a_reason_follows_its_act() -> None:
    table = open_case().say(S1, act("WASTE"), S1, card(CardKind.REASON, "DROPPED"))
    assert table.booked == [("WASTE", S1_KEY, 1)]
    assert last(table).booking.reason == "DROPPED"


def test_an_act_lets_go_after_a_while_and_at_its_own_card() -> None:
    assert open_case().say(act("WASTE")).wait(21).say(S1).booked == []
    assert open_case().say(act("WASTE"), act("WASTE"), S1).booked == []


def test_an_explant_may_be_without_a_code() -> None:
    table = open_case().say(act("EXPLANT"), no_code())
    assert table.booked == [("EXPLANT", "", 1)]


def test_an_act_needs_somebody() -> None:
    assert Table(TaskName.CHECK).say(act("WASTE"), S1).booked == []


def test_release_needs_the_right() -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("RELEASE"), S1)
    assert last(table).by.task is TaskName.CHECK
    table.say(card(CardKind.OPERATOR, "Q7", rights="Q"), act("RELEASE"), S1)
    assert (last(table).by.task, last(table).by.operator) == (TaskName.RELEASE, "Q7")
