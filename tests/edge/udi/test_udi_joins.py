"""Random labels under one camera: a UDI is of one package or there is none, and a whole label gives its whole UDI.

Two boxes keep 7 mm of free paper each between a symbol and the edge. What the reads themselves leave open is counted
apart as ``undecidable``: of one package only its DI half is read, of the other only its PI half, and they lie like
halves of one label. The link of HIBC codes is all that could tell then; MA has no halves.
"""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.udi.assemble import Packaging, assemble
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from tests.support.packages import CASES, Package, Printed, chance, package
from tests.support.tables import Place, pixels, placed, seen

TODAY = date(2026, 11, 24)
PAIRS, SINGLES, CROWDS = 5000, 5000, 2000
Shown = tuple[Package, Printed]


def unknown(_dis: frozenset[str]) -> None:
    """No catalogue."""


def tree(dis: frozenset[str]) -> tuple[str, ...] | None:
    """A unit and its case."""
    return next((pair for pair in CASES.items() if dis == set(pair)), None)


def verdict(found: Presentation, packages: Sequence[Package], shown: Sequence[Shown]) -> str:
    if found.udi is None or found.shape is Shape.INVALID:
        return found.shape.value
    if not any(each.owns(found.udi) for each in packages):
        return "undecidable" if undecidable(packages, shown) else "wrong"
    whole = found.shape is Shape.COMPLETE and any(each.is_all_of(found.udi) for each in packages)
    return "whole" if whole else found.shape.value


def undecidable(packages: Sequence[Package], shown: Sequence[Shown]) -> bool:
    roles = [{symbol.role for owner, symbol in shown if owner is each} - {"beside"} for each in packages]
    return any(one <= {"di", "retail"} and other == {"pi"} for one, other in (roles, roles[::-1]))


@pytest.mark.parametrize("packaging", [unknown, tree])
def test_two_labels_in_one_frame(packaging: Packaging) -> None:
    rng = chance(f"frame {packaging.__name__}")
    counts: Counter[str] = Counter()
    for _ in range(PAIRS):
        one = package(rng)
        other = package(rng, one)
        places = placed(one, other, rng)
        read = rng.choice((1.0, 0.8, 0.5))
        shown = [
            (owner, symbol, place)
            for owner, place in zip((one, other), places, strict=True)
            for symbol in owner.symbols
            if rng.random() < read
        ]
        rng.shuffle(shown)
        found = assemble([seen(symbol, place) for _, symbol, place in shown], today=TODAY, packaging=packaging)
        counts[verdict(found, (one, other), [(owner, symbol) for owner, symbol, _ in shown])] += 1
    assert counts["wrong"] == 0
    assert counts["undecidable"] <= 1
    assert counts["whole"] > PAIRS / 5
    assert counts["several"] > PAIRS / 2
    assert sum(counts.values()) == PAIRS


def test_a_label_that_is_read_whole_gives_its_whole_udi() -> None:
    rng = chance("single")
    counts: Counter[tuple[bool, bool]] = Counter()
    for _ in range(SINGLES):
        one = package(rng)
        place, _ = placed(one, one, rng)
        reads = [seen(symbol, place) for symbol in one.symbols]
        rng.shuffle(reads)
        found = assemble(reads, today=TODAY)
        assert verdict(found, [one], []) != "wrong"
        counts[one.split, verdict(found, [one], []) == "whole"] += 1
    assert counts[False, False] == 0
    assert counts[True, True] >= 0.99 * (counts[True, True] + counts[True, False])
    assert counts[True, True] > SINGLES / 3


def crowd(one: Package, other: Package, rng: random.Random) -> list[Read]:
    """All symbols of two packages in one column or one row, in any order, so that every two neighbours could join."""
    symbols = [symbol for owner in (one, other) for symbol in owner.symbols if symbol.role != "retail"]
    rng.shuffle(symbols)
    down = rng.random() < 0.5
    reads, at = [], 0.0
    for symbol in symbols:
        corner = complex(0, at) if down else complex(at, 0)
        points = Place(corner - complex(symbol.x, symbol.y), 0.0).corners(symbol)
        reads.append(Read(symbol.payload, symbol.symbology, "camera", 1, corners=pixels(points)))
        at += (symbol.height if down else symbol.width) + rng.uniform(1.0, 6.0)
    return reads


@pytest.mark.parametrize("packaging", [unknown, tree])
def test_no_arrangement_deceives_when_all_is_read(packaging: Packaging) -> None:
    """Labels of two halves or one whole symbol, however their symbols are mixed."""
    rng = chance(f"crowd {packaging.__name__}")
    counts: Counter[str] = Counter()
    for _ in range(CROWDS):
        one = package(rng)
        other = package(rng, one)
        if max(len(one.pis), len(other.pis)) < 2:
            found = assemble(crowd(one, other, rng), today=TODAY, packaging=packaging)
            counts[verdict(found, (one, other), [])] += 1
    assert counts["wrong"] + counts["undecidable"] == 0
    assert counts["several"] > CROWDS / 2


@given(st.integers(0, 2**32), st.data())
@settings(deadline=None)
def test_fewer_reads_never_give_another_package(seed: int, data: st.DataObject) -> None:
    """Any part of one label gives parts of its UDI, and nothing else."""
    rng = chance(str(seed))
    one = package(rng)
    place, _ = placed(one, one, rng)
    part = data.draw(st.lists(st.sampled_from(one.symbols), unique=True))
    found = assemble([seen(symbol, place) for symbol in part], today=TODAY)
    assert found.shape is not Shape.INVALID
    assert verdict(found, [one], []) != "wrong"
