import math
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.udi.read import Read
from edge.vision.bars import find_bars
from edge.vision.ladder import read_frame
from edge.vision.linear import bars, bars_plain, bars_sharp, evened, full_height, inverse_blur
from edge.vision.pixels import Luma
from edge.vision.regions import Bars, Region
from edge.vision.rungs import RUNGS
from edge.vision.symbols import Symbol, read_symbols
from tests.support.frames import CONDITIONS, Shot, shot

SIZE = (640, 640)
F = zxingcpp.BarcodeFormat
FORMATS = ("Code128", "Code39", "ITF", "EAN13", "EAN8", "UPCA", "UPCE", "DataBar", "DataBarExp", "DataBarLtd")


def label(symbols: Sequence[Luma], lean: float, *, gap: int = 0, px: float = 2.0, size: tuple[int, int] = SIZE) -> Luma:
    """Symbols that were drawn with 8 pixels per module, one above the other, on a label in the middle of a frame."""
    width = max(each.shape[1] for each in symbols)
    rows: list[Luma] = []
    for each in symbols:
        rows += [np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=255)]
        rows += [np.full((int(gap * 8 / px), width), 255, np.uint8)]
    paper = np.pad(np.vstack(rows[:-1]), 60, constant_values=255)
    height, width = paper.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -lean, px / 8 * 2)
    turn[:, 2] += (size[0] - width / 2, size[1] - height / 2)
    large = cv2.warpAffine(cv2.blur(paper, (3, 3)), turn, (2 * size[0], 2 * size[1]), borderValue=(110.0,))
    seen = cv2.GaussianBlur(cv2.resize(large, size, interpolation=cv2.INTER_AREA), (0, 0), 0.7)
    noise = np.random.default_rng(5).normal(0, 4, seen.shape)
    return np.asarray(np.clip(60 + 0.6 * seen + noise, 0, 255), np.uint8)


def drawn(text: str, barcode_format: zxingcpp.BarcodeFormat, *, gs1: bool = False, height: int | None = None) -> Luma:
    image = np.array(zxingcpp.create_barcode(text, barcode_format, gs1=gs1).to_image(scale=8, add_quiet_zones=True))
    return image if height is None else image[: 8 * height]


def payloads(reads: Sequence[Read]) -> set[bytes]:
    return {read.payload for read in reads}


@pytest.mark.parametrize("angle", [0, 10, 45, 80, 90, 135, 180, 200, 269, 300])
def test_a_code_is_read_at_any_angle_and_its_corners_are_where_it_lies(angle: float) -> None:
    seen = shot("code128", CONDITIONS["typical"], 2.0, seed=int(angle) + 1, angle=angle, size=SIZE)
    (read,) = read_frame(seen.luma, t0_ns=0, formats=("Code128",))
    assert (read.payload, (read.rung or "")[:4]) == (seen.truth[0].payload, "bars")
    assert off(read, seen) <= 7


def off(read: Read, seen: Shot) -> float:
    """Pixels between a corner and where it is, at most."""
    assert read.corners is not None
    return float(np.abs(np.array(read.corners) - seen.truth[0].corners).max())


@pytest.mark.parametrize("condition", ["clean", "low_contrast", "glare", "perspective", "defocus"])
def test_conditions_in_which_the_decoder_alone_reads_nothing(condition: str) -> None:
    seen = shot("code128", CONDITIONS[condition], 2.0, seed=11, angle=33, size=SIZE, ground="plain")
    assert read_symbols(seen.luma, ("Code128",)) == ()
    assert payloads(read_frame(seen.luma, t0_ns=0, formats=("Code128",))) == {seen.truth[0].payload}


KINDS = {
    "EAN13": (F.EAN13, "6901234567892", b"6901234567892"),
    "EAN8": (F.EAN8, "96385074", b"96385074"),
    "UPCA": (F.UPCA, "036000291452", b"0036000291452"),
    "Code39": (F.Code39Std, "+A123BJC5D6E71G", b"+A123BJC5D6E71G"),
    "ITF": (F.ITF, "16901234567899", b"16901234567899"),
}


