"""Hypothesis draws schedules and has them played; one that went wrong it makes as small as it can in some time.

Many schedules share one world: it costs seconds to start. So one that went wrong is first played alone, in a world of
its own; only if it goes wrong there as well it is made smaller, each try in a new world.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.faults.schedules import Steps, schedules

CONFIRM = 3
"""So often one is played alone: what goes wrong may need luck."""

Play = Callable[[Steps], str]
"""Plays a schedule; gives what went wrong, nothing if all went well."""


@dataclass(slots=True)
class Budget:
    """What making schedules smaller may cost all hunts together."""

    tries: int
    """Worlds."""
    seconds: float

    @property
    def left(self) -> bool:
        return self.tries > 0 and self.seconds > 0

    def spend(self, play: Play, steps: Steps) -> str:
        began = time.monotonic()
        try:
            return play(steps)
        finally:
            self.tries -= 1
            self.seconds -= time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Prey:
    """A schedule that went wrong."""

    wrong: str
    steps: Steps
    """The smallest that was found."""
    drawn: Sequence[Steps]
    """What was played in the shared world; the last one went wrong there."""
    alone: bool
    """It goes wrong in a world of its own as well."""
    tries: int
    """Worlds that were spent on it."""
    again: str
    """The options that draw the same schedules."""

    def __str__(self) -> str:
        """What to look for, and how to have it again."""
        where = "alone as well" if self.alone else "not alone, maybe only after those before it"
        return (
            f"smallest of {self.tries} tries: {_listed(self.steps)}\n"
            f"as drawn, number {len(self.drawn)} in its world, goes wrong {where}: {_listed(self.drawn[-1])}\n"
            f"again: make faults {self.again}\n{self.wrong}"
        )


def _listed(steps: Steps) -> str:
    return ", ".join(map(str, steps))


class _WrongError(AssertionError):
    """What hypothesis sees of a schedule that went wrong."""


class _Enough(BaseException):
    """Nothing more can be played; not an Exception, so that hypothesis ends instead of taking it for a find."""


@dataclass(slots=True)
class Hunt:
    """So many schedules of one seed; the same ones every time."""

    seed: int
    rounds: int
    together: Play
    """In the world that all share."""
    alone: Play
    """In a world of its own."""
    budget: Budget
    drawn: list[Steps] = field(default_factory=list)
    """Played together, in order."""
    _known: dict[Steps, str] = field(default_factory=dict)
    """What went wrong with each."""
    _hunting: bool = True
    """Nothing has gone wrong yet."""
    _alone: bool = False
    """What went wrong does so in a world of its own as well."""

    def run(self) -> Prey | None:
        """Play all of them, or until one goes wrong.

        Hypothesis stops making a find smaller after five minutes. It is asked again, then: what is known already
        costs nothing, and it goes on from there.
        """
        tries, known = self.budget.tries, -1
        with contextlib.suppress(_Enough):
            while self._ask() and known != len(self._known):
                known = len(self._known)
        wrong = [steps for steps, why in self._known.items() if why]
        if not wrong:
            return None
        steps = min(wrong, key=lambda each: (len(each), sum(step.number for step in each)))
        spent, again = tries - self.budget.tries, f"ROUNDS={self.rounds} SEED={self.seed}"
        return Prey(self._known[steps], steps, self.drawn, self._alone, spent, again)

    def _ask(self) -> bool:
        """Let hypothesis draw, and make smaller what goes wrong; whether something did."""

        @seed(self.seed)
        @settings(
            max_examples=self.rounds,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            database=None,
            deadline=None,
        )
        @given(schedules())
        def goes_well(steps: Steps) -> None:
            if self._played(steps):
                raise _WrongError

        try:
            goes_well()
        except _WrongError:
            return True
        return False

    def _played(self, steps: Steps) -> str:
        """What went wrong."""
        if self._hunting:
            self._known[steps] = self._play_together(steps)
        elif steps not in self._known:
            if not (self._alone and self.budget.left):
                raise _Enough
            self._known[steps] = self.budget.spend(self.alone, steps)
        return self._known[steps]

    def _play_together(self, steps: Steps) -> str:
        self.drawn.append(steps)
        wrong = self.together(steps)
        if wrong:
            self._hunting = False
            self._alone = any(self.budget.spend(self.alone, steps) for _ in range(CONFIRM) if self.budget.left)
        return wrong
