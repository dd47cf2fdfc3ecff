"""The rungs of the decode ladder: each makes of a region's pixels a view that is easier to read, or declines.

A rung is a name, a small function and how the decoder is to look. Which come first is a measured table (`ladder.toml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.vision.linear import bars, bars_plain, bars_sharp, completed
from edge.vision.pixels import Affine, Luma, scaled, scaling, unsharp
from edge.vision.regions import Kind, Region, View
from edge.vision.symbols import LINEAR, Symbol

Make = Callable[[Luma, Region], View | None]


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to look at a region."""

    name: str
    make: Make
    """From the region's pixels (a view, never written to) to what the decoder sees; None: does not apply."""
    kinds: tuple[Kind, ...] = ("matrix", "linear")
    rotate: bool = True
    invert: bool = True
    downscale: bool = False
    formats: frozenset[str] | None = None
    """Only these kinds of symbols; None: all that are wanted."""
    complete: Callable[[Luma, Symbol], Symbol] | None = None
    """Adds to a symbol what its view tells of it beyond what the decoder says."""


def native(crop: Luma, _region: Region) -> View | None:
    """As it is."""
    return View(crop, Affine()) if crop.size <= 900 * 600 else None


def twice(crop: Luma, _region: Region) -> View | None:
    """Twice as large: the cheapest large gain below 3 pixels per module."""
    return View(scaled(crop, 2), scaling(2)) if crop.size <= 450 * 450 else None


def thrice_sharp(crop: Luma, _region: Region) -> View | None:
    """Three times as large and sharpened: against blur; hurts where the contrast is low."""
    if crop.size > 450 * 450:
        return None
    return View(unsharp(scaled(crop, 3), amount=2, sigma=3.5), scaling(3))


def half(crop: Luma, _region: Region) -> View | None:
    """Half as large: takes noise and texture away from large modules."""
    return View(scaled(crop, 1 / 2), scaling(1 / 2)) if min(crop.shape) >= 2 else None  # noqa: PLR2004


def _linear(name: str, make: Make) -> Rung:
    return Rung(name, make, ("linear",), rotate=False, invert=False, formats=LINEAR, complete=completed)


RUNGS: Mapping[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung("native", native),
        Rung("twice", twice),
        Rung("thrice_sharp", thrice_sharp),
        Rung("half", half),
        _linear("bars", bars),
        _linear("bars_sharp", bars_sharp),
        _linear("bars_plain", bars_plain),
    )
}
