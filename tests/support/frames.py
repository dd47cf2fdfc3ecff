"""Camera frames with symbols of which everything is known: content, place, size, light. The same seed, the same frame.

A symbol is drawn large, put onto a label with some text, laid into the frame at any angle through three times finer
pixels, and then seen through blur, light, motion and noise. Rates on these frames compare readers; they are no field
rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.vision.symbols import write_symbol

Luma = NDArray[np.uint8]
Light = NDArray[np.float32]
"""Height x width, 0 (ink) to 1 (paper)."""
Kind = Literal["datamatrix", "qr", "code128"]
Ground = Literal["plain", "wood", "text"]
WIDTH, HEIGHT = 1920, 1080
NOISE = 4.0
FINE = 3
DRAWN = 8
"""Pixels per module of a symbol as it is drawn."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a label is seen."""

    name: str
    contrast: float = 0.75
    """Share of the full range between ink and paper."""
    blur: float = 0.7
    """Sigma of the defocus in frame pixels."""
    motion: int = 0
    """Length of the motion in frame pixels."""
    glare: float = 0.0
    """Grey levels that a lamp's reflection adds at its middle."""
    perspective: float = 0.0
    """By how much of its size one side of the label is shorter."""


CONDITIONS = {
    each.name: each
    for each in (
        Condition("clean", contrast=0.9, blur=0.35),
        Condition("typical"),
        Condition("low_contrast", contrast=0.25),
        Condition("glare", glare=140.0),
        Condition("perspective", perspective=0.16),
        Condition("defocus", blur=1.6),
        Condition("motion", motion=3),
    )
}
FOUR = ("typical", "low_contrast", "glare", "perspective")
"""The conditions of the side-by-side figures."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One symbol in a frame: what it holds and where it lies."""

    payload: bytes
    kind: Kind
    corners: NDArray[np.float64]
    """4 x 2, clockwise from the symbol's own top left, in frame pixels."""

    def holds(self, point: tuple[float, float], slack: float = 0.0) -> bool:
        """Whether a point lies in the symbol, or at most `slack` pixels beside it."""
        distance = cv2.pointPolygonTest(self.corners.astype(np.float32), point, measureDist=True)
        return bool(distance >= -slack)


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame and its truth."""

    luma: Luma
    truth: tuple[Placed, ...]


def content(number: int) -> tuple[str, bytes]:
    """A UDI that no other number has: as written with brackets, and as read."""
    base = f"0690{1000000 + number % 8999999:07d}0{number % 10}"[:13]
    check = -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(base))) % 10
    di, lot = f"{base}{check}".rjust(14, "0"), f"L{number:05d}"
    return f"(01){di}(17)291231(10){lot}", f"01{di}1729123110{lot}".encode()


def shot(
    kind: Kind,
    condition: Condition,
    px: float,
    *,
    seed: int,
    angle: float | None = None,
    ground: Ground = "wood",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    noise: float = NOISE,
) -> Shot:
    """One label with one symbol.

    Args:
        kind: the carrier.
        condition: how it is seen.
        px: frame pixels per module.
        seed: decides content, place, angle, light and noise.
        angle: degrees; None takes any.
        ground: what the label lies on.
        size: width and height of the frame.
        noise: standard deviation in grey levels.
    """
    rng = np.random.default_rng(seed)
    text, payload = content(int(rng.integers(1, 1_000_000)))
    symbol = write_symbol(text, kind, gs1=True, scale=DRAWN)
    label, at = _label(symbol, text)
    turn = float(rng.uniform(0, 360)) if angle is None else angle
    centre = _centre(label, px / DRAWN, turn, size, rng)
    way = _way(label, px / DRAWN, turn, centre, condition.perspective)
    frame = _lay(background(ground, size, rng), label, way)
    corners = _through(way, [(at[0] + x, at[1] + y) for x, y in _box(symbol)])
    return Shot(seen(frame, condition, rng, noise), (Placed(payload, kind, corners),))


def sheet(kind: Kind, px: float, *, seed: int, rows: int = 4, columns: int = 3, condition: Condition) -> Shot:
    """An implant form with `rows` x `columns` peel-off stickers, each with a code of its own, in one picture."""
    rng = np.random.default_rng(seed)
    frame = np.full((HEIGHT, WIDTH), 0.92, np.float32)
    truth = []
    for row in range(rows):
        for column in range(columns):
            text, payload = content(int(rng.integers(1, 1_000_000)))
            symbol = write_symbol(text, kind, gs1=True, scale=DRAWN)
            label, at = _label(symbol, text)
            centre = ((column + 0.5) * WIDTH / columns, (row + 0.5) * HEIGHT / rows)
            way = _way(label, px / DRAWN, float(rng.uniform(-8, 8)), centre, 0.0)
            frame = _lay(frame, label, way)
            corners = _through(way, [(at[0] + x, at[1] + y) for x, y in _box(symbol)])
            truth.append(Placed(payload, kind, corners))
    return Shot(seen(frame, condition, rng, NOISE), tuple(truth))


def empty(ground: Ground, *, seed: int, size: tuple[int, int] = (WIDTH, HEIGHT), noise: float = NOISE) -> Luma:
    """A frame without any symbol."""
    rng = np.random.default_rng(seed)
    return seen(background(ground, size, rng), CONDITIONS["typical"], rng, noise)


def again(scene: Light, condition: Condition, *, seed: int, noise: float = NOISE) -> Luma:
    """Another frame of the same scene: the same light, other noise."""
    return seen(scene, replace(condition, glare=0.0), np.random.default_rng(seed), noise)


def scene(
    kind: Kind, px: float, *, seed: int, angle: float | None = None, ground: Ground = "wood"
) -> tuple[Light, Placed]:
    """A label as it lies there, before any optics: see it with `again`. Values 0 (ink) to 1 (paper)."""
    rng = np.random.default_rng(seed)
    text, payload = content(int(rng.integers(1, 1_000_000)))
    symbol = write_symbol(text, kind, gs1=True, scale=DRAWN)
    label, at = _label(symbol, text)
    turn = float(rng.uniform(0, 360)) if angle is None else angle
    size = (WIDTH, HEIGHT)
    way = _way(label, px / DRAWN, turn, _centre(label, px / DRAWN, turn, size, rng), 0.0)
    corners = _through(way, [(at[0] + x, at[1] + y) for x, y in _box(symbol)])
    return _lay(background(ground, size, rng), label, way), Placed(payload, kind, corners)


def seen(frame: Light, condition: Condition, rng: np.random.Generator, noise: float) -> Luma:
    """Through optics, light and sensor. `frame`: 0 (ink) to 1 (paper)."""
    soft = cv2.GaussianBlur(frame, (0, 0), condition.blur) if condition.blur > 0 else frame
    if condition.motion:
        kernel = np.zeros((condition.motion, condition.motion), np.float32)
        kernel[condition.motion // 2, :] = 1 / condition.motion
        soft = cv2.filter2D(soft, -1, kernel)
    height, width = frame.shape
    levels = 128.0 + 200.0 * condition.contrast * (soft - 0.5)
    levels *= 1 + 0.1 * float(rng.uniform(-1, 1)) * np.linspace(-1, 1, width, dtype=np.float32)
    if condition.glare:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        gx, gy, reach = rng.uniform(0, width), rng.uniform(0, height), width / 6
        levels = levels + condition.glare * np.exp(-((x - gx) ** 2 + (y - gy) ** 2) / (2 * reach**2))
    grain = rng.standard_normal(frame.shape, dtype=np.float32) * noise
    return np.clip(levels + grain, 0, 255).astype(np.uint8)


@cache
def _wood(width: int, height: int, phase: int) -> Light:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    grain = np.sin(y / 9 + 3 * np.sin(x / 170 + phase)) + 0.6 * np.sin(y / 3.7 + 5 * np.sin(x / 90 + 2 * phase))
    return np.asarray(0.45 + 0.07 * grain, dtype=np.float32)


def background(ground: Ground, size: tuple[int, int], rng: np.random.Generator) -> Light:
    """What a label lies on, 0 to 1."""
    width, height = size
    if ground == "wood":
        return _wood(width, height, int(rng.integers(0, 4))).copy()
    plain = np.full((height, width), 0.8, np.float32)
    if ground == "text":
        page = Image.new("L", size, 230)
        draw = ImageDraw.Draw(page)
        font = ImageFont.load_default(22)
        for line in range(20, height - 40, 34):
            words = " ".join(f"{rng.integers(0, 10**8):08d}" for _ in range(14))
            draw.text((30, line), words, fill=40, font=font)
        return (np.asarray(page) / 255).astype(np.float32)
    return plain


def _label(symbol: Luma, text: str) -> tuple[Light, tuple[int, int]]:
    """A label with a symbol and two lines of text, and where the symbol's top left is on it."""
    line = 7 * DRAWN
    height, width = symbol.shape[0] + 3 * line, symbol.shape[1] + 4 * DRAWN
    width = max(width, 36 * DRAWN)
    paper = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(paper)
    font = ImageFont.load_default(5 * DRAWN)
    at = (2 * DRAWN, 2 * DRAWN)
    paper.paste(Image.fromarray(symbol), at)
    for number, words in enumerate((text[:18], text[18:])):
        draw.text((2 * DRAWN, symbol.shape[0] + 2 * DRAWN + number * line), words, fill=0, font=font)
    return (np.asarray(paper) / 255).astype(np.float32), at


