"""Where in a frame a symbol may be: places of much local contrast, best first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from edge.vision.bars import find_bars, joined
from edge.vision.linear import QUIET_ZONE
from edge.vision.pixels import Luma, components, filled, mean, scaled, texture
from edge.vision.regions import Bars, Region

CELL = 16
"""Frame pixels per cell of the coarse grid."""
MARGIN = 24
"""Frame pixels around what was found: a quiet zone."""
MOST = 6
MOST_LINEAR = 24
"""Bars cost little: a form full of stickers is read at once."""
LEAST_CELLS = 6
BUSY = 11.0
"""Where the usual texture is more than this, what stands out says nothing of bars: the whole frame is searched."""


def locate(luma: Luma) -> tuple[Region, ...]:
    """Boxes that may hold a symbol, the most likely first; none in an empty view."""
    grid = scaled(mean(texture(scaled(luma, 1 / 2), 3), 5), 2 / CELL)
    middle = float(np.median(grid))
    spread = float(np.median(np.abs(grid.astype(np.float32) - middle)))
    threshold = middle + max(6 * spread, 12.0, 0.2 * (float(grid.max()) - middle))
    mask = (grid > threshold).astype(np.uint8)
    boxes = [box for box in components(mask) if box[4] >= LEAST_CELLS]
    everywhere = [(0, 0, grid.shape[1], grid.shape[0], 0)] if middle > BUSY else boxes
    linear = [_linear(luma, bars) for bars in joined(_bars(luma, everywhere))]
    rest = _without(mask, linear) if linear else mask
    found = [_region(luma, grid, box) for box in components(rest) if box[4] >= LEAST_CELLS]
    return (*linear[:MOST_LINEAR], *sorted(found, key=lambda region: -region.score)[:MOST])


def _without(mask: Luma, linear: Sequence[Region]) -> Luma:
    """The mask without bars, and without the thin rim that is left around them."""
    rest = mask.copy()
    for region in linear:
        if region.bars is not None:
            outline = region.bars.moved(region.x, region.y).outline()
            filled(rest, [(x / CELL - 0.5, y / CELL - 0.5) for x, y in outline], 0)
    return rest


def _bars(luma: Luma, boxes: Sequence[tuple[int, int, int, int, int]]) -> Iterator[Bars]:
    """The bars within boxes of the grid, in frame pixels."""
    for x, y, width, height, _ in boxes:
        left, top = max(0, x * CELL - MARGIN), max(0, y * CELL - MARGIN)
        crop = luma[top : (y + height) * CELL + MARGIN, left : (x + width) * CELL + MARGIN]
        yield from (bars.moved(left, top) for bars in find_bars(crop))


def _linear(luma: Luma, bars: Bars) -> Region:
    """The box around bars and their quiet zones."""
    outline = bars.outline(QUIET_ZONE, MARGIN)
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    left, top = max(0, int(min(xs))), max(0, int(min(ys)))
    right, bottom = min(luma.shape[1], math.ceil(max(xs))), min(luma.shape[0], math.ceil(max(ys)))
    return Region(left, top, right - left, bottom - top, "linear", bars.weight, bars.moved(-left, -top))


def _region(luma: Luma, grid: Luma, box: tuple[int, int, int, int, int]) -> Region:
    x, y, width, height, cells = box
    energy = float(grid[y : y + height, x : x + width].mean())
    fill = cells / (width * height)
    left, top = max(0, x * CELL - MARGIN), max(0, y * CELL - MARGIN)
    right = min(luma.shape[1], (x + width) * CELL + MARGIN)
    bottom = min(luma.shape[0], (y + height) * CELL + MARGIN)
    return Region(left, top, right - left, bottom - top, "matrix", score=energy * fill * cells**0.35)
