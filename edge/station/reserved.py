"""What a code may be that is none of the site's own: the forms that no pattern may have a text in common with.

The forms are at least as wide as what `edge.udi.parse` takes for a UDI, or for another code with a meaning of its own.
Left out are GTINs for use within one company (prefixes 02, 04, 20 to 29): a site may number its own goods with them.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import lru_cache

from edge.station.forms import ALPHANUMERIC, DIGITS, Characters, Form, exactly
from edge.udi.ais import every
from edge.udi.checks import has_mod10
from edge.udi.parse import GS1_SYMBOLS

_EAN = ("]E",)
_SHORT_GTIN = 8
"""Digits of a GTIN that only EAN-8 and UPC-E hold as it is."""
_GTIN_SYMBOLS = (*_EAN, "]I", "]C", "]d", "]Q", "]e")
"""EAN and UPC, ITF, Code 128, Data Matrix, QR code, DataBar."""
_OPEN: Characters = frozenset("13456789")
_OPEN_BEHIND_ZERO: Characters = frozenset("01356789")
_GTIN_HEADS: tuple[tuple[int, tuple[Characters, ...]], ...] = (
    (8, (_OPEN,)),
    (12, (_OPEN_BEHIND_ZERO,)),
    (13, (_OPEN,)),
    (13, (*exactly("0"), _OPEN_BEHIND_ZERO)),
    (14, (DIGITS, _OPEN)),
    (14, (DIGITS, *exactly("0"), _OPEN_BEHIND_ZERO)),
)
"""Lengths with the digits in front that numbers for use within one company do not have."""
_WIDE: Characters = frozenset("0123456789０１２３４５６７８９")
_C: Characters = frozenset("CＣ")
_SMALL: Characters = frozenset(string.ascii_lowercase)
_CAPITALS: Characters = frozenset(string.ascii_uppercase + string.digits)
_SEPARATORS = "|^~#@{}\\` ↔%｜＾～＃＠｛｝＼｀"
"""What readers write in the place of U+001D; see `edge.udi.repair`."""
_LONG_KEYS = {"253": 13} | dict.fromkeys(("00", "01", "02", "03", "8003", "8006", "8017", "8018"), 14)
"""Identifiers that show an element string in any symbol, with the digits that follow at least."""
_EAN_LENGTHS = (8, 12, 13)
_AHM_DI = 40


def _any(*head: str) -> Form:
    """A text whose first characters are each one of these."""
    return Form(tuple(frozenset(characters) for characters in head))


def _gtin(length: int, head: tuple[Characters, ...]) -> Form:
    rest = length - len(head)
    symbologies = _EAN if length == _SHORT_GTIN else _GTIN_SYMBOLS
    return Form(head, DIGITS, rest, rest, symbologies, has_mod10)


def _composite(length: int) -> Form:
    return Form((*(DIGITS,) * length, *exactly("|]e0")), symbologies=_EAN)


def _dated(key: str) -> Form:
    """A date of six digits in front of another element: an identifier of two digits, and something behind it."""
    month, day = (frozenset("01"), DIGITS), (frozenset("0123"), DIGITS)
    return Form((*exactly(key), DIGITS, DIGITS, *month, *day, DIGITS, DIGITS), least=1)


def _ahm(length: int) -> Form:
    return Form((*exactly("MF"), *(ALPHANUMERIC,) * length, *exactly("*")))


def _forms() -> Iterator[tuple[str, Form]]:
    """The name of each form for messages, and the form; those that say most come first."""
    yield "a control card", Form(exactly("UC1:"))
    yield from (("a GTIN", _gtin(length, head)) for length, head in _GTIN_HEADS)
    yield from (("an EAN with a composite component", _composite(length)) for length in _EAN_LENGTHS)
    yield "a 医保 code", Form((_C,), _WIDE, 19, 19)
    yield "a 医保 code with its serial", Form((_C,), _WIDE, 26, 26)
    yield "a drug trace code", Form((frozenset("8８"), _WIDE), _WIDE, 18, 18)
    yield from (("a GS1 element string", Form((*exactly(key), *(DIGITS,) * n))) for key, n in _LONG_KEYS.items())
    yield from (("a GS1 element string", _dated(key)) for key in ("11", "17"))
    gs1 = tuple(sorted(GS1_SYMBOLS))
    yield from (("a GS1 element string", Form(exactly(code), symbologies=gs1)) for code in every())
    yield "a code in brackets", _any("([{（【")
    yield "a GS1 element string after a separator in words", _any("<{[(", "GgFf0")
    yield "a GS1 element string after a separator in words", _any("\\^&", "Ff#xuXU0]")
    yield "a code after the picture of a separator", _any("␝")
    yield "a GS1 element string after another separator", _any(_SEPARATORS, "012347" + _SEPARATORS)
    yield "a symbology identifier", _any("]")
    yield "a web address", _any("Hh", "Tt", "Tt", "Pp")
    yield "an HIBC code", _any("+")
    yield "an HIBC code", Form(exactly("*+"))
    yield "an HIBC code on Extended Code 39", Form((_SMALL, *(_CAPITALS,) * 4), symbologies=("]A",))
    yield "an MA code", _any("Mm", "Aa", ".")
    yield "an MA code in XML", _any("<", "?Uu")
    yield from (("an AHM code", _ahm(length)) for length in range(1, _AHM_DI + 1))
    yield "an ISBT 128 code", _any("=&")


@lru_cache(maxsize=1)
def reserved() -> tuple[tuple[str, Form], ...]:
    """Every reserved form with its name for messages, for example ``a GTIN``."""
    return tuple(_forms())
