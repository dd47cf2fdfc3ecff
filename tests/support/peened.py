"""Dot-peened marks of which everything is known: a Data Matrix struck into metal. The same seed, the same picture.

Dots differ in width, depth and place; some shine in their middle, where the needle left a mirror. The metal has a grain
finer than a dot, the arcs of the tool that turned it, and uneven light. All is drawn large and then seen at its size,
through a sensor's noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.symbols import write_symbol
from tests.support.frames import Luma, content

Light = NDArray[np.float32]
DRAWN = 32
"""Pixels from dot to dot as drawn."""
RIM = 4
"""Dots of free metal around a mark."""
FINE_BITS = 3
"""A dot is placed to an eighth of a drawn pixel."""
NOISE = 3.0
"""Standard deviation of the sensor's noise in grey levels."""


@dataclass(frozen=True, slots=True)
class Peening:
    """How a mark was struck and is seen."""

    pitch: float
    """Frame pixels from dot to dot."""
    angle: float = 0.0
    """Degrees by which the mark is turned."""
    light: bool = False
    """Dots shine on dark metal."""
    hollow: float = 0.4
    """Share of the dots with a shining middle."""
    depth: float = 85.0
    """Grey levels between metal and the deepest dot."""
    grain: float = 26.0
    """Standard deviation of the metal's texture in grey levels, as drawn."""


def mark(peening: Peening, *, seed: int) -> tuple[Luma, bytes]:
    """A picture with one mark, and what it holds."""
    rng = np.random.default_rng(seed)
    text, payload = content(int(rng.integers(1, 1_000_000)))
    struck = _turned(_struck(_modules(text), peening, rng), peening.angle)
    levels = _metal(struck.shape[1], struck.shape[0], peening, rng) - peening.depth * struck
    picture = _seen(levels, peening, rng)
    return (255 - picture if peening.light else picture), payload


def metal(width: int, height: int, *, pitch: float, seed: int) -> Luma:
    """Textured metal without any mark, seen from where a mark's dots would be `pitch` apart."""
    rng = np.random.default_rng(seed)
    peening = Peening(pitch)
    return _seen(_metal(round(width * DRAWN / pitch), round(height * DRAWN / pitch), peening, rng), peening, rng)


def _modules(text: str) -> NDArray[np.bool_]:
    """Which places of the grid carry a dot, without the quiet zone."""
    dark = write_symbol(text, "datamatrix", gs1=True, scale=1) < 128
    ys, xs = np.nonzero(dark)
    return np.asarray(dark[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1])


def _struck(modules: NDArray[np.bool_], peening: Peening, rng: np.random.Generator) -> Light:
    """How deep each pixel was struck, 0 to 1."""
    side = (len(modules) + 2 * RIM) * DRAWN
    depth = np.zeros((side, side), np.float32)
    for row, column in np.argwhere(modules):
        x, y = (RIM + 0.5 + np.array([column, row]) + rng.normal(0, 0.03, 2)) * DRAWN
        radius = DRAWN * float(rng.uniform(0.4, 0.48))
        _disc(depth, x, y, radius, float(rng.uniform(0.75, 1.0)))
        if rng.random() < peening.hollow:
            _disc(depth, x, y, radius * 0.45, float(rng.uniform(0.2, 0.5)))
    return cv2.GaussianBlur(depth, (0, 0), DRAWN * 0.06).astype(np.float32)


def _disc(onto: Light, x: float, y: float, radius: float, value: float) -> None:
    x8, y8, radius8 = (round(float(each) * 2**FINE_BITS) for each in (x, y, radius))
    cv2.circle(onto, (x8, y8), radius8, value, thickness=-1, lineType=cv2.LINE_AA, shift=FINE_BITS)


def _turned(depth: Light, angle: float) -> Light:
    side = depth.shape[0]
    way = cv2.getRotationMatrix2D((side / 2, side / 2), angle, 1)
    return cv2.warpAffine(depth, way, (side, side), flags=cv2.INTER_LINEAR).astype(np.float32)


def _metal(width: int, height: int, peening: Peening, rng: np.random.Generator) -> Light:
    """Grey levels of the bare metal, height x width, as drawn."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot(x - 1.4 * width, y - 0.3 * height) / DRAWN
    arcs = 8.0 * np.sin(4.1 * far + 2.0 * np.sin(0.7 * far))
    light = 150.0 + 30.0 * (x / width - 0.5)
    grain = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 1.2)
    return np.asarray(light + arcs + peening.grain * grain / grain.std(), dtype=np.float32)


def _seen(levels: Light, peening: Peening, rng: np.random.Generator) -> Luma:
    """From as drawn to frame pixels."""
    factor = peening.pitch / DRAWN
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(levels, None, fx=factor, fy=factor, interpolation=how)
    noise = rng.standard_normal(small.shape, dtype=np.float32) * NOISE
    return np.asarray(np.clip(small + noise, 0, 255), dtype=np.uint8)
