"""Cases: opened, asked about, side by side, closed, suspended, completed."""

from __future__ import annotations

from edge.cards import CardKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.effects import Hold
from edge.station.tasks.said import Bed
from hardware.signals import Signal
from tests.support.tasks import CHILD, EMERGENCY, MOTHER, NURSE, Table, act, card, piece

S1, S2 = piece("21S1"), piece("21S2")


def open_case() -> Table:
    return Table().say(NURSE, MOTHER)


def opened(table: Table) -> int:
    return table.sessions.count(("case", "opened", None))


def test_the_same_band_changes_nothing() -> None:
    table = open_case()
    case = table.state.active
    assert table.say(MOTHER).state.active == case
    assert opened(table) == 1


def test_with_nothing_pending_the_next_patient_ends_the_case() -> None:
    table = open_case().say(S1, S1, CHILD)
    assert [what for of, what, _ in table.sessions if of == "case"] == ["opened", "closed", "opened"]
    assert len(table.state.cases) == 1


def test_with_items_pending_another_patient_only_asks() -> None:
    table = open_case().say(S1)
    mother = table.state.active
    table.say(CHILD)
    assert table.state.active == mother
    assert table.outcomes[-1] == Signal.ASK.value
    table.say(CHILD)
    assert table.state.active != mother
    assert {each.who for each in table.state.cases} == {MOTHER.who, CHILD.who}


def test_a_question_that_nobody_confirms_is_forgotten() -> None:
    table = open_case().say(S1)
    mother = table.state.active
    table.say(CHILD).wait(11).say(CHILD)
    assert table.state.active == mother


def test_side_by_side_each_band_comes_back_to_its_own_case() -> None:
    table = open_case().say(S1, CHILD, CHILD)
    child = table.state.active
    table.say(S2, MOTHER, MOTHER)
    assert table.state.active != child
    assert opened(table) == 2
    table.say(S1)
    case = table.records[-1].booking.case
    assert case == table.state.active


def test_a_case_closes_with_nothing_pending() -> None:
    table = open_case().say(S1, S1, act("CLOSE"))
    assert table.state.cases == ()
    assert table.sessions[-1] == ("case", "closed", None)


def test_a_close_with_items_pending_asks_and_is_signed_off_the_second_time() -> None:
    table = open_case().say(S1, act("CLOSE"))
    assert table.state.case is not None
    assert table.say(act("CLOSE")).sessions[-1] == ("case", "closed", "pending 1")


def test_a_case_that_nobody_touches_is_suspended_and_refuses() -> None:
    table = open_case().say(S1).wait(12 * 3600 + 1)
    assert ("case", "suspended", "12 h") in table.sessions
    table.say(NURSE, S2)
    assert table.records[-1].verdict.outcome is Outcome.REDO
    assert table.say(MOTHER).sessions[-1] == ("case", "resumed", None)
    assert table.state.task is TaskName.USE


def test_the_idle_lock_does_not_act_inside_an_open_case() -> None:
    assert open_case().wait(3600).state.operator == "N1"
    assert Table().say(NURSE).wait(3600).state.operator is None


def test_a_case_never_times_out_to_check() -> None:
    table = Table(TaskName.CHECK).say(NURSE, MOTHER).wait(3600)
    assert table.state.task is TaskName.USE


def test_other_tasks_time_out_to_the_home_task() -> None:
    table = Table(TaskName.CHECK).say(NURSE, card(CardKind.TASK, "RECEIVE"))
    assert table.state.task is TaskName.RECEIVE
    assert table.wait(301).state.task is TaskName.CHECK


def test_a_restart_suspends_and_the_same_band_resumes() -> None:
    table = open_case().say(S1).restart()
    assert table.sessions[-1] == ("case", "suspended", "restart")
    assert table.say(S1).booked == []
    table.say(MOTHER, S1)
    assert [count for _, _, count in table.booked] == [1]
    assert opened(table) == 1


def test_a_case_card_is_a_second_carrier() -> None:
    table = Table().say(NURSE, card(CardKind.CASE, "C000123"), S1, S1)
    assert table.sessions[1] == ("case", "opened", "card C000123")
    assert len(table.booked) == 1


def test_an_emergency_is_completed_by_its_patient_shown_twice() -> None:
    table = Table().say(EMERGENCY, S1)
    case = table.state.active
    table.say(MOTHER)
    assert table.outcomes[-1] == Signal.ASK.value
    table.say(MOTHER)
    assert table.sessions[-1] == ("case", "completed", "emergency E-1")
    assert Hold(str(case), MOTHER.who) in table.effects
    assert (table.state.active, opened(table)) == (case, 0)


def test_an_emergency_card_comes_back_to_its_case() -> None:
    first = card(CardKind.EMERGENCY, "E000007")
    table = Table().say(first, S1, EMERGENCY, S2)
    second = table.state.active
    assert table.say(first).state.active != second or len(table.state.cases) == 1


def test_after_a_power_cut_an_emergency_goes_on_with_resume() -> None:
    table = Table().say(EMERGENCY, S1).restart(after_power_cut=True)
    assert table.say(S2).records[-1].verdict.outcome is Outcome.REDO
    assert table.say(act("RESUME"), S2).booked[-1] == ("USE", S2.key, 1)


def test_a_mobile_station_is_where_the_bed_is_for_a_shift() -> None:
    table = Table(TaskName.CHECK, mobile=True).say(Bed("W3-12"), S1)
    assert table.records[-1].by.place == "W3-12"
    table.wait(12 * 3600 + 1).say(S1)
    assert table.records[-1].by.place is None


def test_a_station_with_a_place_of_its_own_takes_no_bed() -> None:
    table = Table(TaskName.CHECK).say(Bed("W3-12"), S1)
    assert (table.records[-1].by.place, table.outcomes[0]) == (None, Signal.REDO.value)
