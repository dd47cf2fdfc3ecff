"""The rungs of the decode ladder: each makes of a region's pixels a view that is easier to read, or declines.

A rung is a name, a small function and how the decoder is to look. Which come first is a measured table (`ladder.toml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.vision import dots
from edge.vision.linear import bars, bars_plain, bars_sharp, completed
from edge.vision.pixels import Affine, Luma, deepened, scaled, scaling, softened, unsharp
from edge.vision.regions import Kind, Region, View
from edge.vision.symbols import LINEAR, Symbol

Make = Callable[[Luma, Region], View | None]
MOST = 900 * 900
"""Pixels of the largest view that a rung makes; the price of a look grows with them."""

WHITE = 254
"""Values that say no more than that it was too bright."""
BLINDED = 0.2
"""Share of such values in a region from which on the ink suffers."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to look at a region."""

    name: str
    make: Make
    """From the region's pixels (a view, never written to) to what the decoder sees; None: does not apply."""
    kinds: tuple[Kind, ...] = ("matrix", "linear")
    formats: Literal["own", "all"] | frozenset[str] = "own"
    """Look for the formats of the region's own kind only, which costs half; for all, in case the kind is wrong; or for
    those that the rung is made for."""
    rotate: bool = True
    invert: bool = True
    downscale: bool = False
    complete: Callable[[Luma, Symbol], Symbol] | None = None
    """Adds to a symbol what its view tells of it beyond what the decoder says."""


def whole(crop: Luma, _region: Region) -> View | None:
    """The whole frame as it is, whatever it costs."""
    return View(crop, Affine())


def native(crop: Luma, _region: Region) -> View | None:
    """As it is."""
    return View(crop, Affine()) if crop.size <= MOST else None


def larger(crop: Luma, _region: Region) -> View | None:
    """Half as large again: reads most of what is 2.5 pixels per module and more, at the lowest price."""
    return _scaled(crop, 1.5)


def twice(crop: Luma, _region: Region) -> View | None:
    """Twice as large: the cheapest large gain below 3 pixels per module."""
    return _scaled(crop, 2)


def twice_sharp(crop: Luma, _region: Region) -> View | None:
    """Twice as large and a little sharpened: reads nearly what the other rungs leave, low contrast included."""
    view = _scaled(crop, 2)
    return view and View(unsharp(view.luma, amount=1, sigma=2), view.back)


def refocused(crop: Luma, _region: Region) -> View | None:
    """Twice as large, sharpened much, and the grain of that smoothed again: against a lens out of focus."""
    view = _scaled(crop, 2)
    return view and View(softened(unsharp(view.luma, amount=4, sigma=2), 1), view.back)


def thrice_sharp(crop: Luma, _region: Region) -> View | None:
    """Three times as large and sharpened: against blur; hurts where the contrast is low."""
    view = _scaled(crop, 3)
    return view and View(unsharp(view.luma, amount=2, sigma=3.5), view.back)


def glared(crop: Luma, _region: Region) -> View | None:
    """Twice as large and made darker: light that blinds the camera thins the ink."""
    return _deepened(crop, 2, 6)


def blinded(crop: Luma, _region: Region) -> View | None:
    """Three times as large and all that is not quite white taken for ink."""
    return _deepened(crop, 3, 20)


def _deepened(crop: Luma, factor: float, gain: float) -> View | None:
    if np.count_nonzero(crop >= WHITE) < BLINDED * crop.size:
        return None
    view = _scaled(crop, factor)
    return view and View(deepened(view.luma, gain), view.back)


def half(crop: Luma, _region: Region) -> View | None:
    """Half as large: takes noise and texture away from large modules."""
    return _scaled(crop, 1 / 2) if min(crop.shape) >= 2 else None  # noqa: PLR2004


def _scaled(crop: Luma, factor: float) -> View | None:
    return View(scaled(crop, factor), scaling(factor)) if crop.size * factor**2 <= MOST else None


def _linear(name: str, make: Make) -> Rung:
    return Rung(name, make, ("linear",), formats=LINEAR, rotate=False, invert=False, complete=completed)


def _dots(name: str, make: Make) -> Rung:
    return Rung(name, make, ("matrix",), formats=frozenset({"DataMatrix"}))


RUNGS: Mapping[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung("full", whole, formats="all", downscale=True),
        Rung("native", native),
        Rung("larger", larger, invert=False),
        Rung("twice", twice),
        Rung("twice_sharp", twice_sharp),
        Rung("refocused", refocused),
        Rung("thrice_sharp", thrice_sharp),
        Rung("glared", glared),
        Rung("blinded", blinded),
        Rung("half", half),
        Rung("any", native, formats="all"),
        _linear("bars", bars),
        _linear("bars_sharp", bars_sharp),
        _linear("bars_plain", bars_plain),
        _dots("peened", dots.peened),
        _dots("peened_half", dots.peened_half),
        _dots("peened_third", dots.peened_third),
        _dots("peened_quarter", dots.peened_quarter),
        _dots("peened_sixth", dots.peened_sixth),
        _dots("peened_eighth", dots.peened_eighth),
        _dots("soft", dots.soft),
        _dots("soft_half", dots.soft_half),
        _dots("soft_quarter", dots.soft_quarter),
        _dots("soft_sixth", dots.soft_sixth),
        _dots("soft_eighth", dots.soft_eighth),
    )
}
