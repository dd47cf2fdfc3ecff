"""Where a symbol may be: the result of `locate`, and views made of it for the decoder."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace
from typing import Literal

from edge.udi.read import Corners
from edge.vision.pixels import Affine, Luma

Kind = Literal["matrix", "linear"]


@dataclass(frozen=True, slots=True)
class Bars:
    """An upright rectangle of parallel bars that was turned by `lean`: one linear code or a few in line."""

    x: float
    """Centre."""
    y: float
    length: float
    """Across the bars, in the direction of reading."""
    height: float
    """Along the bars."""
    lean: float
    """Degrees by which the bars lean off the vertical, clockwise on the image, -90 to 90."""
    weight: float = 0.0
    """Energy of the edges; more is more like a symbol."""

    @classmethod
    def of_symbol(cls, corners: Corners, height: float = 0.0) -> Bars:
        """Those of a linear symbol.

        Args:
            corners: clockwise from its top left.
            height: that it has at least; of some reads only a few rows are known.
        """
        a, b, c, d = (complex(*corner) for corner in corners)
        along, centre = (b - a + c - d) / 2, (a + b + c + d) / 4
        lean = math.remainder(math.degrees(cmath.phase(along)), 180)
        return cls(centre.real, centre.imag, abs(along), max(height, abs(d - a + c - b) / 2), lean)

    def moved(self, x: float, y: float) -> Bars:
        """The same in an image whose origin lies at ``-x, -y`` of this one."""
        return replace(self, x=self.x + x, y=self.y + y)

    def outline(self, length: float = 0.0, height: float = 0.0) -> tuple[tuple[float, float], ...]:
        """The four corners, with so many pixels more at each end; clockwise from the top left of the upright."""
        across, along = self.length / 2 + length, self.height / 2 + height
        cos, sin = math.cos(math.radians(self.lean)), math.sin(math.radians(self.lean))
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return tuple(
            (self.x + u * across * cos - v * along * sin, self.y + u * across * sin + v * along * cos) for u, v in signs
        )

    def hold(self, x: float, y: float) -> bool:
        """Whether a point lies between them."""
        cos, sin = math.cos(math.radians(self.lean)), math.sin(math.radians(self.lean))
        right, down = x - self.x, y - self.y
        return abs(right * cos + down * sin) <= self.length / 2 and abs(down * cos - right * sin) <= self.height / 2


@dataclass(frozen=True, slots=True)
class Region:
    """A box of a frame, in whole pixels, that may hold one symbol or a few."""

    x: int
    y: int
    width: int
    height: int
    kind: Kind
    """What it looks like; a rung for linear codes is tried first where the edges run one way."""
    score: float = 0.0
    """How much it is like a symbol, 0 to 1."""
    margin: int = 0
    """Pixels at each side that were added for the rim and the quiet zone of a symbol."""
    bars: Bars | None = None
    """Where the bars of a linear region lie, in the pixels of its crop."""

    def core(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom without the margin; right may be left of left."""
        x, y = self.x + self.margin, self.y + self.margin
        return x, y, self.x + self.width - self.margin, self.y + self.height - self.margin

    def shares(self, other: Region) -> float:
        """How much of what two boxes cover together they have in common, 0 to 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        common = max(0, width) * max(0, height)
        return common / (self.width * self.height + other.width * other.height - common)

    def outline(self) -> tuple[tuple[float, float], ...]:
        """Where a symbol may lie in the frame: between the bars, or anywhere but in the margin."""
        if self.bars is not None:
            return self.bars.moved(self.x, self.y).outline()
        left, top, right, bottom = self.core()
        return (left, top), (right, top), (right, bottom), (left, bottom)

    def crop(self, luma: Luma) -> Luma:
        """The pixels, as a view."""
        return luma[self.y : self.y + self.height, self.x : self.x + self.width]

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the frame lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class View:
    """An image made of a region, as a rung hands it to the decoder, and the way back."""

    luma: Luma
    back: Affine
    """From the view's pixels to those of the region's crop."""
