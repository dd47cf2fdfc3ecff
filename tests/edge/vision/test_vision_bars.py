import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays

from edge.vision.bars import find_bars, joined
from edge.vision.pixels import Luma
from edge.vision.regions import Bars

WIDTH, HEIGHT = 480, 400
FINE = 4


def bars(
    lean: float, *, length: int = 240, height: int = 60, at: tuple[int, int] = (240, 200), module: int = 3
) -> Luma:
    """Bars of one and two modules in turn on paper, turned by `lean`."""
    upright = np.full((FINE * height, FINE * length), 255, np.uint8)
    for left in range(0, FINE * (length - 3 * module), 5 * FINE * module):
        upright[:, left : left + FINE * module] = 0
        upright[:, left + 2 * FINE * module : left + 4 * FINE * module] = 0
    turn = cv2.getRotationMatrix2D((FINE * length / 2, FINE * height / 2), -lean, 1.0)
    turn[:, 2] += np.array([FINE * (at[0] - length / 2), FINE * (at[1] - height / 2)])
    large = cv2.warpAffine(upright, turn, (FINE * WIDTH, FINE * HEIGHT), borderValue=255.0)
    return np.asarray(cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def turned(lean: float, truth: float) -> float:
    return abs((lean - truth + 90) % 180 - 90)


@pytest.mark.parametrize("lean", [-88, -45, -17, 0, 3, 30, 62, 90])
def test_lean_and_extent_of_bars_at_any_angle(lean: float) -> None:
    (found,) = find_bars(bars(lean))
    assert turned(found.lean, lean) < 0.5
    assert (found.x, found.y) == pytest.approx((240, 200), abs=6)
    assert 230 <= found.length <= 275
    assert 50 <= found.height <= 90


def noise(seed: int) -> Luma:
    return np.random.default_rng(seed).integers(100, 156, (HEIGHT, WIDTH), dtype=np.uint8)


def checks() -> Luma:
    return np.asarray((np.indices((HEIGHT, WIDTH)) // 8).sum(axis=0) % 2 * 255, np.uint8)


def edge() -> Luma:
    return np.where(np.arange(WIDTH) < 200, 20, 230).astype(np.uint8) * np.ones((HEIGHT, 1), np.uint8)


NO_BARS = {
    "nothing": np.full((HEIGHT, WIDTH), 128, np.uint8),
    "noise": noise(1),
    "a pattern of squares": checks(),
    "the edge of a label": edge(),
    "a few pixels": bars(0)[:9, :200],
    "one pixel": np.zeros((1, 1), np.uint8),
    "few bars": bars(0, length=30, height=60),
}


@pytest.mark.parametrize("luma", NO_BARS.values(), ids=NO_BARS.keys())
def test_what_is_no_code_has_no_bars(luma: Luma) -> None:
    assert find_bars(luma) == ()


def test_a_matrix_symbol_close_below_is_not_part_of_the_bars() -> None:
    image = bars(0, at=(240, 150))
    image[186:226, 130:170] = np.kron(np.random.default_rng(3).integers(0, 2, (20, 20)), np.ones((2, 2))) * 255
    (found,) = find_bars(image)
    assert found.y + found.height / 2 < 205


def test_a_code_with_a_washed_out_middle_is_one() -> None:
    image = bars(20)
    image[:, 215:265] = 255
    (found,) = find_bars(image)
    assert found.length > 220


PIECE = Bars(100, 100, 120, 40, 0.0, 2.0)
PAIRS = {
    "in line": (Bars(228, 104, 100, 40, 2.0, 1.0), True),
    "overlapping": (Bars(150, 100, 100, 30, 0.0, 1.0), True),
    "too far": (Bars(250, 100, 100, 40, 0.0, 1.0), False),
    "below": (Bars(100, 160, 120, 40, 0.0, 1.0), False),
    "at another angle": (Bars(220, 100, 100, 40, 20.0, 1.0), False),
}


@pytest.mark.parametrize(("other", "one"), PAIRS.values(), ids=PAIRS.keys())
@pytest.mark.parametrize("lean", [0.0, 35.0, -88.0])
def test_pieces_are_joined_across_their_bars_only(other: Bars, one: bool, lean: float) -> None:
    whole = joined([turn(PIECE, lean), turn(other, lean)])
    assert len(whole) == (1 if one else 2)
    assert sum(each.weight for each in whole) == 3.0
    if one:
        assert whole[0].length >= max(PIECE.length, other.length)


def turn(each: Bars, lean: float) -> Bars:
    """Turned around the origin, with the lean in its range."""
    cos, sin = math.cos(math.radians(lean)), math.sin(math.radians(lean))
    x, y = each.x * cos - each.y * sin, each.x * sin + each.y * cos
    return Bars(x, y, each.length, each.height, (each.lean + lean + 90) % 180 - 90, each.weight)


def test_a_page_full_of_lines_is_not_looked_at_for_ever() -> None:
    pieces = [Bars(200.0 * (n % 60), 200.0 * (n // 60), 100, 40, float(n % 90), float(n)) for n in range(3000)]
    strongest = joined(pieces)
    assert len(strongest) <= 40
    assert strongest[0].weight == 2999


def test_pieces_on_both_sides_of_the_vertical_are_parallel() -> None:
    (whole,) = joined([Bars(100, 100, 120, 40, 89.0, 2.0), Bars(101, 230, 120, 40, -89.0, 1.0)])
    assert whole.length == pytest.approx(250, abs=10)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_any_array_gives_rectangles_with_sizes(luma: Luma) -> None:
    for found in find_bars(luma):
        assert found.length > 0
        assert found.height > 0
        assert -90 <= found.lean <= 90
