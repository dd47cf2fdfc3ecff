"""The mean of up to four frames of a scene that truly stands: half the noise, a quarter of a pixel per module more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.vision.pixels import Luma, Sums, added, shared_out

MOST = 4
"""Eight add nothing (the light drifts, the hand trembles)."""
MOST_SHIFT = 0.25
"""Frame pixels by which a part of the scene may move from the first frame to the last."""
_STEP = 8
_TILE = 128
"""Frame pixels along a part that is asked whether it moved."""
_LEAST_EDGE = 30.0
"""Mean squared gradient, grey levels squared, below which a part cannot tell."""


class Average:
    """The frames of a scene that were added so far."""

    def __init__(self) -> None:
        """Start without frames."""
        self.frames = 0
        self._total: Sums | None = None
        self._first: Luma | None = None

    def add(self, luma: Luma) -> bool:
        """Add a frame, unless there are enough; False if it has moved against the first, and is the first now."""
        if self._first is None or self._total is None or self._first.shape != luma.shape:
            self._restart(luma)
            return True
        if self.frames >= MOST:
            return True
        if shift(self._first, luma) > MOST_SHIFT:
            self._restart(luma)
            return False
        self._total = added(self._total, luma)
        self.frames += 1
        return True

    @property
    def picture(self) -> Luma:
        """The mean, height x width, the caller's own.

        Raises:
            ValueError: there are no frames.
        """
        if self._total is None:
            raise ValueError("expected at least one frame, found none: add one first")
        return shared_out(self._total, self.frames)

    def _restart(self, luma: Luma) -> None:
        self._first = luma.copy()
        self._total = luma.astype(np.uint16)
        self.frames = 1


def shift(before: Luma, after: Luma) -> float:
    """By how many pixels the part that moved most has moved, if it was less than about one; both of one size.

    The least-squares solution of ``after - before = -shift x gradient`` (Lucas and Kanade 1981), along rows and along
    columns, for each tile of the frame by itself: a label may move on a table that stands.
    """
    along = _along(before[::_STEP], after[::_STEP])
    return max(along, _along(before[:, ::_STEP].T, after[:, ::_STEP].T))


def _along(before: Luma, after: Luma) -> float:
    """The largest shift along the rows, of which only every eighth is given."""
    if before.shape[1] < 3:  # noqa: PLR2004 - a gradient needs neighbours
        return 0.0
    now, then = np.ascontiguousarray(after), np.ascontiguousarray(before)
    total = now.astype(np.float32) + then
    slope = (total[:, 2:] - total[:, :-2]) / 4
    step = now.astype(np.float32) - then
    moved, edges = _tiles(slope * step[:, 1:-1]), _tiles(slope * slope)
    tells = edges > _LEAST_EDGE
    return float((np.abs(moved[tells]) / edges[tells]).max()) if tells.any() else 0.0


def _tiles(plane: NDArray[np.floating]) -> NDArray[np.floating]:
    """The means of tiles; tiles at the right and lower edge are smaller."""
    rows = np.arange(0, plane.shape[0], _TILE // _STEP)
    columns = np.arange(0, plane.shape[1], _TILE)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, plane.shape[0]))
    widths = np.diff(np.append(columns, plane.shape[1]))
    return np.asarray(sums / np.outer(heights, widths))
