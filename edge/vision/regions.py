"""Where a symbol may be: the result of `locate`, and views made of it for the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.vision.pixels import Affine, Luma

Kind = Literal["matrix", "linear"]


@dataclass(frozen=True, slots=True)
class Region:
    """A box of a frame, in whole pixels, that may hold one symbol or a few."""

    x: int
    y: int
    width: int
    height: int
    kind: Kind
    """What it looks like; a rung for linear codes is tried first where the edges run one way."""
    lean: float = 0.0
    """Degrees by which the bars lean off the vertical, -90 to 90; 0 for a matrix."""
    score: float = 0.0
    """How much it is like a symbol, 0 to 1."""
    margin: int = 0
    """Pixels at each side that were added for the rim and the quiet zone of a symbol."""

    def core(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom without the margin; right may be left of left."""
        x, y = self.x + self.margin, self.y + self.margin
        return x, y, self.x + self.width - self.margin, self.y + self.height - self.margin

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
