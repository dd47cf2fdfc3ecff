"""Which symbols lie in view, from what single frames gave. Pure.

A frame misses a symbol that moves, or that a hand covers: what was read stays until something speaks against it. These
do: the table is bare where it lay; the view has stood for a while, everything was tried, and it is not there; another
symbol lies in its place; another was read, and this one has not been seen for a while. Until it is decided whether a
new symbol lies beside an old one or instead of it nothing is told, for the station takes two packages in one view for a
mistake.

A package may be exchanged for one with the very same symbol. If that symbol was out of sight for longer than it takes
to slide something across the table, and then lies elsewhere, it is another's, unless the thing was followed there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edge.udi.read import Read
from edge.vision.cover import uncovered
from edge.vision.follow import REACH, Trail, trail
from edge.vision.pixels import Luma

GIVES_WAY_NS = 400_000_000
"""How long a symbol may be out of sight before another that was read takes its place."""
EXCHANGED_NS = 700_000_000
"""How long a symbol must have been out of sight for the same symbol elsewhere to be another's."""
LOST_NS = 250_000_000
"""How long a thing may be out of sight while it is followed."""
COVERED_NS = 1_500_000_000
"""How long a view must stand in which a symbol is covered, before it is gone: a hand rests on it."""
ALIKE = 0.85
"""Correlation with its former picture at which a symbol still lies where it lay: other content gives 0.7 at most."""
OVER = 0.5
"""A symbol of which no more than this share is left uncovered by another lies below it, and is gone."""
_FAR = 0.25
"""Share of its size by which a symbol must lie elsewhere."""


@dataclass(frozen=True, slots=True)
class Told:
    """What lies in view, for the station."""

    reads: tuple[Read, ...] = ()
    changed: bool = False
    """Not what was told before."""
    gone_ns: int | None = None
    """What was told before was last seen at this time, and is gone."""


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a frame besides what was read in it."""

    tried: bool
    """It stands, and everything was tried on it at least once."""
    stood_ns: int
    """For how long it has stood."""
    done: bool
    """Nothing is left to try on it: no more symbols are to come."""
    bare: Callable[[Read], bool]
    """Whether the table is seen where a symbol lay."""


@dataclass(slots=True, eq=False)
class _Item:
    read: Read
    seen_ns: int
    picture: Luma
    trail: Trail
    """Where it is, as far as it could be followed."""


class Lying:
    """The symbols that lie in view."""

    def __init__(self) -> None:
        """Start with none."""
        self._items: list[_Item] = []
        self._told: tuple[Read, ...] = ()

    def seen_since(self, since_ns: int) -> tuple[Read, ...]:
        """Those that were seen lately."""
        return tuple(item.read for item in self._items if item.seen_ns >= since_ns)

    def rest(self, since_ns: int, t0_ns: int) -> bool:
        """Take a frame of a view that has stood since then; False if a symbol was not seen in it, and may be gone."""
        if any(item.seen_ns < since_ns for item in self._items):
            return False
        for item in self._items:
            item.seen_ns = t0_ns
        return True

    def take(self, found: Sequence[Read], luma: Luma, t0_ns: int, view: View) -> Told:
        """Take what a frame gave.

        Args:
            found: what was read in it and counts.
            luma: the frame.
            t0_ns: monotonic.
            view: what else is known of it.
        """
        unseen, exchanged = list(self._items), []
        fresh = []
        for read in found:
            item = _nearest(read, unseen)
            if item is None:
                fresh.append(_item(read, luma, t0_ns))
                continue
            unseen.remove(item)
            if _exchanged(item, read, t0_ns):
                exchanged.append(item.seen_ns)
            self._items[self._items.index(item)] = _item(read, luma, t0_ns)
        self._items += fresh
        gone = [item for item in unseen if self._is_gone(item, luma, t0_ns, view)]
        self._items = [item for item in self._items if item not in gone]
        doubtful = bool(self._strangers()) and any(item not in gone and item.seen_ns < t0_ns for item in unseen)
        growing = bool(fresh) and len(self._items) > 1 and not view.done
        return self._tell(gone, exchanged, wait=doubtful or growing)

    def _is_gone(self, item: _Item, luma: Luma, t0_ns: int, view: View) -> bool:
        strangers = [other for other in self._strangers() if other is not item]
        if any(_in_its_place(item.read, other.read) for other in strangers):
            return True
        if _stands(item, luma):
            item.seen_ns = t0_ns
            return False
        item.trail = item.trail.on(luma, t0_ns) or item.trail
        if strangers and (view.tried or t0_ns - item.seen_ns >= GIVES_WAY_NS):
            return True
        return view.bare(item.read) or (view.tried and view.stood_ns >= COVERED_NS)

    def _strangers(self) -> list[_Item]:
        """What was read and not told yet."""
        told = {read.payload for read in self._told}
        return [item for item in self._items if item.read.payload not in told]

    def _tell(self, gone: list[_Item], exchanged: list[int], *, wait: bool) -> Told:
        if wait and not exchanged:
            return Told(self._told)
        before, self._told = self._told, self.seen_since(0)
        same = {read.payload for read in before} == {read.payload for read in self._told}
        lost = exchanged + ([item.seen_ns for item in gone] if before and not self._told else [])
        return Told(self._told, changed=not same or bool(exchanged), gone_ns=max(lost, default=None))


def _nearest(read: Read, items: Sequence[_Item]) -> _Item | None:
    alike = [item for item in items if item.read.payload == read.payload and item.read.symbology == read.symbology]
    return min(alike, key=lambda item: _distance(read, item.read), default=None)


def _stands(item: _Item, luma: Luma) -> bool:
    """Whether the symbol still lies exactly where it lay."""
    return _correlation(item.picture, _picture(item.read, luma)) >= ALIKE


def _item(read: Read, luma: Luma, t0_ns: int) -> _Item:
    x, y = np.mean(_corners(read), axis=0)
    return _Item(read, t0_ns, _picture(read, luma), trail(luma, (float(x), float(y)), _size(read), t0_ns))


def _exchanged(item: _Item, read: Read, t0_ns: int) -> bool:
    """Whether the same symbol is another package's."""
    if t0_ns - item.seen_ns < EXCHANGED_NS or not _elsewhere(read, item.read):
        return False
    x, y = np.mean(_corners(read), axis=0) - item.trail.at
    followed = t0_ns - item.trail.t0_ns < LOST_NS and np.hypot(x, y) < max(_size(read), REACH)
    return not followed


