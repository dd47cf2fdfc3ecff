"""Where the target's dots lie in the frame: the view of a flat page, found by the symbols that were read on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vision.ladder import read_frame
from edge.vision.pixels import Luma, scaled
from edge.vision.symbols import Symbol, read_symbols
from edge.vision.target import ACROSS, DOT_MM, middle, module_of, place_of

FORMATS = ("DataMatrix", "Code128")
FEWEST = 3
"""Symbols: fewer tell too little of how the camera is tilted."""
ASTRAY_PX = 3.0
"""A corner that lies farther than this from where all others say it is, was found wrong."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The way from dots of the page to pixels of the frame."""

    way: NDArray[np.float64]
    """3 x 3, homogeneous."""
    back: NDArray[np.float64]
    size: tuple[int, int]
    """Width and height of the frame."""

    def at(self, x: float, y: float) -> Point:
        """The pixel of a dot."""
        return _through(self.way, x, y)

    def dot(self, x: float, y: float) -> Point:
        """The dot of a pixel."""
        return _through(self.back, x, y)

    def px_per_mm(self, x: float, y: float) -> float:
        """Frame pixels per millimetre of page around a pixel of the frame."""
        u, v = self.dot(x, y)
        step = 10.0
        ax, ay = self.at(u + step, v)
        bx, by = self.at(u, v + step)
        area = abs((ax - x) * (by - y) - (ay - y) * (bx - x))
        return math.sqrt(area) / step / DOT_MM

    def field_mm(self) -> tuple[float, float]:
        """Width and height of the frame's view on the page, through its middle."""
        width, height = self.size
        left, right = self.dot(0, height / 2), self.dot(width, height / 2)
        top, bottom = self.dot(width / 2, 0), self.dot(width / 2, height)
        return math.dist(left, right) * DOT_MM, math.dist(top, bottom) * DOT_MM


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the target one image shows."""

    plane: Plane | None
    """None: too few symbols were read."""
    symbols: int
    matrix: frozenset[int]
    """Modules, in dots, of the Data Matrix symbols that were read."""
    linear: frozenset[int]
    """The same of the Code 128 symbols."""


def sight(luma: Luma) -> Sight:
    """Read everything of the target that can be read: the tiles, and then the small symbols as a station would."""
    found = {symbol.payload: symbol for image, factor in _views(luma) for symbol in _read(image, factor)}
    tiles = [symbol for symbol in found.values() if place_of(symbol.payload) is not None]
    plane = _plane(tiles, (luma.shape[1], luma.shape[0])) if len(tiles) >= FEWEST else None
    payloads = found.keys() | (set() if plane is None else _small(luma, plane))
    matrix = {module_of(payload) for payload in payloads if place_of(payload) is not None}
    linear = {module_of(payload) for payload in payloads if place_of(payload) is None}
    return Sight(plane, len(tiles), _known(matrix), _known(linear))


def _small(luma: Luma, plane: Plane) -> set[bytes]:
    """What the decode ladder reads of the small symbols."""
    left, top, right, bottom = middle()
    corners = [plane.at(x, y) for x in (left, right) for y in (top, bottom)]
    xs, ys = ([round(max(0.0, value)) for value in axis] for axis in zip(*corners, strict=True))
    part = luma[min(ys) : max(ys), min(xs) : max(xs)]
    return {read.payload for read in read_frame(part, t0_ns=0, formats=FORMATS)} if part.size else set()


def _known(modules: set[int | None]) -> frozenset[int]:
    return frozenset(module for module in modules if module is not None)


def _views(luma: Luma) -> list[tuple[Luma, float]]:
    """The larger first: where both read a symbol, the corners of the image as it is count."""
    return [(scaled(luma, 2), 2.0), (luma, 1.0)]


def _read(luma: Luma, factor: float) -> list[Symbol]:
    found = read_symbols(luma, FORMATS)
    return [_shrunk(symbol, factor) for symbol in found if module_of(symbol.payload) is not None]


def _shrunk(symbol: Symbol, factor: float) -> Symbol:
    a, b, c, d = ((x / factor, y / factor) for x, y in symbol.corners)
    return Symbol(symbol.payload, symbol.symbology, symbol.format, (a, b, c, d), symbol.margin)


def _plane(tiles: Sequence[Symbol], size: tuple[int, int]) -> Plane | None:
    """Fitted to the corners of all symbols, then again without those that were found wrong."""
    dots: list[Point] = []
    pixels: list[Point] = []
    for symbol in tiles:
        place = place_of(symbol.payload)
        assert place is not None  # noqa: S101 - tiles are chosen by it
        x, y, side = place[0], place[1], place[2] * ACROSS
        dots += [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
        pixels += symbol.corners
    from_, to = np.array(dots, np.float64), np.array(pixels, np.float64)
    way = _homography(from_, to)
    good = np.hypot(*(_many(way, from_) - to).T) <= ASTRAY_PX
    if good.sum() < 4 * FEWEST:
        return None
    way = _homography(from_[good], to[good])
    return Plane(way, np.asarray(np.linalg.inv(way), np.float64), size)


def _homography(from_: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares by the direct linear transform, with both sides normalised (Hartley 1997)."""
    first, last = _normal(from_), _normal(to)
    u, v = _many(first, from_).T
    x, y = _many(last, to).T
    one, none = np.ones_like(u), np.zeros_like(u)
    rows = np.concatenate(
        [
            np.stack([u, v, one, none, none, none, -x * u, -x * v, -x], axis=1),
            np.stack([none, none, none, u, v, one, -y * u, -y * v, -y], axis=1),
        ]
    )
    smallest = np.linalg.svd(rows, full_matrices=False)[2][-1].reshape(3, 3)
    way = np.linalg.inv(last) @ smallest @ first
    return np.asarray(way / way[2, 2], dtype=np.float64)


def _normal(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middle at 0, spread of 1."""
    middle, spread = points.mean(axis=0), float(points.std()) or 1.0
    return np.array([[1 / spread, 0, -middle[0] / spread], [0, 1 / spread, -middle[1] / spread], [0, 0, 1]])


def _many(way: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.column_stack([points, np.ones(len(points))]) @ way.T
    return np.asarray(spread[:, :2] / spread[:, 2:], dtype=np.float64)


def _through(way: NDArray[np.float64], x: float, y: float) -> Point:
    u, v, w = (float(value) for value in way @ (x, y, 1.0))
    return u / w, v / w
