"""From what every rung did on every region to the order in which they are worth trying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WRONG = 10
"""A wrong payload undoes so many right ones."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one rung did on one region."""

    ms: float
    right: bool = False
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """One region: what each rung did on it."""

    tries: Mapping[str, Tried]
    """A rung that declined is not in it."""
    weight: float = 1.0
    """How often such a thing is met, against a label."""

    @property
    def readable(self) -> bool:
        """Whether any rung reads it. A place that none reads is tried with all of them, in whatever order they are."""
        return any(each.right for each in self.tries.values())

    def read_by(self, rung: str) -> bool:
        return rung in self.tries and self.tries[rung].right


@dataclass(frozen=True, slots=True)
class Step:
    """One rung in its place of the order."""

    rung: str
    gained: int
    """Regions read that no rung before it had read."""
    tried: int
    ms: float
    """Milliseconds of a try, on the mean."""
    wrong: int
    worth: float
    """Reads for each millisecond, by how often such things are met."""


def ranked(places: Sequence[Place], rungs: Sequence[str]) -> tuple[list[Step], list[Place]]:
    """Greedy: always the rung with the most reads for its time on what is still unread. Also what stays unread."""
    steps, left, open_ = list[Step](), list(places), list(rungs)
    while open_:
        best = max((alone(left, rung) for rung in open_), key=lambda step: step.worth)
        if best.worth <= 0:
            break
        steps.append(best)
        open_.remove(best.rung)
        left = [place for place in left if not _ends(place, best.rung)]
    return steps, left


def alone(places: Sequence[Place], rung: str) -> Step:
    """What a rung does if it is the only one."""
    asked = [place for place in places if rung in place.tries]
    tries = [place.tries[rung] for place in asked]
    value = sum(place.weight * (place.tries[rung].right - WRONG * place.tries[rung].wrong) for place in asked)
    cost = sum(place.weight * place.tries[rung].ms for place in asked if place.readable)
    return Step(
        rung,
        gained=sum(each.right for each in tries),
        tried=len(tries),
        ms=sum(each.ms for each in tries) / max(1, len(tries)),
        wrong=sum(each.wrong for each in tries),
        worth=value / max(cost, 1e-6),
    )


def _ends(place: Place, rung: str) -> bool:
    """Whether the search of a region ends with this rung, rightly or not."""
    return place.read_by(rung) or (rung in place.tries and place.tries[rung].wrong > 0)
