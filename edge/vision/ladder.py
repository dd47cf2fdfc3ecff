"""The decode ladder: every region of a frame with every rung, cheapest first, within a time budget.

A `Search` belongs to one still scene. What the budget of one frame does not reach is tried on the next, as long as the
scene stands still; the full frame comes last, and only once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edge.udi.read import Corners, Read
from edge.vision.confirm import same, single, unique
from edge.vision.locate import locate
from edge.vision.pixels import Affine, Luma, luma_problem
from edge.vision.regions import Region, View
from edge.vision.rungs import RUNGS, Rung
from edge.vision.symbols import Symbol, read_symbols
from hardware.camera_settings import DEFAULT_FORMATS
from hardware.host.toml import load

FULL = "full"
"""The name of the last rung: the whole frame as it is."""


def _whole(crop: Luma, _region: Region) -> View:
    return View(crop, Affine())


_WHOLE = Rung(FULL, _whole, downscale=True)


@dataclass(frozen=True, slots=True)
class _Order:
    matrix: tuple[str, ...]
    linear: tuple[str, ...]


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
            full: end with the whole frame if nothing was read.
            now_ns: the clock of the budget.
        """
        self._formats = tuple(formats)
        self._now_ns = now_ns
        self._full = full
        self._found: list[Read] = []
        self._todo = deque(_tries(locate(luma)))

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every symbol of the scene so far, whether it counts yet or not."""
        return unique(self._found)

    @property
    def looks(self) -> tuple[Read, ...]:
        """The same as every rung saw it that was tried: what `edge.vision.confirm` decides on."""
        return tuple(self._found)

    @property
    def done(self) -> bool:
        """Nothing is left to try."""
        return not self._todo and not self._full

    def step(self, luma: Luma, *, t0_ns: int, budget_ms: float | None = None) -> tuple[Read, ...]:
        """Try on one frame of the scene what the budget allows, at least one thing; the new reads."""
        end_ns = None if budget_ms is None else self._now_ns() + int(budget_ms * 1e6)
        before = len(self._found)
        while self._todo and (end_ns is None or self._now_ns() < end_ns):
            self._try(luma, self._todo.popleft(), t0_ns)
        if not self._todo and self._full and (end_ns is None or self._now_ns() < end_ns):
            self._full = False
            if not self._found:
                self._look(luma, Region(0, 0, luma.shape[1], luma.shape[0], "matrix"), _WHOLE, t0_ns)
        return tuple(self._found[before:])

    def _try(self, luma: Luma, each: _Try, t0_ns: int) -> None:
        if self._look(luma, each.region, each.rung, t0_ns) and not self._open(each.region):
            self._todo = deque(other for other in self._todo if other.region is not each.region)

    def _open(self, region: Region) -> bool:
        """Whether a symbol there needs another rung that says the same."""
        counted = single(self._found)
        return any(
            not any(same(read, other) for other in counted)
            for read in self._found
            if read.corners is not None and region.holds(*_centre(read.corners))
        )

    def _look(self, luma: Luma, region: Region, rung: Rung, t0_ns: int) -> bool:
        """Whether something was read there."""
        began = self._now_ns()
        view = rung.make(region.crop(luma), region)
        if view is None:
            return False
        formats = [name for name in self._formats if rung.formats is None or name in rung.formats]
        symbols = read_symbols(view.luma, formats, rotate=rung.rotate, invert=rung.invert, downscale=rung.downscale)
        if rung.complete is not None:
            symbols = tuple(rung.complete(view.luma, each) for each in symbols)
        took_ms = (self._now_ns() - began) / 1e6
        way = Affine(c=region.x, f=region.y).after(view.back)
        for symbol in symbols:
            self._found.append(_read(symbol, way, rung.name, t0_ns, took_ms))
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


def _centre(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def read_frame(luma: Luma, *, t0_ns: int, formats: Sequence[str] = DEFAULT_FORMATS) -> tuple[Read, ...]:
    """Every symbol of a single frame that counts, with all the time it takes.

    Raises:
        ValueError: not a two-dimensional uint8 array.
    """
    problem = luma_problem(luma)
    if problem is not None:
        raise ValueError(problem)
    search = Search(luma, formats)
    search.step(luma, t0_ns=t0_ns)
    return single(search.looks)
