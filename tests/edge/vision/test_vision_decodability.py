from functools import cache

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from edge.vision.decodability import decodability, elements

F = zxingcpp.BarcodeFormat
KINDS = {
    "Code128": (F.Code128, "01069012345678921729123110A1"),
    "EAN13": (F.EAN13, "6901234567892"),
    "EAN8": (F.EAN8, "96385074"),
    "UPCA": (F.UPCA, "036000291452"),
    "UPCE": (F.UPCE, "01234565"),
    "Code39": (F.Code39Std, "+A123BJC5D6E71G"),
    "ITF": (F.ITF, "16901234567899"),
}
SCALE = 6


@cache
def drawn(kind: str) -> NDArray[np.float64]:
    """One row of a symbol; guards of retail codes are as long as the other bars here."""
    barcode_format, text = KINDS[kind]
    image = np.array(zxingcpp.create_barcode(text, barcode_format).to_image(scale=SCALE, add_quiet_zones=True))
    return np.asarray(image[20], dtype=np.float64)


def ends(row: NDArray[np.float64]) -> tuple[float, float]:
    ink = np.flatnonzero(row < 128)
    return float(ink[0]), float(ink[-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1, -1])
def test_as_drawn_in_both_directions(kind: str, step: int) -> None:
    row = drawn(kind)[::step]
    assert decodability(row, *ends(row), kind) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_an_edge_out_of_place_tells_by_how_much(kind: str) -> None:
    row = drawn(kind).copy()
    start, end = ends(row)
    edges = np.flatnonzero((row[1:] < 128) != (row[:-1] < 128))
    at = int(edges[len(edges) // 3])
    row[at + 1 : at + 1 + SCALE // 3] = row[at]
    moved = decodability(row, start, end, kind)
    assert moved is not None
    assert moved < 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_ink_that_ran_evenly_still_decodes_where_the_symbology_allows_for_it(kind: str) -> None:
    row = drawn(kind)
    spread = np.minimum(np.minimum(row, np.roll(row, 1)), row)
    spread_by_a_sixth = decodability(spread, *ends(spread), kind)
    assert spread_by_a_sixth is not None
    assert spread_by_a_sixth > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_other_elements_than_the_kind_has_are_no_read(kind: str) -> None:
    row = drawn(kind).copy()
    start, end = ends(row)
    edges = np.flatnonzero((row[1:] < 128) != (row[:-1] < 128))
    row[edges[10] + 1 : edges[11] + 1] = row[edges[10]]
    assert decodability(row, start, end, kind) == 0.0


def test_a_kind_of_which_nothing_is_known() -> None:
    assert decodability(drawn("EAN13"), 0.0, 1.0, "DataBarExp") is None


@pytest.mark.parametrize("row", [np.zeros(50), np.full(50, 255.0), np.array([255.0, 0.0]), np.array([0.0, 255.0])])
def test_a_row_without_bars_has_no_elements(row: NDArray[np.float64]) -> None:
    assert len(elements(row, 0.0, float(len(row)))) <= 1
    assert decodability(row, 0.0, float(len(row)), "Code128") == 0.0


def test_edges_lie_between_pixels_where_the_grey_values_say_so() -> None:
    row = np.array([255, 255, 191, 0, 0, 64, 255, 255], dtype=np.float64)
    (width,) = elements(row, 3.0, 4.0)
    assert width == pytest.approx(3.0, abs=0.1)
