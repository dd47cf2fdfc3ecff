"""Random labels scanned by hand, one symbol after the other: no UDI is mixed of two packages where the scans tell.

What they cannot tell is counted apart as ``undecidable``: the DI half of one package beside the PI half of the other,
and nothing else shown lately that is not already part of a complete presentation. A person who reads all of one package
before the next never meets that; it takes a symbol left out on either side. Such a join carries ``joined_by_time``.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest

from edge.station.intake import HALF_WAIT_NS, Intake, Presented
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from tests.support.packages import CASES, Package, Printed, chance, package

TODAY = date(2026, 11, 24)
S = 1_000_000_000
PAIRS = 5000
Scan = tuple[Package, Printed]


def tree(dis: frozenset[str]) -> tuple[str, ...] | None:
    """A unit and its case."""
    return next((pair for pair in CASES.items() if dis == set(pair)), None)


@dataclass
class Shift:
    """What a person scanned, and what the station made of it."""

    intake: Intake
    now_ns: int = S
    scans: list[tuple[int, Package, Printed]] = field(default_factory=list)
    settled: set[bytes] = field(default_factory=set)

    def scan(self, owner: Package, symbol: Printed, pause_s: float) -> Iterator[Presentation]:
        self.now_ns += int(pause_s * S)
        read = Read(symbol.payload, symbol.symbology, "scanner", self.now_ns)
        self.scans.append((self.now_ns, owner, symbol))
        yield from self.told(self.intake.tick(self.now_ns - 1) + self.intake.scanned(read, TODAY))

    def told(self, presented: list[Presented]) -> Iterator[Presentation]:
        for each in presented:
            if not each.half_pending:
                yield each.presentation
            if each.presentation.shape is Shape.COMPLETE:
                self.settled |= {read.payload for read in each.presentation.reads}

    def open_scans(self, found: Presentation) -> list[Printed]:
        """What was scanned within the window, belongs to no complete presentation, and is of another DI or PI half."""
        assert found.udi is not None
        mine = {read.payload for read in found.reads}
        lately = [each for each in self.scans if self.now_ns - each[0] < HALF_WAIT_NS]
        return [
            symbol
            for _, owner, symbol in lately
            if owner.issuer == found.udi.issuer.value
            and symbol.role != "beside"
            and symbol.payload not in mine | self.settled
            and not (symbol.role in ("di", "retail") and owner.di == found.udi.di)
        ]


def verdict(found: Presentation, shift: Shift, packages: tuple[Package, Package]) -> str:
    if found.udi is None or found.shape is Shape.INVALID:
        return found.shape.value
    if not any(each.owns(found.udi) for each in packages):
        assert "joined_by_time" in [each.code for each in found.findings]
        return "wrong" if shift.open_scans(found) else "undecidable"
    whole = found.shape is Shape.COMPLETE and any(each.is_all_of(found.udi) for each in packages)
    return "whole" if whole else found.shape.value


def careful(rng: random.Random, one: Package, other: Package) -> list[Scan]:
    """One package after the other, each by its complete symbol or by all of its halves, PI half first now and then."""
    scans: list[Scan] = []
    for each in (one, other):
        complete = [symbol for symbol in each.symbols if symbol.role == "complete"]
        halves = [symbol for symbol in each.symbols if symbol.role in ("di", "pi")]
        mine = complete or (rng.sample(halves, len(halves)) if rng.random() < 0.2 else halves)
        scans += [(each, symbol) for symbol in mine]
    return scans


def some_left_out(rng: random.Random, one: Package, other: Package) -> list[Scan]:
    """One package after the other, of each any of its symbols in any order, companions too."""
    scans: list[Scan] = []
    for each in (one, other):
        read = rng.choice((1.0, 0.8, 0.5))
        mine = [(each, symbol) for symbol in each.symbols if rng.random() < read]
        scans += rng.sample(mine, len(mine))
    return scans


def mixed(rng: random.Random, one: Package, other: Package) -> list[Scan]:
    """Symbols of both in any order, some left out, some twice."""
    scans = some_left_out(rng, one, other)
    scans += [scan for scan in scans if rng.random() < 0.1]
    return rng.sample(scans, len(scans))


Person = Callable[[random.Random, Package, Package], list[Scan]]


def work(person: Person, *, known: bool) -> Counter[str]:
    rng = chance(f"{person.__name__} {known}")
    counts: Counter[str] = Counter()
    for _ in range(PAIRS):
        one = package(rng)
        other = package(rng, one)
        shift = Shift(Intake(packaging=tree) if known else Intake())
        for owner, symbol in person(rng, one, other):
            pause_s = rng.uniform(0.4, 3.0) if rng.random() < 0.7 else rng.uniform(2.0, 12.0)
            for found in shift.scan(owner, symbol, pause_s):
                counts[verdict(found, shift, (one, other))] += 1
        for found in shift.told(shift.intake.tick(shift.now_ns + 2 * HALF_WAIT_NS)):
            counts[verdict(found, shift, (one, other))] += 1
    return counts


# who scans, whether the catalogue knows the levels: most undecidable joins of 5000 pairs
PEOPLE: dict[str, tuple[Person, bool, int]] = {
    "careful": (careful, False, 0),
    "some symbols left out": (some_left_out, True, 45),
    "mixed": (mixed, False, 120),
}


@pytest.mark.parametrize(("person", "known", "most"), PEOPLE.values(), ids=PEOPLE.keys())
def test_no_udi_is_mixed_of_two_packages(person: Person, known: bool, most: int) -> None:
    counts = work(person, known=known)
    assert counts["wrong"] == 0
    assert counts["undecidable"] <= most
    assert counts["whole"] > PAIRS


def test_labels_of_two_halves_are_joined_one_after_the_other() -> None:
    """But for PI halves of two products that say the very same: the second may be the first scanned again."""
    rng = chance("pairs")
    whole = again = total = 0
    while total < 1000:
        one = package(rng)
        other = package(rng, one)
        if not all(each.split and len(each.pis) == 1 for each in (one, other)):
            continue
        shift = Shift(Intake())
        for owner, symbol in ((each, symbol) for each in (one, other) for symbol in each.symbols):
            if symbol.role in ("di", "pi"):
                for found in shift.scan(owner, symbol, rng.uniform(0.4, 3.0)):
                    whole += verdict(found, shift, (one, other)) == "whole"
        again += one.pis[0].payload == other.pis[0].payload and one.di != other.di
        total += 2
    assert whole + again >= 0.99 * total
    assert again < total / 20
