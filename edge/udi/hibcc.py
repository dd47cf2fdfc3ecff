"""HIBC supplier labels: primary, secondary and combined data structures (ANSI/HIBC 2.6).

Elements keep the field's own flag as identifier: ``+`` before the primary's data, ``$$3`` or ``16D`` before a date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from edge.udi.checks import HIBC_SET, is_digits, mod43
from edge.udi.dates import calendar_day, day_of_year, last_of_month, yyyymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Kind, NotUdi, Udi

LINK = "link"
"""Identifier of the link character of a secondary structure: the check character of its primary."""

_PRIMARY = r"[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]"
_TWO_LINES = r"(?s)\+([A-Z][A-Z0-9]{5,22})([A-Z0-9. $/+%-])(\+[$0-9].+)"
_PROVIDER = r"(?s)\+/[A-Z][A-Z][^/]+(?:/[A-Z][^/]*)*"
_FLAG = r"(?s)(\$\$\+?[2-9]|\$\$\+?|\$\+?)(.*)"
_ALPHANUMERIC = r"[A-Z0-9]*"
_LONGEST = 18
_DATE_LENGTHS = {"2": 6, "3": 6, "4": 8, "5": 5, "6": 7, "7": 0}
_JULIAN = 5
_CENTURY = 2000


def to_udi(payload: bytes, symbology: str | None, text: str) -> Udi | NotUdi:
    """Read a text that begins with ``+``."""
    if text.startswith("+/"):
        return _provider(payload, symbology, text)
    label = _Label()
    two_lines = re.fullmatch(_TWO_LINES, text)
    if two_lines:
        primary, check, second = two_lines.groups()
        label.primary(f"+{primary}{check}", 0)
        label.secondary(second, len(primary) + 2, check)
        form = "two_lines"
    elif text[1:2] == "$" or is_digits(text[1:2]):
        label.secondary(text, 0, None)
        form = "secondary"
    elif "/" in text[:-1]:
        label.combined(text)
        form = "combined"
    else:
        label.primary(text, 0)
        form = "primary"
    return label.udi(payload, symbology, form)


def _provider(payload: bytes, symbology: str | None, text: str) -> NotUdi:
    """HIBC Provider Applications (ANSI/HIBC 1.3): where, what, and the data; never a UDI."""
    holds = _characters(text) and re.fullmatch(_PROVIDER, text[:-1]) and mod43(text[:-1]) == text[-1]
    return NotUdi(payload, symbology, Kind.PROVIDER, text, () if holds else (finding("hibc_provider", 0, text[:24]),))


def _characters(text: str) -> bool:
    return all(character in HIBC_SET for character in text)


@dataclass
class _Label:
    """What was read so far of one label."""

    di: str | None = None
    lot: str | None = None
    serial: str | None = None
    manufactured: date | None = None
    expires: date | None = None
    expires_day_given: bool = True
    quantity: int | None = None
    elements: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def udi(self, payload: bytes, symbology: str | None, form: str) -> Udi:
        return Udi(
            payload=payload,
            symbology=symbology,
            issuer=Issuer.HIBCC,
            form=form,
            di=self.di,
            lot=self.lot or None,
            serial=self.serial or None,
            manufactured=self.manufactured,
            expires=self.expires,
            expires_day_given=self.expires_day_given,
            quantity=self.quantity,
            elements=tuple(self.elements),
            findings=in_order(tuple(self.findings), self.manufactured, self.expires),
        )

    def fault(self, code: str, at: int, value: str) -> None:
        self.findings.append(finding(code, at, value))

    def primary(self, text: str, at: int) -> None:
        """``+``, labeler, product, unit of measure, check character."""
        self.check(text, at)
        self.identity(text[1:-1], at + 1)

    def identity(self, body: str, at: int) -> None:
        if re.fullmatch(_PRIMARY, body):
            self.di = body
        else:
            self.fault("hibc_primary", at, body[:24])
        self.elements.append(("+", body))

    def secondary(self, text: str, at: int, link: str | None) -> None:
        """``+``, fields, link character, check character."""
        self.check(text, at)
        if link is not None and text[-2:-1] != link:
            self.fault("hibc_link", at + max(0, len(text) - 2), text[-2:-1])
        self.fields(text[1:-2].split("/"), at + 1)
        self.elements.append((LINK, text[-2:-1]))

    def combined(self, text: str) -> None:
        """Primary without its check, fields behind ``/``, one check character."""
        self.check(text, 0)
        head, *fields = text[1:-1].split("/")
        self.identity(head, 1)
        self.fields(fields, len(head) + 2)

    def check(self, text: str, at: int) -> None:
        if not _characters(text):
            wrong = next(place for place, character in enumerate(text) if character not in HIBC_SET)
            self.fault("hibc_charset", at + wrong, text[wrong])
        elif len(text) < 3 or mod43(text[:-1]) != text[-1]:  # noqa: PLR2004 - '+', one character, check
            self.fault("hibc_check", at + len(text) - 1, text[-1])

    def fields(self, fields: Sequence[str], at: int) -> None:
        for text in fields:
            self.field(text, at)
            at += len(text) + 1

    def field(self, text: str, at: int) -> None:
        if text.startswith("$"):
            self.flagged(text, at)
        elif is_digits(text[:_JULIAN]) and len(text) >= _JULIAN and not text.startswith(("14D", "16D")):
            self.old_form(text, at)
        else:
            self.supplement(text, at)

    def flagged(self, text: str, at: int) -> None:
        match = re.fullmatch(_FLAG, text)
        assert match is not None  # noqa: S101 - the text begins with $
        flag, rest = match.groups()
        self.elements.append((flag, rest))
        serial = "+" in flag
        if flag[-1] in "89":
            self.counted(flag, rest, at)
        elif flag in ("$", "$+"):
            self.name(rest, at, serial=serial)
        else:
            kind = flag[-1] if flag[-1] in _DATE_LENGTHS else ""
            self.dated(kind, rest, at, serial=serial)

    def counted(self, flag: str, rest: str, at: int) -> None:
        """A quantity of two or five digits, then a date flag, month and year, or nothing."""
        digits = 2 if flag[-1] == "8" else 5
        if "+" in flag or not is_digits(rest[:digits]) or len(rest) < digits:
            self.fault("hibc_secondary", at, flag + rest)
            return
        self.quantity = int(rest[:digits])
        rest = rest[digits:]
        if rest[:1] in _DATE_LENGTHS and rest:
            self.dated(rest[0], rest[1:], at, serial=False)
        elif rest:
            self.dated("", rest, at, serial=False)

    def dated(self, kind: str, rest: str, at: int, *, serial: bool) -> None:
        length = _DATE_LENGTHS.get(kind, 4)
        digits, name = rest[:length], rest[length:]
        if len(digits) < length or (length and not is_digits(digits)):
            self.fault("hibc_secondary", at, f"$${kind}{rest}")
            return
        if kind != "7":
            self.until(_EXPIRIES[kind](digits), digits, at, day_given=kind != "")
        self.name(name, at, serial=serial)

    def old_form(self, text: str, at: int) -> None:
        """Year and day of the year, then the lot, without a flag."""
        self.elements.append(("", text))
        digits = text[:_JULIAN]
        self.until(_EXPIRIES["5"](digits), digits, at, day_given=True)
        self.name(text[_JULIAN:], at, serial=False)

    def until(self, day: date | None, digits: str, at: int, *, day_given: bool) -> None:
        if day is None:
            self.fault("date_impossible", at, digits)
            return
        self.expires, self.expires_day_given = day, day_given
        if not day_given:
            self.fault("hibc_month_only", at, digits)

    def name(self, text: str, at: int, *, serial: bool) -> None:
        """A lot or a serial; an empty one is allowed."""
        if not re.fullmatch(_ALPHANUMERIC, text):
            self.fault("hibc_secondary", at, text)
        elif len(text) > _LONGEST:
            self.fault("hibc_length", at, text)
        if serial:
            self.serial = text
        elif text:
            self.lot = text

    def supplement(self, text: str, at: int) -> None:
        """``S`` serial, ``16D`` day of manufacture, ``14D`` expiry, ``Q`` quantity."""
        known = next((flag for flag in ("14D", "16D", "S", "Q") if text.startswith(flag)), None)
        if known is None:
            self.elements.append(("", text))
            self.fault("hibc_supplement", at, text)
            return
        value = text[len(known) :]
        self.elements.append((known, value))
        if known == "S":
            self.name(value, at, serial=True)
        elif known == "Q":
            self.count(value, at)
        else:
            self.day(known, value, at)

    def count(self, value: str, at: int) -> None:
        if is_digits(value) and len(value) <= _JULIAN:
            self.quantity = int(value)
        else:
            self.fault("hibc_supplement", at, f"Q{value}")

    def day(self, flag: str, value: str, at: int) -> None:
        day = yyyymmdd(value) if is_digits(value) and len(value) == 8 else None  # noqa: PLR2004 - YYYYMMDD
        if day is None:
            self.fault("date_impossible", at, flag + value)
        elif flag == "14D":
            self.expires, self.expires_day_given = day, True
        else:
            self.manufactured = day


def _year(text: str) -> int:
    """HIBC's years have two digits and no rule for the century; every label seen means 20YY."""
    return _CENTURY + int(text)


def _hour(text: str, day: date | None) -> date | None:
    return day if int(text) < 24 else None  # noqa: PLR2004 - hours of a day


_EXPIRIES = {
    "": lambda d: last_of_month(_year(d[2:4]), int(d[:2])),
    "2": lambda d: calendar_day(_year(d[4:6]), int(d[:2]), int(d[2:4])),
    "3": lambda d: calendar_day(_year(d[:2]), int(d[2:4]), int(d[4:6])),
    "4": lambda d: _hour(d[6:], calendar_day(_year(d[:2]), int(d[2:4]), int(d[4:6]))),
    "5": lambda d: day_of_year(_year(d[:2]), int(d[2:5])),
    "6": lambda d: _hour(d[5:], day_of_year(_year(d[:2]), int(d[2:5]))),
}
"""Expiry of the digits behind each date flag."""
