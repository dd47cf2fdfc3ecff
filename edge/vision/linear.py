"""Rungs for linear codes: bars turned upright, averaged along themselves, light made even: one chain.

The decoder reads linear codes along rows only. So the view is made of the bars alone: upright, finer across the bars
than the frame is (a leaning code is sampled at another phase in each row: averaging rows gives detail, not only less
noise), coarser along them, black and white. It has few rows, and costs the decoder next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.vision.pixels import Affine, Luma, fewer_rows, row_extremes, row_sharpened, warped
from edge.vision.regions import Bars, Region, View
from edge.vision.symbols import Quad

QUIET_ZONE = 48
"""Frame pixels beside the bars that belong to the view: 10 modules of nearly 5 pixels."""
ABOVE = 8
"""The same above and below the bars."""
EVERY = 2
"""One row of so many is sampled before rows are averaged."""
WIDE = 1800
"""Most columns of a view; longer codes are sampled less finely."""
REACH = 61
"""Frame pixels around each in which there is ink and paper."""
FAINT = 0.3
"""Less than this share of the usual difference between ink and paper is no print."""
ALIKE = 0.8
"""Share of equal pixels at which two rows show the same bars."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How a view of bars is made."""

    rows: int
    """Sampled rows that are averaged to one."""
    amount: float = 0.0
    """Sharpening along the row, against blur."""
    reach: int = REACH


PLAIN = Chain(rows=3)
SHARP = Chain(rows=3, amount=3)
CLOSE = Chain(rows=2, reach=31)
SIGMA = 1.7
"""Frame pixels of the Gaussian that `Chain.amount` sharpens against."""


def bars(_crop: Luma, region: Region) -> View | None:
    """Upright, averaged along the bars, even."""
    return _view(_crop, region.bars, PLAIN)


def bars_sharp(_crop: Luma, region: Region) -> View | None:
    """The same and sharpened across the bars: against blur."""
    return _view(_crop, region.bars, SHARP)


def bars_close(_crop: Luma, region: Region) -> View | None:
    """Fewer rows averaged, light made even more narrowly: against glare, and for bars that fan out."""
    return _view(_crop, region.bars, CLOSE)


def _view(crop: Luma, bars: Bars | None, chain: Chain) -> View | None:
    if bars is None:
        return None
    finer = min(3.0, WIDE / (bars.length + 2 * QUIET_ZONE))
    width = round((bars.length + 2 * QUIET_ZONE) * finer)
    rows = max(1, math.ceil((bars.height + 2 * ABOVE) / (EVERY * chain.rows)))
    upright = warped(crop, _back(bars, finer, EVERY), (width, rows * chain.rows))
    averaged = fewer_rows(upright, chain.rows)
    if chain.amount:
        averaged = row_sharpened(averaged, amount=chain.amount, sigma=SIGMA * finer)
    back = _back(bars, finer, EVERY).after(Affine(e=chain.rows, f=(chain.rows - 1) / 2))
    return View(evened(averaged, round(chain.reach * finer) | 1), back)


def _back(bars: Bars, finer: float, every: int) -> Affine:
    """From an upright view of the bars to the crop."""
    (x, y), *_ = bars.outline(QUIET_ZONE, ABOVE)
    cos, sin = math.cos(math.radians(bars.lean)), math.sin(math.radians(bars.lean))
    return Affine(cos / finer, -sin * every, x, sin / finer, cos * every, y)


def evened(rows: Luma, reach: int) -> Luma:
    """Black and white by what is ink and what is paper within `reach` pixels along the row; where all is one: paper."""
    low, high = (plane.astype(np.int16) for plane in row_extremes(rows, reach))
    least = int(FAINT * np.quantile(high - low, 0.9)) + 1
    low = np.minimum(low, high - least)
    return np.where(2 * rows.astype(np.int16) > low + high, np.uint8(255), np.uint8(0))


def full_height(view: Luma, corners: Quad) -> Quad:
    """A symbol's corners in a view of these rungs, drawn to the ends of its bars.

    The decoder reports the rows that it read; the rows above and below belong to the symbol as long as they are alike.

    Args:
        view: as the rung made it, black and white, bars upright.
        corners: clockwise from the symbol's top left, which is the lower right one of a symbol upside down.
    """
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left, right = max(0, round(min(xs))), round(max(xs)) + 1
    first, last = max(0, round(min(ys))), min(view.shape[0] - 1, round(max(ys)))
    if first > last or right - left < 2:  # noqa: PLR2004 - nothing to compare
        return corners
    alike = np.mean(view[:, left:right] == view[(first + last) // 2, left:right], axis=1) >= ALIKE
    while first > 0 and alike[first - 1]:
        first -= 1
    while last + 1 < len(alike) and alike[last + 1]:
        last += 1
    top, bottom = first - 0.5, last + 0.5
    ends = (top, top, bottom, bottom) if corners[0][1] <= corners[3][1] else (bottom, bottom, top, top)
    a, b, c, d = zip(xs, ends, strict=True)
    return (a, b, c, d)
