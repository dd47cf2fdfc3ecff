from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.vision.ladder import read_frame
from edge.vision.pixels import Luma
from edge.vision.regions import Region
from edge.vision.rungs import RUNGS
from edge.vision.symbols import Symbol, read_symbols
from tests.support.frames import content
from tests.support.peened import Peening, mark, metal

SEEDS = range(101, 105)
# rung: pixels from dot to dot for which it is made, whether dots are light
MADE_FOR = {
    "peened": (4.2, False),
    "peened_half": (8.5, False),
    "peened_third": (12.0, False),
    "peened_quarter": (17.0, False),
    "peened_sixth": (25.0, False),
    "peened_eighth": (33.0, False),
    "soft": (4.8, True),
    "soft_half": (9.0, True),
    "soft_quarter": (18.0, True),
    "soft_sixth": (26.0, True),
    "soft_eighth": (33.0, True),
}


def symbols(rung: str, picture: Luma) -> tuple[Symbol, ...]:
    height, width = picture.shape
    view = RUNGS[rung].make(picture, Region(0, 0, width, height, "matrix"))
    return () if view is None else read_symbols(view.luma, ("DataMatrix",), downscale=RUNGS[rung].downscale)


def payloads(found: Sequence[Symbol]) -> list[bytes]:
    return [symbol.payload for symbol in found]


@pytest.mark.parametrize(("rung", "pitch", "light"), [(name, *made) for name, made in MADE_FOR.items()])
def test_a_rung_reads_the_dots_it_is_made_for_and_the_picture_as_it_is_does_not(
    rung: str, pitch: float, *, light: bool
) -> None:
    read = 0
    for seed in SEEDS:
        picture, truth = mark(Peening(pitch, angle=7.0 * seed, light=light), seed=seed)
        assert symbols("native", picture) == symbols("twice", picture) == ()
        assert payloads(symbols(rung, picture)) in ([truth], [])
        read += payloads(symbols(rung, picture)) == [truth]
    assert read >= 3


def test_corners_of_a_reduced_view_lie_in_the_picture() -> None:
    picture, truth = mark(Peening(16), seed=3)
    (read,) = read_frame(picture, t0_ns=0)
    assert read.payload == truth
    assert read.rung in MADE_FOR
    first, last = 4 * 16, picture.shape[0] - 4 * 16  # the rim is four dots wide
    assert read.corners is not None
    expected = ((first, first), (last, first), (last, last), (first, last))
    assert np.abs(np.array(read.corners) - np.array(expected)).max() <= 16


@pytest.mark.parametrize("pitch", [6, 9, 17, 33])
@pytest.mark.parametrize("seed", [1, 2])
def test_metal_without_a_mark_reads_as_nothing(pitch: float, seed: int) -> None:
    assert read_frame(metal(round(40 * pitch), round(30 * pitch), pitch=pitch, seed=seed), t0_ns=0) == ()


@pytest.mark.parametrize("rung", MADE_FOR)
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (39, 39), (3000, 4000)])
def test_a_rung_declines_what_is_too_small_or_costs_too_much(rung: str, shape: tuple[int, int]) -> None:
    view = RUNGS[rung].make(np.zeros(shape, np.uint8), Region(0, 0, shape[1], shape[0], "matrix"))
    assert view is None or (min(view.luma.shape) >= 40 and view.luma.size <= 1600 * 1100)


@given(
    rung=st.sampled_from(sorted(MADE_FOR)),
    picture=arrays(np.uint8, st.tuples(st.integers(1, 400), st.integers(1, 400)), fill=st.integers(0, 255)),
    step=st.integers(1, 3),
)
@settings(deadline=None, max_examples=50)
def test_any_array_gives_a_view_or_none_and_stays_as_it_is(rung: str, picture: Luma, step: int) -> None:
    strided = picture[::step, ::step]
    strided.flags.writeable = False
    before = strided.copy()
    assert symbols(rung, strided) == ()
    assert np.array_equal(strided, before)


def written(form: zxingcpp.BarcodeFormat, **options: object) -> tuple[Luma, bytes]:
    text, payload = content(4711)
    image = np.array(zxingcpp.create_barcode(text, form, gs1=True, **options).to_image(scale=4), np.uint8)
    return np.pad(image, 20, constant_values=255), payload


WRITTEN: Mapping[str, Callable[[], tuple[Luma, bytes]]] = {
    "data matrix": lambda: written(zxingcpp.BarcodeFormat.DataMatrix, force_square=True),
    "rectangular": lambda: written(zxingcpp.BarcodeFormat.DataMatrix, options="version=28"),
    "rectangular extension": lambda: written(zxingcpp.BarcodeFormat.DataMatrix),
    "qr": lambda: written(zxingcpp.BarcodeFormat.QRCode),
}
SEEN: Mapping[str, Callable[[Luma], Luma]] = {
    "as it is": lambda image: image,
    "light on dark": lambda image: 255 - image,
    "in a mirror": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "light on dark in a mirror": lambda image: 255 - image[:, ::-1],
    "through glass from behind, turned": lambda image: np.rot90(image[::-1]),
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("seen", SEEN)
def test_light_and_mirrored_marks_of_every_form_are_read(form: str, seen: str) -> None:
    image, payload = WRITTEN[form]()
    assert [read.payload for read in read_frame(SEEN[seen](image), t0_ns=0)] == [payload]
