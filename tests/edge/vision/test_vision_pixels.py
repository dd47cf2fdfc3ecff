import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.pixels import Affine, boxes, deepened, halved, highest, lowest, scaled, scaling, texture

numbers = st.floats(-50, 50)
affines = st.builds(Affine, *[numbers] * 6)


@given(affines, affines, numbers, numbers)
def test_one_after_the_other_is_the_same_as_both(second: Affine, first: Affine, x: float, y: float) -> None:
    assert second.after(first)(x, y) == pytest.approx(second(*first(x, y)), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("factor", [0.5, 1.5, 2, 3])
def test_the_way_back_leads_to_the_pixel_that_was_made_larger(factor: float) -> None:
    luma = np.zeros((60, 60), np.uint8)
    luma[20:24, 30:34] = 255
    ys, xs = np.nonzero(scaled(luma, factor) > 127)
    assert scaling(factor)(float(xs.mean()), float(ys.mean())) == pytest.approx((31.5, 21.5), abs=0.5)


def test_halved_is_the_mean_of_four_and_never_empty() -> None:
    assert halved(np.array([[0, 100], [100, 200]], np.uint8)).tolist() == [[100]]
    assert halved(np.zeros((1, 1), np.uint8)).shape == (1, 1)


def test_highest_less_lowest_is_the_texture() -> None:
    luma = np.random.default_rng(1).integers(0, 256, (20, 20), dtype=np.uint8)
    assert (highest(luma, 3) - lowest(luma, 3) == texture(luma, 3)).all()


def test_deepened_keeps_white_and_ends_at_black() -> None:
    assert deepened(np.array([[255, 250, 0]], np.uint8), 10).tolist() == [[255, 205, 0]]


def test_boxes_are_those_of_connected_areas() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[2:5, 3:9] = mask[10:12, 1:2] = 1
    assert sorted(boxes(mask)) == [(1, 10, 1, 2), (3, 2, 6, 3)]
    assert list(boxes(np.zeros((5, 5), np.uint8))) == []