def _elsewhere(read: Read, before: Read) -> bool:
    return _distance(read, before) > max(2.0, _FAR * _size(before))


def _corners(read: Read) -> Sequence[tuple[int, int]]:
    return read.corners or ((0, 0),)


def _distance(one: Read, other: Read) -> float:
    (ax, ay), (bx, by) = (np.mean(_corners(read), axis=0) for read in (one, other))
    return float(np.hypot(ax - bx, ay - by))


def _in_its_place(one: Read, other: Read) -> bool:
    """Whether two symbols cannot lie there both; the bars of one label lie close together, one below the other."""
    outlines = _corners(one), _corners(other)
    if not all(len(outline) == 4 for outline in outlines):  # noqa: PLR2004 - of a read whose place is not known
        return False
    return min(uncovered(outlines[0], outlines[1:]), uncovered(outlines[1], outlines[:1])) <= OVER


def _size(read: Read) -> float:
    low, high = np.min(_corners(read), axis=0), np.max(_corners(read), axis=0)
    return float(max(high - low))


def _picture(read: Read, luma: Luma) -> Luma:
    """The box around a symbol; what lies outside the frame is left out."""
    (left, top), (right, bottom) = np.min(_corners(read), axis=0), np.max(_corners(read), axis=0)
    return luma[max(0, top) : max(0, bottom) + 1, max(0, left) : max(0, right) + 1].copy()


def _correlation(one: Luma, other: Luma) -> float:
    if one.shape != other.shape or one.size == 0:
        return 0.0
    a, b = (plane.astype(np.float32) - plane.mean() for plane in (one, other))
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
