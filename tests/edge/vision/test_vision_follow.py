import numpy as np
import pytest

from edge.vision.follow import REACH, trail
from edge.vision.pixels import Luma
from tests.support import video

SIZE = (480, 360)
A, HAND = video.label(1), video.hand()
START = (150.0, 160.0)


def frame(x: float, y: float, *, seed: int, angle: float = 20.0) -> Luma:
    return video.still((A, (x, y, angle)), size=SIZE, seed=seed)


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (7, -3), (60, 40), (-40, 20), (REACH - 10, 0)])
def test_a_thing_is_found_where_it_went(dx: float, dy: float) -> None:
    former = trail(frame(*START, seed=1), START, 60.0, 1)
    found = former.on(frame(START[0] + dx, START[1] + dy, seed=2, angle=23.0), 2)
    assert found is not None
    assert found.at == pytest.approx((START[0] + dx, START[1] + dy), abs=5)
    assert found.t0_ns == 2


def test_what_is_not_there_is_not_found() -> None:
    former = trail(frame(*START, seed=1), START, 60.0, 1)
    assert former.on(video.still(size=SIZE, seed=2), 2) is None
    assert former.on(video.still((HAND, (*START, 0.0)), size=SIZE, seed=2), 2) is None


@pytest.mark.parametrize("at", [(0.0, 0.0), (479.0, 359.0), (-90.0, 10.0), (900.0, 900.0)])
@pytest.mark.parametrize("shape", [(360, 480), (1, 1), (5, 300)])
def test_places_at_the_edge_and_outside_are_no_trouble(at: tuple[float, float], shape: tuple[int, int]) -> None:
    first = trail(frame(*START, seed=1), at, 60.0, 1)
    first.on(np.zeros(shape, np.uint8), 2)
    trail(np.zeros(shape, np.uint8), at, 3.0, 1).on(frame(*START, seed=1), 2)
