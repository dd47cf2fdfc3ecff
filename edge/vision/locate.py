"""Where in a frame a symbol may be: places of much local contrast, best first."""

from __future__ import annotations

import numpy as np

from edge.vision.pixels import Luma, components, mean, scaled, texture
from edge.vision.regions import Region

CELL = 16
"""Frame pixels per cell of the coarse grid."""
MARGIN = 24
"""Frame pixels around what was found: a quiet zone."""
MOST = 6
LEAST_CELLS = 6


def locate(luma: Luma) -> tuple[Region, ...]:
    """Boxes that may hold a symbol, the most likely first; none in an empty view."""
    grid = scaled(mean(texture(scaled(luma, 1 / 2), 3), 5), 2 / CELL)
    middle = float(np.median(grid))
    spread = float(np.median(np.abs(grid.astype(np.float32) - middle)))
    threshold = middle + max(6 * spread, 12.0, 0.2 * (float(grid.max()) - middle))
    mask = (grid > threshold).astype(np.uint8)
    found = [_region(luma, grid, box) for box in components(mask) if box[4] >= LEAST_CELLS]
    return tuple(sorted(found, key=lambda region: -region.score)[:MOST])


def _region(luma: Luma, grid: Luma, box: tuple[int, int, int, int, int]) -> Region:
    x, y, width, height, cells = box
    energy = float(grid[y : y + height, x : x + width].mean())
    fill = cells / (width * height)
    left, top = max(0, x * CELL - MARGIN), max(0, y * CELL - MARGIN)
    right = min(luma.shape[1], (x + width) * CELL + MARGIN)
    bottom = min(luma.shape[0], (y + height) * CELL + MARGIN)
    return Region(left, top, right - left, bottom - top, "matrix", score=energy * fill * cells**0.35)
