"""Photographs of labels, rendered: package labels with text and symbols, badges, wristbands, a bare carton.

The same label and seed always give the same picture. Tilt is small for linear codes, which a plain decode reads only
near the axis; DataMatrix labels lie at any angle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from edge.vision.symbols import write_symbol

WIDTH, HEIGHT = 1280, 960
_PAPER = 240
_MARGIN = 24


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol of a label; GS1 content in brackets."""

    text: str
    kind: Literal["datamatrix", "code128", "qr"]
    gs1: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    """A label: lines of text and symbols below them."""

    lines: tuple[str, ...]
    symbols: tuple[Symbol, ...] = ()
    px_per_module: int = 4

    @property
    def linear(self) -> bool:
        """It carries a linear code, and must lie nearly straight."""
        return any(symbol.kind == "code128" for symbol in self.symbols)


def render(label: Label, *, seed: int, blur: float = 0.7, noise: float = 2.5) -> NDArray[np.uint8]:
    """Photograph a label: 960 x 1280, uint8.

    Args:
        label: what to show.
        seed: decides place, tilt, light and noise.
        blur: radius of the defocus in pixels.
        noise: standard deviation of the sensor's noise in grey levels.
    """
    rng = np.random.default_rng(seed)
    angle = float(rng.uniform(-2.0, 2.0) if label.linear else rng.uniform(0, 360))
    paper = _paper(label)
    turned = paper.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=0)
    mask = Image.new("L", paper.size, 255).rotate(angle, expand=True, fillcolor=0)
    photo = Image.fromarray(_table(rng))
    slack = (max(1, WIDTH - turned.width), max(1, HEIGHT - turned.height))
    photo.paste(turned, (int(rng.integers(slack[0])), int(rng.integers(slack[1]))), mask)
    soft = np.asarray(photo.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float64)
    return np.clip(soft + rng.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)


def save(folder: Path, name: str, image: NDArray[np.uint8]) -> Path:
    """Write a picture as PNG under its final name only when it is whole, as a camera folder expects."""
    part = folder / f".{name}.part"
    Image.fromarray(image).save(part, format="PNG")
    final = folder / f"{name}.png"
    part.rename(final)
    return final


def _paper(label: Label) -> Image.Image:
    symbols = [write_symbol(s.text, s.kind, gs1=s.gs1, scale=_scale(label, s)) for s in label.symbols]
    text_height = 30 * len(label.lines)
    rows = _rows(symbols, stacked=label.linear)
    width = max([420, *(sum(s.shape[1] + _MARGIN for s in row) for row in rows)]) + 2 * _MARGIN
    height = text_height + sum(max(s.shape[0] for s in row) + _MARGIN for row in rows) + 2 * _MARGIN
    paper = Image.new("L", (width, height), _PAPER)
    draw = ImageDraw.Draw(paper)
    for number, line in enumerate(label.lines):
        font = ImageFont.load_default(26 if number == 0 else 20)
        draw.text((_MARGIN, _MARGIN + 30 * number), line, fill=20, font=font)
    _place(paper, rows, _MARGIN + text_height + _MARGIN // 2)
    return paper


def _scale(label: Label, symbol: Symbol) -> int:
    return max(2, label.px_per_module // 2) if symbol.kind == "code128" else label.px_per_module


def _rows(symbols: Sequence[NDArray[np.uint8]], *, stacked: bool) -> list[list[NDArray[np.uint8]]]:
    if stacked:
        return [[symbol] for symbol in symbols]
    return [list(symbols)] if symbols else []


def _place(paper: Image.Image, rows: Sequence[Sequence[NDArray[np.uint8]]], top: int) -> None:
    for row in rows:
        left = _MARGIN
        for symbol in row:
            paper.paste(Image.fromarray(symbol), (left, top))
            left += symbol.shape[1] + _MARGIN
        top += max(symbol.shape[0] for symbol in row) + _MARGIN


def _table(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A table top: soft stripes under uneven light."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    stripes = 8 * np.sin(y / rng.uniform(12, 30) + 2 * np.sin(x / 200))
    light = 25 * (x / WIDTH - 0.5) * rng.choice([-1, 1])
    table: NDArray[np.uint8] = np.clip(110 + stripes + light, 0, 255).astype(np.uint8)
    return table
