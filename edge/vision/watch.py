"""The camera process's messages as lines for a technician: what came, what went, what is wrong. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from edge.udi.read import Corners, Read

GS = "\x1d"
_PROMPTS = {1: "放着的东西读不出 / something lies there and does not read", 2: "仍读不出 / it still does not read"}
_SQUARES = (
    *((3, 10), (5, 12), (8, 14), (12, 16), (18, 18), (22, 20), (30, 22), (36, 24), (44, 26), (62, 32), (86, 36)),
    *((114, 40), (144, 44), (174, 48), (204, 52), (280, 64), (368, 72), (456, 80), (576, 88), (696, 96), (816, 104)),
)
"""Data codewords and modules across of square Data Matrix symbols (ISO/IEC 16022, table 7)."""
_FIXED = {"EAN13": 95, "UPCA": 95, "EAN8": 67}
"""Modules across of codes that all have the same (ISO/IEC 15420)."""
_BYTE_HIGH = 128


class Watch:
    """Keeps what lies in view; gives a line for each change."""

    def __init__(self, shown: Callable[[Read], bool]) -> None:
        """Start with an empty view.

        Args:
            shown: whether a read may be printed; another may be a person's.
        """
        self._shown = shown
        self._in_view: dict[tuple[bytes, str | None], Read] = {}

    def lines(self, message: Mapping[str, Any]) -> list[str]:
        """What one message of the camera process means for a person; nothing for most."""
        match message:
            case {"type": "sighting", "reads": list(reads)}:
                return self._sighting(reads)
            case {"type": "prompt", "number": number}:
                return [f"? {_PROMPTS.get(number, _PROMPTS[2])}"]
            case {"type": "problem", "message": str(text)}:
                return [f"! {text}"]
            case _:
                return []

    def _sighting(self, reads: list[Any]) -> list[str]:
        try:
            now = {(read.payload, read.format): read for read in map(Read.from_json, reads)}
        except (KeyError, ValueError, TypeError) as error:
            return [f"! 看不懂的消息 / a message that cannot be understood: {type(error).__name__}"]
        came = [f"+ {self._line(read)}" for key, read in now.items() if key not in self._in_view]
        gone = [f"- {self._text(read)}" for key, read in self._in_view.items() if key not in now]
        self._in_view = now
        return gone + came

    def _line(self, read: Read) -> str:
        px = pixels_per_module(read)
        parts = [
            f"{read.symbology or '-':4}{read.format or '-':11}",
            f"{read.rung or '-':13}",
            f"{read.took_ms:6.1f} ms",
            "margin    -" if read.margin is None else f"margin {read.margin:4.2f}",
            "  ? px" if px is None else f"{px:4.1f} px",
            self._text(read),
        ]
        return "  ".join(parts)

    def _text(self, read: Read) -> str:
        if not self._shown(read):
            return f"••• {len(read.payload)} 个字符,不是器械码,未显示 / not a device's code, not shown (--all)"
        try:
            return printable(read.payload.decode("utf-8"))
        except UnicodeDecodeError:
            return f"hex {read.payload.hex()}"


def printable(text: str) -> str:
    """Without anything that a terminal would obey: GS becomes ␝, other control characters their picture too."""
    pictures = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
    pictures |= dict.fromkeys(range(128, 160), "·")
    return text.translate(pictures)


def pixels_per_module(read: Read) -> float | None:
    """About how many frame pixels a module has; None where it cannot be told.

    The number of modules is that of the smallest symbol which holds the text; a symbol may be larger, and rectangular.
    """
    if read.corners is None or read.format is None:
        return None
    if read.format == "DataMatrix":
        across = next((modules for codewords, modules in _SQUARES if codewords >= _matrix_codewords(read)), None)
        return None if across is None else math.sqrt(_area(read.corners)) / across
    modules = 11 * (_linear_codewords(read) + 3) + 2 if read.format == "Code128" else _FIXED.get(read.format)
    if modules is None:
        return None
    a, b, c, d = read.corners
    return (math.dist(a, b) + math.dist(c, d)) / 2 / modules


def _area(corners: Corners) -> float:
    """Of the quadrilateral (shoelace formula)."""
    ring = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in ring)) / 2


def _matrix_codewords(read: Read) -> int:
    """In ASCII encodation: two digits take one, a byte above 127 two; FNC1 one more."""
    count, at = int(read.symbology in {"]d2", "]d5"}), 0
    while at < len(read.payload):
        if read.payload[at : at + 2].isdigit() and at + 1 < len(read.payload):
            at += 1
        elif read.payload[at] >= _BYTE_HIGH:
            count += 1
        count += 1
        at += 1
    return count


def _linear_codewords(read: Read) -> int:
    """Set C for runs of four digits and more, a codeword for each change of the set; FNC1 one more."""
    count, at, in_c = int(read.symbology == "]C1"), 0, True
    payload = read.payload
    while at < len(payload):
        run = next((n for n in range(at, len(payload)) if not payload[n : n + 1].isdigit()), len(payload)) - at
        wants_c = run >= (2 if in_c else 4)
        count += wants_c is not in_c
        in_c = wants_c
        count += 1
        at += 2 if in_c else 1
    return count
