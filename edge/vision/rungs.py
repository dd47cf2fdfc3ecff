"""The rungs of the decode ladder: each makes of a region's pixels a view that is easier to read, or declines.

A rung is a name, a small function and how the decoder is to look. Which come first is a measured table (`ladder.toml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.vision import dots
from edge.vision.pixels import Affine, Luma, scaled, scaling, unsharp
from edge.vision.regions import Kind, Region, View

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


def whole(crop: Luma, _region: Region) -> View | None:
    """The whole frame as it is, whatever it costs."""
    return View(crop, Affine())


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


def _dots(name: str, make: Make) -> Rung:
    return Rung(name, make, ("matrix",), formats=frozenset({"DataMatrix"}))


RUNGS: Mapping[str, Rung] = {
    rung.name: rung
    for rung in (
        Rung("full", whole, downscale=True),
        Rung("native", native),
        Rung("twice", twice),
        Rung("thrice_sharp", thrice_sharp),
        Rung("half", half),
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