def _box(symbol: Luma) -> list[tuple[float, float]]:
    """The corners of the dark modules, without the quiet zone."""
    ys, xs = np.nonzero(symbol < 128)
    left, right, top, bottom = float(xs.min()), float(xs.max() + 1), float(ys.min()), float(ys.max() + 1)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _centre(
    label: Light, scale: float, turn: float, size: tuple[int, int], rng: np.random.Generator
) -> tuple[float, float]:
    """A place where the whole label is in the frame, or the middle if there is none."""
    height, width = (side * scale for side in label.shape)
    cos, sin = abs(math.cos(math.radians(turn))), abs(math.sin(math.radians(turn)))
    slack_x, slack_y = size[0] - width * cos - height * sin, size[1] - width * sin - height * cos
    dx, dy = (float(rng.uniform(-0.45, 0.45)) * max(0.0, slack) for slack in (slack_x, slack_y))
    return size[0] / 2 + dx, size[1] / 2 + dy


def _way(
    label: Light,
    scale: float,
    turn: float,
    centre: tuple[float, float],
    perspective: float,
) -> NDArray[np.float64]:
    """3 x 3, from the label's pixels to the frame's."""
    height, width = label.shape
    cos, sin = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
    corners = [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]
    if perspective:
        (ax, ay), (bx, by), *rest = corners
        corners = [(ax * (1 - perspective), ay), (bx * (1 - perspective), by), *rest]
        turned = [(centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y) for x, y in corners]
        flat = [(0, 0), (width, 0), (width, height), (0, height)]
        found = cv2.getPerspectiveTransform(np.array(flat, np.float32), np.array(turned, np.float32))
        return np.asarray(found, dtype=np.float64)
    x, y = corners[0]
    return np.array(
        [
            [cos, -sin, centre[0] + cos * x - sin * y],
            [sin, cos, centre[1] + sin * x + cos * y],
            [0, 0, 1],
        ]
    )


