"""Drawing schedules and making them smaller, on a site that is a few lines: seeds, planted faults, the budget."""

import time

import pytest

from tests.faults.hunting import CONFIRM, Budget, Hunt
from tests.faults.schedules import ACTIONS, FEWEST, MOST, Step, Steps

SEEDS = range(4711, 4911)
PLENTY = 1_000_000
KILLED, EMPTIED = Step("kill_hub", "hub", 1), Step("empty_broker", "broker", 1)


def _well(_steps: Steps) -> str:
    return ""


def _loses_what_the_broker_kept(steps: Steps) -> str:
    """The planted fault: the broker is emptied while the hub is away."""
    away = False
    for step in steps:
        away = (away or step.what == "kill_hub") and step.what != "start_hub"
        if away and step.what == "empty_broker":
            return "lost=1"
    return ""


def _drawn(seeds: range) -> list[Steps]:
    hunt = Hunt(seeds, _well, _well, Budget(0, 0))
    assert hunt.run() is None
    return hunt.drawn


def test_each_seed_draws_a_schedule_and_the_same_one_again() -> None:
    seeds = SEEDS[:30]
    drawn = _drawn(seeds)
    assert len(set(drawn)) == len(drawn) == len(seeds)
    assert _drawn(seeds) == drawn
    assert [steps for number in seeds for steps in _drawn(range(number, number + 1))] == drawn


def test_everything_that_can_happen_is_drawn_and_schedules_are_long() -> None:
    drawn = _drawn(range(100))
    assert {step.what for steps in drawn for step in steps} == set(ACTIONS)
    assert all(1 <= len(steps) <= MOST for steps in drawn)
    assert sum(map(len, drawn)) / len(drawn) > (FEWEST + MOST) / 2 - 1


def test_a_planted_fault_is_found_and_made_as_small_as_it_can_be() -> None:
    budget = Budget(PLENTY, PLENTY)
    prey = Hunt(SEEDS, _loses_what_the_broker_kept, _loses_what_the_broker_kept, budget).run()
    assert prey is not None
    assert (prey.steps, prey.wrong, prey.alone) == ((KILLED, EMPTIED), "lost=1", True)
    assert prey.tries == PLENTY - budget.tries <= 100
    assert len(prey.drawn[-1]) > len(prey.steps)
    assert _drawn(SEEDS[: len(prey.drawn)]) == prey.drawn
    assert "kill_hub(hub, 1), empty_broker(broker, 1)\n" in str(prey)
    assert f"make faults ROUNDS=1 SEED={SEEDS[len(prey.drawn) - 1]}\n" in str(prey)


def test_what_was_found_is_found_again_by_its_seed() -> None:
    prey, again = (
        Hunt(SEEDS, _loses_what_the_broker_kept, _loses_what_the_broker_kept, Budget(9, PLENTY)).run() for _ in range(2)
    )
    assert prey is not None
    assert prey == again


def test_what_needs_those_before_it_is_told_as_drawn() -> None:
    played: list[Steps] = []

    def together(steps: Steps) -> str:
        played.append(steps)
        return "doubled=1" if len(played) == 7 else ""

    budget = Budget(PLENTY, PLENTY)
    prey = Hunt(SEEDS, together, _well, budget).run()
    assert prey is not None
    assert (prey.steps, prey.drawn, prey.alone) == (played[6], played, False)
    assert prey.tries == PLENTY - budget.tries == CONFIRM
    assert "goes wrong not alone" in str(prey)
    assert f"make faults ROUNDS=7 SEED={SEEDS[0]} " in str(prey)


@pytest.mark.parametrize("tries", [0, 1, 5])
def test_no_more_worlds_are_spent_than_the_budget_has(tries: int) -> None:
    alone: list[Steps] = []

    def counted(steps: Steps) -> str:
        alone.append(steps)
        return _loses_what_the_broker_kept(steps)

    prey = Hunt(SEEDS, _loses_what_the_broker_kept, counted, Budget(tries, PLENTY)).run()
    assert prey is not None
    assert prey.wrong == "lost=1"
    assert len(alone) == prey.tries == tries


def test_no_more_time_is_spent_than_the_budget_has() -> None:
    prey = Hunt(SEEDS, _loses_what_the_broker_kept, _loses_what_the_broker_kept, Budget(PLENTY, 0.0)).run()
    assert prey is not None
    assert (prey.steps, prey.tries) == (prey.drawn[-1], 0)


class _Clock:
    """Hypothesis's clock: stands still but for what each world costs."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


def test_hypothesis_goes_on_where_its_own_five_minutes_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock()
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.time", clock)

    def slow(steps: Steps) -> str:
        clock.now += 25
        return _loses_what_the_broker_kept(steps)

    prey = Hunt(SEEDS, _loses_what_the_broker_kept, slow, Budget(30, PLENTY)).run()
    assert prey is not None
    assert prey.tries == 30
    assert clock.now > 2 * 300
