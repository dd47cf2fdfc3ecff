"""Sheets of stickers: no two stickers are ever taken for one, and a sheet that is read whole gives each of them."""

import cmath
from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest

from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Corners, Read
from edge.udi.stickers import stickers
from tests.support.packages import MARGIN, Package, chance, package
from tests.support.tables import Place, seen, size

TODAY = date(2026, 11, 24)
SHEETS = 150
ROWS, COLUMNS = 4, 3
GTIN, OTHER_GTIN = b"0106901234567892", b"0106901234500011"


def at(x: int, y: int, width: int = 120, height: int = 40) -> Corners:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def read(payload: bytes, corners: Corners | None, symbology: str = "]C1") -> Read:
    return Read(payload, symbology, "camera", 1, corners=corners)


TABLE = {
    "two halves of one sticker": (
        [read(GTIN, at(0, 0)), read(b"17291231" + b"10A1", at(0, 60))],
        [(Shape.COMPLETE, "A1")],
    ),
    "two stickers of one product, each with its own lot": (
        [
            *(read(GTIN, at(0, 0)), read(b"10A1", at(0, 60))),
            *(read(GTIN, at(400, 0)), read(b"10A2", at(400, 60))),
        ],
        [(Shape.COMPLETE, "A1"), (Shape.COMPLETE, "A2")],
    ),
    "the same content at two places": (
        [read(GTIN + b"10A1", at(0, 0), "]d2"), read(GTIN + b"10A1", at(200, 0), "]d2")],
        [(Shape.COMPLETE, "A1"), (Shape.COMPLETE, "A1")],
    ),
    "one sticker in two symbologies": (
        [read(GTIN + b"10A1", at(0, 0, 60, 60), "]d2"), read(GTIN + b"10A1", at(0, 80))],
        [(Shape.COMPLETE, "A1")],
    ),
    "a half between two stickers continues the upper one": (
        [read(GTIN, at(0, 0)), read(b"10A1", at(0, 60)), read(GTIN, at(0, 120))],
        [(Shape.COMPLETE, "A1"), (Shape.DI_ONLY, None)],
    ),
    "two lots for one DI": (
        [read(GTIN, at(0, 0)), read(b"10A1", at(140, 0)), read(b"10A2", at(0, 60))],
        [(Shape.DI_ONLY, None), (Shape.PI_ONLY, "A1"), (Shape.PI_ONLY, "A2")],
    ),
    "one lot for two DIs": (
        [read(GTIN, at(0, 0)), read(GTIN, at(140, -60)), read(b"10A1", at(140, 0))],
        [(Shape.DI_ONLY, None), (Shape.DI_ONLY, None), (Shape.PI_ONLY, "A1")],
    ),
    "a retail symbol beside them": (
        [read(GTIN, at(0, 0)), read(b"10A1", at(0, 60)), read(b"6901234567892", at(300, 0), "]E0")],
        [(Shape.COMPLETE, "A1")],
    ),
    "a faulty half": (
        [read(GTIN[:-1] + b"3", at(0, 0)), read(b"10A1", at(0, 60))],
        [(Shape.INVALID, None), (Shape.PI_ONLY, "A1")],
    ),
    "a half far away": (
        [read(GTIN, at(0, 0)), read(b"10A1", at(0, 200))],
        [(Shape.DI_ONLY, None), (Shape.PI_ONLY, "A1")],
    ),
    "a complete symbol and a lot that contradicts it": (
        [read(GTIN + b"10A1", at(0, 0)), read(b"10A2", at(0, 60))],
        [(Shape.COMPLETE, "A1"), (Shape.PI_ONLY, "A2")],
    ),
    "a number of the house among stickers": (
        [read(GTIN + b"10A1", at(0, 0), "]d2"), read(b"SHELF 4", at(0, 300), "]C0")],
        [(Shape.COMPLETE, "A1"), (Shape.OTHER, None)],
    ),
    "two products": (
        [read(OTHER_GTIN + b"10A1", at(0, 0), "]d2"), read(GTIN + b"10A1", at(200, 0), "]d2")],
        [(Shape.COMPLETE, "A1"), (Shape.COMPLETE, "A1")],
    ),
    "nothing": ([], []),
}


@pytest.mark.parametrize(("reads", "expected"), TABLE.values(), ids=TABLE.keys())
def test_named_sheets(reads: Sequence[Read], expected: list[tuple[Shape, str | None]]) -> None:
    for shown in (reads, reads[::-1]):
        found = stickers(shown, today=TODAY)
        assert [(each.shape, None if each.udi is None else each.udi.lot) for each in found] == expected


def test_a_read_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no corners"):
        stickers([read(GTIN, None)], today=TODAY)


def sheet(seed: str, share: float, paper: float) -> tuple[list[tuple[int, Read]], list[Package]]:
    """Twelve stickers, often of one product, on a form: what was read of each, with the number of its sticker.

    Args:
        seed: decides everything.
        share: of the symbols that were read.
        paper: millimetres of free paper around each sticker's symbols.
    """
    rng = chance(seed)
    packages = [package(rng)]
    packages += [package(rng, rng.choice(packages)) for _ in range(ROWS * COLUMNS - 1)]
    width = max(size(each).real for each in packages) - 2 * (MARGIN - paper)
    height = max(size(each).imag for each in packages) - 2 * (MARGIN - paper)
    turn = rng.gauss(0.0, 0.05)
    reads = []
    for number, each in enumerate(packages):
        cell = complex(number % COLUMNS * width, number // COLUMNS * height)
        place = Place(cell * cmath.rect(1.0, turn), turn + rng.gauss(0.0, 0.03))
        reads += [(number, seen(symbol, place)) for symbol in each.symbols if rng.random() < share]
    rng.shuffle(reads)
    return reads, packages


@pytest.mark.parametrize("paper", [1.0, 2.5, 5.0])
@pytest.mark.parametrize("share", [1.0, 0.8, 0.5])
def test_random_sheets(share: float, paper: float) -> None:
    counts: Counter[str] = Counter()
    for seed in range(SHEETS):
        reads, packages = sheet(f"sheet {share} {paper} {seed}", share, paper)
        owner = {id(each): number for number, each in reads}
        found = stickers([each for _, each in reads], today=TODAY)
        assert sorted(owner) == sorted(id(each) for one in found for each in one.reads)
        owners = [{owner[id(each)] for each in one.reads} for one in found]
        counts.update(judged(one, [packages[n] for n in of]) for one, of in zip(found, owners, strict=True))
    assert counts["wrong"] == 0
    assert counts["whole"] >= (0.85 * share**2.5) * SHEETS * ROWS * COLUMNS


def judged(found: Presentation, owners: Sequence[Package]) -> str:
    """``wrong`` where a UDI says something that is true of no package whose symbols were taken for it."""
    if found.udi is None or found.shape is Shape.INVALID:
        return found.shape.value
    if not any(each.owns(found.udi) for each in owners):
        return "wrong"
    return "whole" if any(each.is_all_of(found.udi) for each in owners) else "part"
