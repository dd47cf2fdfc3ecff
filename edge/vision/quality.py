"""Measures of a camera's view of the target: noise, light, sharpness, scale. What they mean is said by `verdict`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from edge.vision.pixels import Luma, scaled
from edge.vision.pixels import Plane as Values
from edge.vision.plane import Plane, Sight
from edge.vision.target import DOT_MM, FINE, GREYS, LINEAR, Mark, marks

PATCH = 36
"""Dots of the patches of ink in a square and of paper beside it: inside of either however the page is turned."""
BESIDE = 80
"""Dots from a square's middle to that of the paper on its left."""
AROUND = 76
"""Dots from a square's middle that are looked at for its edges."""
LEAST_PATCH_PX = 4
STEEPEST = 97.0
"""Percentile of the gradients around a square that is taken for its edge's: less would be beside it, more noise."""
CLIPPED = 254
THERE = 0.1
"""A square that is not darker than the paper by this share is none: a hand or a package lies on it."""
Side = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class Spot:
    """What one square of the target and the paper beside it show."""

    x: float
    """Its middle, in frame pixels."""
    y: float
    paper: float
    ink: float
    clipped: float
    """Share of the paper's pixels that are as bright as a pixel can be."""
    noise: float
    """Sigma in grey levels, from the difference of two frames."""
    blur: float
    """Sigma in frame pixels that an ideal edge must have been blurred by."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A camera's view of the target."""

    symbols: int
    px_per_mm: float
    """Where it is smallest: what reads there, reads everywhere."""
    field_mm: tuple[float, float]
    tilt: float
    """Share by which the scale differs between two opposite edges."""
    near_side: Side
    """Where the scale is largest."""
    paper: float
    """Grey levels of paper, the median over the field."""
    ink: float
    clipped: float
    evenness: float
    """The darkest paper in the field as a share of the brightest."""
    noise: float
    blur: float
    """In the middle of the field, frame pixels."""
    blur_edges: float
    """Toward the corners, the worst of four."""
    flicker: float
    """Share by which the brightness of frames differs."""
    greys: int
    """Steps of the grey scale that can be told from the one before; -1: not in view."""
    matrix_read_mm: float | None
    """Smallest Data Matrix module that was read; None: none of the small ones is in view, or was read."""
    matrix_missed_mm: tuple[float, ...]
    """Modules in view with 3 pixels and more that were not read."""
    linear_read_mm: float | None
    linear_missed_mm: tuple[float, ...]
    """Code 128, in view with 2 pixels and more."""

    @property
    def contrast(self) -> float:
        """Share of paper's brightness that ink takes away."""
        return (self.paper - self.ink) / self.paper if self.paper > 0 else 0.0

    @property
    def matrix_mm(self) -> float:
        """The smallest Data Matrix module that can be expected to read, 3 pixels each."""
        return NEED_MATRIX_PX / self.px_per_mm

    @property
    def linear_mm(self) -> float:
        """The smallest Code 128 module that can be expected to read, 2 pixels each."""
        return NEED_LINEAR_PX / self.px_per_mm


NEED_MATRIX_PX = 3.0
NEED_LINEAR_PX = 2.0


def sharpness(one: Luma, other: Luma, shrink: int) -> float:
    """How sharp a still scene is, by two frames of it: the gradients that both have, for their brightness.

    Noise is in one frame or in the other and cancels, which a single frame's gradients would not.

    Args:
        one: height x width, uint8.
        other: the same scene again.
        shrink: look at images so many times smaller; far from focus nothing else has gradients.
    """
    a, b = (_middle(scaled(luma, 1 / shrink)) for luma in (one, other))
    across = float((np.diff(a, axis=1) * np.diff(b, axis=1)).mean())
    along = float((np.diff(a, axis=0) * np.diff(b, axis=0)).mean())
    return (across + along) / max(1.0, float(a.mean()) * float(b.mean()))


