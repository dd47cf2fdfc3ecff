"""Where in a frame a symbol may be: places that are half ink, half paper, and full of edges.

A symbol differs from text, wood grain and the rim of a label in two measures that need no threshold of grey values.
Its edges lie dense, so that the values within a few pixels of nearly every point span most of what they span around
it; and it is about half ink. Text has edges but is mostly paper; wood and shadows have no dense edges; noise spans
little. The product of both measures is the score. What scores high is *likely* and looked at first; the rest, down to
`LEAST`, comes later.

The same is done on copies of a half, a quarter ... of the size for symbols with larger modules, but against the
highest and lowest values of the full size: what is fine texture fades when it is made smaller, a symbol does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from edge.vision.kinds import by_kind
from edge.vision.pixels import Luma, Plane, boxes, halved, highest, lowest, mean, sampled
from edge.vision.regions import Region

CELL = 8
"""Frame pixels per cell of the finest level; twice as many at each level after it."""
AROUND, NEARBY = 5, 3
"""Cells across of which the extremes are compared with the mean, and those of the mean; odd, with a cell in the
middle. The mean is taken twice: what is as high as a line of text, or as narrow as a rim, scores less."""
LEVELS = 4
LIKELY_LEVELS = 2
"""Modules of 2 to 16 pixels; larger ones are looked for later, because wood grain is like them."""
SMALLEST = 16
"""Pixels of the side of an image that is worth a level."""
LIKELY, LIKELY_RIM = 0.47, 0.33
"""What the best cell of a symbol reaches, but text and grain seldom do; and what all its cells reach."""
NEAR, LEAST = 0.35, 0.25
LEAST_SPAN = 8
"""Grey values between ink and paper, above what noise makes."""
WHITE, CLIPPED = 254, 1.3
"""Paper of this value is brighter than the camera can tell and thins the ink: it counts for so much more."""
QUIET = 4
"""The quietest of so many cells are taken to show noise alone, but not more than `LOUDEST` of it."""
LOUDEST = 12
BANDS, BAND = 4, 32
"""So many bands of so many rows are looked at for the noise of a frame."""
MARGIN = 30
"""Frame pixels around what scored, at the finest level: the rim of the symbol, which scores less, and a quiet zone."""
LARGEST = 450
"""Frame pixels at the finest level; what is larger is looked at in pieces that overlap by `OVERLAP`."""
OVERLAP = 150
SAME = 3.0
"""Times the area of a box that another level may have for the same thing."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """The scores of one level, in cells of so many frame pixels."""

    score: Plane
    cell: int


def locate(luma: Luma, *, noise: int = 0) -> tuple[Region, ...]:
    """Boxes that look as if they held a symbol or a few, the most likely first; none in an empty view.

    Args:
        luma: height x width, uint8.
        noise: as `noise_of` the frame, where `luma` is a part of it of which some was painted over.
    """
    grids = _grids(luma, LIKELY_LEVELS, noise)
    kept: list[Region] = []
    for region in _best_first(region for grid in grids for region in _regions(luma, grid, LIKELY, LIKELY_RIM)):
        if not any(_same(region, better) for better in kept):
            kept.append(region)
    return by_kind(luma, kept)


def locate_rest(luma: Luma, least: float) -> tuple[Region, ...]:
    """Boxes of everything that has some texture, those of `locate` among them: for a symbol that looks like no other.

    Args:
        luma: height x width, uint8.
        least: score from which on a place counts, such as `NEAR` or `LEAST`; a low one joins neighbours to large boxes.
    """
    grids = _grids(luma, LEVELS, 0)
    regions = _best_first(region for grid in grids for region in _regions(luma, grid, least, least))
    return by_kind(luma, regions)


def _same(region: Region, better: Region) -> bool:
    """Whether a region is what another level has found better, or a part of it."""
    left, top, right, bottom = better.core()
    x, y = region.x + region.width / 2, region.y + region.height / 2
    inside = left <= x < right and top <= y < bottom
    return inside and region.width * region.height <= SAME * better.width * better.height


def _best_first(regions: Iterable[Region]) -> list[Region]:
    return sorted(regions, key=lambda region: -region.score)


def noise_of(luma: Luma) -> int:
    """How far apart neighbours are where nothing is, at half the size, by a few bands of the frame."""
    height = luma.shape[0]
    bands = [luma[at * height // (2 * BANDS) :][:BAND] for at in range(1, 2 * BANDS, 2)]
    seen = halved(np.vstack(bands))
    return _noise(halved(halved(highest(seen, 3) - lowest(seen, 3))))


def _grids(luma: Luma, levels: int, noise: int) -> Iterator[_Grid]:
    seen = halved(luma)
    high, low = highest(seen, 3), lowest(seen, 3)
    top, bottom = sampled(highest(high, 3), 4), sampled(lowest(low, 3), 4)
    for level in range(levels):
        if min(seen.shape) < SMALLEST:
            return
        if level:
            high, low = highest(seen, 3), lowest(seen, 3)
        edges = halved(halved(high - low))
        seen = halved(seen)
        yield _Grid(_scores(edges, halved(seen), (top, bottom), noise >> level), CELL << level)
        top, bottom = sampled(highest(top, 3), 2), sampled(lowest(bottom, 3), 2)


def _scores(edges: Luma, grey: Luma, extremes: tuple[Luma, Luma], noise: int) -> Plane:
    """How much each cell is like a symbol, 0 to 1: all of one shape, a value for each cell."""
    top, bottom = extremes
    high, low, ink = highest(top, AROUND), lowest(bottom, AROUND), mean(grey, NEARBY)
    span, dark, light = (np.subtract(a, b, dtype=np.float32) for a, b in ((high, low), (ink, low), (high, ink)))
    light[high >= WHITE] *= np.float32(CLIPPED)
    score: Plane = np.minimum(dark, light, out=dark)
    score *= mean(edges, NEARBY)
    score *= span >= LEAST_SPAN + 2.5 * min(max(noise, _noise(edges)), LOUDEST)
    score /= np.maximum(span * span / 2, 1)
    return mean(score, NEARBY)


def _noise(edges: Luma) -> int:
    some = edges[::2, ::2].ravel()
    return int(np.partition(some, some.size // QUIET)[some.size // QUIET])


def _regions(luma: Luma, grid: _Grid, least: float, rim: float) -> Iterator[Region]:
    """Boxes around what scores more than `rim`, where the best cell has `least` or more."""
    for x, y, width, height in boxes((grid.score > rim).astype(np.uint8)):
        score = float(grid.score[y : y + height, x : x + width].max())
        if score < least:
            continue
        for left, right in _pieces(x, x + width, grid.cell, luma.shape[1]):
            for top, bottom in _pieces(y, y + height, grid.cell, luma.shape[0]):
                margin = MARGIN * grid.cell // CELL
                yield Region(left, top, right - left, bottom - top, "matrix", score=score, margin=margin)


def _pieces(first: int, end: int, cell: int, size: int) -> Iterator[tuple[int, int]]:
    """From where to where in frame pixels; what is large in overlapping pieces."""
    scale = cell // CELL
    start, stop = max(0, first * cell - MARGIN * scale), min(size, end * cell + MARGIN * scale)
    most, stride = LARGEST * scale, (LARGEST - OVERLAP) * scale
    while stop - start > most:
        yield start, start + most
        start += stride
    yield start, stop
