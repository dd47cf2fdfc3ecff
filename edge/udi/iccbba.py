"""ISBT 128 codes of ICCBBA for devices of human origin and blood bags: data structures, one after the other.

Each begins with two characters that say what it is (ST-001), three for the lot of ST-017. A compound message writes
all structures into one symbol behind a header that counts them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from edge.udi.checks import is_digits, mod37
from edge.udi.dates import day_of_year
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi


@dataclass(frozen=True)
class Structure:
    """One data structure."""

    identifier: str
    """What the label writes before the value."""
    pattern: str
    length: int
    """Characters behind the identifier."""


_FACILITY = "[A-NP-Z0-9]{5}"
STRUCTURES = (
    Structure("=/", f"{_FACILITY}[A-Z0-9]{{6}}[A-Z0-9]{{5}}", 16),
    Structure("=,", "[A-Z0-9]{6}", 6),
    Structure("=>", "[0-9]{6}", 6),
    Structure("=}", "[0-9]{6}", 6),
    Structure("&>", "[0-9]{10}", 10),
    Structure("&}", "[0-9]{10}", 10),
    Structure("&,1", "[A-Z0-9]{18}", 18),
    Structure("=)", "[A-Z0-9]{10}", 10),
    Structure("&)", "[A-Z0-9]{10}", 10),
)
_DONATION = Structure("=", f"{_FACILITY}[0-9]{{10}}", 15)
_HEADER = Structure("=+", "[0-9]{2}[A-Z0-9]{3}", 5)
_CHECKED_FLAGS = range(60, 97)
_DAY_LENGTH = 6


def to_udi(payload: bytes, symbology: str | None, text: str) -> Udi:
    """Read a text that begins with ``=`` or ``&`` and a data identifier."""
    found: list[Finding] = []
    body = text.rstrip(" ")
    header, body_at = _header(body, found)
    elements = _split(body, body_at, found)
    if header is not None and int(header[:2]) != len(elements):
        found.append(finding("isbt_count", 0, f"{header[:2]} / {len(elements)}"))
    form = "compound" if header is not None else "structures"
    return _udi(payload, symbology, form, ([("=+", header)] if header else []) + elements, found)


def is_code(text: str) -> bool:
    """Whether text begins as an ISBT 128 data structure does."""
    return text.startswith("=+") or _known(text, 0) is not None


def _header(text: str, found: list[Finding]) -> tuple[str | None, int]:
    if not text.startswith("=+"):
        return None, 0
    header = text[2:7]
    if not re.fullmatch(_HEADER.pattern, header):
        found.append(finding("isbt_length", 0, text[:7]))
        return "00000", min(7, len(text))
    return header, 7


def _known(text: str, at: int) -> Structure | None:
    for structure in STRUCTURES:
        if text.startswith(structure.identifier, at):
            return structure
    head = text[at + 1 : at + 2]
    return _DONATION if text.startswith("=", at) and head.isascii() and head.isalnum() else None


def _split(text: str, at: int, found: list[Finding]) -> list[tuple[str, str]]:
    elements: list[tuple[str, str]] = []
    while at < len(text):
        if text[at] == " ":
            if not any(each.code == "isbt_blank" for each in found):
                found.append(finding("isbt_blank", at))
            at += 1
            continue
        structure = _known(text, at)
        if structure is None:
            found.append(finding("isbt_unknown", at, text[at : at + 3]))
            return elements
        start = at + len(structure.identifier)
        value = text[start : start + structure.length]
        elements.append((structure.identifier, value))
        fault = _fault(structure, value, at)
        if fault is not None:
            found.append(fault)
            return elements
        at = start + structure.length
    return elements


def _fault(structure: Structure, value: str, at: int) -> Finding | None:
    shown = structure.identifier + value
    if len(value) < structure.length or any(mark in value for mark in "=&"):
        return finding("isbt_length", at, shown)
    return None if re.fullmatch(structure.pattern, value) else finding("isbt_charset", at, shown)


def _udi(
    payload: bytes, symbology: str | None, form: str, elements: list[tuple[str, str]], found: list[Finding]
) -> Udi:
    values: dict[str, str] = {}
    for identifier, value in elements:
        if values.setdefault(identifier, value) != value:
            found.append(finding("isbt_repeated", None, identifier))
    donation = values.get("=")
    if donation is not None and re.fullmatch(_DONATION.pattern, donation):
        _check_donation(donation, found)
    made = _day(values, "=}", "&}", found)
    expires = _day(values, "=>", "&>", found)
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.ICCBBA,
        form="blood_bag" if "=)" in values or "&)" in values else form,
        di=values.get("=/") or values.get("=)"),
        lot=values.get("&,1") or values.get("&)"),
        serial=values.get("=,"),
        manufactured=made,
        expires=expires,
        donation=donation,
        elements=tuple(elements),
        findings=in_order(tuple(found), made, expires),
    )


def _check_donation(value: str, found: list[Finding]) -> None:
    """Flags 60 to 96 carry the check of the first thirteen characters (ST-001, mod 37-2)."""
    flags = int(value[13:])
    if flags in _CHECKED_FLAGS and flags - _CHECKED_FLAGS.start != mod37(value[:13]):
        found.append(finding("isbt_donation_check", None, value))


def _day(values: dict[str, str], plain: str, timed: str, found: list[Finding]) -> date | None:
    """Century digit, year, day of the year; then, for the timed structure, hour and minute."""
    text = values.get(plain) or values.get(timed)
    if text is None or not is_digits(text) or len(text) < _DAY_LENGTH:
        return None
    day = day_of_year(2000 + int(text[:3]), int(text[3:6]))
    clock = text[_DAY_LENGTH:]
    if day is None or (clock and not (int(clock[:2]) < 24 and int(clock[2:]) < 60)):  # noqa: PLR2004
        found.append(finding("date_impossible", None, text))
        return None
    if text[0] != "0":
        found.append(finding("isbt_century", None, text))
    return day
