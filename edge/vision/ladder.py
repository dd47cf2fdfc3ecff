"""The decode ladder: every region of a frame with every rung, cheapest first, within a time budget.

A `Search` belongs to one still scene. It goes through stages, and what the budget of one frame does not reach is tried
on the next, as long as the scene stands still:

1. the whole image, if it is small;
2. every place that looks like a symbol, each with every rung until it reads; a place that is larger than what was read
   in it is looked at again without that;
3. then, only if nothing was read, if something much like a symbol did not read, or if the search is to be thorough:
   other places with some texture, the best of them; the whole frame as it is, once; and more of the other places.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from pathlib import Path

from edge.udi.read import Read
from edge.vision.confirm import is_linear, possible
from edge.vision.cover import covered, uncovered
from edge.vision.kinds import around_bars
from edge.vision.locate import LEAST, NEAR, locate, locate_rest, noise_of
from edge.vision.pixels import Affine, Luma, luma_problem
from edge.vision.reads import Reads, read_of
from edge.vision.regions import Bars, Kind, Region
from edge.vision.rungs import RUNGS, Rung
from edge.vision.symbols import read_symbols
from hardware.camera_settings import DEFAULT_FORMATS
from hardware.host.toml import load

FRAME = 2_000_000
"""Pixels that a frame is taken to have where effort is counted in frames: it is time, whatever the frame's size."""
SMALL = 640 * 480
"""Pixels of an image that costs no more as a whole than in parts."""
STRONG = 0.6
"""A place of this score that does not read is worth a look at everything."""
ROOM = 0.15
"""A region of which this share is not covered by what was read in it may hold more."""
UNREAD = 0.6
"""A place of which this share is not covered seems not to have been read."""
LIKELY_EFFORT, NEAR_EFFORT, FRAME_EFFORT, FAR_EFFORT, THOROUGH_EFFORT = 3.0, 0.5, 6.0, 0.5, 20.0
"""What the views of a stage may have together, in frames: those of places like a symbol, of others before the whole
frame, of others after it, and after it in a thorough search. A textured scene cannot hold the search for ever."""
LEAST_VIEW = 10_000
"""Pixels that a view is taken to have at least: every look has a price."""
ALIKE = 0.6
"""Two regions that share this part of what they cover together are one."""
FOUND_EFFORT = 1.0
"""What is spent in vain after a read: the next symbol of a sheet costs less, the grain beside a mark is endless."""
BATCH = 8
"""So many places unlike any symbol are tried with every rung before the next so many; and so many that are like one
before the whole frame is glanced at: grain of metal looks like many symbols."""
LEAST_BARS = 16
"""Pixels of height that bars are taken to have at least; the decoder names few of the rows that it saw."""
MATRIX_FORMATS = frozenset({"DataMatrix", "QRCode", "Aztec"})


@dataclass(frozen=True, slots=True)
class _Order:
    matrix: tuple[str, ...]
    linear: tuple[str, ...]
    glance: tuple[str, ...]
    """On the whole frame made small, early, as long as nothing was read."""
    whole: tuple[str, ...]
    """On the whole frame: as it is, and views for marks of dots as large as it."""


@cache
def _order() -> _Order:
    return load(Path(__file__).with_name("ladder.toml"), _Order)


@dataclass(frozen=True, slots=True)
class _Try:
    region: Region
    rung: Rung
    spare: bool = False
    """Of a place that is like no symbol: tried only while something seems to be unread, and with limited effort."""
    glance: bool = False
    """Of the whole frame made small: tried only while nothing was read."""


