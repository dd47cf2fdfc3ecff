"""Grey values and what is done to them: the one importer of OpenCV, with types.

Only calls that OpenCV 4.6 (Debian bookworm), 4.10 (trixie) and 5 share. One thread: the camera process has the other
cores of the machine's to leave to the station, and a figure of one thread can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
"""Grey values, height x width, uint8; any stride."""
Plane = NDArray[np.float32]
"""Intermediate values, height x width, float32."""

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


def smooth(plane: Plane, size: int) -> Plane:
    """The mean of `size` x `size` values around each."""
    return cast("Plane", cv2.blur(plane, (size, size)))


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


def filled(mask: Luma, outline: Sequence[tuple[float, float]], value: int) -> None:
    """Fill a convex outline of `mask` in place."""
    cv2.fillConvexPoly(mask, np.rint(np.array(outline)).astype(np.int32), value)


def unsharp(luma: Luma, *, amount: float, sigma: float) -> Luma:
    """Sharpened by `amount` times what a Gaussian of `sigma` pixels takes away."""
    soft = cv2.GaussianBlur(luma, (0, 0), sigma)
    return cast("Luma", cv2.addWeighted(luma, 1 + amount, soft, -amount, 0))


def texture(luma: Luma, size: int) -> Luma:
    """Highest minus lowest value within `size` x `size` pixels around each."""
    return cast("Luma", cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((size, size), np.uint8)))


def mean(luma: Luma, size: int) -> Luma:
    """The mean of `size` x `size` pixels around each."""
    return cast("Luma", cv2.blur(luma, (size, size)))


def labelled(mask: Luma) -> NDArray[np.int32]:
    """Connected areas of non-zero pixels: for each pixel the number of its area, from 1 on; 0 outside."""
    _, labels = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    return cast("NDArray[np.int32]", labels)


def components(mask: Luma) -> Sequence[tuple[int, int, int, int, int]]:
    """Connected areas of non-zero pixels: x, y, width, height, number of pixels."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return [tuple(int(value) for value in row) for row in stats[1:]]  # type: ignore[misc]  # five values in a row
