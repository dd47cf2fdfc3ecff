"""Rungs for linear codes: bars turned upright, averaged along themselves, light made even: one chain.

The decoder reads linear codes along rows only. So the view is made of the bars alone: upright, finer across the bars
than the frame is (a leaning code is sampled at another phase in each row: averaging rows gives detail, not only less
noise), coarser along them, black and white. It has few rows, and costs the decoder next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.vision.decodability import decodability
from edge.vision.pixels import Affine, Luma, fewer_rows, row_extremes, row_filtered, warped
from edge.vision.regions import Bars, Region, View
from edge.vision.symbols import Quad, Symbol

QUIET_ZONE = 48
"""Frame pixels beside the bars that belong to the view: 10 modules of nearly 5 pixels."""
ABOVE = 8
"""The same above and below the bars."""
EVERY = 2
"""One row of so many is sampled before rows are averaged."""
FINER = 3.0
"""Columns of a view for each frame pixel."""
WIDE = 1800
"""Most columns of a view; longer codes are sampled less finely."""
FAINT = 0.3
"""Less than this share of the usual difference between ink and paper is no print."""
ALIKE = 0.8
"""Share of equal pixels at which two rows show the same bars."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How a view of bars is made; lengths in frame pixels."""

    rows: int
    """Sampled rows that are averaged to one."""
    blur: float
    """Sigma of the Gaussian blur that is taken back; 0 for none."""
    reach: int
    """Around each pixel, where there is ink and paper."""


USUAL = Chain(rows=2, blur=0.8, reach=41)
SHARP = Chain(rows=8, blur=1.4, reach=61)
PLAIN = Chain(rows=3, blur=0.0, reach=81)
SIGNAL = 100.0
"""Power of the print over that of the noise after averaging, for the inverse filter."""


def bars(crop: Luma, region: Region) -> View | None:
    """Upright, averaged along the bars, a lens' usual blur taken back, light made even."""
    return _view(crop, region.bars, USUAL)


def bars_sharp(crop: Luma, region: Region) -> View | None:
    """More rows averaged, so that more blur can be taken back: out of focus."""
    return _view(crop, region.bars, SHARP)


def bars_plain(crop: Luma, region: Region) -> View | None:
    """No blur taken back, light made even more widely: for large modules, and pictures that were sharpened before."""
    return _view(crop, region.bars, PLAIN)


def _view(crop: Luma, bars: Bars | None, chain: Chain) -> View | None:
    if bars is None:
        return None
    finer = min(FINER, WIDE / (bars.length + 2 * QUIET_ZONE))
    width = round((bars.length + 2 * QUIET_ZONE) * finer)
    rows = max(1, math.ceil((bars.height + 2 * ABOVE) / (EVERY * chain.rows)))
    upright = warped(crop, _back(bars, finer, EVERY), (width, rows * chain.rows))
    averaged = fewer_rows(upright, chain.rows)
    if chain.blur:
        averaged = row_filtered(averaged, inverse_blur(round(chain.blur * finer, 1)))
    back = _back(bars, finer, EVERY).after(Affine(e=chain.rows, f=(chain.rows - 1) / 2))
    return View(evened(averaged, round(chain.reach * finer) | 1), back)


@cache
def inverse_blur(sigma: float) -> NDArray[np.float32]:
    """The kernel that takes back a Gaussian blur as far as noise allows (Wiener's filter).

    Args:
        sigma: of the blur, in pixels of the row.
    """
    reach = round(8 * sigma)
    passed = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(2 * reach + 1)) ** 2)
    kernel = np.fft.fftshift(np.fft.irfft(passed / (passed**2 + 1 / SIGNAL), 2 * reach + 1))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _back(bars: Bars, finer: float, every: int) -> Affine:
    """From an upright view of the bars to the crop."""
    (x, y), *_ = bars.outline(QUIET_ZONE, ABOVE)
    cos, sin = math.cos(math.radians(bars.lean)), math.sin(math.radians(bars.lean))
    return Affine(cos / finer, -sin * every, x, sin / finer, cos * every, y)


def evened(rows: Luma, reach: int) -> Luma:
    """Black and white by what is ink and what is paper within `reach` pixels along the row; where all is one: paper."""
    low, high = row_extremes(rows, reach)
    spread = high - low
    least = np.uint8(FAINT * np.quantile(spread[:, ::8], 0.9) + 1)
    half = np.minimum(np.maximum(spread, least) // 2, high)
    return np.where(rows > high - half, np.uint8(255), np.uint8(0))


def completed(view: Luma, symbol: Symbol) -> Symbol:
    """What a view of these rungs tells of a symbol that was read in it: its whole outline, and how near a misread was.

    Args:
        view: as the rung made it, black and white, bars upright.
        symbol: as read there.
    """
    a, b, c, d = symbol.corners
    ends = zip(_rows(view, symbol.corners), ((a, b), (d, c)) if a[1] <= d[1] else ((d, c), (a, b)), strict=True)
    margins = [decodability(view[row].astype(float), one[0], two[0], symbol.format) for row, (one, two) in ends]
    known = [margin for margin in margins if margin is not None]
    return replace(symbol, corners=full_height(view, symbol.corners), margin=max(known, default=None))


def _rows(view: Luma, corners: Quad) -> tuple[int, int]:
    ys = [min(max(0, round(y)), view.shape[0] - 1) for _, y in corners]
    return min(ys), max(ys)


def full_height(view: Luma, corners: Quad) -> Quad:
    """A symbol's corners drawn to the ends of its bars.

    The decoder reports the rows that it read; the rows above and below belong to the symbol as long as they are alike.

    Args:
        view: as the rung made it, black and white, bars upright.
        corners: clockwise from the symbol's top left, which is the lower right one of a symbol upside down.
    """
    xs = [x for x, _ in corners]
    left, right = max(0, round(min(xs))), round(max(xs)) + 1
    first, last = _rows(view, corners)
    alike = np.mean(view[:, left:right] == view[(first + last) // 2, left:right], axis=1) >= ALIKE
    while first > 0 and alike[first - 1]:
        first -= 1
    while last + 1 < len(alike) and alike[last + 1]:
        last += 1
    top, bottom = first - 0.5, last + 0.5
    ends = (top, top, bottom, bottom) if corners[0][1] <= corners[3][1] else (bottom, bottom, top, top)
    a, b, c, d = zip(xs, ends, strict=True)
    return (a, b, c, d)
