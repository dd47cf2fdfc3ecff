"""What the empty table looks like, by cells of the gate, and where a frame differs from it. Pure.

A cell counts by how much lighter or darker it has become than what is around it, so that drift and the strength of the
light do not; the lamp casts other shadows than the room, so each of its two states has tables of its own. A view
becomes a table

- when it is the first that stands, with or without something on it,
- when the lamp is switched off over an empty table,
- when it shows less than the table did: something that lay there from the start was taken away,
- when it has not changed for minutes: a new mat, or a thing that stays. The table beneath it is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vision.gate import AROUND, CELL, DARK, Coarse
from edge.vision.pixels import Box, Plane, blended, components, halved, mean, texture

FIRST_NS = 1_000_000_000
"""How long the first view must stand."""
LESS_NS = 2_000_000_000
"""How long a view must stand that shows less than the table."""
STAYS_NS = 180_000_000_000
"""How long a thing must lie untouched before it belongs to the table."""
MOST_TABLES = 3
_LEAST_SHARE = 0.06
_SIGMAS = 7.0
_LESS = 0.8
_LEAST_WEIGHT = 0.05
"""Share of what is around that must not differ, or the whole view is the measure."""
_FOLLOWS = 0.1
_LEAST_CELLS = 2
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Table:
    cells: Plane
    """As the gate sees them, in grey levels, `DARK` added."""
    texture: Plane
    """Local contrast, in grey levels."""


class Background:
    """The tables that are known, for both states of the lamp."""

    def __init__(self) -> None:
        """Start without knowing any."""
        self._tables: dict[bool, list[_Table]] = {False: [], True: []}
        self._thing: Mask | None = None
        self._less = False

    def look(self, now: Coarse, sigma: float, *, lit: bool) -> bool | None:
        """Whether something is in view; None while no table of this light is known.

        Args:
            now: the frame.
            sigma: noise of one sample, in grey levels.
            lit: the lamp burns.
        """
        tables = [table for table in self._tables[lit] if table.cells.shape == now.cells.shape]
        if not tables:
            self._thing = None
            return None
        seen = _table(now)
        found = [_together(_differs(seen, table, sigma)) for table in tables]
        best = min(range(len(tables)), key=lambda index: int(found[index].sum()))
        self._thing = found[best]
        if not self._thing.any():
            return False
        self._less = _rough(seen, self._thing) < _LESS * _rough(tables[best], self._thing)
        return True

    def learn(self, now: Coarse, *, lit: bool, still_ns: int, emptied: bool = False) -> None:
        """Keep this view as a table if it is one.

        Args:
            now: a frame that was looked at.
            lit: the lamp burns.
            still_ns: for how long nothing has moved and nothing new was read.
            emptied: the lamp was switched off over an empty table.
        """
        tables = self._tables[lit]
        if emptied:
            self._tables[lit] = [_table(now)]
        elif self._thing is None:
            if still_ns >= FIRST_NS:
                self._tables[lit] = [_table(now)]
        elif not self._thing.any():
            self._follow(now, tables)
        elif still_ns >= (LESS_NS if self._less else STAYS_NS):
            self._tables[lit] = [_table(now), *tables][:MOST_TABLES]

    def box(self, shape: tuple[int, ...]) -> Box | None:
        """Where the thing of the last look lies, in pixels of a frame of this height and width."""
        if self._thing is None or not self._thing.any():
            return None
        rows, columns = (np.flatnonzero(self._thing.any(axis=axis)) for axis in (1, 0))
        top, left = int(rows[0]) * CELL, int(columns[0]) * CELL
        bottom, right = min(shape[0], int(rows[-1] + 1) * CELL), min(shape[1], int(columns[-1] + 1) * CELL)
        return left, top, right - left, bottom - top

    def bare(self, box: Box) -> bool:
        """Whether the table is seen in this box, at the last look."""
        x, y, width, height = (max(0, value) // CELL for value in box)
        return self._thing is not None and not self._thing[y : y + height + 2, x : x + width + 2].any()

    def _follow(self, now: Coarse, tables: list[_Table]) -> None:
        """The empty table changes slowly: light wanders, shadows too."""
        seen = _table(now)
        nearest = min(range(len(tables)), key=lambda index: float(np.abs(seen.cells - tables[index].cells).sum()))
        old = tables[nearest]
        tables[nearest] = _Table(blended(old.cells, seen.cells, _FOLLOWS), blended(old.texture, seen.texture, _FOLLOWS))


def _table(now: Coarse) -> _Table:
    rough = halved(halved(texture(now.samples, 3)).astype(np.float32))
    return _Table(now.cells + np.float32(DARK), rough)


def _differs(seen: _Table, table: _Table, sigma: float) -> Mask:
    """Cells that have become lighter or darker than the light around has; what differs is no measure of the light."""
    ratio = seen.cells / table.cells
    least = _LEAST_SHARE + _SIGMAS * sigma / 4 / table.cells
    light = mean(ratio, AROUND)
    for _ in range(2):
        same = (np.abs(ratio / light - 1) <= least).astype(np.float32)
        weight = mean(same, AROUND)
        near = mean(ratio * same, AROUND) / np.maximum(weight, _LEAST_WEIGHT)
        light = np.where(weight > _LEAST_WEIGHT, near, np.float32(np.median(ratio))).astype(np.float32)
    found: Mask = np.abs(ratio / light - 1) > least
    return found


def _rough(table: _Table, where: Mask) -> float:
    """How much there is to see in some cells, as a share of their light."""
    return float((table.texture[where] / table.cells[where]).sum())


def _together(mask: Mask) -> Mask:
    """Without single cells."""
    kept = np.zeros_like(mask)
    for x, y, width, height, cells in components(mask.astype(np.uint8)):
        if cells >= _LEAST_CELLS:
            part = np.s_[y : y + height, x : x + width]
            kept[part] |= mask[part]
    return kept
