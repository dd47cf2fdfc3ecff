"""Where bars run side by side: the structure tensor of a frame's region, cheap because it looks at half the resolution.

The doubled angle of a slope is the same on both flanks of a bar, so slopes of one code add up, whatever their sign,
and those of print cancel out. Coherence is what is left of the sum: 1 where all slopes run one way, 0 where none does
(Bigün and Granlund 1987).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge.vision.pixels import Luma, Plane, cells, gradients, labelled, mean, scaled
from edge.vision.regions import Bars

COHERENCE = 0.6
CELL = 8
"""Frame pixels per cell."""
QUIET = 5000.0
"""Energy of slopes that noise of 6 grey levels stays below."""
FAINT = 0.08
"""Share of the strongest slopes' energy below which there are no bars."""
ONE_WAY = math.cos(math.radians(2 * 22))
"""Cosine of the doubled angle by which cells of one code differ at most; perspective fans bars out."""
LEAST_CELLS = 12
SQUAT = 0.5
"""Bars reach over at least this share of their height; else it is an edge, or the first bars of a stacked code."""
SHORTEST = 60.0
"""Frame pixels of the shortest code: UPC-E of 51 modules at little more than one pixel."""
WEAK = 0.02
"""Less than this share of the strongest bars' weight is print or grain."""
NARROW = 1 / 6
"""Rows of cells of less than this share of the widest row are another symbol: Data Matrix has some 20 modules."""
PARALLEL = 6.0
"""Degrees between pieces of one code, at most."""
MOST_PIECES = 40
"""Of a fabric or a page full of lines no more are looked at."""
GAP = 0.6
"""Pieces of one code lie at most this many heights apart; glare and locate's boxes cut codes into pieces."""


def find_bars(luma: Luma) -> tuple[Bars, ...]:
    """Every rectangle of parallel bars, the strongest first; pieces of one code are joined."""
    if min(luma.shape) < 2 * CELL:
        return ()
    energy, direction = _tensor(luma)
    bound = max(QUIET, FAINT * float(np.quantile(energy[::2, ::2], 0.995)))
    mask = (energy > bound) & (np.abs(direction) > COHERENCE * energy)
    labels = labelled(mask.astype(np.uint8))
    large = np.flatnonzero(np.bincount(labels.ravel())[1:] >= LEAST_CELLS) + 1
    found = (_bars(labels == number, energy, direction) for number in large)
    whole = joined(bars for bars in found if bars is not None)
    return tuple(bars for bars in whole if bars.length >= SHORTEST and bars.weight >= WEAK * whole[0].weight)


def _tensor(luma: Luma) -> tuple[Plane, NDArray[np.complex64]]:
    """For each cell the mean energy of the slopes, and the mean of their squares as complex numbers."""
    right, down = gradients(scaled(luma, 1 / 2))
    xx, yy, xy = (mean(cells(plane, CELL // 2), 3) for plane in (right * right, down * down, right * down))
    return xx + yy, (xx - yy + 2j * xy).astype(np.complex64)


def _bars(area: NDArray[np.bool_], energy: Plane, direction: NDArray[np.complex64]) -> Bars | None:
    """The rectangle around those cells of a connected area whose slopes run as most of it does."""
    rows, columns = np.nonzero(area)
    slopes = direction[rows, columns]
    main = slopes.sum()
    along = (slopes * np.conj(main)).real > ONE_WAY * np.abs(slopes) * abs(main)
    if np.count_nonzero(along) < LEAST_CELLS:
        return None
    lean = math.degrees(np.angle(main)) / 2
    turned = np.exp(-1j * math.radians(lean)) * ((columns[along] + 0.5) + 1j * (rows[along] + 0.5)) * CELL
    bars = _rectangle(turned[_wide(turned.imag)], lean, float(energy[rows, columns][along].sum()))
    return bars if bars.length >= SQUAT * bars.height else None


def _wide(height: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which cells lie between the first and the last row of cells that is not narrow: not a matrix symbol below."""
    row = np.rint((height - height.min()) / CELL).astype(int)
    count = np.bincount(row)
    wide = np.flatnonzero(count >= NARROW * count.max())
    return np.asarray((row >= wide[0]) & (row <= wide[-1]))


def _rectangle(turned: NDArray[np.complex128], lean: float, weight: float) -> Bars:
    """The rectangle around points that were turned upright."""
    left, right = float(turned.real.min()), float(turned.real.max())
    top, bottom = float(turned.imag.min()), float(turned.imag.max())
    centre = complex(left + right, top + bottom) / 2 * np.exp(1j * math.radians(lean))
    return Bars(float(centre.real), float(centre.imag), right - left + CELL, bottom - top + CELL, lean, weight)


def joined(pieces: Iterable[Bars]) -> tuple[Bars, ...]:
    """The strongest pieces, those made one that lie in line across their bars; the strongest first."""
    bars = sorted(pieces, key=lambda each: -each.weight)[:MOST_PIECES]
    while pair := next((pair for pair in combinations(bars, 2) if _in_line(*pair)), None):
        bars = [each for each in bars if each not in pair]
        bars.append(_union(*pair))
    return tuple(sorted(bars, key=lambda each: -each.weight))


def _in_line(one: Bars, other: Bars) -> bool:
    """Whether these are pieces of one code or of codes side by side, close for their height."""
    turn = (one.lean - other.lean + 90) % 180 - 90
    way = np.exp(-1j * math.radians(max(one, other, key=lambda each: each.weight).lean))
    offset = complex(other.x - one.x, other.y - one.y) * way
    low = min(one.height, other.height)
    across = (one.height + other.height) / 2 - abs(offset.imag)
    gap = abs(offset.real) - (one.length + other.length) / 2
    return bool(abs(turn) <= PARALLEL and across >= low / 2 and gap <= GAP * low)


def _union(one: Bars, other: Bars) -> Bars:
    lean = max(one, other, key=lambda each: each.weight).lean
    points = np.array([complex(*point) for each in (one, other) for point in each.outline(-CELL / 2, -CELL / 2)])
    return _rectangle(points * np.exp(-1j * math.radians(lean)), lean, one.weight + other.weight)
