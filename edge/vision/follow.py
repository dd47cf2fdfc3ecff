"""Where a thing has gone that is pushed across the table too fast to be read: its coarse picture, sought nearby."""

from __future__ import annotations

from dataclasses import dataclass

from edge.vision.pixels import Luma, best_match, scaled

COARSE = 1 / 4
"""Scale of the pictures: what the motion smears within a frame is less than their pixels."""
REACH = 120
"""Frame pixels by which a thing may move from frame to frame."""
ALIKE = 0.65
_AROUND = 0.8
"""Half the picture's side, as a share of the thing's size: some of what is around it."""
_LEAST_SIDE = 6
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trail:
    """A thing as it was seen last."""

    at: Point
    size: float
    sight: Luma
    t0_ns: int

    def on(self, luma: Luma, t0_ns: int) -> Trail | None:
        """The thing in the next frame; None if it is not found there."""
        left, top, area = _cut(luma, self.at, self.size * _AROUND + REACH)
        if min(self.sight.shape) < _LEAST_SIDE or any(
            inner > outer for inner, outer in zip(self.sight.shape, area.shape, strict=True)
        ):
            return None
        score, (x, y) = best_match(area, self.sight)
        if score < ALIKE:
            return None
        height, width = self.sight.shape
        found = left + (x + width / 2) / COARSE, top + (y + height / 2) / COARSE
        return trail(luma, found, self.size, t0_ns)


def trail(luma: Luma, at: Point, size: float, t0_ns: int) -> Trail:
    """Begin to follow what lies here."""
    return Trail(at, size, _cut(luma, at, size * _AROUND)[2], t0_ns)


def _cut(luma: Luma, at: Point, reach: float) -> tuple[int, int, Luma]:
    """The square around a point, coarsely, and where it begins; what lies outside the frame is left out."""
    left, top = max(0, round(at[0] - reach)), max(0, round(at[1] - reach))
    part = luma[top : max(top, round(at[1] + reach)), left : max(left, round(at[0] + reach))]
    return left, top, scaled(part, COARSE) if part.size else part
