"""What readers and keyboards do to a code on its way, and how it is undone.

Each function gives the repaired text with the finding that says so, or None. A repair counts only if the repaired
text then reads without an error: the callers see to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from edge.udi.findings import finding
from edge.udi.model import Finding

GS = "\x1d"
LONGEST = 1_000
"""Characters; several times what a device's label holds. A longer text is not worth a repair."""
MEDICAL = "01|1[01357]|2[01]|24[01]|250|3[07]|400|71[034]"
"""Pattern of the application identifiers that stand on medical labels."""

_NAMED = r"[<{\[(](?:GS|FNC1|0x1D)[>}\])]|[\\^]FNC1|\\x1d|\\u001d|\\035|\\F|&#0?29;|&#x1d;|\^\]|␝"
_SINGLE = "|^~#@{}\\` ↔｜＾～＃＠｛｝＼｀\u3000"
_SUBSTITUTE = rf"(?i:{_NAMED})|(?:%1[Dd]|[{re.escape(_SINGLE)}])(?={MEDICAL}|\Z)"
"""What was seen, or is set by readers' menus, in place of U+001D.

None of the single characters can be content of a lot or serial (set 82, General Specifications 7.11), but a label's
maker may have written one all the same: they count only before an identifier or at the end. ``↔`` is how U+001D looks
in code page 437, which Alt+29 types.
"""
_FRONT, _BACK = "\x01\x02\r\n\t\x00", "\x03\r\n\t\x00"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_IDENTIFIERS = ("]C1", "]d2", "]d8", "]Q3", "]J1", "]d1", "]C0", "]Q1", "]A0", "]A1")
"""Symbology identifiers of the codes that are read here; ``]e0`` and ``]E0`` are two, so that case tells nothing."""
_SWAPPED = {identifier.swapcase(): identifier for identifier in _IDENTIFIERS}

_LAYOUTS = (
    ("German", "-=yz[];'/@#^&*()_+{}:\"<>?YZ\\|~", "ß´zyü+öä-\"§&/()=?`Ü*ÖÄ;:_ZY#'°"),
    ("Swiss", "-=yz[];'/!@#$^&*()_+{}:\"<>?YZ\\|~`", "'^zyü¨öä-+\"*ç&/()=?`è!éà;:_ZY$£°§"),
    (
        "French",
        "1234567890-qwa;'zm,./!@#$%^&*()_QWAZM:\"<>?]}\\|`",
        "&é\"'(-è_çà)azqmùw,;:!1234567890°AZQW?M%./§$£*µ²",
    ),
    (
        "Belgian",
        "1234567890-=qwa;'zm,./!@#$%^&*()_+QWAZM:\"<>?]}\\|~`",
        "&é\"'(§è!çà)-azqmùw,;:=1234567890°_AZQW?M%./+$*µ£³²",
    ),
    ("Spanish", "-=];'/@#^&*()_+}:\"<>?\\|~`", "'¡+ñ´-\"·&/()=?¿*Ñ¨;:_çÇªº"),
    ("Italian", "-=[];'/@#^&*()_+{}:\"<>?\\|~`", "'ìè+òà-\"£&/()=?^é*ç°;:_ù§|\\"),
    ("Chinese", "].,:;!?<>()", "】。，：；！？《》（）"),
)
"""What a reader set to a US keyboard types (first) and what comes out under another layout (second).

From xkeyboard-config; accents that wait for a letter stand by themselves, as on Windows before a digit. The Chinese
one is the punctuation of an input method.
"""


def _same(place: int) -> int:
    return place


