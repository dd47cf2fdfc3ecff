"""What a camera's view of the target means: findings in words, and whether the camera is good enough. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from edge.vision.quality import NEED_MATRIX_PX, Measured
from hardware.host.toml import parse, read_table

SMALLEST_MM = 0.25
"""The smallest Data Matrix module that printed labels of devices commonly have; GS1 asks for 0.254 mm and more."""
RULER = 1.02
"""What a printer's scale and a ruler on paper leave open."""
HAND_MM_S = 50.0
"""Speed of a hand that comes to rest with a package in it."""
SMEAR_US = round(SMALLEST_MM / HAND_MM_S * 1e6)
"""The exposure in which such a hand moves by the smallest module."""
LEAST_FIELD_MM = 60.0
DARK, BRIGHT = 140.0, 245.0
CLIPPED = 0.01
NOISE = 3.0
"""Above it looking for symbols in a whole frame costs seven times as much (the step lies between sigma 2 and 4)."""
CONTRAST = 0.55
EVENNESS = 0.6
BLUR_SHARE = 0.4
"""Of the smallest module: a blur of more takes its modules apart no longer."""
LEAST_BLUR_PX = 0.8
"""What a good lens has over the pixels of its sensor."""
EDGES = 1.5
TILT = 0.06
FLICKER = 0.05
_SIDES = {"left": ("左", "left"), "right": ("右", "right"), "top": ("上", "upper"), "bottom": ("下", "lower")}

Code = Literal[
    "no_target",
    "too_far",
    "too_near",
    "focus_at_end",
    "blurred",
    "edges_blurred",
    "dark",
    "clipped",
    "noisy",
    "slow",
    "low_contrast",
    "uneven",
    "flicker",
    "tilted",
    "not_read",
]


@dataclass(frozen=True, slots=True)
class _Words:
    bad: bool
    zh: str
    en: str


@cache
def _words(code: Code) -> _Words:
    return parse(read_table(Path(__file__).with_name("verdict.toml"))[code], _Words)


@dataclass(frozen=True, slots=True)
class Values:
    """What the camera was set to."""

    lens_position: float | None
    """Dioptres; None for a lens without a motor."""
    exposure_us: int
    gain: float
    focus_at_end: bool = False
    """The sharpest position is the last one that the lens reaches."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, and what to do."""

    code: Code
    bad: bool
    """The camera is not good enough; False: good to know."""
    zh: str
    en: str


def judge(values: Values, measured: Measured | None) -> tuple[Finding, ...]:
    """Everything that there is to say, what hinders most first; empty when all is well.

    Args:
        values: what the camera was set to.
        measured: None when the target was not found.
    """
    if measured is None:
        return (_finding("no_target"),)
    rules = (_distance, _sharpness, _light, _evenness)
    return tuple(found for rule in rules for found in rule(values, measured))


def good_enough(findings: tuple[Finding, ...]) -> bool:
    """Nothing bad among them."""
    return not any(finding.bad for finding in findings)


def _finding(code: Code, **words: object) -> Finding:
    said = _words(code)
    return Finding(code, bad=said.bad, zh=said.zh.format_map(words), en=said.en.format_map(words))


def _distance(_values: Values, m: Measured) -> Iterator[Finding]:
    if m.matrix_mm > SMALLEST_MM * RULER:
        yield _finding("too_far", m=m, need=SMALLEST_MM, share=1 - SMALLEST_MM / m.matrix_mm)
    if min(m.field_mm) < LEAST_FIELD_MM:
        yield _finding("too_near", m=m, px=NEED_MATRIX_PX / SMALLEST_MM)
    if m.tilt > TILT:
        yield _finding("tilted", m=m, need=TILT, side=_SIDES[m.near_side])


def _sharpness(values: Values, m: Measured) -> Iterator[Finding]:
    most = max(BLUR_SHARE * SMALLEST_MM * m.px_per_mm, LEAST_BLUR_PX)
    if values.focus_at_end and values.lens_position is not None:
        yield _finding("focus_at_end", v=values)
    if m.blur > most:
        yield _finding("blurred", m=m, most=most)
    elif m.blur_edges > max(EDGES * m.blur, most):
        yield _finding("edges_blurred", m=m)
    missed = [f"Data Matrix {mm:.2f} mm" for mm in m.matrix_missed_mm]
    missed += [f"Code 128 {mm:.2f} mm" for mm in m.linear_missed_mm]
    if missed:
        yield _finding("not_read", missed=", ".join(missed))


def _light(values: Values, m: Measured) -> Iterator[Finding]:
    if m.paper < DARK:
        yield _finding("dark", m=m, v=values, need=DARK)
    if m.clipped > CLIPPED or m.paper > BRIGHT:
        yield _finding("clipped", m=m)
    if m.noise > NOISE:
        yield _finding("noisy", m=m, v=values, need=NOISE)
    if values.exposure_us > SMEAR_US:
        yield _finding("slow", v=values, need=SMEAR_US, small=SMALLEST_MM)


def _evenness(_values: Values, m: Measured) -> Iterator[Finding]:
    if m.contrast < CONTRAST:
        yield _finding("low_contrast", m=m, need=CONTRAST)
    if m.evenness < EVENNESS:
        yield _finding("uneven", m=m, need=EVENNESS)
    if m.flicker > FLICKER:
        yield _finding("flicker", m=m, need=FLICKER)
