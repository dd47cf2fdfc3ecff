"""ISBT 128 codes of ICCBBA for devices of human origin and blood bags: data structures, one after the other.

Each begins with two characters that say what it is (ST-001), three for the lot of ST-017. A compound message writes
all structures into one symbol behind a header that counts them. Labels of tissue and blood carry structures that say
nothing about the device, too (blood group, collection date ...): they are kept as elements and not read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from edge.udi.checks import is_digits, mod37
from edge.udi.dates import day_of_year, last_of_month
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

_LONGEST = 1000
_FACILITY = "[A-NP-Z0-9]{5}"
_DONATION = r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{10}[0-9A-HJ-NPR-Y]{2}"
_DEVICE = {
    "=": (15, _DONATION),
    "=/": (16, f"{_FACILITY}[A-Z0-9]{{11}}"),
    "=,": (6, "[A-Z0-9]+"),
    "=>": (6, "[0-9]+"),
    "=}": (6, "[0-9]+"),
    "=]": (6, "[0-9]+"),
    "&>": (10, "[0-9]+"),
    "&}": (10, "[0-9]+"),
    "&,1": (18, "[A-Z0-9]+"),
    "=)": (10, "[A-Z0-9]+"),
    "&)": (10, "[A-Z0-9]+"),
}
"""Length and pattern of the structures that identify a device, by data identifier (ST-001 2.4, ST-017 5)."""
_OTHERS = dict.fromkeys(("={", "=\\", "&\\", "&{", "=[", '="', '&"', "&,2"), 18) | {
    "=%": 4,
    "&(": 5,
    "=*": 6,
    "=<": 8,
    "&*": 10,
    "=-": 10,
    "&-": 10,
    "=#": 10,
    "='": 11,
    "&+": 11,
    "&/": 15,
    "=$": 16,
    "=(": 16,
    "&,3": 19,
    "&:": 19,
    "=;": 21,
    "&,4": 40,
}
"""Length of the structures that do not: blood groups, tests, people, consignments ... (ST-001, table 2)."""
_COUNTED = {"&#": (4, 2, 4, 1), "&$": (2, 0, 2, 14), "&%": (3, 0, 3, 10)}
"""Those that say their own length: that of the head, where in it the count stands, and what it counts by."""
_TEXT = r"[!-%'-<>-~]*"
_NATIONAL = rf"&[a-z;!]{_TEXT}"
"""Nationally defined, of a length that nobody else knows: read only if nothing follows (ST-001 2.5)."""
_HEADER = "=+"
_HEADER_LENGTH = 7
_SEQUENCES = {
    "034": ("=/", "=,", "="),
    "035": ("=/", "=,", "=", "=>"),
    "036": ("=/", "=,", "=", "=}"),
    "037": ("=/", "=,", "=", "=>", "=}"),
}
"""ICCBBA-specified compound messages of devices (RT017)."""
_CHECKED_FLAGS = range(60, 97)


def is_code(text: str) -> bool:
    """Whether text begins as a data structure or a compound message of ISBT 128 does."""
    return text.startswith(_HEADER) or _identifier(text, 0) is not None


def to_udi(payload: bytes, symbology: str | None, text: str) -> Udi:
    """Read a text for which `is_code` holds."""
    found: list[Finding] = []
    body = text.replace(" ", "")
    elements: list[tuple[str, str]] = []
    if len(text) > _LONGEST:
        found.append(finding("too_long", _LONGEST, str(len(text))))
    elif body.startswith(_HEADER):
        elements = [(_HEADER, body[2:_HEADER_LENGTH]), *_split(body, _HEADER_LENGTH, found)]
        _check_header(elements, found)
    else:
        elements = _split(body, 0, found)
    if body != text:
        found = [finding("isbt_blank", text.index(" ")), *(replace(each, at=None) for each in found)]
    return _udi(payload, symbology, elements, found)


def _identifier(text: str, at: int) -> str | None:
    """The data identifier that stands there; that of a donation number ends before its first character."""
    for length in (2, 3):
        identifier = text[at : at + length]
        if identifier != "=" and (identifier in _DEVICE or identifier in _OTHERS or identifier in _COUNTED):
            return identifier
    head = text[at + 1 : at + 2]
    return "=" if text.startswith("=", at) and head.isascii() and head.isalnum() else None


def _split(text: str, at: int, found: list[Finding]) -> list[tuple[str, str]]:
    """Cut into structures. One of unknown length ends the reading; one that is too short ends where the next begins."""
    elements: list[tuple[str, str]] = []
    while at < len(text):
        identifier = _identifier(text, at)
        if identifier is None:
            national = re.fullmatch(_NATIONAL, text[at:])
            found.append(finding("isbt_national" if national else "isbt_unknown", at, text[at : at + 3]))
            return [*elements, (text[at : at + 2], text[at + 2 :])] if national else elements
        start = at + len(identifier)
        length, pattern = _form(identifier, text[start : start + 4])
        value = re.split("[=&]", text[start : start + length])[0]
        elements.append((identifier, value))
        if len(value) < length:
            found.append(finding("isbt_length", at, identifier + value))
        elif not re.fullmatch(pattern, value):
            found.append(finding("isbt_charset", at, identifier + value))
        at = start + len(value)
    return elements


def _form(identifier: str, head: str) -> tuple[int, str]:
    """Length and pattern of a structure's value."""
    if identifier in _DEVICE:
        return _DEVICE[identifier]
    if identifier in _OTHERS:
        return _OTHERS[identifier], _TEXT
    least, start, stop, unit = _COUNTED[identifier]
    count = head[start:stop]
    return least + unit * (int(count) if is_digits(count) else 0), rf".{{{start}}}[0-9]{{{stop - start}}}{_TEXT}"


