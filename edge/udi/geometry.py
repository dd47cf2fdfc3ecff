"""Which symbols of one frame can be of one label: they are parallel, in line, and close for their size.

Boxes on a table lie close too. What tells them apart is the free paper: within a label there is a line of text between
two symbols, between the symbols of two boxes there are two margins and two edges. So the gap is measured, not the
distance of the centres, and against the symbols' height, not their diagonal: a long linear symbol reaches no further
than a short one. Points are complex numbers, so that turning is a product.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from edge.udi.read import Corners

REACH = 1.3
"""Symbols of one label lie at most this many heights of the lower one apart."""
REACH_BACK = 0.7
"""The same where the PI half stands above or left of its DI half: so do the halves of two boxes with like labels."""
TURNED = 0.21
"""Symbols of one label are parallel: the sine of the angle between them is at most this (12 degrees)."""
IN_LINE = 0.5
"""One symbol stands below or beside the other: they overlap by at least this share of the smaller one."""
LEAST_HEIGHT = 0.15
"""A linear symbol is at least this much as high as long (ISO/IEC 15417, for scanning by hand).

Its corners may say less: a decoder sees only the rows that cross all of its bars, and a tilt takes rows away.
"""


class _Place:
    """Centre, reading direction and size of one symbol."""

    __slots__ = ("centre", "height", "length", "onwards")

    def __init__(self, corners: Corners) -> None:
        a, b, c, d = (complex(x, y) for x, y in corners)
        along = (b - a + c - d) / 2
        self.centre = (a + b + c + d) / 4
        self.length = abs(along)
        self.height = (abs(d - a) + abs(c - b)) / 2
        self.onwards = along / self.length if along else 1 + 0j

    @property
    def unit(self) -> float:
        """Height, as it is at least."""
        return max(self.height, LEAST_HEIGHT * self.length)


def near(first: Corners, second: Corners) -> bool:
    """Whether two symbols can be of one label, whichever comes first on it."""
    return _gap(_Place(first), _Place(second), 1.0) <= REACH


def follows(first: Corners, second: Corners) -> bool:
    """Whether `second` can be of one label with `first` and continue it, as a PI half continues its DI half."""
    return _gap(_Place(first), _Place(second), REACH / REACH_BACK) <= REACH


def gap_after(first: Corners, second: Corners) -> float:
    """The free paper between two symbols in heights of the lower one, where the second is below or right of the first.

    Infinite where it is not, and where they are not parallel or in line.
    """
    return _gap(_Place(first), _Place(second), float("inf"))


def in_one_line(symbols: Sequence[Corners]) -> bool:
    """Whether symbols stand all below each other, or all side by side."""
    lines = [_lines(_Place(one), _Place(other)) for one, other in combinations(symbols, 2)]
    return all(beside.overlap for beside, _ in lines) or all(below.overlap for _, below in lines)


def at_two_places(first: Corners, second: Corners) -> bool:
    """Whether these are two symbols; else one was found twice, in different rows."""
    beside, below = _lines(_Place(first), _Place(second))
    return beside.gap > 0 or below.gap > 0


class _Line:
    """How two symbols stand to each other in one direction: `overlap` tells whether they are in line across it."""

    __slots__ = ("forward", "gap", "overlap")

    def __init__(self, offset: float, sizes: tuple[float, float], across: float, breadths: tuple[float, float]) -> None:
        self.forward = offset >= 0
        self.gap = max(0.0, abs(offset) - sum(sizes) / 2)
        self.overlap = sum(breadths) / 2 - abs(across) >= IN_LINE * min(breadths)


def _lines(one: _Place, other: _Place) -> tuple[_Line, _Line]:
    """Side by side, and one below the other."""
    unit = min(one.unit, other.unit)
    lengths, heights = (one.length, other.length), (max(one.height, unit), max(other.height, unit))
    offset = (other.centre - one.centre) * one.onwards.conjugate()
    return _Line(offset.real, lengths, offset.imag, heights), _Line(offset.imag, heights, offset.real, lengths)


def _gap(one: _Place, other: _Place, backwards: float) -> float:
    """The free paper between two symbols in heights of the lower one; infinite if they are not parallel or in line.

    Args:
        one: read first.
        other: read second.
        backwards: factor for a gap where the second stands above or left of the first.
    """
    turn = other.onwards * one.onwards.conjugate()
    if turn.real <= 0 or abs(turn.imag) > TURNED:
        return float("inf")
    lines = [line for line in _lines(one, other) if line.overlap]
    gaps = [line.gap if line.forward else max(line.gap, 1e-9) * backwards for line in lines]
    return min(gaps, default=float("inf")) / (min(one.unit, other.unit) or 1.0)
