"""HIBC supplier labels: primary, secondary and combined data structures (ANSI/HIBC 2.6).

Elements keep the field's own flag as identifier: ``+`` before the primary's data, ``$$3`` or ``16D`` before a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import accumulate

from edge.udi.checks import HIBC_SET, is_digits, mod43
from edge.udi.dates import calendar_day, day_of_year, last_of_month, yyyymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Kind, NotUdi, Udi

LINK = "link"
"""Identifier of the link character of a lone secondary: the check character of its primary."""

_LONGEST = 400
"""Far beyond a combined structure with every supplement (about 130 characters)."""
_PRIMARY = r"[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]"
_SECONDARY = r"\+(?:\$|[0-9SQ][^+])"
"""How a secondary, or a symbol with supplements only, begins."""
_FOLLOWED = rf"(?s)(\+[A-Z][A-Z0-9]{{5,22}}([A-Z0-9. $/+%-]))({_SECONDARY}.*)"
"""A primary and its check character with a further symbol behind it."""
_PLACE_OR_DATA = r"(?:[A-XZ]|Y[A-Z]{2})"
_PROVIDER = rf"\+/{_PLACE_OR_DATA}{_PLACE_OR_DATA}[A-Z0-9]{{1,15}}(?:/{_PLACE_OR_DATA}[A-Z0-9]{{1,15}})*"
_FLAG = r"\$\$\+?[2-9]?|\$\+?"
_OLD_FORM = r"[0-9]{5}"
_NAME = r"[A-Z0-9]*"
_NAME_LONGEST = 18
_SUPPLEMENTS = ("14D", "16D", "S", "Q")
_DATE_LENGTHS = {"2": 6, "3": 6, "4": 8, "5": 5, "6": 7, "7": 0}
_MONTH_AND_YEAR = 4
_QUANTITY_DIGITS = {"8": 2, "9": 5}
_CENTURY = 2000


def to_udi(payload: bytes, symbology: str | None, text: str) -> Udi | NotUdi:
    """Read a text that begins with ``+``."""
    if text.startswith("+/"):
        return _provider(payload, symbology, text)
    label = _Label()
    bare = text.removesuffix("*")
    if bare != text:
        label.fault("hibc_asterisks", len(bare), "")
    form = "primary"
    followed = re.fullmatch(_FOLLOWED, bare)
    if len(bare) > _LONGEST:
        label.fault("too_long", _LONGEST, str(len(bare)))
    elif followed:
        label.run_together(*followed.groups())
        form = "two_lines"
    elif bare[1:2] == "$" or is_digits(bare[1:2]):
        label.secondary(bare, 0)
        label.elements.append((LINK, bare[-2:-1]))
        form = "secondary"
    elif "/" in bare[:-1]:
        label.combined(bare)
        form = "combined"
    else:
        label.primary(bare)
    return label.udi(payload, symbology, form)


def _provider(payload: bytes, symbology: str | None, text: str) -> NotUdi:
    """HIBC Provider Applications (ANSI/HIBC 1.3): where, what, and the data; never a UDI."""
    holds = len(text) <= _LONGEST and re.fullmatch(_PROVIDER, text[:-1]) and mod43(text[:-1]) == text[-1]
    return NotUdi(payload, symbology, Kind.PROVIDER, text, () if holds else (finding("hibc_provider", 0, text[:24]),))


class _Label:
    """What was read so far of one label."""

    __slots__ = (
        "di",
        "elements",
        "expires",
        "expires_day_given",
        "findings",
        "lot",
        "manufactured",
        "quantity",
        "serial",
    )

    def __init__(self) -> None:
        self.di: str | None = None
        self.lot: str | None = None
        self.serial: str | None = None
        self.manufactured: date | None = None
        self.expires: date | None = None
        self.expires_day_given = True
        self.quantity: int | None = None
        self.elements: list[tuple[str, str]] = []
        self.findings: list[Finding] = []

    def udi(self, payload: bytes, symbology: str | None, form: str) -> Udi:
        return Udi(
            payload=payload,
            symbology=symbology,
            issuer=Issuer.HIBCC,
            form=form,
            di=self.di,
            lot=self.lot,
            serial=self.serial,
            manufactured=self.manufactured,
            expires=self.expires,
            expires_day_given=self.expires_day_given,
            quantity=self.quantity,
            elements=tuple(self.elements),
            findings=in_order(tuple(self.findings), self.manufactured, self.expires),
        )

    def fault(self, code: str, at: int, value: str) -> None:
        self.findings.append(finding(code, at, value))

    def primary(self, text: str) -> None:
        """``+``, labeler, product, unit of measure, check character."""
        self.check(text, 0)
        self.identity(text[1:-1])

    def identity(self, body: str) -> None:
        if re.fullmatch(_PRIMARY, body):
            self.di = body
        else:
            self.fault("hibc_primary", 1, body[:24])
        self.elements.append(("+", body))

    def run_together(self, primary: str, check: str, rest: str) -> None:
        """The symbols of one label one behind the other: a primary, then secondaries that all link to it."""
        self.primary(primary)
        for start, text in _symbols(rest, check):
            at = len(primary) + start
            self.secondary(text, at)
            if text[-2:-1] != check:
                self.fault("hibc_link", at + max(0, len(text) - 2), text[-2:-1])

    def secondary(self, text: str, at: int) -> None:
        """``+``, fields, link character, check character."""
        self.check(text, at)
        self.fields(text[1:-2].split("/"), at + 1)

    def combined(self, text: str) -> None:
        """Primary without its check, fields behind ``/``, one check character."""
        self.check(text, 0)
        head, *fields = text[1:-1].split("/")
        self.identity(head)
        self.fields(fields, len(head) + 2)

    def check(self, text: str, at: int) -> None:
        wrong = next((place for place, character in enumerate(text) if character not in HIBC_SET), None)
        if wrong is not None:
            self.fault("hibc_charset", at + wrong, text[wrong])
        elif len(text) < 3 or mod43(text[:-1]) != text[-1]:  # noqa: PLR2004 - '+', one character, check
            self.fault("hibc_check", at + len(text) - 1, text[-1])

    def fields(self, fields: list[str], at: int) -> None:
        for number, text in enumerate(fields):
            flag = re.match(_FLAG, text)
            if flag:
                self.flagged(flag.group(), text[flag.end() :], at)
            elif number == 0 and re.match(_OLD_FORM, text):
                self.elements.append(("", text))
                self.dated("5", text, at, serial=False)
            else:
                self.supplement(text, at)
                if text.startswith("Q") and number < len(fields) - 1:
                    self.fault("hibc_order", at, text)
            at += len(text) + 1

    def flagged(self, flag: str, rest: str, at: int) -> None:
        self.elements.append((flag, rest))
        serial = "+" in flag
        if not flag.startswith("$$"):
            self.name(rest, at, serial=serial)
        elif flag[-1] in _QUANTITY_DIGITS:
            self.counted(flag, rest, at)
        else:
            self.dated(flag[-1], rest, at, serial=serial)

    def counted(self, flag: str, rest: str, at: int) -> None:
        """A quantity, then a date flag, month and year, or nothing; never with a serial number."""
        length = _QUANTITY_DIGITS[flag[-1]]
        digits, rest = rest[:length], rest[length:]
        if "+" in flag or len(digits) < length or not is_digits(digits):
            self.fault("hibc_secondary", at, flag + digits + rest)
            return
        self.keep("quantity", int(digits), at, flag + digits)
        if rest[:1] in _DATE_LENGTHS:
            self.dated(rest[0], rest[1:], at, serial=False)
        elif rest:
            self.dated("", rest, at, serial=False)

    def dated(self, kind: str, rest: str, at: int, *, serial: bool) -> None:
        """An expiry in the format of its flag (month and year have none), then a lot or a serial."""
        length = _DATE_LENGTHS.get(kind, _MONTH_AND_YEAR)
        digits, name = rest[:length], rest[length:]
        if len(digits) < length or (length and not is_digits(digits)):
            self.fault("hibc_secondary", at, rest)
            return
        if length:
            self.until(_DATES.get(kind, _month)(digits), digits, at, month_only=kind not in _DATES)
        self.name(name, at, serial=serial)

    def name(self, text: str, at: int, *, serial: bool) -> None:
        """A lot or a serial; an empty one is allowed."""
        if not re.fullmatch(_NAME, text):
            self.fault("hibc_secondary", at, text)
        elif len(text) > _NAME_LONGEST:
            self.fault("hibc_length", at, text)
        if text:
            self.keep("serial" if serial else "lot", text, at, text)

    def supplement(self, text: str, at: int) -> None:
        """``S`` serial, ``16D`` day of manufacture, ``14D`` expiry, ``Q`` quantity."""
        known = next((flag for flag in _SUPPLEMENTS if text.startswith(flag)), "")
        value = text[len(known) :]
        self.elements.append((known, value))
        if not known or not value or (known == "Q" and not (is_digits(value) and len(value) <= 5)):  # noqa: PLR2004
            self.fault("hibc_supplement", at, text)
        elif known == "S":
            self.name(value, at, serial=True)
        elif known == "Q":
            self.keep("quantity", int(value), at, text)
        else:
            self.day(known, value, at)

    def day(self, flag: str, value: str, at: int) -> None:
        day = yyyymmdd(value) if is_digits(value) and len(value) == 8 else None  # noqa: PLR2004 - YYYYMMDD
        if flag == "14D":
            self.until(day, flag + value, at, month_only=False)
        elif day is None:
            self.fault("date_impossible", at, flag + value)
        else:
            self.keep("manufactured", day, at, flag + value)

    def until(self, day: date | None, shown: str, at: int, *, month_only: bool) -> None:
        """An expiry. A month and a day of that month agree; the day is what counts."""
        if day is None:
            self.fault("date_impossible", at, shown)
            return
        if month_only:
            self.fault("hibc_month_only", at, shown)
        known = self.expires
        if known and (month_only or not self.expires_day_given) and (known.year, known.month) == (day.year, day.month):
            day, month_only = (known, not self.expires_day_given) if month_only else (day, False)
            self.expires = None
        self.keep("expires", day, at, shown)
        self.expires_day_given = not month_only

    def keep(self, name: str, value: str | int | date, at: int, shown: str) -> None:
        """Two fields may say the same; a label that says two things says nothing."""
        if getattr(self, name) not in (None, value):
            self.fault("hibc_repeated", at, shown)
        setattr(self, name, value)


def _symbols(text: str, link: str) -> Iterator[tuple[int, str]]:
    """Cut secondaries that were read into one, each with its offset.

    A symbol begins with ``+`` behind the link and the check character of the one before. A ``+`` behind ``$`` may be
    part of a flag instead, and a link ``+`` looks like a beginning itself: then the check character decides.
    """
    totals = list(accumulate(map(HIBC_SET.find, text), initial=0))
    start = 0
    for begin in re.finditer(_SECONDARY, text):
        place = begin.start()
        if place - start < 3 or text[place - 2] != link:  # noqa: PLR2004 - '+', link, check
            continue
        check = text[place - 1]
        doubtful = check == "$" or link == "+"
        if not doubtful or (totals[place - 1] - totals[start]) % len(HIBC_SET) == HIBC_SET.find(check):
            yield start, text[start:place]
            start = place
    yield start, text[start:]


def _year(text: str) -> int:
    """HIBC's years have two digits and no rule for the century; every label seen means 20YY."""
    return _CENTURY + int(text)


def _hour(text: str, day: date | None) -> date | None:
    return day if int(text) < 24 else None  # noqa: PLR2004 - hours of a day


def _month(digits: str) -> date | None:
    return last_of_month(_year(digits[2:]), int(digits[:2]))


_DATES = {
    "2": lambda d: calendar_day(_year(d[4:6]), int(d[:2]), int(d[2:4])),
    "3": lambda d: calendar_day(_year(d[:2]), int(d[2:4]), int(d[4:6])),
    "4": lambda d: _hour(d[6:], calendar_day(_year(d[:2]), int(d[2:4]), int(d[4:6]))),
    "5": lambda d: day_of_year(_year(d[:2]), int(d[2:5])),
    "6": lambda d: _hour(d[5:], day_of_year(_year(d[:2]), int(d[2:5]))),
}
"""The expiry that the digits behind each date flag name."""
