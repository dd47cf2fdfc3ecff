from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.pixels import Luma
from edge.vision.plane import sight
from edge.vision.quality import Measured, brightness, flicker, measure, sharpness
from tests.support.bench import PX_PER_MM, SIZE, frames, simulated, turned


def measured(**optics: Any) -> Measured:
    shown = frames(simulated(**optics), 4)
    seen = sight(shown[0])
    assert seen.plane is not None
    found = measure(shown, seen, seen.plane)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def good() -> Measured:
    return measured()


def test_scale_and_field_are_the_true_ones(good: Measured) -> None:
    assert good.px_per_mm == pytest.approx(PX_PER_MM, rel=0.005)
    assert good.field_mm == pytest.approx((SIZE[0] / PX_PER_MM, SIZE[1] / PX_PER_MM), rel=0.005)
    assert good.tilt < 0.005
    assert good.matrix_mm == pytest.approx(3 / PX_PER_MM, rel=0.005)
    assert good.linear_mm == pytest.approx(2 / PX_PER_MM, rel=0.005)


def test_light_is_what_the_optics_give(good: Measured) -> None:
    assert good.paper == pytest.approx(25 * 5 * 1.6, abs=2)
    assert good.ink < 3
    assert good.evenness > 0.97
    assert good.clipped == 0
    assert good.greys == 7


def test_noise_is_that_of_the_sensor_at_this_light(good: Measured) -> None:
    assert good.noise == pytest.approx(np.hypot(0.08 * np.sqrt(200 * 1.6), 0.3 * 1.6), rel=0.1)


def test_what_was_read_and_what_was_not(good: Measured) -> None:
    assert good.matrix_read_mm is not None
    assert good.matrix_read_mm <= 0.212
    assert good.linear_read_mm is not None
    assert good.matrix_missed_mm == good.linear_missed_mm == ()
    soft = measured(softness=1.6)
    assert soft.matrix_missed_mm
    assert min(soft.matrix_missed_mm) * PX_PER_MM >= 3


@pytest.mark.parametrize("softness", [0.8, 1.2, 2.0])
def test_blur_is_about_that_of_the_lens(softness: float) -> None:
    """The page's own drawing and the pixels add a little."""
    assert measured(softness=softness).blur == pytest.approx(np.hypot(softness, 0.4), rel=0.15)


def test_a_larger_side_is_the_nearer_one() -> None:
    tilted = measured(tilt=0.1)
    assert tilted.near_side == "bottom"
    assert 0.08 < tilted.tilt < 0.25
    assert tilted.px_per_mm < PX_PER_MM
    steep = measured(tilt=0.25)
    assert steep.blur_edges > 1.2 * steep.blur


@pytest.mark.parametrize("degrees", [7, 45])
def test_a_page_that_lies_askew_measures_the_same(degrees: int, good: Measured) -> None:
    found = measured(scene=turned(degrees))
    assert found.px_per_mm == pytest.approx(good.px_per_mm, rel=0.005)
    assert found.paper == pytest.approx(good.paper, abs=2)
    assert found.noise == pytest.approx(good.noise, rel=0.1)
    assert found.blur == pytest.approx(good.blur, abs=0.15)
    assert found.evenness > 0.97
    assert found.tilt < 0.01
    assert found.greys == 7


DEFECTS = {
    "veil": ({"veil": 0.6}, lambda m: m.contrast, 0.46, 0.05),
    "uneven": ({"uneven": 0.5}, lambda m: m.evenness, 0.55, 0.05),
    "too much light": ({"light": 60}, lambda m: m.clipped, 1.0, 0.05),
}


@pytest.mark.parametrize(("optics", "what", "wanted", "slack"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_of_the_light_shows_in_its_measure(optics: object, what: object, wanted: float, slack: float) -> None:
    assert isinstance(optics, dict)
    assert callable(what)
    assert what(measured(**optics)) == pytest.approx(wanted, abs=slack)


def test_frames_of_a_flickering_lamp_differ() -> None:
    assert flicker(frames(simulated(flicker=0.1), 8)) > 0.08
    assert flicker(frames(simulated(), 8)) < 0.005


def test_an_empty_view_has_no_target() -> None:
    seen = sight(np.full((300, 400), 180, np.uint8))
    assert (seen.plane, seen.symbols) == (None, 0)


def test_a_hand_on_the_page_is_not_measured() -> None:
    shown = frames(simulated(), 2)
    for frame in shown:
        frame[:, : SIZE[0] // 3] = 90
    seen = sight(shown[0])
    assert seen.plane is not None
    found = measure(shown, seen, seen.plane)
    assert found is not None
    assert found.paper == pytest.approx(200, abs=2)


def test_a_page_that_is_too_small_in_view_is_not_measured() -> None:
    shown = frames(simulated(), 2)
    plane = sight(shown[0]).plane
    assert plane is not None
    nothing = np.full((60, 60), 180, np.uint8)
    assert measure([nothing, nothing], sight(nothing), plane) is None


def test_sharpness_falls_with_blur_at_every_scale_and_not_with_noise_or_light() -> None:
    def scores(**optics: Any) -> list[float]:
        one, other = frames(simulated(**optics), 2)
        return [sharpness(one, other, shrink) for shrink in (1, 2, 4)]

    sharp, blurred, noisy, dim = scores(), scores(softness=4.0), scores(shot_noise=0.8), scores(light=12.0)
    assert all(a > 2 * b for a, b in zip(sharp[:2], blurred[:2], strict=True))
    assert sharp == pytest.approx(noisy, rel=0.05)
    assert sharp == pytest.approx(dim, rel=0.05)


def test_noise_alone_has_no_sharpness() -> None:
    rng = np.random.default_rng(3)
    one, other = (rng.normal(128, 20, (200, 300)).clip(0, 255).astype(np.uint8) for _ in range(2))
    assert sharpness(one, one, 1) > 0.02
    assert abs(sharpness(one, other, 1)) < 0.001


@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 255))
def test_any_size_of_frame_has_a_brightness_and_a_sharpness(height: int, width: int, level: int) -> None:
    frame: Luma = np.full((height, width), level, np.uint8)
    assert brightness(frame) == level
    assert sharpness(frame, frame, 4) == 0