class Search:
    """What is still to be tried on one still scene."""

    def __init__(
        self,
        luma: Luma,
        formats: Sequence[str] = DEFAULT_FORMATS,
        *,
        full: bool = True,
        thorough: bool = False,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Look where symbols may be.

        Args:
            luma: the scene's first frame, height x width, uint8.
            formats: kinds of symbols.
            full: look at the whole frame if something seems to be unread.
            thorough: look at places that are unlike any symbol even if all that is like one has read, and longer: for
                a still scene, of which every frame brings time, or a photograph that nobody waits for.
            now_ns: the clock of the budget.
        """
        self._formats = tuple(formats)
        self._full = full
        self._thorough = thorough
        self._now_ns = now_ns
        self._reads = Reads()
        self.again(luma)

    def again(self, luma: Luma) -> None:
        """Begin anew on a better picture of the same scene, such as a mean of frames.

        What was read stays read and is not looked for again; every other place is, with every rung. The whole frame is
        not looked at a second time.

        Args:
            luma: of the same size as the frames before.
        """
        self._shape = luma.shape
        self._noise: int | None = None
        self._likely = list(locate(self._unread_part(luma)))
        tries, first = _tries(self._likely), min(BATCH, len(self._likely))
        self._todo = deque([*tries[:first], *_glances(luma), *tries[first:]])
        if luma.size <= SMALL:
            self._todo.appendleft(_Try(_everything(luma), RUNGS["full"]))
        self._stages = deque([self._near, *([self._frame] if self._full else []), self._far])
        self._later: list[_Try] = []
        self._effort = LIKELY_EFFORT * FRAME

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every symbol of the scene so far, whether it counts yet or not."""
        return self._reads.all

    @property
    def looks(self) -> tuple[Read, ...]:
        """The same as every rung saw it: what `edge.vision.confirm` decides on over frames."""
        return self._reads.looks

    @property
    def counted(self) -> tuple[Read, ...]:
        """Those that count by what was tried on this scene alone."""
        return self._reads.counted

    @property
    def done(self) -> bool:
        """Nothing is left to try."""
        return not self._todo and not self._stages

    def step(self, luma: Luma, *, t0_ns: int, budget_ms: float | None = None) -> tuple[Read, ...]:
        """Try on one frame of the scene what the budget allows, at least one thing; the reads that are new.

        Args:
            luma: a frame of the scene or a mean of several, of the size of the first.
            t0_ns: monotonic nanoseconds when the camera had completed it.
            budget_ms: None for no limit. The last thing tried may exceed it.

        Raises:
            ValueError: a frame of another size.
        """
        if luma.shape != self._shape:
            raise ValueError(f"expected a frame of height x width {self._shape} as before, found {luma.shape}")
        end_ns = None if budget_ms is None else self._now_ns() + int(budget_ms * 1e6)
        new: list[Read] = []
        while not self.done:
            new += self._one(luma, t0_ns)
            if end_ns is not None and self._now_ns() >= end_ns:
                break
        return tuple(new)

    def _one(self, luma: Luma, t0_ns: int) -> list[Read]:
        """The next thing: a rung on a region, or to find out what the next stage has to try."""
        if self._todo:
            return self._try(luma, self._todo.popleft(), t0_ns)
        stage = self._stages.popleft()
        if self._seeking():
            self._todo.extend(stage(luma))
        return []

    def _near(self, luma: Luma) -> Sequence[_Try]:
        self._effort = NEAR_EFFORT * FRAME
        return _spare(locate_rest(self._unread_part(luma), NEAR))

    def _frame(self, luma: Luma) -> Sequence[_Try]:
        self._effort, self._full = math.inf, False
        return [_Try(_everything(luma), RUNGS[name]) for name in _order().whole]

    def _far(self, luma: Luma) -> Sequence[_Try]:
        self._effort = (THOROUGH_EFFORT if self._thorough else FAR_EFFORT) * FRAME
        return [*self._later, *_spare(locate_rest(self._unread_part(luma), LEAST))]

    def _unread_part(self, luma: Luma) -> Luma:
        """The frame with what counts painted over."""
        return covered(luma, [read.corners for read in self.counted if read.corners is not None])

    def _seeking(self) -> bool:
        """Whether to look where nothing is like a symbol."""
        return self._thorough or self._unread()

    def _unread(self) -> bool:
        """Whether something in view seems not to have been read."""
        if not self.counted:
            return True
        return any(region.score >= STRONG and self._room(region) >= UNREAD for region in self._likely)

    def _try(self, luma: Luma, each: _Try, t0_ns: int) -> list[Read]:
        if self._effort <= 0 or (each.spare and not self._seeking()):
            self._later += [replace(other, spare=True) for other in (each, *self._todo)]
            self._todo.clear()
            return []
        if each.glance and self.counted:
            return []
        found = self._look(luma, each, t0_ns)
        new = [read for read in found if self._reads.add(read)]
        if each.region.bars is None:
            self._todo.extendleft(reversed(_tries(self._unclear(luma, new))))
        if found and not self._reads.open(each.region):
            self._settle(luma, each.region)
            self._effort = FOUND_EFFORT * FRAME
        return new

    def _settle(self, luma: Luma, region: Region) -> None:
        """Something there was read: of this region and of those that share it only what lies beside it is tried.

        Where that is most of a region its own tries go on.
        """
        pending = {id(region): region} | {id(each.region): each.region for each in self._todo if not each.glance}
        shared = [each for each in pending.values() if each is region or self._room(each) < 1]
        kept = [each for each in pending.values() if each not in shared]
        new: list[Region] = []
        for each in shared:
            beside = [] if self._explained(each) else self._beside(luma, each)
            if any(one.shares(each) >= ALIKE for one in beside):
                kept.append(each)
            new += [one for one in beside if not any(one.shares(other) >= ALIKE for other in (*kept, *new))]
        dropped = {id(each) for each in shared} - {id(each) for each in kept}
        self._todo = deque(each for each in self._todo if id(each.region) not in dropped)
        self._todo.extend(_tries(new))
        self._likely = [each for each in self._likely if id(each) not in dropped] + new

    def _unclear(self, luma: Luma, new: Sequence[Read]) -> list[Region]:
        """Linear symbols that were read without knowing of their bars: by these a rung can tell how clear they are."""
        places = (read.corners for read in new if is_linear(read) and possible(read) and read not in self.counted)
        return [around_bars(luma, Bars.of_symbol(corners, LEAST_BARS), STRONG) for corners in places if corners]

    def _look(self, luma: Luma, each: _Try, t0_ns: int) -> list[Read]:
        """What one rung reads in one region."""
        formats = formats_of(each.rung, each.region.kind, self._formats)
        began = self._now_ns()
        view = each.rung.make(each.region.crop(luma), each.region) if formats else None
        if view is None:
            return []
        self._effort -= max(view.luma.size, LEAST_VIEW)
        rung = each.rung
        symbols = read_symbols(view.luma, formats, rotate=rung.rotate, invert=rung.invert, downscale=rung.downscale)
        if rung.complete is not None:
            symbols = tuple(rung.complete(view.luma, symbol) for symbol in symbols)
        took_ms = (self._now_ns() - began) / 1e6
        way = Affine(c=each.region.x, f=each.region.y).after(view.back)
        return [read_of(symbol, way, rung=rung.name, t0_ns=t0_ns, took_ms=took_ms) for symbol in symbols]

    def _explained(self, region: Region) -> bool:
        """Whether what was read in a region leaves no room for more."""
        return self._room(region) <= ROOM

    def _room(self, region: Region) -> float:
        """The share of a region that is not covered by what was read; 1 where nothing was."""
        touching = self._reads.touching(region)
        return uncovered(region.outline(), touching) if touching else 1.0

    def _beside(self, luma: Luma, region: Region) -> list[Region]:
        """What looks like a symbol in a region besides what was read there."""
        self._noise = noise_of(luma) if self._noise is None else self._noise
        quads = ([(x - region.x, y - region.y) for x, y in corners] for corners in self._reads.touching(region))
        rest = covered(region.crop(luma), quads)
        return [replace(each, x=each.x + region.x, y=each.y + region.y) for each in locate(rest, noise=self._noise)]


def _everything(luma: Luma) -> Region:
    return Region(0, 0, luma.shape[1], luma.shape[0], "matrix")


def _glances(luma: Luma) -> list[_Try]:
    region = _everything(luma)
    return [_Try(region, RUNGS[name], glance=True) for name in _order().glance]


def _tries(regions: Sequence[Region]) -> list[_Try]:
    """The first rung of every region, then the second of every region ..."""
    order = _order()
    ladders = [[_Try(region, RUNGS[name]) for name in getattr(order, region.kind)] for region in regions]
    return [each for step in zip_longest(*ladders) for each in step if each is not None]


def _spare(regions: Sequence[Region]) -> list[_Try]:
    """Every rung of the best few regions, then of the next few ..."""
    batches = (_tries(regions[first : first + BATCH]) for first in range(0, len(regions), BATCH))
    return [replace(each, spare=True) for batch in batches for each in batch]


def formats_of(rung: Rung, kind: Kind, formats: Sequence[str]) -> tuple[str, ...]:
    """Those that a rung has to look for in a region of a kind."""
    if rung.formats == "all":
        return tuple(formats)
    if rung.formats == "own":
        return tuple(name for name in formats if (name in MATRIX_FORMATS) == (kind == "matrix"))
    return tuple(name for name in formats if name in rung.formats)


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
    return search.counted