def _lay(frame: Light, label: Light, way: NDArray[np.float64]) -> Light:
    """The label over the frame, sampled three times as finely within the box that it covers."""
    height, width = label.shape
    outline = _through(way, [(0, 0), (width, 0), (width, height), (0, height)])
    left, top = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 1, (frame.shape[1], frame.shape[0]))
    finer = np.array([[FINE, 0, -left * FINE + 1], [0, FINE, -top * FINE + 1], [0, 0, 1]], np.float64)
    size = (int(right - left) * FINE, int(bottom - top) * FINE)
    patch = cv2.warpPerspective(label, finer @ way, size, flags=cv2.INTER_AREA, borderValue=0)
    mask = cv2.warpPerspective(np.ones_like(label), finer @ way, size, flags=cv2.INTER_LINEAR, borderValue=0)
    small = (int(right - left), int(bottom - top))
    patch, mask = (cv2.resize(each, small, interpolation=cv2.INTER_AREA) for each in (patch, mask))
    out = frame.copy()
    box = out[top:bottom, left:right]
    out[top:bottom, left:right] = box * (1 - mask) + patch
    return out


def _through(way: NDArray[np.float64], points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    spread = np.array([[x, y, 1.0] for x, y in points]) @ way.T
    return np.asarray(spread[:, :2] / spread[:, 2:], dtype=np.float64)
