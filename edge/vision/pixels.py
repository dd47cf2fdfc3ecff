"""Grey values and what is done to them: the one importer of OpenCV, with types.

Only calls that OpenCV 4.6 (Debian bookworm), 4.10 (trixie) and 5 share. One thread: the camera process has the other
cores of the machine's to leave to the station, and a figure of one thread can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
"""Grey values, height x width, uint8; any stride."""
Plane = NDArray[np.float32]
"""Intermediate values, height x width, float32."""
Sums = NDArray[np.uint16]
"""Sums of a few frames, height x width, uint16."""

Box = tuple[int, int, int, int]
"""x, y, width, height in frame pixels."""

Image = TypeVar("Image", Luma, Plane)

cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Affine:
    """``x' = a x + b y + c``, ``y' = d x + e y + f``: from the pixels of one image to those of another."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        """The place of one point."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def after(self, first: Affine) -> Affine:
        """`first`, then this."""
        return Affine(
            self.a * first.a + self.b * first.d,
            self.a * first.b + self.b * first.e,
            self.a * first.c + self.b * first.f + self.c,
            self.d * first.a + self.e * first.d,
            self.d * first.b + self.e * first.e,
            self.d * first.c + self.e * first.f + self.f,
        )


def scaling(factor: float) -> Affine:
    """The way back from an image that was made `factor` times as large; pixel centres at whole numbers."""
    return Affine(a=1 / factor, c=0.5 / factor - 0.5, e=1 / factor, f=0.5 / factor - 0.5)


def luma_problem(luma: NDArray[Any]) -> str | None:
    """Why this array is no frame; None if it is one."""
    if luma.ndim != 2 or luma.dtype != np.uint8 or 0 in luma.shape:  # noqa: PLR2004 - height x width
        return f"expected luma of height x width, uint8; found shape {luma.shape}, {luma.dtype}"
    return None


def scaled(luma: Luma, factor: float) -> Luma:
    """Larger (bilinear) or smaller (area mean)."""
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = (max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor)))
    return cast("Luma", cv2.resize(luma, size, interpolation=how))


