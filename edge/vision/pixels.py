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


def unsharp(luma: Luma, *, amount: float, sigma: float) -> Luma:
    """Sharpened by `amount` times what a Gaussian of `sigma` pixels takes away."""
    soft = cv2.GaussianBlur(luma, (0, 0), sigma)
    return cast("Luma", cv2.addWeighted(luma, 1 + amount, soft, -amount, 0))


def blurred(luma: Luma, sigma: float) -> Luma:
    """Without what is finer than a Gaussian of `sigma` pixels."""
    return cast("Luma", cv2.GaussianBlur(luma, (0, 0), sigma))


def eroded(luma: Luma, size: int) -> Luma:
    """The darkest of `size` x `size` pixels around each: dark things that nearly touch grow together."""
    return cast("Luma", cv2.erode(luma, np.ones((size, size), np.uint8)))


def texture(luma: Luma, size: int) -> Luma:
    """Highest minus lowest value within `size` x `size` pixels around each."""
    return cast("Luma", cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((size, size), np.uint8)))


def mean(luma: Luma, size: int) -> Luma:
    """The mean of `size` x `size` pixels around each."""
    return cast("Luma", cv2.blur(luma, (size, size)))


def components(mask: Luma) -> Sequence[tuple[int, int, int, int, int]]:
    """Connected areas of non-zero pixels: x, y, width, height, number of pixels."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return [tuple(int(value) for value in row) for row in stats[1:]]  # type: ignore[misc]  # five values in a row
