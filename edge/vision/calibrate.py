"""Find the lens position, exposure and gain with which a camera sees the target best, and measure what it then sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.vision.pixels import Luma
from edge.vision.plane import Plane, Sight, sight
from edge.vision.quality import Measured, brightness, measure, sharpness, spots
from edge.vision.verdict import DARK, NOISE, SMEAR_US, Values
from hardware.camera import SETTLE_FRAMES, Adjustable, Camera, CameraError, Limits

FRAME_S = 2.0
"""The longest that a frame may take."""
ROUNDS = ((17, 4), (9, 2), (9, 1))
"""Of the search for focus: lens positions, and by how much the images are made smaller. Far from focus only large
things have edges left, near it only fine ones tell positions apart."""
FAST_US = 2000
"""An exposure that is short enough for any hand; a shorter one would only cost gain."""
GAINS = (8.0, 6.0, 4.0, 3.0, 2.0, 1.5, 1.0)
"""Caps that are tried, the shortest exposure first."""
PAPER = 200.0
"""Grey levels that paper shall have: bright, and room for a brighter place."""
NEAR = 8.0
ENOUGH = 12
"""Steps of light after which it is as near as it gets."""
STILL = 8
"""Frames that the measures are taken of."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the lens is sharpest."""

    position: float
    at_end: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found."""

    values: Values
    measured: Measured | None
    """None: the target was not found."""


class Rig:
    """A camera that is set, and then looked through."""

    def __init__(self, camera: Adjustable, values: Values) -> None:
        """Start at `values`."""
        self._camera = camera
        self.limits: Limits = camera.limits
        self.values = values
        self.set(values)

    def set(self, values: Values) -> None:
        """Set the camera and wait until frames show it.

        Raises:
            CameraError: it does not take the values, or gives no frames.
        """
        self.values = values
        lens = values.lens_position if self.limits.lens_position is not None else None
        self._camera.set(lens_position=lens, exposure_us=values.exposure_us, gain=values.gain)
        self.shoot(SETTLE_FRAMES)

    def shoot(self, count: int) -> list[Luma]:
        """The next frames.

        Raises:
            CameraError: one did not come.
        """
        return shoot(self._camera, count)


def shoot(camera: Camera, count: int) -> list[Luma]:
    """The next frames of a camera.

    Raises:
        CameraError: one did not come.
    """
    frames = []
    for _ in range(count):
        frame = camera.capture(FRAME_S)
        if frame is None:
            raise CameraError(f"no frame within {FRAME_S:g} s: check the camera's cable")
        frames.append(frame.luma)
    return frames


def calibrate(camera: Adjustable, start: Values, say: Callable[[str], None] = lambda _step: None) -> Calibration:
    """Find the values for the target that lies under the camera, and measure.

    Args:
        camera: opened, with the target in view.
        start: where exposure and gain begin; the lens is searched over its whole range.
        say: is told what is being done, for a person who waits.

    Raises:
        CameraError: the camera fails.
    """
    limits = camera.limits
    lens = None if limits.lens_position is None else sum(limits.lens_position) / 2
    rig = Rig(camera, replace(start, lens_position=lens))
    say("亮度 / light")
    expose(rig, lambda frames: brightness(frames[0]), GAINS[0])
    if limits.lens_position is not None:
        say("对焦 / focus")
        found = find_focus(_score(rig), *limits.lens_position)
        rig.set(replace(rig.values, lens_position=round(found.position, 2), focus_at_end=found.at_end))
    say("标定页 / target")
    seen = _sight(rig)
    if seen.plane is None:
        return Calibration(rig.values, None)
    say("曝光、增益 / exposure, gain")
    settle(rig, seen.plane)
    say("测量 / measures")
    frames = rig.shoot(STILL)
    seen = _best(seen, sight(_mean(frames)))
    return Calibration(rig.values, None if seen.plane is None else measure(frames, seen, seen.plane))


def _sight(rig: Rig) -> Sight:
    frames = rig.shoot(4)
    return _best(sight(frames[0]), sight(_mean(frames)))


def _best(one: Sight, other: Sight) -> Sight:
    """The plane of the one that shows more symbols, and all that either read."""
    more = one if one.symbols > other.symbols else other
    return replace(more, matrix=one.matrix | other.matrix, linear=one.linear | other.linear)


def _mean(frames: Sequence[Luma]) -> Luma:
    mean: Luma = np.rint(np.mean(frames, axis=0)).astype(np.uint8)
    return mean


def _score(rig: Rig) -> Callable[[float, int], float]:
    def score(position: float, shrink: int) -> float:
        rig.set(replace(rig.values, lens_position=position))
        one, other = rig.shoot(2)
        return sharpness(one, other, shrink)

    return score


def find_focus(score: Callable[[float, int], float], low: float, high: float) -> Focus:
    """The sharpest lens position, from coarse to fine.

    Args:
        score: how sharp a position is, looked at so many times smaller; more is sharper.
        low: the range of the lens, dioptres.
        high: its other end.
    """
    left, right, best = low, high, low
    for count, shrink in ROUNDS:
        places = [left + (right - left) * n / (count - 1) for n in range(count)]
        scores = [score(place, shrink) for place in places]
        at = max(range(count), key=scores.__getitem__)
        best = places[at] + _between(scores, at) * (places[1] - places[0])
        left, right = places[max(0, at - 1)], places[min(count - 1, at + 1)]
    best = min(high, max(low, best))
    return Focus(best, at_end=min(best - low, high - best) < (high - low) / 200)


def _between(scores: Sequence[float], at: int) -> float:
    """Where between its neighbours the top of a parabola through three scores lies, in steps from -0.5 to 0.5."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, here, after = scores[at - 1 : at + 2]
    bend = before - 2 * here + after
    return 0.0 if bend == 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))


