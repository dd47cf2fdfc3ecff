"""Rungs for dot-peened marks: a Data Matrix struck into metal, dot beside dot, on a ground with a texture of its own.

A decoder looks for straight edges and finds round dots with gaps, shining middles and the grain of the metal instead.
Two things help, where the dots are 3.5 to 5 pixels apart: an erosion lets dark dots grow together and closes their
shining middles, and a blur takes away what is finer than a dot. So the rungs are the same at several sizes, each for
marks of another pitch.
"""

from __future__ import annotations

from edge.vision.pixels import Affine, Luma, lowest, scaled, scaling, softened
from edge.vision.regions import Region, View

LEAST = 40
"""Pixels of the shorter side below which a view cannot hold the smallest mark (10 dots at 3.5 pixels and its rim)."""
MOST = 1600 * 1100
"""Pixels of a view above which such a rung costs more than the decoder on the frame as it is."""
JOIN, JOIN_SIGMA = 2, 1.0
SOFT_SIGMA = 1.33


def peened(crop: Luma, _region: Region) -> View | None:
    """Dark dots 3.5 to 5 pixels apart joined to modules."""
    return _joined(crop, 1)


def peened_half(crop: Luma, _region: Region) -> View | None:
    """Dark dots 7 to 10 pixels apart joined to modules."""
    return _joined(crop, 2)


def peened_third(crop: Luma, _region: Region) -> View | None:
    """Dark dots 10 to 15 pixels apart joined to modules."""
    return _joined(crop, 3)


def peened_quarter(crop: Luma, _region: Region) -> View | None:
    """Dark dots 14 to 20 pixels apart joined to modules."""
    return _joined(crop, 4)


def peened_sixth(crop: Luma, _region: Region) -> View | None:
    """Dark dots 20 to 30 pixels apart joined to modules."""
    return _joined(crop, 6)


def peened_eighth(crop: Luma, _region: Region) -> View | None:
    """Dark dots 28 to 40 pixels apart joined to modules."""
    return _joined(crop, 8)


def soft(crop: Luma, _region: Region) -> View | None:
    """Dots 3.5 to 6 pixels apart, dark or light, without the grain between them."""
    return _softened(crop, 1)


def soft_half(crop: Luma, _region: Region) -> View | None:
    """Dots 7 to 12 pixels apart, dark or light, without the grain between them."""
    return _softened(crop, 2)


def soft_quarter(crop: Luma, _region: Region) -> View | None:
    """Dots 14 to 24 pixels apart, dark or light, without the grain between them."""
    return _softened(crop, 4)


def soft_sixth(crop: Luma, _region: Region) -> View | None:
    """Dots 21 to 36 pixels apart, dark or light, without the grain between them."""
    return _softened(crop, 6)


def soft_eighth(crop: Luma, _region: Region) -> View | None:
    """Dots 28 to 48 pixels apart, dark or light, without the grain between them."""
    return _softened(crop, 8)


def _joined(crop: Luma, parts: int) -> View | None:
    small = _reduced(crop, parts)
    return small and View(softened(lowest(small.luma, JOIN), JOIN_SIGMA), small.back)


def _softened(crop: Luma, parts: int) -> View | None:
    small = _reduced(crop, parts)
    return small and View(softened(small.luma, SOFT_SIGMA), small.back)


def _reduced(crop: Luma, parts: int) -> View | None:
    """One part in so many of the size; None where nothing is left to read, or too much."""
    if min(crop.shape) < LEAST * parts or crop.size > MOST * parts**2:
        return None
    if parts == 1:
        return View(crop, Affine())
    height, width = (side // parts * parts for side in crop.shape)  # whole parts: exact, and an area mean is quick then
    return View(scaled(crop[:height, :width], 1 / parts), scaling(1 / parts))
