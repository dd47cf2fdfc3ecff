"""The reads of one scene: a symbol that is found again is the same read, with the better of both margins.

Every look is kept: a linear symbol that was not read clearly counts when a second rung says the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi.read import Corners, Read
from edge.vision.confirm import same, single, unique
from edge.vision.pixels import Affine
from edge.vision.regions import Region
from edge.vision.symbols import Symbol


class Reads:
    """What every rung saw of a scene, and what of it counts."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._looks: list[Read] = []
        self._all: tuple[Read, ...] = ()
        self._counted: tuple[Read, ...] = ()

    @property
    def looks(self) -> tuple[Read, ...]:
        """As every rung saw it: what `edge.vision.confirm` decides on over frames."""
        return tuple(self._looks)

    @property
    def all(self) -> tuple[Read, ...]:
        """Every symbol once, whether it counts yet or not."""
        return self._all

    @property
    def counted(self) -> tuple[Read, ...]:
        """Every symbol that counts by this scene alone."""
        return self._counted

    def add(self, read: Read) -> bool:
        """Whether this symbol is a new one."""
        known = next((other for other in self._all if same(read, other)), None)
        if known is not None and known in self._counted and (read.margin or 0.0) <= (known.margin or 0.0):
            return False  # nothing that another look could add
        new = known is None
        self._looks.append(read)
        self._all, self._counted = unique(self._looks), single(self._looks)
        return new

    def open(self, region: Region) -> bool:
        """Whether a symbol there needs another rung that says the same."""
        held = (read for read in self._all if read.corners is not None and region.holds(*centre(read.corners)))
        return any(not any(same(read, known) for known in self._counted) for read in held)

    def touching(self, region: Region) -> tuple[Corners, ...]:
        """The corners of those that count and whose upright box shares some of a region."""
        places = (read.corners for read in self._counted if read.corners is not None)
        return tuple(corners for corners in places if _share(around(corners), region))


def _share(box: tuple[float, float, float, float], region: Region) -> bool:
    left, top, right, bottom = box
    across = left < region.x + region.width and region.x < right
    return across and top < region.y + region.height and region.y < bottom


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


def centre(corners: Corners) -> tuple[float, float]:
    """The middle of a symbol."""
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def around(corners: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the upright box around some corners."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
