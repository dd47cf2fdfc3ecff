import numpy as np
import pytest

from edge.vision.regions import Region
from edge.vision.rungs import MOST, RUNGS
from edge.vision.symbols import read_symbols
from tests.support.frames import CONDITIONS, Condition, shot

FORMATS = ("DataMatrix",)


def seen_by(name: str, condition: Condition, px: float, light: int, seed: int) -> tuple[bytes | None, bytes]:
    """What the rung reads of a small frame with so many grey values of light added, and what is there."""
    frame = shot("datamatrix", condition, px, seed=seed, size=(260, 260), ground="plain")
    luma = np.clip(frame.luma.astype(np.int16) + light, 0, 255).astype(np.uint8)
    view = RUNGS[name].make(luma, Region(0, 0, 260, 260, "matrix"))
    assert view is not None
    symbols = read_symbols(view.luma, FORMATS, downscale=False)
    truth = frame.truth[0]
    for symbol in symbols:
        x, y = (sum(each) / 4 for each in zip(*symbol.corners, strict=True))
        assert truth.holds(view.back(x, y)), "the way back leads to the symbol"
    return (symbols[0].payload if symbols else None), truth.payload


CASES = {
    "native": (CONDITIONS["typical"], 4.0, 0),
    "larger": (CONDITIONS["typical"], 3.0, 0),
    "twice": (CONDITIONS["typical"], 2.5, 0),
    "twice_sharp": (CONDITIONS["low_contrast"], 2.0, 0),
    "thrice_sharp": (CONDITIONS["typical"], 2.0, 0),
    "refocused": (CONDITIONS["defocus"], 3.0, 0),
    "half": (CONDITIONS["typical"], 6.0, 0),
    "glared": (CONDITIONS["typical"], 2.5, 130),
    "blinded": (CONDITIONS["typical"], 2.5, 160),
    "any": (CONDITIONS["typical"], 4.0, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rung_reads_what_it_is_for(name: str) -> None:
    condition, px, light = CASES[name]
    results = [seen_by(name, condition, px, light, seed) for seed in range(4)]
    assert any(found == truth for found, truth in results)
    assert all(found in {None, truth} for found, truth in results)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_rung_declines_what_would_be_too_large(name: str) -> None:
    crop = np.full((2000, 2000), 255, np.uint8)
    view = RUNGS[name].make(crop, Region(0, 0, 2000, 2000, "matrix"))
    assert view is None or view.luma.size <= 1.1 * MOST


@pytest.mark.parametrize("name", ["glared", "blinded"])
def test_only_a_blinded_region_is_darkened(name: str) -> None:
    assert RUNGS[name].make(np.full((50, 50), 200, np.uint8), Region(0, 0, 50, 50, "matrix")) is None


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 5)])
def test_a_rung_takes_any_crop_and_leaves_it_alone(name: str, shape: tuple[int, int]) -> None:
    crop = np.full(shape, 255, np.uint8)
    crop.flags.writeable = False
    view = RUNGS[name].make(crop, Region(0, 0, shape[1], shape[0], "matrix"))
    assert view is None or view.luma.dtype == np.uint8
