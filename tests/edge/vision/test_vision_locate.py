import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.vision.locate import LEAST, LIKELY, MARGIN, locate, locate_rest
from edge.vision.symbols import write_symbol
from tests.support.frames import CONDITIONS, FOUR, Ground, Kind, empty, shot

SIZE = (960, 720)


@pytest.mark.parametrize("ground", ["plain", "wood", "text"])
@pytest.mark.parametrize("condition", FOUR)
@pytest.mark.parametrize("kind", ["datamatrix", "qr"])
def test_a_symbol_is_the_most_likely_place_and_whole_in_its_box(kind: Kind, condition: str, ground: Ground) -> None:
    seen = shot(kind, CONDITIONS[condition], 3, seed=11, ground=ground, size=SIZE)
    best = locate(seen.luma)[0]
    corners = seen.truth[0].corners
    assert corners[:, 0].min() >= best.x
    assert corners[:, 1].min() >= best.y
    assert corners[:, 0].max() <= best.x + best.width
    assert corners[:, 1].max() <= best.y + best.height
    assert best.kind == "matrix"


@pytest.mark.parametrize("ground", ["plain", "wood", "text"])
def test_a_ground_without_symbol_has_no_likely_place(ground: Ground) -> None:
    assert locate(empty(ground, seed=5, size=SIZE)) == ()


def test_unlikely_places_come_when_asked_for() -> None:
    page = empty("text", seed=5, size=SIZE)
    regions = locate_rest(page, LEAST)
    assert regions
    assert all(LEAST < region.score < LIKELY for region in regions)


def test_a_large_place_comes_in_pieces_that_cover_it() -> None:
    page = np.random.default_rng(3).integers(0, 2, (900, 1500), dtype=np.uint8).repeat(2, 0).repeat(2, 1) * 255
    covered = np.zeros(page.shape, bool)
    for region in locate(page):
        assert max(region.width, region.height) <= 900
        region.crop(covered.view(np.uint8))[:] = 1
    assert covered[100:-100, 100:-100].all()


@pytest.mark.parametrize(("px", "level"), [(4, 1), (8, 2), (10, 2)])
def test_larger_modules_are_found_on_a_coarser_level(px: int, level: int) -> None:
    symbol = write_symbol("(01)06901234567892(17)291231(10)L1", "datamatrix", gs1=True, scale=px)
    frame = np.full((720, 960), 230, np.uint8)
    frame[100 : 100 + symbol.shape[0], 200 : 200 + symbol.shape[1]] = symbol
    best = locate(frame)[0]
    assert best.holds(200 + symbol.shape[1] / 2, 100 + symbol.shape[0] / 2)
    assert best.width >= symbol.shape[1] - 4 * px, "less the quiet zone"
    assert best.margin == MARGIN * level


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31), st.sampled_from([1, 2, -1]))
def test_any_image_gives_boxes_within_it(height: int, width: int, seed: int, step: int) -> None:
    luma = np.random.default_rng(seed).integers(0, 256, (height * 2, width * 2), dtype=np.uint8)[::step, ::step]
    luma.flags.writeable = False
    for region in (*locate(luma), *locate_rest(luma, LEAST)):
        assert 0 <= region.x < region.x + region.width <= luma.shape[1]
        assert 0 <= region.y < region.y + region.height <= luma.shape[0]