def split(total: float, limits: Limits, gain_cap: float) -> tuple[int, float]:
    """Exposure and gain that together give so many gain-microseconds.

    As short as is of use, then as much gain as is allowed, then longer, up to what a hand's motion bears.
    """
    (shortest, longest), (least, most) = limits.exposure_us, limits.gain
    cap = max(least, min(most, gain_cap))
    exposure = max(total / cap, min(float(FAST_US), total / least))
    exposure = min(max(exposure, shortest), longest, SMEAR_US)
    return round(exposure), round(min(cap, max(least, total / exposure)), 2)


def brighter(total: float, level: float) -> float:
    """The next try for `PAPER`, from what so many gain-microseconds gave; the camera need not be linear."""
    if level > 250:  # noqa: PLR2004 - at the top nothing tells how much too bright it is
        return total / 2
    return total * min(4.0, PAPER / max(1.0, level))


def expose(rig: Rig, level: Callable[[Sequence[Luma]], float], gain_cap: float) -> float:
    """Bring the light that `level` measures to `PAPER`, as near as the limits allow; the level reached."""
    total = rig.values.exposure_us * rig.values.gain
    reached = 0.0
    for _ in range(ENOUGH):
        exposure, gain = split(total, rig.limits, gain_cap)
        if (exposure, gain) != (rig.values.exposure_us, rig.values.gain) or not reached:
            rig.set(replace(rig.values, exposure_us=exposure, gain=gain))
        elif reached:
            break  # the limits are reached
        reached = level(rig.shoot(2))
        if abs(reached - PAPER) <= NEAR:
            break
        total = brighter(exposure * gain, reached)
    return reached


def settle(rig: Rig, plane: Plane) -> None:
    """The shortest exposure at which noise is borne; if there is none, the bright one with the least noise."""
    tried: list[tuple[bool, float, Values]] = []
    for cap in (gain for gain in GAINS if gain <= rig.limits.gain[1]):
        paper = expose(rig, lambda frames: _paper(frames, plane), cap)
        noise = _noise(rig.shoot(2), plane)
        tried.append((paper < DARK, noise / max(1.0, paper), rig.values))
        if noise <= NOISE * 0.8 and paper >= DARK * 1.05:  # so far within that the last measure says the same
            return
        if paper < DARK:  # less gain gives no more light
            break
    rig.set(min(tried, key=lambda each: each[:2])[2])


def _paper(frames: Sequence[Luma], plane: Plane) -> float:
    """Paper where it is brightest: nothing may be clipped."""
    found = [spot.paper for spot in spots(frames, plane)]
    return float(np.percentile(found, 90)) if found else brightness(frames[0])


def _noise(frames: Sequence[Luma], plane: Plane) -> float:
    found = [spot.noise for spot in spots(frames, plane)]
    return float(np.median(found)) if found else 0.0


def glance(camera: Camera) -> Measured | None:
    """What the camera sees now, as it is set; for a person who turns a lens or moves the camera meanwhile.

    Raises:
        CameraError: the camera fails.
    """
    frames = shoot(camera, 2)
    seen = sight(frames[0])
    return None if seen.plane is None else measure(frames, seen, seen.plane)
