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


Place = Mapping[str, Tried]
"""One region: what each rung did on it. A rung that declined is not in it."""


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


def ranked(places: Sequence[Place], rungs: Sequence[str]) -> tuple[list[Step], list[Place]]:
    """Greedy: always the rung with the most reads for its time on what is still unread. Also what stays unread."""
    steps, left, open_ = list[Step](), list(places), list(rungs)
    while open_:
        best = max((_step(rung, left) for rung in open_), key=_worth)
        if best.gained == 0 or _worth(best) <= 0:
            break
        steps.append(best)
        open_.remove(best.rung)
        left = [place for place in left if not _read(place, best.rung)]
    return steps, left


def alone(places: Sequence[Place], rung: str) -> Step:
    """What a rung does if it is the only one."""
    return _step(rung, places)


def _step(rung: str, places: Sequence[Place]) -> Step:
    tries = [place[rung] for place in places if rung in place]
    ms = sum(each.ms for each in tries) / max(1, len(tries))
    return Step(rung, sum(each.right for each in tries), len(tries), ms, sum(each.wrong for each in tries))


def _worth(step: Step) -> float:
    return (step.gained - WRONG * step.wrong) / max(step.ms * step.tried, 1e-3)


def _read(place: Place, rung: str) -> bool:
    return rung in place and (place[rung].right or place[rung].wrong > 0)
