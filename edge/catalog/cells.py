"""One cell of a table: what it says, or what was expected. Nothing that a spreadsheet may have lost is guessed.

Each reader takes a cell that is not empty and raises ValueError with what was expected.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from edge.udi.checks import has_mod10, is_digits, mod10

Cell = str | float | bool | date | time | timedelta

MOST_TEXT = 1024
_MOST_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number."""
_ROUNDED = "0000000"
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_DI = re.compile(r"[0-9A-Za-z+][0-9A-Za-z.+$/%#_*-]{5,99}")
_GTIN_LENGTHS = (8, 12, 13, 14)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?", re.ASCII)
_CATEGORY = re.compile(r"\d{2}(?:-\d{2}){0,2}", re.ASCII)
_DASHES = str.maketrans("‐‑‒–—―−－", "--------")
_CLASSES = {
    **dict.fromkeys(("1", "I", "一", "一类", "第一类", "I类", "1类"), 1),
    **dict.fromkeys(("2", "II", "二", "二类", "第二类", "II类", "2类"), 2),
    **dict.fromkeys(("3", "III", "三", "三类", "第三类", "III类", "3类"), 3),
}


def is_empty(cell: Cell) -> bool:
    """Nothing, or white space only."""
    return isinstance(cell, str) and not cell.strip()


def text(cell: Cell) -> str:
    """Words for people: a name, a model. A whole number reads as its digits."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _MOST_EXACT:
        return str(int(cell))
    found = str(cell).strip()
    if len(found) > MOST_TEXT:
        raise ValueError(f"at most {MOST_TEXT} characters")
    return found


def ident(cell: Cell) -> str:
    """A number that is a name: a lot, a serial, a house code. As a number it may have lost its leading zeros."""
    if not isinstance(cell, str):
        raise ValueError("a text cell: a number may have lost leading zeros; format the column as text, fill it again")  # noqa: TRY004
    found = cell.strip()
    if _SCIENTIFIC.fullmatch(found) and "+" in found:
        raise ValueError("every character, not a number that a spreadsheet rounded; format the column as text")
    if not found.isprintable() or len(found) > MOST_TEXT:
        raise ValueError(f"at most {MOST_TEXT} printable characters")
    return found


def di(cell: Cell) -> str:
    """A device identifier in its normal form: a GTIN with 14 digits, its check digit right; others as they are."""
    found = unicodedata.normalize("NFKC", _digits_of(cell)).strip()
    if _SCIENTIFIC.fullmatch(found):
        raise ValueError(
            "all digits, not a number that a spreadsheet rounded; format the column as text, fill it again"
        )
    if is_digits(found) and len(found) <= max(_GTIN_LENGTHS):
        return _gtin(found)
    if is_digits(found) and len(found) == 2 + max(_GTIN_LENGTHS) and found.startswith("01") and has_mod10(found[2:]):
        raise ValueError(f"the DI alone, without the identifier 01: {found[2:]}")
    if not _DI.fullmatch(found):
        raise ValueError("a device identifier: a GTIN of 8, 12, 13 or 14 digits, or another agency's, without spaces")
    return found


def _digits_of(cell: Cell) -> str:
    if isinstance(cell, bool) or not isinstance(cell, str | float | int):
        raise ValueError("a device identifier")  # noqa: TRY004 - the reader's one way to refuse
    if isinstance(cell, str):
        return cell
    if cell != int(cell) or not 0 < cell < _MOST_EXACT:
        raise ValueError("a device identifier in a text cell: a spreadsheet keeps only 15 digits of a number")
    return str(int(cell))


def _gtin(digits: str) -> str:
    if len(digits) not in _GTIN_LENGTHS:
        raise ValueError(f"a GTIN of 8, 12, 13 or 14 digits; there are {len(digits)}")
    if digits.endswith(_ROUNDED):
        raise ValueError("all digits of the GTIN: these look rounded; format the column as text and fill it again")
    whole = digits.zfill(max(_GTIN_LENGTHS))
    if not has_mod10(whole):
        raise ValueError(f"check digit {mod10(whole[:-1])} at the end, found {whole[-1]}")
    return whole


def day(cell: Cell) -> str:
    """A date, as ISO text; only with year, month and day in this order."""
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise ValueError("a date without a time")
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    plain = text(cell)
    if is_digits(plain) and len(plain) == len("20271231"):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    parts = _DAY.fullmatch(plain)
    try:
        return date(*map(int, parts.groups())).isoformat() if parts else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise ValueError("a date such as 2027-12-31 or 2027/12/31")


def category(cell: Cell) -> str:
    """分类编码: 13-07-01, or its beginning."""
    found = unicodedata.normalize("NFKC", ident(cell)).translate(_DASHES).replace(" ", "")
    if is_digits(found) and len(found) == len("130701"):
        found = f"{found[:2]}-{found[2:4]}-{found[4:]}"
    if not _CATEGORY.fullmatch(found):
        raise ValueError("分类编码 such as 13-07-01")
    return found


def two_digits(cell: Cell) -> str:
    """One part of a 分类编码; its width is known, so a lost leading zero can be put back."""
    found = unicodedata.normalize("NFKC", text(cell))
    if not is_digits(found) or not 0 < int(found) < 100:  # noqa: PLR2004 - two digits
        raise ValueError("a number from 01 to 99")
    return f"{int(found):02}"


def classes(cell: Cell) -> tuple[int, ...]:
    """管理类别: one class, or several as in Ⅱ/Ⅲ."""
    found = unicodedata.normalize("NFKC", text(cell)).upper().replace(" ", "")
    parts = re.split(r"[/,、;]", found)
    if not all(part in _CLASSES for part in parts):
        raise ValueError("I, II or III")
    return tuple(dict.fromkeys(_CLASSES[part] for part in parts))


def nhsa_code(cell: Cell) -> str:
    """医保 code in capitals; what does not look like one is for the caller to say."""
    return unicodedata.normalize("NFKC", ident(cell)).upper()