def _middle(luma: Luma) -> Values:
    """The middle three fifths of either direction."""
    height, width = luma.shape
    part = luma[height // 5 : height - height // 5, width // 5 : width - width // 5]
    return part.astype(np.float32)


def brightness(luma: Luma) -> float:
    """Grey levels of what is bright in the middle of a view, paper most likely, however blurred."""
    return float(np.percentile(_middle(scaled(luma, 1 / 8)), 90))


def spots(frames: Sequence[Luma], plane: Plane) -> tuple[Spot, ...]:
    """Every square in view that nothing hides, by some frames of a still scene (at least two)."""
    mean = _mean(frames)
    apart = frames[0].astype(np.float32) - frames[1].astype(np.float32)
    found = (_spot(mean, apart, plane, mark) for mark in marks() if mark.kind == "square")
    return tuple(spot for spot in found if spot is not None)


def _mean(frames: Sequence[Luma]) -> Values:
    total = np.zeros(frames[0].shape, np.float32)
    for frame in frames:
        total += frame
    return total / np.float32(len(frames))


def _spot(mean: Values, apart: Values, plane: Plane, mark: Mark) -> Spot | None:
    x, y = mark.x + mark.size / 2, mark.y + mark.size / 2
    ink, paper = (_patch(mean, plane, at, y, PATCH) for at in (x, x - BESIDE))
    around, differs = _patch(mean, plane, x, y, 2 * AROUND), _patch(apart, plane, x - BESIDE, y, PATCH)
    if ink is None or paper is None or around is None or differs is None:
        return None
    light, dark = float(np.median(paper)), float(np.median(ink))
    if light - dark < THERE * light:
        return None
    middle = plane.at(x, y)
    return Spot(
        x=middle[0],
        y=middle[1],
        paper=light,
        ink=dark,
        clipped=float((paper >= CLIPPED).mean()),
        noise=float(differs.std()) / math.sqrt(2),
        blur=_blur(around, light - dark),
    )


def _patch(values: Values, plane: Plane, x: float, y: float, side: float) -> Values | None:
    """The pixels of an upright box around a dot, `side` dots long; None if it is not in the frame, or too small.

    Upright in the frame, however the page is turned: what is looked for is a little larger in every direction.
    """
    middle_x, middle_y = plane.at(x, y)
    half = side / 2 * DOT_MM * plane.px_per_mm(middle_x, middle_y)
    left, right, top, bottom = (
        round(at) for at in (middle_x - half, middle_x + half, middle_y - half, middle_y + half)
    )
    if left < 0 or top < 0 or right > values.shape[1] or bottom > values.shape[0] or right - left < LEAST_PATCH_PX:
        return None
    return values[top:bottom, left:right]


def _blur(around: Values, contrast: float) -> float:
    """Sigma of the Gaussian that makes a step's steepest gradient what it is here.

    Central differences see of a step of height c, blurred by s, c (2 F(1/s) - 1) / 2, F the normal distribution.
    """
    down, across = np.gradient(around)
    steepest = float(np.percentile(np.hypot(down, across), STEEPEST))
    share = min(0.999, max(1e-3, 2 * steepest / contrast))
    return 1 / NormalDist().inv_cdf((1 + share) / 2)


def measure(frames: Sequence[Luma], seen: Sight, plane: Plane) -> Measured | None:
    """All of it, by a few frames of the still target; None if no square can be measured."""
    found = spots(frames, plane)
    if not found:
        return None
    papers = np.array([spot.paper for spot in found])
    scale, tilt, side = _scale(plane)
    inner, outer = _blurs(found, plane.size)
    matrix, linear = _in_view(plane, "datamatrix", FINE), _in_view(plane, "code128", LINEAR)
    return Measured(
        symbols=seen.symbols,
        px_per_mm=scale,
        field_mm=plane.field_mm(),
        tilt=tilt,
        near_side=side,
        paper=float(np.median(papers)),
        ink=float(np.median([spot.ink for spot in found])),
        clipped=max(spot.clipped for spot in found),
        evenness=float(papers.min() / max(1.0, papers.max())),
        noise=float(np.median([spot.noise for spot in found])),
        blur=inner,
        blur_edges=outer,
        flicker=flicker(frames),
        greys=_greys(frames, plane),
        matrix_read_mm=_mm(min(matrix & seen.matrix, default=None)),
        matrix_missed_mm=_missed(matrix, seen.matrix, NEED_MATRIX_PX, scale),
        linear_read_mm=_mm(min(linear & seen.linear, default=None)),
        linear_missed_mm=_missed(linear, seen.linear, NEED_LINEAR_PX, scale),
    )


def flicker(frames: Sequence[Luma]) -> float:
    """Share by which the brightest of some frames of a still scene outshines the darkest."""
    means = [float(frame[::4, ::4].mean()) for frame in frames]
    return (max(means) - min(means)) / max(1.0, float(np.mean(means)))


def _scale(plane: Plane) -> tuple[float, float, Side]:
    """The least scale, by how much opposite edges differ, and where it is largest."""
    width, height = plane.size
    edges: dict[Side, tuple[float, float]] = {
        "left": (0, height / 2),
        "right": (width, height / 2),
        "top": (width / 2, 0),
        "bottom": (width / 2, height),
    }
    scales = {side: plane.px_per_mm(*at) for side, at in edges.items()}
    pairs: tuple[tuple[Side, Side], ...] = (("left", "right"), ("top", "bottom"))
    tilts = [(abs(scales[a] / scales[b] - 1), max((a, b), key=scales.__getitem__)) for a, b in pairs]
    tilt, side = max(tilts)
    return min(scales.values()), tilt, side


def _blurs(found: Sequence[Spot], size: tuple[int, int]) -> tuple[float, float]:
    """The blur in the middle, and that of the worst quarter of the frame outside of it."""
    width, height = size
    inner, quarters = [], [[], [], [], []]  # type: tuple[list[float], list[list[float]]]
    for spot in found:
        x, y = spot.x / width - 0.5, spot.y / height - 0.5
        if abs(x) < 1 / 5 and abs(y) < 1 / 5:
            inner.append(spot.blur)
        elif abs(x) > 1 / 4 or abs(y) > 1 / 4:
            quarters[2 * (x > 0) + (y > 0)].append(spot.blur)
    outer = [float(np.median(quarter)) for quarter in quarters if quarter]
    everywhere = [spot.blur for spot in found]
    return float(np.median(inner or everywhere)), max(outer, default=float(np.median(everywhere)))


def _greys(frames: Sequence[Luma], plane: Plane) -> int:
    """How many steps of the grey scale differ by more than 3 levels from the one before."""
    mean = _mean(frames)
    steps = [mark for mark in marks() if mark.kind == "grey"]
    patches = [_patch(mean, plane, mark.x + mark.size / 2, mark.y + mark.size / 2, mark.size * 0.6) for mark in steps]
    levels = [float(np.median(patch)) for patch in patches if patch is not None]
    if len(levels) < len(GREYS):
        return -1
    return sum(after - before > 3 for before, after in itertools.pairwise(levels))  # noqa: PLR2004


def _missed(shown: frozenset[int], read: frozenset[int], need_px: float, scale: float) -> tuple[float, ...]:
    due = sorted(module for module in shown - read if module * DOT_MM * scale >= need_px)
    return tuple(round(module * DOT_MM, 3) for module in due)


def _mm(module: int | None) -> float | None:
    return None if module is None else round(module * DOT_MM, 3)


def _in_view(plane: Plane, kind: str, modules: Sequence[int]) -> frozenset[int]:
    width, height = plane.size
    found = set()
    for mark in marks():
        if mark.kind == kind and mark.size in modules:
            across = mark.size * (14 if kind == "datamatrix" else 57)
            corners = [plane.at(mark.x, mark.y), plane.at(mark.x + across, mark.y + across / 6)]
            if all(0 <= x <= width and 0 <= y <= height for x, y in corners):
                found.add(mark.size)
    return frozenset(found)
