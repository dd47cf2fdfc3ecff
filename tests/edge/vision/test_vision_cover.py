import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.cover import covered, grown, rim, uncovered

SQUARE = ((30.0, 40.0), (49.0, 40.0), (49.0, 59.0), (30.0, 59.0))
numbers = st.floats(-300, 300)
Corners = tuple[tuple[float, float], ...]
quads = st.tuples(*[st.tuples(numbers, numbers)] * 4)


def test_a_symbol_is_painted_over_in_the_grey_of_its_paper() -> None:
    luma = np.full((100, 100), 200, np.uint8)
    luma[40:60, 30:50] = np.random.default_rng(0).integers(0, 255, (20, 20))
    before = luma.copy()
    luma.flags.writeable = False
    assert (covered(luma, [SQUARE]) == 200).all()
    assert (luma == before).all()


def test_without_symbols_it_is_the_image_itself() -> None:
    luma = np.zeros((5, 5), np.uint8)
    assert covered(luma, []) is luma


def test_a_symbol_at_the_edge_is_painted_over_as_far_as_it_goes() -> None:
    quad = ((-5, -5), (14, -5), (14, 14), (-5, 14))
    assert covered(np.full((20, 20), 7, np.uint8), [quad]).shape == (20, 20)


def test_a_long_symbol_has_the_rim_of_its_shorter_side() -> None:
    assert rim(((0, 0), (900, 0), (900, 100), (0, 100))) == pytest.approx(10)
    assert rim(((0, 0), (9, 0), (9, 9), (0, 9))) == 4


def test_grown_moves_every_side_outwards_by_so_much() -> None:
    assert grown(((0, 0), (10, 0), (10, 20), (0, 20)), 2) == ((-2, -2), (12, -2), (12, 22), (-2, 22))


TABLE = {
    "nothing read": ([], 1.0),
    "all of it": ([SQUARE], 0.0),
    "far away": ([tuple((x + 500, y) for x, y in SQUARE)], 1.0),
}


@pytest.mark.parametrize(("known", "left"), TABLE.values(), ids=TABLE.keys())
def test_what_is_left_of_an_outline(known: list[Corners], left: float) -> None:
    assert uncovered(SQUARE, known) == left


def test_half_of_an_outline_is_half_of_it() -> None:
    outline = ((0, 0), (100, 0), (100, 100), (0, 100))
    assert uncovered(outline, [((0, 0), (46, 0), (46, 100), (0, 100))]) == pytest.approx(0.5, abs=0.03)


@given(quads, st.lists(quads, max_size=3))
def test_any_corners_leave_a_share(outline: Corners, known: list[Corners]) -> None:
    assert 0 <= uncovered(outline, known) <= 1
    assert covered(np.zeros((50, 50), np.uint8), known).shape == (50, 50)
