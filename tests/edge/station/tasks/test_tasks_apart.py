"""What belongs to one item, patient, document or practice never reaches another one."""

from __future__ import annotations

from edge.cards import CardKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.said import Document
from hardware.signals import Signal
from tests.support.tasks import (
    CHILD,
    EMERGENCY,
    MOTHER,
    NURSE,
    SECOND_NURSE,
    UNDO,
    Table,
    act,
    card,
    no_code,
    piece,
    sheet,
)

S1, S2, LOT = piece("21S1"), piece("21S2"), piece("10A1")
EXPIRED = piece("21S9", Outcome.STOP, "expired")
OPENED = card(CardKind.OVERRIDE, "OPENED")
FOUR = card(CardKind.QUANTITY, "4")


def open_case() -> Table:
    return Table().say(NURSE, MOTHER)


def test_an_answer_after_the_next_patient_is_none() -> None:
    table = open_case().say(LOT, LOT, CHILD, FOUR)
    assert table.booked == [("USE", LOT.key, 1)]
    assert table.outcomes[-1] == Signal.REDO.value


def test_an_answer_after_the_next_document_is_none() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), LOT, Document("DN-2"), FOUR)
    assert table.booked == [("RECEIVE", LOT.key, 1)]


def test_a_quantity_keeps_the_document_of_its_item() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), LOT, FOUR)
    assert table.records[-1].booking.document == "DN-1"


def test_a_second_badge_witnesses_what_the_reason_was_given_for() -> None:
    table = open_case().say(EXPIRED, OPENED, S2, SECOND_NURSE)
    assert table.booked == []
    assert table.state.operator == SECOND_NURSE.ident


def test_a_reason_after_an_override_keeps_override_and_witness() -> None:
    table = open_case().say(EXPIRED, OPENED, SECOND_NURSE, card(CardKind.REASON, "OTHER"))
    record = table.records[-1]
    assert (record.booking.override, record.by.witness) == ({"reason": "OPENED"}, SECOND_NURSE.ident)
    assert record.signal is Signal.ATTENTION


def test_what_was_refused_at_another_task_is_not_used_at_the_patient() -> None:
    assert open_case().say(card(CardKind.TASK, "RECEIVE"), EXPIRED, OPENED, SECOND_NURSE).booked == []


def test_a_serial_is_overridden_once() -> None:
    table = open_case().say(EXPIRED, OPENED, SECOND_NURSE, EXPIRED, OPENED, SECOND_NURSE)
    assert len(table.booked) == 1


def test_an_act_books_nothing_to_a_suspended_case() -> None:
    table = open_case().say(S1).restart().say(act("WASTE"), S1)
    assert table.booked == []
    assert table.say(MOTHER, act("WASTE"), S1).booked == [("WASTE", S1.key, 1)]


def test_an_explant_and_a_binding_leave_what_is_pending() -> None:
    for name in ("EXPLANT", "BIND"):
        table = open_case().say(LOT, act(name), LOT)
        assert table.state.case is not None
        assert table.state.case.waiting == 1


def test_a_wasted_lot_may_be_counted() -> None:
    table = open_case().say(LOT, FOUR, act("WASTE"), LOT, card(CardKind.QUANTITY, "3"))
    assert table.booked == [("WASTE", LOT.key, 3)]
    assert table.state.case is not None
    assert table.state.case.waiting == 1


def test_a_smaller_quantity_gives_back_what_is_pending() -> None:
    table = open_case().say(LOT, FOUR, LOT, FOUR, card(CardKind.QUANTITY, "2"))
    assert table.state.case is not None
    assert (table.state.case.waiting, len(table.state.case.used)) == (2, 2)


def test_a_right_is_needed_when_the_item_comes_as_well() -> None:
    table = Table(TaskName.CHECK).say(card(CardKind.OPERATOR, "Q7", rights="Q"), act("RELEASE"), SECOND_NURSE, S1)
    assert [each.code for each in table.records[-1].verdict.reasons] == ["right_missing"]


