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
    first: int
    """The seed of the first of them; each further one has the next."""
    alone: bool
    """It goes wrong in a world of its own as well."""
    tries: int
    """Worlds that were spent on it."""

    def __str__(self) -> str:
        """What to look for, and how to have it again."""
        last = self.first + len(self.drawn) - 1
        if self.alone:
            where, again = "alone as well", f"ROUNDS=1 SEED={last}"
        else:
            where, again = "not alone", f"ROUNDS={len(self.drawn)} SEED={self.first} (with those before it)"
        return (
            f"smallest of {self.tries} tries: {listed(self.steps)}\n"
            f"as drawn from seed {last}, goes wrong {where}: {listed(self.drawn[-1])}\n"
            f"again: make faults {again}\n{self.wrong}"
        )


def listed(steps: Steps) -> str:
    """As it is printed."""
    return ", ".join(map(str, steps))


class _WrongError(AssertionError):
    """What hypothesis sees of a schedule that went wrong."""


class _Enough(BaseException):
    """Nothing more can be played; not an Exception, so that hypothesis ends instead of taking it for a find."""


@dataclass(slots=True)
class Hunt:
    """One schedule for each seed, the same one every time."""

    seeds: range
    together: Play
    """In the world that all share."""
    alone: Play
    """In a world of its own."""
    budget: Budget
    drawn: list[Steps] = field(default_factory=list)
    """Played together, in order."""
    _known: dict[Steps, str] = field(default_factory=dict)
    """Played since something went wrong: what went wrong with each."""
    _alone: bool = False
    """What went wrong does so in a world of its own as well."""

    def run(self) -> Prey | None:
        """Play all of them, or until one goes wrong, and make that one smaller."""
        tries = self.budget.tries
        with contextlib.suppress(_Enough):
            if all(self._ask(number) for number in self.seeds):
                return None
            self._go_on(self.seeds[len(self.drawn) - 1])
        wrong = [steps for steps, why in self._known.items() if why]
        steps = min(wrong, key=lambda each: (len(each), sum(step.number for step in each)))
        return Prey(self._known[steps], steps, self.drawn, self.seeds[0], self._alone, tries - self.budget.tries)

    def _go_on(self, number: int) -> None:
        """Hypothesis stops making a find smaller after five minutes: it is asked again until it tries nothing new.

        What is known already costs nothing.
        """
        known = 0
        while known != len(self._known):
            known = len(self._known)
            self._ask(number)

    def _ask(self, number: int) -> bool:
        """Let hypothesis draw a schedule, and make it smaller if it goes wrong; whether it went well.

        One from each seed: of several from the same one many would be mere variants of each other.
        """

        @seed(number)
        @settings(
            max_examples=1,
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
            return False
        return True

    def _played(self, steps: Steps) -> str:
        """What went wrong."""
        if not self._known:
            return self._play_together(steps)
        if steps not in self._known:
            if not (self._alone and self.budget.left):
                raise _Enough
            self._known[steps] = self.budget.spend(self.alone, steps)
        return self._known[steps]

    def _play_together(self, steps: Steps) -> str:
        self.drawn.append(steps)
        wrong = self.together(steps)
        if wrong:
            self._known[steps] = wrong
            self._alone = any(self.budget.spend(self.alone, steps) for _ in range(CONFIRM) if self.budget.left)
        return wrong
