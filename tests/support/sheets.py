"""Implant forms: twelve stickers in one picture, each with one symbol or with its UDI split into two or three."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from edge.vision.symbols import write_symbol
from tests.support import frames
from tests.support.frames import DRAWN, HEIGHT, NOISE, WIDTH, Condition, Kind, Light, Luma

ROWS, COLUMNS = 4, 3
BAR_MODULES = 24
"""Height of a linear symbol."""
GAP_MODULES = 12
"""Free paper between the symbols of one sticker."""


@dataclass(frozen=True, slots=True)
class Sticker:
    """What one sticker says, and by which symbols."""

    di: str
    lot: str
    serial: str
    payloads: tuple[bytes, ...]


def form(kind: Kind, px: float, *, seed: int, condition: Condition) -> tuple[Luma, tuple[Sticker, ...]]:
    """A sheet whose stickers are of one maker, so of like layout and often of one product and lot.

    Args:
        kind: of every symbol.
        px: frame pixels per module.
        seed: decides contents, layout, tilt and noise.
        condition: how it is seen.
    """
    rng = np.random.default_rng(seed)
    split = bool(rng.random() < 0.7)
    frame = np.full((HEIGHT, WIDTH), 0.92, np.float32)
    stickers = []
    for number in range(ROWS * COLUMNS):
        _, payload = frames.content(int(rng.integers(1, 4)))
        di, lot, serial = payload[2:16].decode(), f"L{int(rng.integers(1, 4))}", f"S{int(rng.integers(0, 10**5)):05d}"
        texts = [f"(01){di}", f"(17)291231(10){lot}(21){serial}"] if split else [f"(01){di}(10){lot}(21){serial}"]
        label = _stacked([write_symbol(text, kind, gs1=True, scale=DRAWN) for text in texts], kind)
        centre = ((number % COLUMNS + 0.5) * WIDTH / COLUMNS, (number // COLUMNS + 0.5) * HEIGHT / ROWS)
        way = frames._way(label, px / DRAWN, float(rng.uniform(-4, 4)), centre, 0.0)
        frame = frames._lay(frame, label, way)
        stickers.append(Sticker(di, lot, serial, tuple(_read_as(text) for text in texts)))
    return frames.seen(frame, condition, rng, NOISE), tuple(stickers)


def _stacked(symbols: list[Luma], kind: Kind) -> Light:
    """Symbols one below the other."""
    if kind == "code128":
        symbols = [_bars(symbol) for symbol in symbols]
    gap = GAP_MODULES * DRAWN
    width = max(symbol.shape[1] for symbol in symbols) + 2 * DRAWN
    height = sum(symbol.shape[0] for symbol in symbols) + gap * (len(symbols) - 1) + 2 * DRAWN
    paper = Image.new("L", (width, height), 255)
    top = DRAWN
    for symbol in symbols:
        paper.paste(Image.fromarray(symbol), (DRAWN, top))
        top += symbol.shape[0] + gap
    return (np.asarray(paper) / 255).astype(np.float32)


def _bars(symbol: Luma) -> Luma:
    """The bars of a linear symbol without the text below, as high as on a small sticker."""
    row = symbol[symbol.shape[0] // 2]
    return np.repeat(row[np.newaxis, :], BAR_MODULES * DRAWN, axis=0)


def _read_as(text: str) -> bytes:
    """The element string of bracketed text: GS behind a lot that is followed by something."""
    return text.replace("(21)", "\x1d21").replace("(01)", "01").replace("(17)", "17").replace("(10)", "10").encode()