def sampled(luma: Luma, every: int) -> Luma:
    """Every so many pixels, nearest; the cheapest way to look at a whole frame."""
    height, width = luma.shape
    size = (max(1, width // every), max(1, height // every))
    return cast("Luma", cv2.resize(luma, size, interpolation=cv2.INTER_NEAREST))


def halved(values: Image) -> Image:
    """Half as large, each value the mean of four; an odd last row or column is left out, which is far quicker."""
    height, width = (max(1, side // 2) for side in values.shape)
    even = values[: height * 2, : width * 2]
    return cast("Image", cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))


def gradients(luma: Luma) -> tuple[Plane, Plane]:
    """Scharr's slopes to the right and downwards, 16 times the difference of a pixel's two neighbours.

    Sobel's are off by three degrees for bars of two pixels, Scharr's by a tenth.
    """
    return (
        cast("Plane", cv2.Scharr(luma, cv2.CV_32F, 1, 0)),
        cast("Plane", cv2.Scharr(luma, cv2.CV_32F, 0, 1)),
    )


def cells(plane: Plane, size: int) -> Plane:
    """The mean of each `size` x `size` pixels."""
    shape = (max(1, plane.shape[1] // size), max(1, plane.shape[0] // size))
    return cast("Plane", cv2.resize(plane, shape, interpolation=cv2.INTER_AREA))


def best_match(luma: Luma, picture: Luma) -> tuple[float, tuple[int, int]]:
    """Where in an image a smaller picture fits best: the correlation, -1 to 1, and its left and top."""
    _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(luma, picture, cv2.TM_CCOEFF_NORMED))
    return float(score), (int(x), int(y))


def overall(plane: Plane) -> float:
    """The mean of all values."""
    return float(cv2.mean(plane)[0])


def blended(old: Plane, new: Plane, share: float) -> Plane:
    """The old values with a share of the way to the new ones gone."""
    return cast("Plane", cv2.addWeighted(old, 1 - share, new, share, 0))


def furthest(plane: Plane) -> float:
    """The value that is furthest from nothing, without its sign."""
    least, most, _, _ = cv2.minMaxLoc(plane)
    return float(max(most, -least))


def difference(one: Luma, other: Luma) -> Luma:
    """How far apart two images of one size are, pixel by pixel."""
    return cast("Luma", cv2.absdiff(one, other))


def above(luma: Luma, level: float) -> int:
    """How many pixels are above a level."""
    return int(cv2.countNonZero(cv2.threshold(luma, level, 1, cv2.THRESH_BINARY)[1]))


def added(total: Sums, luma: Luma) -> Sums:
    """A sum of frames and one more."""
    return cast("Sums", cv2.add(total, luma, dtype=cv2.CV_16U))


def shared_out(total: Sums, frames: int) -> Luma:
    """The mean of so many frames of which this is the sum, rounded."""
    return cast("Luma", cv2.convertScaleAbs(total, alpha=1 / frames))


def painted(luma: Luma, outline: Sequence[tuple[float, float]], level: int) -> None:
    """Fill a convex outline of the image itself with one grey."""
    cv2.fillConvexPoly(luma, np.asarray(outline).round().astype(np.int32), level)


def highest(luma: Luma, size: int) -> Luma:
    """The highest value within `size` x `size` pixels around each."""
    return cast("Luma", cv2.dilate(luma, np.ones((size, size), np.uint8)))


def lowest(luma: Luma, size: int) -> Luma:
    """The lowest value within `size` x `size` pixels around each."""
    return cast("Luma", cv2.erode(luma, np.ones((size, size), np.uint8)))


def warped(luma: Luma, back: Affine, size: tuple[int, int]) -> Luma:
    """An image of `size` (width, height) whose pixels lie in `luma` where `back` says; the border goes on outside."""
    way = np.array([[back.a, back.b, back.c], [back.d, back.e, back.f]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cast("Luma", cv2.warpAffine(luma, way, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def fewer_rows(luma: Luma, by: int) -> Luma:
    """Each row the mean of `by` rows."""
    size = (luma.shape[1], max(1, luma.shape[0] // by))
    return cast("Luma", cv2.resize(luma, size, interpolation=cv2.INTER_AREA))


def row_filtered(luma: Luma, kernel: Plane) -> Luma:
    """Each row for itself through a filter of an odd number of values."""
    return cast("Luma", cv2.sepFilter2D(luma, -1, kernel, np.ones(1, np.float32)))


def row_extremes(luma: Luma, width: int) -> tuple[Luma, Luma]:
    """The lowest and the highest value within `width` pixels along the row around each, both smoothed by half of it."""
    window = np.ones((1, width), np.uint8)
    soft = (width // 2 | 1, 1)
    return (
        cast("Luma", cv2.blur(cv2.erode(luma, window), soft)),
        cast("Luma", cv2.blur(cv2.dilate(luma, window), soft)),
    )


def unsharp(luma: Luma, *, amount: float, sigma: float) -> Luma:
    """Sharpened by `amount` times what a Gaussian of `sigma` pixels takes away."""
    soft = cv2.GaussianBlur(luma, (0, 0), sigma)
    return cast("Luma", cv2.addWeighted(luma, 1 + amount, soft, -amount, 0))


def softened(luma: Luma, sigma: float) -> Luma:
    """The mean of what lies around each pixel, by a Gaussian of `sigma` pixels."""
    return cast("Luma", cv2.GaussianBlur(luma, (0, 0), sigma))


def deepened(luma: Luma, gain: float) -> Luma:
    """Every value `gain` times as far from white, black at the most."""
    return cast("Luma", cv2.bitwise_not(cv2.convertScaleAbs(cv2.bitwise_not(luma), alpha=gain)))


def texture(luma: Luma, size: int) -> Luma:
    """Highest minus lowest value within `size` x `size` pixels around each."""
    return cast("Luma", cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((size, size), np.uint8)))


def mean(values: Image, size: int) -> Image:
    """The mean of `size` x `size` pixels around each."""
    return cast("Image", cv2.blur(values, (size, size)))


def boxes(mask: Luma) -> Sequence[tuple[int, int, int, int]]:
    """Connected areas of non-zero pixels that lie in no other: x, y, width, height. Quicker than `components`."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [tuple(int(value) for value in cv2.boundingRect(outline)) for outline in outlines]  # type: ignore[misc]


def labelled(mask: Luma) -> NDArray[np.int32]:
    """Connected areas of non-zero pixels: for each pixel the number of its area, from 1 on; 0 outside."""
    _, labels = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    return cast("NDArray[np.int32]", labels)


def components(mask: Luma) -> Sequence[tuple[int, int, int, int, int]]:
    """Connected areas of non-zero pixels: x, y, width, height, number of pixels."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return [tuple(int(value) for value in row) for row in stats[1:]]  # type: ignore[misc]  # five values in a row


def jpeg(luma: Luma, quality: int) -> bytes:
    """A grey JPEG, with the header that is needed to show it and no metadata.

    Args:
        luma: height x width, uint8, at most 65,500 pixels each.
        quality: 1 to 100.

    Raises:
        ValueError: it cannot be written, being too large.
    """
    done, data = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"{luma.shape[1]} x {luma.shape[0]} pixels cannot be written as a JPEG")
    return bytes(data)
