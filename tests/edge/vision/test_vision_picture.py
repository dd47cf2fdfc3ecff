"""Pictures: cut out around the object, bare, and small enough to be sealed and sent."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.seal import MAX_PICTURE_BYTES, Sealer, new_key, public_half
from edge.station.jpeg import is_bare
from edge.vision.picture import MOST_BYTES, MOST_SIDE, cut_out, picture
from edge.vision.pixels import Luma, jpeg
from tests.support.jpeg import metadata_segments


def noise(height: int, width: int) -> Luma:
    return np.random.default_rng(7).integers(0, 256, (height, width)).astype(np.uint8)


def opened(data: bytes) -> Luma:
    image = Image.open(io.BytesIO(data))
    assert image.mode == "L"
    return np.asarray(image)


FRAME = np.full((60, 80), 200, np.uint8)
FRAME[20:40, 30:50] = 20
BOXES: dict[str, tuple[tuple[int, int, int, int] | None, tuple[int, int]]] = {
    "the object": ((30, 20, 20, 20), (20, 20)),
    "no box": (None, (60, 80)),
    "over the edge": ((-10, -10, 40, 40), (30, 30)),
    "over the other edge": ((70, 50, 40, 40), (10, 10)),
    "outside": ((100, 100, 10, 10), (60, 80)),
    "outside to the left": ((-50, 0, 20, 20), (60, 80)),
    "empty": ((10, 10, 0, 0), (60, 80)),
}


@pytest.mark.parametrize(("box", "shape"), BOXES.values(), ids=BOXES.keys())
def test_it_shows_what_lies_within_the_box(box: Any, shape: tuple[int, int]) -> None:
    assert opened(picture(FRAME, box)).shape == shape


def test_it_shows_the_object_and_nothing_else() -> None:
    assert int(opened(picture(FRAME, (30, 20, 20, 20))).max()) < 60


FRAMES = {
    "a package": FRAME,
    "noise that fills the frame": noise(1088, 1456),
    "twelve megapixels": noise(3000, 4000)[:, ::-1],
    "a line": noise(1, 5000),
    "one pixel": noise(1, 1),
    "read-only, every other pixel": np.broadcast_to(noise(400, 1), (400, 700))[::2, ::2],
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_it_is_bare_small_and_as_long_as_is_worth_it(frame: Luma) -> None:
    data = picture(frame, None)
    assert is_bare(data)
    assert metadata_segments(data) == []
    assert len(data) <= MOST_BYTES
    assert max(opened(data).shape) <= min(MOST_SIDE, max(frame.shape))


def test_the_largest_one_can_be_sealed_whatever_the_key_is_called() -> None:
    sealed = Sealer("k" * 255, public_half(new_key())).seal_picture(bytes(MOST_BYTES), site="s", station="OR-01")
    assert len(sealed) <= MAX_PICTURE_BYTES


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1_000, 9_000))
def test_any_size_is_kept(height: int, width: int, most: int) -> None:
    assert len(picture(noise(height, width), None, most_bytes=most)) <= most


def test_what_no_jpeg_can_be_is_said() -> None:
    with pytest.raises(ValueError, match="expected 10 at most"):
        picture(FRAME, None, most_bytes=10)


def test_the_whole_frame_is_the_frame_itself() -> None:
    assert cut_out(FRAME, None) is FRAME
    assert jpeg(FRAME, 90) != jpeg(FRAME, 40)
