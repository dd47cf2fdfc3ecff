import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.calibrate import (
    GAINS,
    PAPER,
    Calibration,
    Focus,
    brighter,
    calibrate,
    find_focus,
    glance,
    split,
)
from edge.vision.verdict import SMEAR_US, Values, judge
from hardware.camera import CameraError, Limits
from tests.support.bench import PX_PER_MM, page, simulated

LIMITS = Limits((0.0, 15.0), (20, 30_000), (1.0, 16.0))
START = Values(None, 5000, 4.0)


@pytest.mark.parametrize("focus", [1.3, 13.6])
def test_it_finds_lens_exposure_and_gain_from_any_start(focus: float) -> None:
    camera = simulated(lens=0.0 if focus > 7 else 15.0, focus=focus, light=25.0)
    said: list[str] = []
    found = calibrate(camera, START, said.append)
    assert found.values.lens_position == pytest.approx(focus, abs=0.15)
    assert not found.values.focus_at_end
    assert found.measured is not None
    assert judge(found.values, found.measured) == ()
    assert found.measured.paper == pytest.approx(PAPER, abs=12)
    assert found.measured.px_per_mm == pytest.approx(PX_PER_MM, rel=0.01)
    assert found.values.exposure_us <= SMEAR_US
    assert len(said) == 5


def by_hand(**optics: Any) -> Calibration:
    """A lens without a motor: no search, so that only the defect is measured."""
    return calibrate(simulated(lens=8.0, motor=False, **optics), START)


DEFECTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "too far": ({"zoom": 0.6}, {"too_far"}),
    "tilted": ({"tilt": 0.1}, {"tilted", "too_far"}),
    "dim": ({"light": 1.5}, {"dark"}),
    "a noisy sensor": ({"shot_noise": 0.3}, {"noisy"}),
    "a dirty lens": ({"veil": 0.6}, {"low_contrast"}),
    "a lamp at one side": ({"uneven": 0.5}, {"uneven"}),
    "alternating current": ({"flicker": 0.15}, {"flicker"}),
    "a lens that is not turned right": ({"focus": 10.0}, {"blurred"}),
    "nothing wrong": ({}, set()),
}


@pytest.mark.parametrize(("optics", "wanted"), DEFECTS.values(), ids=DEFECTS.keys())
def test_each_defect_is_named_and_no_other(optics: dict[str, Any], wanted: set[str]) -> None:
    found = by_hand(**optics)
    assert {finding.code for finding in judge(found.values, found.measured) if finding.bad} == wanted


def test_very_strong_light_is_not_clipped() -> None:
    found = by_hand(light=3000.0)
    assert found.measured is not None
    assert found.measured.clipped == 0
    assert found.values.gain == 1.0


@pytest.mark.parametrize(("focus", "end"), [(-3.0, 0.0), (17.0, 15.0)])
def test_a_lens_that_cannot_go_far_enough_ends_at_its_end(focus: float, end: float) -> None:
    assert find_focus(lambda position, _shrink: -abs(position - focus), 0.0, 15.0) == Focus(end, at_end=True)


def test_without_a_target_there_are_no_measures() -> None:
    found = calibrate(simulated(scene=page() // 255 * 0 + 200, motor=False), START)
    assert found.measured is None
    assert glance(simulated(scene=page() // 255 * 0 + 200)) is None


def test_a_glance_changes_nothing() -> None:
    camera = simulated(lens=8.0)
    seen = glance(camera)
    assert seen is not None
    assert seen.paper == pytest.approx(200, abs=3)


def test_a_camera_that_stalls_is_told() -> None:
    camera = simulated()
    camera.fault = "damaged"
    with pytest.raises(CameraError, match="damaged"):
        calibrate(camera, START)


@given(focus=st.floats(0, 15), width=st.floats(0.4, 3))
def test_the_sharpest_place_is_found_wherever_it_lies(focus: float, width: float) -> None:
    def score(position: float, shrink: int) -> float:
        return math.exp(-(((position - focus) / (width * shrink)) ** 2))

    found = find_focus(score, 0.0, 15.0)
    assert found.position == pytest.approx(focus, abs=0.1)
    assert found.at_end is (min(found.position, 15 - found.position) < 0.075)


@given(st.floats(0, 15))
def test_a_view_without_any_edge_ends_somewhere_in_the_range(level: float) -> None:
    assert 0 <= find_focus(lambda _position, _shrink: level, 0.0, 15.0).position <= 15


@given(total=st.floats(1, 1e6), cap=st.sampled_from(GAINS))
def test_exposure_and_gain_stay_within_what_camera_hand_and_noise_allow(total: float, cap: float) -> None:
    exposure, gain = split(total, LIMITS, cap)
    assert LIMITS.exposure_us[0] <= exposure <= SMEAR_US
    assert 1.0 <= gain <= cap
    if LIMITS.exposure_us[0] * 2 <= total <= SMEAR_US * cap * 0.99:
        assert exposure * gain == pytest.approx(total, rel=0.05)


SPLITS = [
    (500, 8.0, (500, 1.0)),
    (2000, 8.0, (2000, 1.0)),
    (8000, 8.0, (2000, 4.0)),
    (16_000, 8.0, (2000, 8.0)),
    (24_000, 8.0, (3000, 8.0)),
    (400_000, 8.0, (5000, 8.0)),
    (8000, 2.0, (4000, 2.0)),
]


@pytest.mark.parametrize(("total", "cap", "wanted"), SPLITS)
def test_first_a_short_exposure_then_gain_then_a_longer_one(total: float, cap: float, wanted: object) -> None:
    assert split(total, LIMITS, cap) == wanted


@given(gamma=st.floats(0.4, 1.2), light=st.floats(0.001, 3))
def test_the_light_comes_near_its_goal_even_through_a_curve(gamma: float, light: float) -> None:
    total, level = 5000.0, 0.0
    for _ in range(12):
        level = min(255.0, 255 * (total * light / 5000) ** gamma)
        if abs(level - PAPER) <= 8:
            break
        total = brighter(total, level)
    assert level == pytest.approx(PAPER, abs=8)
