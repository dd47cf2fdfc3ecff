import pytest

from edge.station.answers import EARLY, FAULT_NS, WORKING_NS, Answers, Show
from hardware.signals import Signal

T = 1_000_000_000
GREEN = (Signal.ACCEPTED, Signal.CHECKED, Signal.ATTENTION, Signal.ASK)


@pytest.mark.parametrize("outcome", EARLY)
def test_a_refusal_shows_before_the_flush_and_only_once(outcome: Signal) -> None:
    answers = Answers()
    assert answers.submitted("e", outcome, T, T) == [Show(outcome, T)]
    assert answers.written("e") == []


@pytest.mark.parametrize("outcome", GREEN)
def test_green_shows_only_after_the_flush(outcome: Signal) -> None:
    answers = Answers()
    assert answers.submitted("e", outcome, T, T) == []
    assert answers.tick(T + WORKING_NS - 1) == []
    assert answers.written("e") == [Show(outcome, T)]


@pytest.mark.parametrize("outcome", [*GREEN, *EARLY])
def test_a_refused_write_is_never_green(outcome: Signal) -> None:
    answers = Answers()
    answers.submitted("e", outcome, T, T)
    assert answers.refused("e", "disk full") == [Show(Signal.FAULT, T)]
    assert answers.fault == "disk full"


def test_a_slow_card_shows_working_then_fault_then_the_answer() -> None:
    answers = Answers()
    answers.submitted("e", Signal.ACCEPTED, T, T)
    assert answers.tick(T + WORKING_NS) == [Show(Signal.WORKING, T)]
    assert answers.tick(T + WORKING_NS + 1) == []
    assert answers.tick(T + FAULT_NS) == [Show(Signal.FAULT, T)]
    assert answers.fault is not None
    assert answers.tick(T + FAULT_NS + 1) == []
    assert answers.written("e") == [Show(Signal.ACCEPTED, T)]
    assert answers.fault is None


def test_fault_lasts_while_another_write_is_overdue() -> None:
    answers = Answers()
    answers.submitted("a", Signal.ACCEPTED, T, T)
    answers.submitted("b", Signal.ACCEPTED, T, T)
    answers.tick(T + FAULT_NS)
    answers.tick(T + FAULT_NS)
    answers.written("a")
    assert answers.fault is not None
    answers.written("b")
    assert answers.fault is None


def test_a_write_that_works_again_lights_the_ready_lamp() -> None:
    answers = Answers()
    answers.submitted("a", Signal.ACCEPTED, T, T)
    answers.refused("a", "disk full")
    answers.submitted("b", None, None, T)
    assert answers.written("b") == [Show(Signal.READY)]
    assert answers.fault is None


def test_the_next_deadline_is_that_of_the_oldest_write() -> None:
    answers = Answers()
    assert answers.next_deadline_ns() is None
    answers.submitted("a", Signal.ACCEPTED, T, T)
    answers.submitted("b", Signal.ACCEPTED, T, T + 5)
    assert answers.next_deadline_ns() == T + WORKING_NS


def test_a_refusal_on_a_slow_card_is_not_replaced_by_working() -> None:
    answers = Answers()
    answers.submitted("e", Signal.STOP, T, T)
    assert answers.tick(T + WORKING_NS) == []


def test_a_green_light_after_a_fault_is_not_replaced_by_ready() -> None:
    answers = Answers()
    answers.submitted("a", Signal.ACCEPTED, T, T)
    answers.submitted("b", None, None, T)
    answers.tick(T + FAULT_NS)
    assert answers.written("a") == [Show(Signal.ACCEPTED, T)]
    assert answers.written("b") == []
