from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.vision.average import MOST, MOST_SHIFT, Average, shift
from edge.vision.pixels import Luma
from tests.support import frames

TYPICAL = frames.CONDITIONS["typical"]


def still(*, moved: float = 0.0, only: slice | None = None, seed: int = 0, noise: float = 4.0) -> Luma:
    """A page of text, by so many pixels to the right and half as many down; or only some of its columns."""
    page = frames.background("text", (640, 480), np.random.default_rng(1))
    way = np.array([[1, 0, moved], [0, 1, moved / 2]])
    there = cv2.warpAffine(page, way, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if only is not None:
        page[:, only] = there[:, only]
    return lit(there if only is None else page, seed, noise)


def lit(page: NDArray[Any], seed: int, noise: float) -> Luma:
    soft = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8))
    grain = np.random.default_rng(seed).standard_normal(soft.shape) * noise
    return np.asarray(np.clip(128 + 150 * (soft - 0.5) + grain, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("moved", [0.0, 0.3, 0.5, 0.8, -0.5])
@pytest.mark.parametrize("noise", [0.0, 4.0])
def test_shift_is_measured_below_a_pixel(moved: float, noise: float) -> None:
    found = shift(still(noise=noise), still(moved=moved, seed=1, noise=noise))
    assert found == pytest.approx(abs(moved), abs=0.12 + 0.2 * abs(moved))


def test_a_part_that_moves_on_what_stands_is_seen() -> None:
    assert shift(still(), still(moved=0.6, only=slice(200, 360), seed=1)) > MOST_SHIFT


def test_a_plain_view_cannot_tell() -> None:
    plain = np.full((200, 300), 90, np.uint8)
    assert shift(plain, plain + 1) == 0.0


def test_four_frames_have_half_the_noise_and_more_are_not_taken() -> None:
    average, clear = Average(), still(noise=0.0).astype(float)
    noise = []
    for number in range(6):
        assert average.add(still(seed=number))
        noise.append(float((average.picture - clear).std()))
    assert average.frames == MOST
    assert noise[:4] == pytest.approx([4, 4 / 2**0.5, 4 / 3**0.5, 2], rel=0.1)
    assert noise[3] == noise[5]


def test_the_mean_is_rounded() -> None:
    average = Average()
    for level in (10, 11, 11, 11):
        average.add(np.full((4, 4), level, np.uint8))
    assert average.picture[0, 0] == 11


@pytest.mark.parametrize("moved", [0.5, 5.0])
def test_what_moves_begins_anew(moved: float) -> None:
    average = Average()
    assert [average.add(still(seed=1)), average.add(still(seed=2))] == [True, True]
    after = still(moved=moved, seed=3)
    assert not average.add(after)
    assert average.frames == 1
    assert (average.picture == after).all()


def test_a_frame_of_another_size_begins_anew_and_none_is_no_picture() -> None:
    average = Average()
    with pytest.raises(ValueError, match="at least one frame"):
        _ = average.picture
    average.add(still())
    average.add(np.zeros((1, 1), np.uint8))
    assert average.picture.shape == (1, 1)
