"""Several readers on the same pictures, one picture after the other, and what came of it."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.cases import Case
from tests.bench.figures import percentile
from tests.bench.readers import OURS, Reader
from tests.support.frames import Luma


@dataclass(slots=True)
class Tally:
    """What one reader did on one set."""

    of: int = 0
    read: int = 0
    wrong: int = 0
    ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.read / self.of if self.of else 1.0

    @property
    def median_ms(self) -> float:
        return statistics.median(self.ms)

    @property
    def mean_ms(self) -> float:
        return statistics.fmean(self.ms)

    @property
    def p95_ms(self) -> float:
        return percentile(self.ms, 0.95)


@dataclass(slots=True)
class Contest:
    """Tallies by set and reader."""

    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Every wrong payload of this project's reader, and every truth in doubt, in words."""

    def of(self, group: str) -> Mapping[str, Tally]:
        return self.tallies[group]

    def wrong(self, reader: str) -> int:
        return sum(each[reader].wrong for each in self.tallies.values() if reader in each)


def hold(cases: Iterable[Case], readers: Sequence[Reader], *, seed: int) -> Contest:
    """Show each case to every reader that can know it, in changing order."""
    contest, order = Contest(), random.Random(seed)  # noqa: S311 - keeps no secret
    for case in cases:
        luma = case.luma()
        found: dict[str, tuple[frozenset[bytes], float]] = {}
        for reader in order.sample(readers, len(readers)):
            if reader.knows(case.format):
                found[reader.name] = reader.timed(luma, case.count)
        _count(contest, case, found, _engines(readers))
    return contest


def _count(
    contest: Contest, case: Case, found: Mapping[str, tuple[frozenset[bytes], float]], engines: Mapping[str, str]
) -> None:
    agreed = _agreed(case, found, engines)
    if agreed:
        contest.faults.append(f"{case.name}: left out, {' and '.join(agreed)} agree on something else")
        return
    for name, (payloads, ms) in found.items():
        tally = contest.tallies.setdefault(case.group, {}).setdefault(name, Tally())
        wrong = [payload for payload in payloads if not case.holds(payload)]
        tally.of += case.count > 0
        tally.read += case.count > 0 and len(payloads) > len(wrong)
        tally.wrong += len(wrong)
        tally.ms.append(ms)
        if name == OURS:
            contest.faults.extend(f"{case.name}: WRONG, {payload!r}" for payload in wrong)


def doubted(case: Case, luma: Luma, readers: Sequence[Reader]) -> bool:
    """Whether two engines agree that what is published of this picture is wrong."""
    if not case.published:
        return False
    found = {each.name: each.timed(luma, case.count) for each in readers if each.knows(case.format)}
    return bool(_agreed(case, found, _engines(readers)))


def _engines(readers: Sequence[Reader]) -> Mapping[str, str]:
    return {each.name: each.engine or each.name for each in readers}


def _agreed(
    case: Case, found: Mapping[str, tuple[frozenset[bytes], float]], engines: Mapping[str, str]
) -> Sequence[str]:
    """The engines that agree on a payload which is said to be wrong."""
    if not case.published:
        return ()
    for payload in frozenset[bytes]().union(*(payloads for payloads, _ in found.values())):
        agree = sorted({engines[name] for name, (payloads, _) in found.items() if payload in payloads})
        if len(agree) > 1 and not case.holds(payload):
            return agree
    return ()
