"""A picture of what lies under the camera: cut out, small, and nothing but the picture."""

from __future__ import annotations

from edge.vision.pixels import Luma, jpeg, scaled

Box = tuple[int, int, int, int]
"""x, y, width, height in frame pixels."""
MOST_BYTES = 148_000
"""Sealed to the hub's key it has some hundred bytes more, and at most 150,000 are sent."""
MOST_SIDE = 1600
"""Pixels of the long side: print on a package can be read, and nothing is stored that nobody looks at."""
QUALITIES = (80, 60)
SMALLER = 0.7
"""What still is too large at the lowest quality is made so much smaller; noise compresses badly."""


def cut_out(luma: Luma, box: Box | None) -> Luma:
    """The part of a frame within a box, as a view; the whole frame without a box or with none of it in the frame.

    Args:
        luma: height x width, uint8.
        box: what of it lies outside the frame is left out.
    """
    if box is None:
        return luma
    x, y, width, height = box
    part = luma[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
    return part if part.size else luma


def picture(luma: Luma, box: Box | None, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The object as a JPEG without any metadata, at most `MOST_SIDE` pixels long and `most_bytes` in size.

    Args:
        luma: the frame, height x width, uint8; any stride.
        box: where the object lies; None: the whole frame.
        most_bytes: of the JPEG; 1,000 always suffice.

    Raises:
        ValueError: `most_bytes` is less than any JPEG has.
    """
    part = cut_out(luma, box)
    factor = min(1.0, MOST_SIDE / max(part.shape))
    while True:
        small = part if factor == 1 else scaled(part, factor)
        for quality in QUALITIES:
            data = jpeg(small, quality)
            if len(data) <= most_bytes:
                return data
        if max(small.shape) == 1:
            raise ValueError(f"a JPEG has at least {len(data)} bytes: expected {most_bytes} at most")
        factor *= SMALLER
