"""Whether a frame shows anything else than the one before: what a camera of an empty table costs.

Every eighth pixel is looked at, in two ways. Single samples see a symbol that takes another's place, or an edge that
moves by a pixel; means over cells of 4 x 4 samples, and over 4 x 4 cells, see what is faint: a label of low contrast,
a hand in the dark. What counts as a difference is measured in the noise of the frames themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.vision.pixels import (
    Luma,
    Plane,
    above,
    blended,
    difference,
    furthest,
    halved,
    mean,
    overall,
)

EVERY = 8
"""Frame pixels from sample to sample."""
CELL = 4 * EVERY
"""Frame pixels along a cell."""
SAMPLE_SIGMAS, LEAST_SAMPLES, LEAST_STEP = 7.0, 6, 16.0
"""So many samples must differ by so many sigmas, and by so many grey levels: bright paper is noisier than the rest."""
CELL_SIGMAS, RECENT_SIGMAS = 7.0, 5.0
"""By how many sigmas the mean of a cell must differ: of one frame, and of the last few, which is sought in the dark."""
LEAST_SHARE, LEAST_LEVELS = 0.02, 0.6
"""A mean that differs by less than this share of the light and these grey levels is flicker."""
DARK = 4.0
"""Grey levels added to what others are divided by: black is as dark as the sensor's offset."""
AROUND = 15
"""Cells around one with which it is compared: the light changes over wider parts than things do."""
MEMORY, RECENT = 32, 3
"""Frames over which the means of a still view are averaged: all that it was, and what it is now. Slow drift of the
light goes unnoticed, and a label in the dark does not."""
ANCHOR = 16
"""Frames after which the samples of a still view are taken anew."""
TURNS = 4
"""Frames in which all is looked at once that need not be seen in the first: what creeps, what is faint, the noise."""
MEASURED = 500
"""Samples at which the noise is measured."""
_SPREAD = 0.3246
"""Mean of the smaller half of absolute normal deviates."""


@dataclass(frozen=True, slots=True)
class Coarse:
    """A frame as the gate and the background see it."""

    samples: Luma
    """Every eighth pixel."""
    cells: Plane
    """Means of 4 x 4 samples."""


def coarse(luma: Luma) -> Coarse:
    """Look at a frame coarsely; any size from 1 x 1 on."""
    top, left = (min(EVERY // 2, side // 2) for side in luma.shape)
    samples = np.ascontiguousarray(luma[top::EVERY, left::EVERY])
    return Coarse(samples, halved(halved(samples).astype(np.float32)))


@dataclass(frozen=True, slots=True)
class Tell:
    """What the gate says of a frame."""

    changed: bool
    """Something moved, came or went."""
    fresh: bool
    """Not the view that was tried last: it changed, or the light did."""
    still: int
    """Frames since the view stands; 0 where it does not."""


class Gate:
    """Compares each frame with the one before and with the one at which the view came to stand."""

    def __init__(self) -> None:
        """Start with an unknown view."""
        self.sigma = 0.0
        """Standard deviation of the noise of one sample, in grey levels."""
        self._last: Coarse | None = None
        self._anchor: Luma | None = None
        self._cells: Plane | None = None
        self._recent: Plane | None = None
        self._frames = 0

    def look(self, now: Coarse, *, blind: bool = False) -> Tell:
        """Take the next frame.

        Args:
            now: the frame.
            blind: the lamp was just switched: whatever differs is its doing.
        """
        last = self._last
        if last is None or last.samples.shape != now.samples.shape:
            self._restart(now)
            self.sigma = 0.0
            return Tell(changed=True, fresh=True, still=0)
        moved = difference(now.samples, last.samples)
        if self.sigma == 0 or self._frames % TURNS == 1:
            self._measure(moved)
        changed = not blind and (self._differs(moved) or self._cells_differ(now) or self._crept(now))
        if changed or blind:
            self._restart(now)
            return Tell(changed=changed, fresh=True, still=0)
        self._follow(now)
        return Tell(changed=False, fresh=False, still=self._frames)

    def _restart(self, now: Coarse) -> None:
        self._last, self._anchor, self._frames = now, now.samples, 0
        self._cells = self._recent = now.cells

    def _follow(self, now: Coarse) -> None:
        """The view stands: its means follow slow drift of the light."""
        assert self._cells is not None  # noqa: S101 - set with the first frame
        self._frames += 1
        self._cells = blended(self._cells, now.cells, 1 / min(MEMORY, self._frames + 1))
        self._last = now
        if self._frames % ANCHOR == 0:
            self._anchor = now.samples

    def _measure(self, moved: Luma) -> None:
        """The noise: of the half of the samples that differ least, so that what moves does not count."""
        every = max(1, math.isqrt(moved.size // MEASURED))
        ranked = np.sort(moved[::every, ::every], axis=None)
        found = float(ranked[: (ranked.size + 1) // 2].mean()) / _SPREAD / math.sqrt(2)
        self.sigma = found if self.sigma == 0 else min(self.sigma + 0.2 * (found - self.sigma), self.sigma * 1.2 + 0.1)

    def _differs(self, moved: Luma) -> bool:
        step = max(SAMPLE_SIGMAS * math.sqrt(2) * self.sigma, LEAST_STEP)
        return above(moved, step) >= min(LEAST_SAMPLES, moved.size)

    def _crept(self, now: Coarse) -> bool:
        """Whether many small movements have become one."""
        assert self._anchor is not None  # noqa: S101 - set with the first frame
        return self._frames % TURNS == TURNS - 1 and self._differs(difference(now.samples, self._anchor))

    def _cells_differ(self, now: Coarse) -> bool:
        """Whether a part has become lighter or darker than what is around it: not the light as a whole."""
        assert self._cells is not None  # noqa: S101 - set with the first frame
        assert self._recent is not None  # noqa: S101
        self._recent = blended(self._recent, now.cells, 1 / RECENT)
        known = 1 / min(MEMORY, self._frames + 1)
        if self._stands_out(now.cells, CELL_SIGMAS * math.sqrt(1 + known)):
            return True
        averaged = 1 / min(2 * RECENT - 1, self._frames + 2)
        return self._frames % TURNS == 0 and self._stands_out(self._recent, RECENT_SIGMAS * math.sqrt(averaged + known))

    def _stands_out(self, cells: Plane, sigmas: float) -> bool:
        """Whether a cell, or a square of 4 or 16, has changed by more sigmas of one cell's noise."""
        assert self._cells is not None  # noqa: S101 - set with the first frame
        level = self._cells + DARK
        step = (cells - self._cells) / level
        step -= mean(step, AROUND)
        light = overall(level)
        noise, least = sigmas * self.sigma / 4 / light, LEAST_SHARE + LEAST_LEVELS / light
        for wider in range(3):
            if furthest(step) > max(noise / 2**wider, least):
                return True
            step = halved(step)
        return False