@dataclass(frozen=True)
class Repair:
    """A repaired text."""

    text: str
    finding: Finding
    """What was repaired, with its place in the text as it came."""
    back: Callable[[int], int] = _same
    """Where a character of the repaired text stood in the text as it came."""

    def moved(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """This repair's finding, and those of the repaired text at their places in the text as it came."""
        return (
            self.finding,
            *(each if each.at is None else replace(each, at=self.back(each.at)) for each in findings),
        )


def frame(text: str) -> Repair | None:
    """Line ends, STX, ETX and the like that a reader puts around a code."""
    behind = text.lstrip(_FRONT)
    bare = behind.rstrip(_BACK)
    front = len(text) - len(behind)
    if not bare or bare == text:
        return None
    return Repair(bare, finding("reader_suffix", 0 if front else len(bare)), lambda place: place + front)


def spelt_out(text: str) -> bool:
    """Whether a substitute may be hidden in content: all characters of ``<GS>``, ``(GS)``, ``%1D`` are allowed ones."""
    return "<" in text or "(" in text or "%" in text


def separator(text: str) -> Repair | None:
    """One kind of substitute for the separator. Several kinds in one text, or real ones too, are damage of the data."""
    marks = list(re.finditer(_SUBSTITUTE, text))
    if GS in text or len({mark.group() for mark in marks}) != 1:
        return None
    kind = marks[0].group()
    if kind in _SINGLE and marks[0].end() == len(text):
        return None
    front = len(kind) if marks[0].start() == 0 else 0
    changed = text[front:].replace(kind, GS)

    def back(place: int) -> int:
        return place + front + changed.count(GS, 0, place) * (len(kind) - 1)

    return Repair(changed, finding("separator_replaced", marks[0].start(), kind), back)


def full_width(text: str) -> Repair | None:
    """Full-width characters (an input method was on) as ASCII ones: to show the parts, never to take them."""
    plain = text.translate(_FULL_WIDTH)
    if plain == text:
        return None
    first = next(place for place, character in enumerate(text) if character != plain[place])
    return Repair(plain, finding("full_width", first, text[first : first + 8]))


def caps_lock(symbology: str | None, text: str) -> Repair | None:
    """A symbology identifier in the wrong case shows that Caps Lock was on.

    Args:
        symbology: the identifier, if it was taken from the text's beginning.
        text: the rest, or all of it.
    """
    whole = (symbology or "") + text
    meant = _SWAPPED.get(whole[:3])
    if meant is None:
        return None
    taken = len(symbology or "")
    return Repair(meant + whole[3:].swapcase(), finding("caps_lock", 0), lambda place: max(0, place - taken))


def lower_case(text: str) -> Repair | None:
    """For codes that have no lower case: a text without capitals went through Caps Lock."""
    if len(text) > LONGEST or text != text.lower() or text == text.upper():
        return None
    return Repair(text.upper(), finding("caps_lock", 0))


def layouts(text: str) -> list[Repair]:
    """What was meant if a reader set to a US keyboard typed on another one: its symbology identifier shows it.

    One repair for each different result. If several read without an error, nothing tells which one is right: ``Z``
    under a German keyboard stands for ``Y``, under an Italian one for itself.
    """
    meant: dict[str, list[str]] = {}
    if text[:1] in _typed_brackets():
        for name, table in _tables().items():
            if text[:3].translate(table) in _IDENTIFIERS:
                meant.setdefault(text.translate(table), []).append(name)
    return [Repair(undone, finding("keyboard_layout", 0, ", ".join(names))) for undone, names in meant.items()]


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Mapping[int, str]]:
    return {name: dict(zip(map(ord, typed), meant, strict=True)) for name, meant, typed in _LAYOUTS}


@lru_cache(maxsize=1)
def _typed_brackets() -> frozenset[str]:
    return frozenset(typed[meant.index("]")] for _, meant, typed in _LAYOUTS)


def asterisks(text: str) -> Repair | None:
    """The asterisks of the human readable form of HIBC and of Code 39 (ANSI/HIBC 2.6, 4.1) around a code."""
    if not text.startswith("*+"):
        return None
    return Repair(text[1:].removesuffix("*"), finding("hibc_asterisks", 0), lambda place: place + 1)


def unfolded(symbology: str | None, text: str) -> Repair | None:
    """HIBC on plain Code 39 that was read as Extended Code 39: ``+A`` came as ``a``, ``$A`` as U+0001."""
    begins = text.isascii() and (text[:1].islower() or text[:1] == "+")
    if not begins or len(text) > LONGEST or not (symbology or "]A").startswith("]A"):
        return None
    pieces = [_folded().get(character, character) for character in text]
    undone = "".join(pieces)
    if undone == text:
        return None

    def back(place: int) -> int:
        return next((n for n, end in enumerate(accumulate(map(len, pieces))) if end > place), len(text))

    return Repair(undone, finding("hibc_folded", 0), back)


@lru_cache(maxsize=1)
def _folded() -> Mapping[str, str]:
    """Pairs of Code 39's own characters for those letters and control characters that Extended Code 39 gives.

    ISO/IEC 16388, annex A. Its other pairs stand for digits and signs that HIBC has as well: they cannot be told.
    """
    letters = {chr(ord("a") + number): f"+{chr(ord('A') + number)}" for number in range(26)}
    return letters | {chr(1 + number): f"${chr(ord('A') + number)}" for number in range(26)}
