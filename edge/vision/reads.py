"""The reads of one scene: a symbol that is found again is the same read, with the better of both margins."""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi.read import Corners, Read
from edge.vision.pixels import Affine
from edge.vision.regions import Region
from edge.vision.symbols import Symbol


class Reads:
    """Every symbol of a scene once."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._all: list[Read] = []

    @property
    def all(self) -> tuple[Read, ...]:
        """In the order in which they were found first."""
        return tuple(self._all)

    def add(self, read: Read) -> bool:
        """Whether this symbol is a new one."""
        for place, known in enumerate(self._all):
            if same(read, known):
                if (read.margin or 0.0) > (known.margin or 0.0):
                    self._all[place] = read
                return False
        self._all.append(read)
        return True

    def within(self, region: Region) -> tuple[Corners, ...]:
        """The corners of those whose middle lies in a region."""
        places = (read.corners for read in self._all if read.corners is not None)
        return tuple(corners for corners in places if region.holds(*centre(corners)))


def read_of(symbol: Symbol, way: Affine, *, rung: str, t0_ns: int, took_ms: float) -> Read:
    """A symbol as a read of the frame.

    Args:
        symbol: as found in a view.
        way: from the view's pixels to the frame's.
        rung: how the view was made.
        t0_ns: monotonic nanoseconds when the camera had completed the frame.
        took_ms: how long the rung took.
    """
    a, b, c, d = (_whole_pixel(way(x, y)) for x, y in symbol.corners)
    return Read(
        payload=symbol.payload,
        symbology=symbol.symbology,
        source="camera",
        t0_ns=t0_ns,
        took_ms=took_ms,
        corners=(a, b, c, d),
        format=symbol.format,
        rung=rung,
        margin=symbol.margin,
    )


def _whole_pixel(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def same(one: Read, other: Read) -> bool:
    """The same symbol found twice: the same content at the same place."""
    if one.payload != other.payload or one.format != other.format or one.corners is None or other.corners is None:
        return False
    (ax, ay), (bx, by) = centre(one.corners), centre(other.corners)
    left, top, right, bottom = around(one.corners)
    return max(abs(ax - bx), abs(ay - by)) <= max(right - left, bottom - top) / 2


def centre(corners: Corners) -> tuple[float, float]:
    """The middle of a symbol."""
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def around(corners: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the upright box around some corners."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def grown(corners: Corners, factor: float) -> tuple[tuple[float, float], ...]:
    """The corners so many times as far from the middle."""
    x, y = centre(corners)
    return tuple((x + factor * (each[0] - x), y + factor * (each[1] - y)) for each in corners)