def test_two_stickers_of_one_serial_are_one_piece() -> None:
    table = open_case().say(S1, act("SHEET"), sheet(S1, S1))
    assert table.booked == [("USE", S1.key, 1)]


def test_one_sticker_is_of_the_piece_that_was_used_not_of_the_one_that_is_pending() -> None:
    table = open_case().say(LOT, card(CardKind.QUANTITY, "2"), LOT, act("SHEET"), sheet(LOT))
    assert table.booked == [("USE", LOT.key, 1)]
    assert table.outcomes[-1] == Signal.ASK.value


def test_a_form_that_nobody_waits_for_any_more_closes_nothing() -> None:
    table = open_case().say(act("SHEET"), act("SHEET"), sheet(S1))
    assert table.booked == []
    assert table.state.case is not None


def test_practice_and_work_do_not_answer_or_undo_each_other() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, LOT, act("TRAINING"), FOUR, UNDO)
    assert table.booked == [("RECEIVE", LOT.key, 1)]
    table = Table(TaskName.RECEIVE).say(NURSE, act("TRAINING"), LOT, act("TRAINING"), FOUR)
    assert all(each.by.training for each in table.records)


def test_what_was_taken_back_or_replaced_in_practice_is_not_promoted() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, act("TRAINING"), LOT, FOUR, S1, UNDO, act("TRAINING"))
    assert table.state.practised == (table.records[1].event_id,)


def test_a_case_is_no_practice() -> None:
    table = Table().say(EMERGENCY, S1).restart(after_power_cut=True)
    table.say(NURSE, MOTHER, act("CLOSE"), act("TRAINING"), act("RESUME"), S2)
    assert not any(each.by.training for each in table.records)


def test_an_emergency_that_was_suspended_is_not_the_next_patient() -> None:
    table = Table().say(EMERGENCY, S1).restart().say(NURSE, MOTHER, MOTHER)
    assert ("case", "completed", "emergency E-1") not in table.sessions
    assert len(table.state.cases) == 2


def test_an_undo_leaves_who_the_patient_is() -> None:
    table = Table().say(EMERGENCY, S1, MOTHER, MOTHER, UNDO)
    assert table.state.case is not None
    assert (table.state.case.who, table.state.case.used) == (MOTHER.who, ())


def test_an_undo_after_the_form_opens_the_case_again() -> None:
    table = open_case().say(S1, S2, act("SHEET"), sheet(S1, S2), UNDO)
    assert table.state.case is not None
    assert (table.state.case.waiting, table.booked) == (2, [])
    assert table.sessions[-1] == ("case", "resumed", "undo")


def test_an_undo_while_digits_are_shown_takes_the_digits_back() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, LOT).at_once(card(CardKind.DIGIT, "2"), UNDO).wait(10)
    assert table.booked == [("RECEIVE", LOT.key, 1)]


def test_a_number_is_whole_in_time_however_late_the_time_is_told() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, LOT).at_once(card(CardKind.DIGIT, "7"))
    assert table.wait(3600).booked == [("RECEIVE", LOT.key, 7)]


def test_what_is_judged_again_takes_the_place_of_the_former_event() -> None:
    again = piece("10A1", Outcome.ATTENTION, "before_cutoff")
    table = open_case().say(no_code())
    former = table.records[-1].event_id
    table.say(type(again)(again.verdict, 1, again.presentation, corrects=former))
    assert table.records[-1].booking.corrects == former


def test_after_a_power_cut_a_case_that_nobody_can_resume_can_be_closed() -> None:
    table = open_case().say(S1).restart(after_power_cut=True).say(CHILD, CHILD, act("CLOSE"))
    assert len(table.state.cases) == 1
    assert table.say(act("CLOSE"), act("CLOSE")).state.cases == ()