@pytest.mark.parametrize(("barcode_format", "text", "payload"), KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("lean", [-28, 77])
def test_every_kind_is_read_tilted_and_counts(
    barcode_format: zxingcpp.BarcodeFormat, text: str, payload: bytes, lean: float
) -> None:
    luma = label([drawn(text, barcode_format)], lean)
    (read,) = read_frame(luma, t0_ns=0, formats=FORMATS)
    assert (read.payload, (read.rung or "")[:4]) == (payload, "bars")


@pytest.mark.parametrize(("barcode_format", "name"), [(F.DataBarOmni, "DataBar"), (F.DataBarLtd, "DataBarLtd")])
def test_a_kind_of_unknown_decodability_is_read_by_the_rungs_too(
    barcode_format: zxingcpp.BarcodeFormat, name: str
) -> None:
    (symbol,) = seen_by("bars", label([drawn("09521234543213", barcode_format)], 33), (name,))
    assert (symbol.payload, symbol.margin) == (b"0109521234543213", None)


def seen_by(name: str, luma: Luma, formats: Sequence[str] = ("Code128",)) -> list[Symbol]:
    region = Region(0, 0, luma.shape[1], luma.shape[0], "linear", bars=find_bars(luma)[0])
    rung = RUNGS[name]
    view = rung.make(luma, region)
    assert view is not None
    assert rung.complete is not None
    found = read_symbols(view.luma, formats, rotate=rung.rotate, invert=rung.invert, downscale=rung.downscale)
    return [rung.complete(view.luma, symbol) for symbol in found]


@pytest.mark.parametrize("name", ["bars", "bars_sharp", "bars_plain"])
def test_each_rung_reads_a_tilted_code(name: str) -> None:
    luma = label([drawn("(01)06901234567892", F.Code128, gs1=True)], 33, px=3)
    (symbol,) = seen_by(name, luma)
    assert symbol.payload == b"0106901234567892"
    assert symbol.margin is not None
    assert symbol.margin > 0.4


@pytest.mark.parametrize("gap", [17, 30])
@pytest.mark.parametrize("lean", [25, 160])
def test_halves_one_above_the_other_are_both_read(gap: int, lean: float) -> None:
    di = drawn("(01)06901234567892", F.Code128, gs1=True, height=20)
    pi = drawn("(17)291231(10)A1", F.Code128, gs1=True, height=20)
    reads = read_frame(label([di, pi], lean, gap=gap), t0_ns=0, formats=("Code128",))
    assert payloads(reads) == {b"0106901234567892", b"1729123110A1"}


def test_a_matrix_symbol_below_a_linear_one_is_read_too() -> None:
    matrix = drawn("(01)06901234567892(10)A1", F.DataMatrix, gs1=True)
    linear = drawn("(01)06901234567892", F.Code128, gs1=True)
    reads = read_frame(label([linear, matrix], 25, px=3, gap=24), t0_ns=0, formats=("Code128", "DataMatrix"))
    assert payloads(reads) == {b"0106901234567892", b"010690123456789210A1"}


def test_a_station_that_wants_no_linear_codes_gets_none() -> None:
    luma = label([drawn("(01)06901234567892", F.Code128, gs1=True)], 33)
    assert read_frame(luma, t0_ns=0, formats=("DataMatrix", "QRCode")) == ()


@pytest.mark.parametrize("make", [bars, bars_sharp, bars_plain])
def test_a_region_without_bars_is_declined(make: object) -> None:
    assert callable(make)
    assert make(np.zeros((50, 50), np.uint8), Region(0, 0, 50, 50, "matrix")) is None


def test_the_way_back_is_exact() -> None:
    where = Bars(100, 80, 90, 40, 30.0)
    view = bars(np.zeros((160, 200), np.uint8), Region(0, 0, 200, 160, "linear", bars=where))
    assert view is not None
    middle = view.back((view.luma.shape[1] - 1) / 2, (view.luma.shape[0] - 1) / 2)
    assert middle == pytest.approx((100, 80), abs=2)
    right = view.back((view.luma.shape[1] - 1) / 2 + 60, (view.luma.shape[0] - 1) / 2)
    turned = math.degrees(math.atan2(right[1] - middle[1], right[0] - middle[0]))
    assert turned == pytest.approx(30, abs=0.01)
    assert math.dist(right, middle) == pytest.approx(20, abs=0.01)


def rows(*shown: str) -> Luma:
    return np.array([[0 if each == "#" else 255 for each in row] for row in shown], np.uint8)


def test_corners_reach_to_the_ends_of_the_bars() -> None:
    view = rows("..........", ".#.##.#.#.", ".#.##.#.#.", ".#.##.#.#.", "..#..#.#..")
    seen = ((1.0, 2.0), (8.0, 2.0), (8.0, 2.0), (1.0, 2.0))
    assert full_height(view, seen) == ((1.0, 0.5), (8.0, 0.5), (8.0, 3.5), (1.0, 3.5))
    upside_down = ((8.0, 3.0), (1.0, 3.0), (1.0, 2.0), (8.0, 2.0))
    assert full_height(view, upside_down) == ((8.0, 3.5), (1.0, 3.5), (1.0, 0.5), (8.0, 0.5))


def test_uneven_light_becomes_black_and_white_and_blank_paper_white() -> None:
    bar = np.where(np.arange(120) % 8 < 4, -12, 12)
    row = np.concatenate([np.full(120, 0), bar, np.full(120, 0)]) + np.linspace(90, 140, 360)
    noisy = row + np.random.default_rng(1).normal(0, 0.4, (6, 360))
    even = evened(noisy.astype(np.uint8), 31)
    assert set(np.unique(even)) == {0, 255}
    assert (even[:, 140:220] == np.where(bar[20:100] < 0, 0, 255)).mean() > 0.97
    assert even[:, :90].mean() > 230


@pytest.mark.parametrize("sigma", [1.0, 2.4, 4.2])
def test_the_inverse_filter_keeps_the_mean_and_sharpens_an_edge(sigma: float) -> None:
    kernel = inverse_blur(sigma)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
    assert len(kernel) % 2 == 1
    edge = np.repeat([0.0, 1.0], 200)
    soft = cv2.GaussianBlur(edge[None, :], (0, 0), sigma)[0]
    sharp = np.convolve(soft, kernel, mode="same")
    assert np.diff(sharp[150:250]).max() > 1.5 * np.diff(soft[150:250]).max()


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=60)),
    st.floats(-90, 90),
    st.floats(1, 300),
    st.floats(1, 300),
)
def test_any_pixels_and_any_bars_give_a_view_of_black_and_white(
    luma: Luma, lean: float, length: float, height: float
) -> None:
    region = Region(0, 0, luma.shape[1], luma.shape[0], "linear", bars=Bars(20, 20, length, height, lean))
    for make in (bars, bars_sharp, bars_plain):
        view = make(luma, region)
        assert view is not None
        assert set(np.unique(view.luma)) <= {0, 255}
