"""The decode ladder: every region of a frame with every rung, cheapest first, within a time budget.

A `Search` belongs to one still scene. What the budget of one frame does not reach is tried on the next, as long as the
scene stands still; views of the whole frame come last, and only as long as nothing was read.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edge.udi.read import Corners, Read
from edge.vision.locate import locate
from edge.vision.pixels import Affine, Luma, luma_problem
from edge.vision.regions import Region
from edge.vision.rungs import RUNGS, Rung
from edge.vision.symbols import Symbol, read_symbols
from hardware.camera_settings import DEFAULT_FORMATS
from hardware.host.toml import load


@dataclass(frozen=True, slots=True)
class _Order:
    matrix: tuple[str, ...]
    linear: tuple[str, ...]
    whole: tuple[str, ...]
    """On the whole frame, after all regions, as long as nothing was read."""


@cache
def _order() -> _Order:
    return load(Path(__file__).with_name("ladder.toml"), _Order)


@dataclass(frozen=True, slots=True)
class _Try:
    region: Region
    rung: Rung


class Search:
    """What is still to be tried on one still scene."""

    def __init__(
        self,
        luma: Luma,
        formats: Sequence[str] = DEFAULT_FORMATS,
        *,
        full: bool = True,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Look where symbols may be.

        Args:
            luma: the scene's first frame, height x width, uint8.
            formats: kinds of symbols.
            full: end with views of the whole frame if nothing was read.
            now_ns: the clock of the budget.
        """
        self._formats = tuple(formats)
        self._now_ns = now_ns
        everything = Region(0, 0, luma.shape[1], luma.shape[0], "matrix")
        self._last = deque(_Try(everything, RUNGS[name]) for name in _order().whole if full)
        self._found: list[Read] = []
        self._todo = deque(_tries(locate(luma)))

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every symbol of the scene so far."""
        return tuple(self._found)

    @property
    def done(self) -> bool:
        """Nothing is left to try."""
        return not self._todo and not self._last

    def step(self, luma: Luma, *, t0_ns: int, budget_ms: float | None = None) -> tuple[Read, ...]:
        """Try on one frame of the scene what the budget allows, at least one thing; the new reads."""
        end_ns = None if budget_ms is None else self._now_ns() + int(budget_ms * 1e6)
        before = len(self._found)
        while self._todo and (end_ns is None or self._now_ns() < end_ns):
            self._try(luma, self._todo.popleft(), t0_ns)
        while not self._todo and self._last and (end_ns is None or self._now_ns() < end_ns):
            each = self._last.popleft()
            if self._found or self._look(luma, each.region, each.rung, t0_ns):
                self._last.clear()
        return tuple(self._found[before:])

    def _try(self, luma: Luma, each: _Try, t0_ns: int) -> None:
        if self._look(luma, each.region, each.rung, t0_ns):
            self._todo = deque(other for other in self._todo if other.region is not each.region)

    def _look(self, luma: Luma, region: Region, rung: Rung, t0_ns: int) -> bool:
        """Whether something was read there."""
        began = self._now_ns()
        view = rung.make(region.crop(luma), region)
        if view is None:
            return False
        formats = [name for name in self._formats if rung.formats is None or name in rung.formats]
        symbols = read_symbols(view.luma, formats, rotate=rung.rotate, invert=rung.invert, downscale=rung.downscale)
        took_ms = (self._now_ns() - began) / 1e6
        way = Affine(c=region.x, f=region.y).after(view.back)
        for symbol in symbols:
            read = _read(symbol, way, rung.name, t0_ns, took_ms)
            if not any(_same(read, other) for other in self._found):
                self._found.append(read)
        return bool(symbols)


def _tries(regions: Sequence[Region]) -> list[_Try]:
    """The first rung of every region, then the second of every region ..."""
    order = _order()
    ladders = [[_Try(region, RUNGS[name]) for name in getattr(order, region.kind)] for region in regions]
    longest = max((len(each) for each in ladders), default=0)
    return [ladder[step] for step in range(longest) for ladder in ladders if step < len(ladder)]


def _read(symbol: Symbol, way: Affine, rung: str, t0_ns: int, took_ms: float) -> Read:
    return Read(
        payload=symbol.payload,
        symbology=symbol.symbology,
        source="camera",
        t0_ns=t0_ns,
        took_ms=took_ms,
        corners=_corners(symbol, way),
        format=symbol.format,
        rung=rung,
        margin=symbol.margin,
    )


def _corners(symbol: Symbol, way: Affine) -> Corners:
    a, b, c, d = (way(x, y) for x, y in symbol.corners)
    return (_whole_pixel(a), _whole_pixel(b), _whole_pixel(c), _whole_pixel(d))


def _whole_pixel(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _same(one: Read, other: Read) -> bool:
    """The same symbol found twice: the same content at the same place."""
    if one.payload != other.payload or one.format != other.format or one.corners is None or other.corners is None:
        return False
    (ax, ay), (bx, by) = _centre(one.corners), _centre(other.corners)
    return max(abs(ax - bx), abs(ay - by)) <= _extent(one.corners) / 2


def _centre(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _extent(corners: Corners) -> int:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def read_frame(luma: Luma, *, t0_ns: int, formats: Sequence[str] = DEFAULT_FORMATS) -> tuple[Read, ...]:
    """Every symbol of a single frame, with all the time it takes.

    Raises:
        ValueError: not a two-dimensional uint8 array.
    """
    problem = luma_problem(luma)
    if problem is not None:
        raise ValueError(problem)
    search = Search(luma, formats)
    search.step(luma, t0_ns=t0_ns)
    return search.reads
