"""What readers and keyboards do to a code on its way, and how it is undone.

Each function gives the repaired text with the warning that says so, or None. A repair counts only if the repaired
text then reads without an error: the callers see to that.
"""

from __future__ import annotations

from edge.udi.findings import finding
from edge.udi.model import Finding

GS = "\x1d"
Repaired = tuple[str, Finding]

_SEPARATORS = (
    *("<GS>", "{GS}", "[GS]", "<0x1D>", "\\x1d", "\\x1D", "\\u001d", "\\u001D", "\\035", "^]", "%1D", "%1d", "␝"),
    *("｜", "＾", "～", "＃", "|", "^", "~", "#", "@", "{", "}", "\\", "`", " "),
)
"""What was seen, or is set by readers' menus, in place of U+001D. None of it can be content of a GS1 element."""
_SUFFIXES = "\r\n\t\x00"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_US = "]-=[;'/_+()&*\":<>?#@^`{}\\|yzYZ"
_GERMAN = "+ß´üöä-?`)=/(ÄÖ;:_§\"&^Ü*#'zyZY"
_FRENCH_FROM = "&é\"'(-è_çà)=^$mù,;:!aqzwAQZWM?./§%1234567890°"
_FRENCH_TO = "1234567890-=[];'m,./qawzQAZW:M<>?\"!@#$%^&*()_"
_LAYOUTS = (
    ("German", str.maketrans(_GERMAN, _US)),
    ("French", str.maketrans(_FRENCH_FROM, _FRENCH_TO)),
)
_SWAPPED = {"]D2": "]d2", "]c1": "]C1", "]q3": "]Q3", "]j1": "]J1", "]D1": "]d1", "]c0": "]C0", "]q1": "]Q1"}
_FOLDED = (
    {chr(ord("a") + n): f"+{chr(ord('A') + n)}" for n in range(26)}
    | {character: f"/{chr(ord('A') + n)}" for n, character in enumerate("!\"#$%&'()*+,")}
    | {"/": "/O", ":": "/Z"}
    | {chr(1 + n): f"${chr(ord('A') + n)}" for n in range(26)}
    | {
        character: f"%{chr(ord('A') + n)}"
        for n, character in enumerate("\x1b\x1c\x1d\x1e\x1f;<=>?[\\]^_{|}~\x7f\x00@`")
    }
)
"""Extended Code 39: one character for each pair of Code 39's own (ISO/IEC 16388, annex)."""


def suffix(text: str) -> Repaired | None:
    """Line ends and the like that a reader appends."""
    bare = text.rstrip(_SUFFIXES)
    return (bare, finding("reader_suffix", len(bare))) if bare and bare != text else None


def separator(text: str) -> Repaired | None:
    """One kind of substitute for the separator; several kinds in one text are beyond doubt nothing."""
    kinds = [kind for kind in _SEPARATORS if kind in text]
    if not kinds:
        return None
    longest = kinds[0]
    changed = text.replace(longest, GS)
    if any(kind in changed for kind in kinds[1:]) or changed.endswith(GS):
        return None
    return changed, finding("separator_replaced", text.index(longest), longest)


def full_width(text: str) -> str | None:
    """The text with full-width characters (an input method was on) as ASCII; None if there are none."""
    plain = text.translate(_FULL_WIDTH)
    return plain if plain != text else None


def caps_lock(text: str) -> Repaired | None:
    """A GS1 symbology identifier in the wrong case shows that Caps Lock was on."""
    if text[:3] not in _SWAPPED:
        return None
    return _SWAPPED[text[:3]] + text[3:].swapcase(), finding("caps_lock", 0)


def lower_case(text: str) -> Repaired | None:
    """For codes that have no lower case: a text without capitals went through Caps Lock."""
    upper = text.upper()
    return (upper, finding("caps_lock", 0)) if upper != text and text == text.lower() else None


def layout(text: str) -> Repaired | None:
    """A scanner set to a US keyboard on a German or French one: its symbology identifier shows it."""
    for name, table in _LAYOUTS:
        undone = text.translate(table)
        if undone != text and undone[:1] == "]" and undone[:3] in _SWAPPED.values():
            return undone, finding("keyboard_layout", 0, name)
    return None


def unfolded(text: str) -> Repaired | None:
    """HIBC on plain Code 39 that was read as Extended Code 39: ``+A`` came as ``a``."""
    if not text[:1].islower() or not text.isascii():
        return None
    return "".join(_FOLDED.get(character, character) for character in text), finding("hibc_folded", 0)