def _check_header(elements: list[tuple[str, str]], found: list[Finding]) -> None:
    header, *structures = elements
    count, sequence = header[1][:2], header[1][2:]
    if not re.fullmatch("[0-9]{5}", header[1]):
        found.append(finding("isbt_length", 0, _HEADER + header[1]))
    elif int(count) != len(structures):
        found.append(finding("isbt_count", 0, f"{count} / {len(structures)}"))
    elif _SEQUENCES.get(sequence, ()) not in ((), tuple(identifier for identifier, _ in structures)):
        found.append(finding("isbt_sequence", 0, sequence))


def _udi(payload: bytes, symbology: str | None, elements: list[tuple[str, str]], found: list[Finding]) -> Udi:
    values: dict[str, str] = {}
    for identifier, value in elements:
        if identifier in _DEVICE and values.setdefault(identifier, value) != value:
            found.append(finding("isbt_repeated", None, identifier))
    bag = "=/" not in values and ("=)" in values or "&)" in values)
    made = _day(values, ("=}", "&}"), found)
    expires = _day(values, ("=>", "&>"), found)
    month = _month(values.get("=]"), found)
    if expires and month and (expires.year, expires.month) != (month.year, month.month):
        found.append(finding("isbt_repeated", None, "=]"))
    donation = values.get("=", "")
    _check_donation(donation, found)
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.ICCBBA,
        form="blood_bag" if bag else "compound" if elements and elements[0][0] == _HEADER else "structures",
        di=values.get("=)") if bag else values.get("=/"),
        lot=values.get("&,1") or (values.get("&)") if bag else None),
        serial=values.get("=,"),
        manufactured=made,
        expires=expires or month,
        expires_day_given=expires is not None or month is None,
        donation=donation if len(donation) == _DEVICE["="][0] else None,
        elements=tuple(elements),
        findings=in_order(tuple(found), made, expires or month),
    )


def _check_donation(value: str, found: list[Finding]) -> None:
    """Flags 60 to 96 carry the check of the first thirteen characters (ST-001 appendix A, mod 37-2)."""
    if not re.fullmatch(_DONATION, value) or not is_digits(value[13:]):
        return
    flags = int(value[13:])
    if flags in _CHECKED_FLAGS and flags - _CHECKED_FLAGS.start != mod37(value[:13]):
        found.append(finding("isbt_donation_check", None, value))


def _day(values: dict[str, str], identifiers: tuple[str, str], found: list[Finding]) -> date | None:
    """The day of a structure with or without a time; both may stand there and must agree."""
    days = [
        _date(values[each], found)
        for each in identifiers
        if is_digits(values.get(each, "")) and len(values[each]) == _DEVICE[each][0]
    ]
    if len(set(days)) > 1:
        found.append(finding("isbt_repeated", None, " + ".join(identifiers)))
    return days[0] if days else None


def _date(text: str, found: list[Finding]) -> date | None:
    """Century digit, year, day of the year; then, for the timed structure, hour and minute."""
    day = day_of_year(2000 + int(text[:3]), int(text[3:6]))
    clock = text[6:] or "0000"
    if day is None or int(clock[:2]) > 23 or int(clock[2:]) > 59:  # noqa: PLR2004 - hours, minutes
        found.append(finding("date_impossible", None, text))
        return None
    if text[0] != "0":
        found.append(finding("isbt_century", None, text))
    return day


def _month(text: str | None, found: list[Finding]) -> date | None:
    """Year of four digits and month."""
    if text is None or not is_digits(text) or len(text) != _DEVICE["=]"][0]:
        return None
    month = last_of_month(int(text[:4]), int(text[4:]))
    if month is None:
        found.append(finding("date_impossible", None, text))
    return month
