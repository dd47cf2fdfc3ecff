"""Painting over what was read, so that only what is unread is looked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from edge.vision.pixels import Luma, painted

RIM, LEAST_RIM = 0.1, 4.0
"""How much more than a symbol is painted over on each side: this share of its shorter side, but so many pixels."""
CELLS = 64
"""Along the longer side of an outline of which it is counted what is left."""
POINTS = 8
"""Samples along each side for the grey of the paper."""
Quad = Sequence[tuple[float, float]]
"""Four corners in their order around a symbol."""


def covered(luma: Luma, quads: Iterable[Quad]) -> Luma:
    """A copy in which symbols are painted over in the grey of what they are printed on; without symbols no copy.

    Args:
        luma: height x width, uint8.
        quads: the corners of each symbol in its pixels.
    """
    out = luma
    for quad in quads:
        out = luma.copy() if out is luma else out
        grey = int(np.median(_sampled(luma, grown(quad, 2 * rim(quad)))))
        painted(out, grown(quad, rim(quad)), grey)
    return out


def uncovered(outline: Quad, quads: Iterable[Quad]) -> float:
    """The share of an outline that is left when symbols are painted over, 0 to 1."""
    left, top = (min(float(point[axis]) for point in outline) for axis in (0, 1))
    width, height = (max(float(point[axis]) for point in outline) - low for axis, low in ((0, left), (1, top)))
    grain = max(width, height, CELLS) / CELLS
    cells = np.zeros([max(1, math.ceil(side / grain)) for side in (height, width)], np.uint8)

    def fill(corners: Quad, value: int) -> None:
        painted(cells, [((x - left) / grain, (y - top) / grain) for x, y in corners], value)

    fill(outline, 1)
    whole = int(np.count_nonzero(cells))
    for quad in quads:
        fill(grown(quad, rim(quad)), 0)
    return int(np.count_nonzero(cells)) / max(1, whole)


def rim(quad: Quad) -> float:
    """Pixels around a symbol that are painted over with it."""
    sides = [abs(complex(*one) - complex(*other)) for one, other in _sides(quad)]
    return max(LEAST_RIM, RIM * min(sides))


def grown(quad: Quad, by: float) -> tuple[tuple[float, float], ...]:
    """The corners so many pixels outwards of both their sides."""
    points = [complex(*point) for point in quad]
    out = []
    for place, point in enumerate(points):
        away = sum((_unit(point - points[(place + step) % len(points)]) for step in (1, -1)), 0j)
        out.append(point + by * away)
    return tuple((point.real, point.imag) for point in out)


def _unit(way: complex) -> complex:
    return way / abs(way) if way else 0j


def _sides(quad: Quad) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    return zip(quad, [*quad[1:], quad[0]], strict=True)


def _sampled(luma: Luma, quad: Quad) -> list[int]:
    """Grey values along an outline."""
    height, width = luma.shape
    found = []
    for (ax, ay), (bx, by) in _sides(quad):
        for share in np.linspace(0, 1, POINTS, endpoint=False):
            x, y = round(ax + share * (bx - ax)), round(ay + share * (by - ay))
            found.append(int(luma[min(max(y, 0), height - 1), min(max(x, 0), width - 1)]))
    return found
