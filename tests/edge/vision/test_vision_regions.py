import numpy as np
import pytest

from edge.vision.regions import Bars, Region

REGION = Region(10, 20, 40, 30, "matrix", margin=5)


def test_a_crop_is_a_view_of_the_frame() -> None:
    frame = np.zeros((100, 100), np.uint8)
    REGION.crop(frame)[:] = 1
    assert frame[20:50, 10:50].all()
    assert frame.sum() == 40 * 30


def test_a_point_is_held_from_the_first_pixel_to_the_last() -> None:
    assert REGION.holds(10, 20)
    assert REGION.holds(49, 49)
    assert not REGION.holds(50, 49)
    assert not REGION.holds(9, 20)


def test_the_core_is_without_the_margin() -> None:
    assert REGION.core() == (15, 25, 45, 45)


@pytest.mark.parametrize("lean", [-80.0, -30.0, 0.0, 45.0, 89.0])
@pytest.mark.parametrize("upside_down", [False, True])
def test_the_bars_of_a_symbol_lie_between_its_corners(lean: float, *, upside_down: bool) -> None:
    a, b, c, d = ((round(x), round(y)) for x, y in Bars(500, 400, 300, 60, lean).outline())
    bars = Bars.of_symbol((c, d, a, b) if upside_down else (a, b, c, d))
    assert (bars.x, bars.y, bars.length, bars.height, bars.lean) == pytest.approx((500, 400, 300, 60, lean), abs=1.5)


def test_bars_have_the_height_that_they_have_at_least() -> None:
    assert Bars.of_symbol(((10, 20), (110, 20), (110, 21), (10, 21)), 16) == Bars(60, 20.5, 100, 16, 0)
