"""House codes bound to a UDI, acts whose item says no, and cases that come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.cards import CardKind
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.tasks import machine
from edge.station.tasks.said import Badge, Item
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from hardware.signals import Signal
from tests.support.tasks import CHILD, EMERGENCY, MOTHER, NURSE, UNDO, Table, act, card, no_code, piece, sheet

S1, S2 = piece("21S1"), piece("21S2")


def house_code() -> Item:
    read = Read(b"HV0001", None, "scanner", 1)
    verdict = Verdict(Outcome.REDO, (Reason("house_code_unknown", Audience.PERSON),))
    return Item(verdict, 1, Presentation(Shape.OTHER, (replace(read, printed=read),)))


@pytest.mark.parametrize("order", [[house_code(), S1], [S1, house_code()]], ids=["house code first", "UDI first"])
def test_a_house_code_is_bound_in_any_order(order: list[Item]) -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), *order)
    record = table.records[-1]
    assert (record.by.task, record.booking.house_code, record.item.key) == (TaskName.BIND, "HV0001", S1.key)
    assert (record.signal, table.booked, table.state.armed) == (Signal.CHECKED, [], None)


@pytest.mark.parametrize("pair", [[S1, S2], [house_code(), house_code()], [no_code()]])
def test_what_is_no_pair_is_not_bound(pair: list[Item]) -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), *pair)
    assert all(each.booking.house_code is None for each in table.records)
    assert table.state.armed is None


def test_an_act_judges_its_item_at_its_own_task() -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("WASTE"))
    assert machine.judged_as(table.state) is TaskName.WASTE
    table.say(piece("", Outcome.INCOMPLETE, "half"))
    assert (table.booked, machine.judged_as(table.state)) == ([], TaskName.CHECK)


def test_what_was_used_is_not_wasted_as_well() -> None:
    table = Table().say(NURSE, MOTHER, S1, S1, act("WASTE"), S1)
    assert table.booked == [("USE", S1.key, 1)]
    assert [each.code for each in table.records[-1].verdict.reasons] == ["serial_seen"]


def test_no_picture_is_taken_while_somebody_is_expected() -> None:
    table = Table().say(NURSE)
    assert machine.person_awaited(table.state)
    assert not machine.person_awaited(table.say(MOTHER).state)
    assert machine.person_awaited(table.say(S1, CHILD).state)


def test_a_form_is_awaited_until_it_was_seen() -> None:
    table = Table().say(NURSE, MOTHER, act("SHEET"))
    assert machine.sheet_awaited(table.state)
    assert not machine.sheet_awaited(table.say(sheet(S1)).state)


def test_a_form_without_an_operator_books_nothing() -> None:
    assert Table().say(MOTHER, act("SHEET"), sheet(S1)).booked == []


def test_an_emergency_card_comes_back_to_its_own_case() -> None:
    first = card(CardKind.EMERGENCY, "E000007")
    table = Table().say(first, S1)
    case = table.state.active
    assert table.say(first).state.active == case
    assert table.restart(after_power_cut=True).say(first, S2).state.active == case
    table.say(NURSE, act("WASTE"), piece("21S3"))
    assert {each.booking.case for each in table.records} == {case}


def test_an_undo_beside_another_case_leaves_the_former_one_suspended() -> None:
    table = Table().say(NURSE, MOTHER, S1, S1, CHILD)
    child = table.state.active
    table.say(UNDO)
    assert table.sessions[-1] == ("case", "suspended", "undo")
    assert (table.state.active, len(table.state.cases)) == (child, 2)


def test_an_undo_does_not_make_two_cases_of_one_patient() -> None:
    table = Table().say(NURSE, MOTHER, S1, S1, act("CLOSE"), MOTHER, UNDO)
    assert len(table.state.cases) == 1
    assert table.booked == []


def test_what_comes_of_practice_needs_somebody() -> None:
    table = Table(TaskName.RECEIVE).say(act("TRAINING"), S1, act("TRAINING"), act("PROMOTE"))
    assert table.outcomes[-1] == Signal.REDO.value
    assert len(table.state.practised) == 1


def test_the_same_badge_brings_its_rights_of_today() -> None:
    assert Table().say(NURSE, Badge(NURSE.ident, "Q")).state.rights == "Q"


def test_an_emergency_button_is_always_another_case() -> None:
    table = Table().say(EMERGENCY)
    first = table.state.active
    assert table.say(EMERGENCY).state.active != first


def test_an_explant_whose_lot_nobody_knows_says_so() -> None:
    table = Table().say(NURSE, MOTHER, act("EXPLANT"), no_code(), act("LOT_UNKNOWN"))
    assert [count for *_, count in table.booked] == [1]
    assert table.records[-1].booking.reason == "LOT_UNKNOWN"


def bound_code(to: Item, *, beside: bool = False) -> Item:
    """The house code of a piece, alone or beside its symbol."""
    (own,) = to.presentation.reads
    stood = replace(own, printed=Read(b"HV0001", None, "scanner", 1))
    reads = (stood, own) if beside else (stood,)
    return replace(to, presentation=replace(to.presentation, reads=reads))


CONFLICT = piece("21S2", Outcome.STOP, "house_code_conflict")
DI_ONLY = piece("")


@pytest.mark.parametrize("order", [[bound_code(S1), S1], [S1, bound_code(S1)], [bound_code(S1, beside=True)]])
def test_a_code_is_bound_again_to_the_same_piece(order: list[Item]) -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), *order)
    assert [each.booking.house_code for each in table.records] == ["HV0001"]


def test_a_code_alone_that_is_bound_already_waits_for_its_piece() -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), bound_code(S1))
    assert (table.records, table.state.armed is None) == ([], False)


@pytest.mark.parametrize(
    ("order", "code"),
    [([bound_code(S1), S2], "HV0001"), ([S2, bound_code(S1)], "HV0001"), ([CONFLICT], None)],
    ids=["house code first", "UDI first", "in one view"],
)
def test_a_code_that_is_bound_to_another_piece_stops_and_binds_nothing(order: list[Item], code: str | None) -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), *order)
    (record,) = table.records
    assert (record.signal, record.by.task, table.state.armed) == (Signal.STOP, TaskName.CHECK, None)
    assert (record.item.key, record.booking.house_code) == (S2.key, code), "who wanted to bind what is recorded"
    assert record.verdict.reasons[0].code == "house_code_conflict"


def test_a_package_that_names_neither_lot_nor_serial_is_not_bound() -> None:
    table = Table(TaskName.CHECK).say(NURSE, act("BIND"), house_code(), DI_ONLY)
    (record,) = table.records
    assert (record.signal, record.booking.house_code) == (Signal.REDO, None)
    assert record.verdict.reasons[0].code == "pi_missing"
