import cv2
import numpy as np
import pytest

from edge.vision.kinds import by_kind, coherence
from edge.vision.locate import locate
from edge.vision.pixels import Luma
from edge.vision.regions import Region
from edge.vision.symbols import write_symbol
from tests.support.frames import CONDITIONS, Kind, shot

UDI = "(01)06901234567892"


@pytest.mark.parametrize("angle", [0.0, 45.0, 90.0, 135.0])
@pytest.mark.parametrize("px", [2.0, 3.0])
def test_bars_are_coherent(angle: float, px: float) -> None:
    seen = shot("code128", CONDITIONS["typical"], px, seed=1, angle=angle, ground="plain", size=(700, 700))
    x, y = (round(each) for each in seen.truth[0].corners.mean(axis=0))
    assert coherence(seen.luma[y - 60 : y + 60, x - 60 : x + 60]) > 0.5


@pytest.mark.parametrize("kind", ["datamatrix", "qr"])
def test_a_matrix_is_not(kind: Kind) -> None:
    assert coherence(write_symbol(UDI, kind, gs1=True, scale=3)) < 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 3)])
def test_what_is_too_small_for_slopes_has_none(shape: tuple[int, int]) -> None:
    assert coherence(np.zeros(shape, np.uint8)) == 0.0


@pytest.mark.parametrize("angle", [0.0, 33.0, 90.0, 148.0])
def test_a_code_that_was_found_in_pieces_is_one_linear_region_before_all_others(angle: float) -> None:
    seen = shot("code128", CONDITIONS["typical"], 3, seed=5, angle=angle, ground="plain")
    regions = locate(seen.luma)
    assert [region.kind for region in regions].count("linear") == 1
    first = regions[0]
    assert first.kind == "linear"
    assert all(first.holds(x, y) for x, y in seen.truth[0].corners)
    assert any(region.kind == "matrix" for region in regions), "bars may be a matrix after all"


def test_a_matrix_beside_bars_comes_before_the_pieces_of_the_bars() -> None:
    frame = np.full((500, 700), 230, np.uint8)
    bars = cv2.resize(write_symbol(UDI, "code128", gs1=True, scale=2), None, fx=1, fy=0.6)
    matrix = write_symbol(UDI, "datamatrix", gs1=True, scale=4)
    frame[80 : 80 + bars.shape[0], 60 : 60 + bars.shape[1]] = bars
    frame[300 : 300 + matrix.shape[0], 500 : 500 + matrix.shape[1]] = matrix
    kinds = [region.kind for region in locate(frame)]
    assert kinds[0] == "linear"
    second = locate(frame)[1]
    assert second.kind == "matrix"
    assert second.holds(500 + matrix.shape[1] / 2, 300 + matrix.shape[0] / 2)


def test_places_without_bars_are_left_as_they_are() -> None:
    luma: Luma = np.full((200, 200), 200, np.uint8)
    regions = [Region(0, 0, 100, 100, "matrix", 0.5), Region(50, 50, 100, 100, "matrix", 0.4)]
    assert by_kind(luma, regions) == tuple(regions)
