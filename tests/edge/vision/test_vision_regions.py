import numpy as np

from edge.vision.regions import Region

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
