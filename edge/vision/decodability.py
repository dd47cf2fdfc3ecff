"""How far a linear symbol was from being read as something else: decodability, after ISO/IEC 15416:2016, 5.4.8.

Check characters notice most misread symbols, not all: one in 103 of those with two wrong characters passes in Code 128.
But before an element is taken for another width, its edges lie near the middle between the two widths, and that can be
seen. So this is measured on the very rows that the decoder read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Widths = NDArray[np.float64]
"""Widths of bars and spaces in turn, from the first bar to the last one."""
MIDDLE = 127.5


def decodability(row: NDArray[np.float64], start: float, end: float, format_name: str) -> float | None:
    """The least distance of an element from being taken for another, 0 (none) to 1 (as drawn).

    Args:
        row: grey values along the symbol, 0 is ink.
        start: where its first bar begins or its last one ends, to a few pixels.
        end: the other of the two.
        format_name: the kind of symbol as zxing-cpp spells it.

    Returns:
        None for a kind that this does not know; 0 also if there are other elements than that kind has.
    """
    rule = _RULES.get(format_name)
    if rule is None:
        return None
    widths = elements(row, min(start, end), max(start, end))
    return max(rule(widths), rule(widths[::-1]))


def elements(row: NDArray[np.float64], start: float, end: float) -> Widths:
    """Widths of the bars and spaces between the bars at `start` and at `end`, edges to parts of a pixel."""
    ink = row < MIDDLE
    at = np.flatnonzero(ink[1:] != ink[:-1])
    edges = at + (row[at] - MIDDLE) / (row[at] - row[at + 1])
    falling = ink[at + 1]
    if not falling.any() or falling.all():
        return np.zeros(0)
    first = int(np.argmin(np.where(falling, np.abs(edges - start), np.inf)))
    last = int(np.argmin(np.where(falling, np.inf, np.abs(edges - end))))
    return np.diff(edges[first : last + 1])


def _steps(widths: Widths, elements_each: int, modules: int) -> float:
    """For characters of whole modules: edge to like edge, so that ink that ran makes no difference."""
    characters = _in_modules(widths, elements_each, modules)
    return _clear(characters[:, :-1] + characters[:, 1:])


def _in_modules(widths: Widths, elements_each: int, modules: int) -> Widths:
    characters = widths.reshape(-1, elements_each)
    return np.asarray(characters * (modules / characters.sum(axis=1, keepdims=True)))


def _clear(modules: Widths) -> float:
    """How clear it is which whole numbers these are: 1, or 0 where one lies in the middle between two."""
    return float(1 - 2 * np.abs(modules - np.rint(modules)).max())


def _code128(widths: Widths) -> float:
    if len(widths) < 25 or len(widths) % 6 != 1:  # noqa: PLR2004 - start, one character, check, stop of seven
        return 0.0
    return _steps(widths[:-1], 6, 11)


def _retail(half: int, middle: int, last: int) -> Callable[[Widths], float]:
    """EAN and UPC: guards around characters of four elements and seven modules."""

    def rule(widths: Widths) -> float:
        if len(widths) != 3 + half + middle + (half if middle else 0) + last:
            return 0.0
        left = widths[3 : 3 + half]
        right = widths[3 + half + middle : len(widths) - last] if middle else left
        return min(_digits(left, space_first=True), _digits(right, space_first=not middle))

    return rule


def _digits(widths: Widths, *, space_first: bool) -> float:
    """The steps of 1 and 7 are alike, and those of 2 and 8: there the widths tell, less what the ink has spread."""
    widths = _in_modules(widths, 4, 7)
    bars = widths[:, 1::2] if space_first else widths[:, 0::2]
    spread = float((bars - np.rint(bars)).mean())
    signs = np.array([1, -1, 1, -1] if space_first else [-1, 1, -1, 1])
    return min(_clear(widths[:, :-1] + widths[:, 1:]), _clear(widths + signs * spread))


def _two_widths(characters: Widths, wide: int) -> float:
    """For characters of narrow and wide elements: the gap between the two, as a share of their mean distance."""
    ordered = np.sort(characters, axis=1)
    narrow, broad = ordered[:, :-wide], ordered[:, -wide:]
    apart = np.maximum(broad.mean(axis=1) - narrow.mean(axis=1), 1e-9)
    return float(((broad.min(axis=1) - narrow.max(axis=1)) / apart).min())


def _code39(widths: Widths) -> float:
    if len(widths) < 29 or len(widths) % 10 != 9:  # noqa: PLR2004 - start, one character, stop
        return 0.0
    return _two_widths(np.append(widths, 0.0).reshape(-1, 10)[:, :9], 3)


def _itf(widths: Widths) -> float:
    if len(widths) < 17 or len(widths) % 10 != 7:  # noqa: PLR2004 - start of four, one pair, stop of three
        return 0.0
    pairs = widths[4:-3].reshape(-1, 5, 2)
    return min(_two_widths(pairs[:, :, 0], 2), _two_widths(pairs[:, :, 1], 2))


_RULES: Mapping[str, Callable[[Widths], float]] = {
    "Code128": _code128,
    "EAN13": _retail(24, 5, 3),
    "UPCA": _retail(24, 5, 3),
    "EAN8": _retail(16, 5, 3),
    "UPCE": _retail(24, 0, 6),
    "Code39Std": _code39,
    "Code39": _code39,
    "ITF": _itf,
}
