"""Two labelled packages on a table, and what a camera above it reports. Points are complex numbers."""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from edge.udi.read import Corners, Read
from tests.support.packages import MARGIN, Package, Printed

PIXELS = 9.0
"""Pixels in a millimetre: a frame of 1280 shows 142 mm."""
LEAST_ROWS = 0.5
"""Millimetres: where fewer rows cross a linear symbol, only another way of reading it finds it, and in full."""


@dataclass(frozen=True)
class Place:
    """Where the top left corner of a label lies, and how it is turned, in radians."""

    origin: complex
    turn: float

    def corners(self, symbol: Printed) -> list[complex]:
        """The corners of one of its symbols, clockwise from the symbol's own top left."""
        x, y, right, bottom = symbol.x, symbol.y, symbol.x + symbol.width, symbol.y + symbol.height
        spin = cmath.rect(1.0, self.turn)
        return [self.origin + complex(*p) * spin for p in ((x, y), (right, y), (right, bottom), (x, bottom))]


def size(package: Package) -> complex:
    """Width and height of a label."""
    right = max(each.x + each.width for each in package.symbols)
    bottom = max(each.y + each.height for each in package.symbols)
    return complex(right + MARGIN, bottom + MARGIN)


def placed(one: Package, other: Package, rng: random.Random) -> tuple[Place, Place]:
    """Two labels that do not cover each other: most touch, shifted along the edge, and are turned alike."""
    first, second = size(one), size(other)
    turn = rng.randrange(4) * math.pi / 2 + rng.gauss(0.0, 0.02)
    if rng.random() < 0.6:
        slip = rng.uniform(-0.5, 1.0)
        away = rng.choice(
            (
                complex(first.real, slip * first.imag),
                complex(-second.real, slip * first.imag),
                complex(slip * first.real, first.imag),
                complex(slip * first.real, -second.imag),
            )
        )
        return Place(0j, turn), Place(away * cmath.rect(1.0, turn), turn + rng.gauss(0.0, 0.02))
    far = abs(first) + abs(second) + rng.uniform(0.0, 30.0)
    return Place(0j, turn), Place(cmath.rect(far, rng.uniform(0.0, math.tau)), rng.uniform(0.0, math.tau))


def seen(symbol: Printed, place: Place, t0_ns: int = 1) -> Read:
    """A symbol as the camera reports it.

    Of a linear symbol a decoder sees only the rows of the picture that cross all of its bars: its corners lie along
    the picture, and a tilt makes them lower than the symbol (measured with zxing-cpp 3.1.1).
    """
    points = place.corners(symbol)
    points = _rows(points) if symbol.width > symbol.height else points
    return Read(symbol.payload, symbol.symbology, "camera", t0_ns, corners=pixels(points))


def pixels(points: Sequence[complex]) -> Corners:
    """Four points of the table in the picture."""
    a, b, c, d = ((round(p.real * PIXELS), round(p.imag * PIXELS)) for p in points)
    return (a, b, c, d)


def _rows(points: list[complex]) -> list[complex]:
    along = points[1] - points[0]
    axis = 1j ** round(cmath.phase(along) / (math.pi / 2))
    lean = along / axis
    height = abs(points[3] - points[0]) - abs(along) * abs(lean.imag / lean.real)
    if height < LEAST_ROWS:
        return points
    half = complex(abs(along), height) / 2
    return [sum(points) / 4 + axis * corner for corner in (-half, half.conjugate(), half, -half.conjugate())]
