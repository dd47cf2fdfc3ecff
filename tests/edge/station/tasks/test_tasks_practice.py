"""The training mode, quantities, documents."""

from __future__ import annotations

from edge.cards import CardKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.effects import Correct, JudgeAgain
from edge.station.tasks.said import Document
from hardware.signals import Signal
from tests.support.tasks import MOTHER, NURSE, Table, act, card, no_code, piece

LOT, S1 = piece("10A1"), piece("21S1")


def test_practice_looks_like_a_check_and_is_marked() -> None:
    table = Table(TaskName.RECEIVE).say(act("TRAINING"), LOT)
    record = table.records[-1]
    assert (record.by.training, record.verdict.outcome, record.signal) == (True, Outcome.CHECKED, Signal.CHECKED)


def test_practice_ends_by_itself_and_at_work() -> None:
    assert Table(TaskName.RECEIVE).say(act("TRAINING")).wait(601).state.practice is None
    for work in (MOTHER, Document("DN-1"), card(CardKind.CASE, "C000001"), act("TRAINING")):
        assert Table(TaskName.RECEIVE).say(act("TRAINING"), work).state.practice is None


def test_practice_waits_until_work_is_closed() -> None:
    assert Table().say(NURSE, MOTHER, act("TRAINING")).state.practice is None


def test_what_was_really_done_in_practice_can_be_made_to_count() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, act("TRAINING"), LOT, S1, act("TRAINING"), act("PROMOTE"))
    promoted = [each.corrects for each in table.effects if isinstance(each, Correct)]
    assert promoted == [each.event_id for each in table.records]
    assert table.say(act("PROMOTE")).outcomes[-1] == Signal.REDO.value


def test_a_carton_of_200_is_booked_in_four_gestures() -> None:
    digits = [card(CardKind.DIGIT, each) for each in "200"]
    table = Table(TaskName.RECEIVE).say(LOT).at_once(*digits).wait(5)
    assert table.booked == [("RECEIVE", LOT.key, 200)]


def test_a_number_is_whole_at_enter_and_takes_the_place_of_the_former() -> None:
    table = Table(TaskName.RECEIVE).say(LOT).at_once(card(CardKind.DIGIT, "7"), card(CardKind.DIGIT, "ENTER"))
    assert table.booked == [("RECEIVE", LOT.key, 7)]
    assert table.say(card(CardKind.QUANTITY, "9")).booked == [("RECEIVE", LOT.key, 9)]


def test_a_serial_counts_one() -> None:
    table = Table(TaskName.RECEIVE).say(S1, card(CardKind.QUANTITY, "9"))
    assert table.booked == [("RECEIVE", S1.key, 1)]
    assert table.outcomes[-1] == Signal.REDO.value


def test_a_document_is_opened_resumed_and_closed() -> None:
    note = Document("DN-1")
    table = Table(TaskName.RECEIVE).say(note, LOT)
    assert table.records[-1].booking.document == "DN-1"
    table.wait(1801)
    assert table.say(LOT).records[-1].verdict.outcome is Outcome.REDO
    assert table.say(note).sessions[-1] == ("document", "resumed", None)
    assert table.say(note).state.work is None


def test_a_document_comes_back_paused_after_a_restart() -> None:
    table = Table(TaskName.RECEIVE).say(Document("DN-1"), LOT).restart(after_power_cut=True)
    assert table.say(LOT).records[-1].verdict.outcome is Outcome.REDO
    assert table.say(act("RESUME"), LOT).booked == [("RECEIVE", LOT.key, 1)] * 2


def test_what_shows_no_code_is_judged_again_with_its_date() -> None:
    table = Table(TaskName.RECEIVE).say(no_code(), card(CardKind.MADE, "BEFORE"))
    (again,) = (each for each in table.effects if isinstance(each, JudgeAgain))
    assert again.corrects == table.records[-1].event_id
