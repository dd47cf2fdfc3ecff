"""IFA codes: a PPN with data identifiers of ANSI MH10.8.2 in an ISO/IEC 15434 envelope of format 06."""

from __future__ import annotations

import re
from datetime import date

from edge.udi.checks import is_digits, mod97
from edge.udi.dates import yymmdd, yyyymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

HEAD = "[)>\x1e06\x1d"
_TAIL = "\x1e\x04"
_GS = "\x1d"
_FIELD = r"(?s)(9N|1T|14D|16D|D|S|8P|27Q|Q)(.*)"
_VALUE = r"[!-~]{1,50}"
_PPN = r"[0-9A-Z]{2}[0-9A-Z.\-]{2,18}[0-9]{2}"


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi:
    """Read a text that begins with `HEAD`."""
    found: list[Finding] = []
    body = text[len(HEAD) :]
    if body.endswith(_TAIL):
        body = body[: -len(_TAIL)]
    else:
        found.append(finding("ifa_envelope", len(text)))
        body = body.rstrip(_TAIL)
    elements = _fields(body, found)
    values = dict(reversed(elements))
    made = _day("16D", values.get("16D"), found, today)
    expires = _day("D", values.get("D"), found, today) or _day("14D", values.get("14D"), found, today)
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.IFA,
        form="format_06",
        di=_ppn(values.get("9N"), found),
        lot=values.get("1T"),
        serial=values.get("S"),
        manufactured=made,
        expires=expires,
        quantity=_count(values.get("Q", "")),
        elements=tuple(elements),
        findings=in_order(tuple(found), made, expires),
    )


def _fields(body: str, found: list[Finding]) -> list[tuple[str, str]]:
    elements: list[tuple[str, str]] = []
    at = len(HEAD)
    for text in body.split(_GS):
        field = re.fullmatch(_FIELD, text)
        if field is None or not re.fullmatch(_VALUE, field.group(2)):
            found.append(finding("ifa_field", at, text[:24]))
        else:
            if any(field.group(1) == name for name, _ in elements):
                found.append(finding("ifa_repeated", at, field.group(1)))
            elements.append((field.group(1), field.group(2)))
        at += len(text) + 1
    return elements


def _count(text: str) -> int | None:
    return int(text) if is_digits(text) and len(text) <= 8 else None  # noqa: PLR2004 - as many as GS1 allows


def _ppn(text: str | None, found: list[Finding]) -> str | None:
    if text is None:
        return None
    if not re.fullmatch(_PPN, text):
        found.append(finding("ppn", None, text))
    elif mod97(text[:-2]) != text[-2:]:
        found.append(finding("ppn_check", None, text))
    return text


def _day(name: str, text: str | None, found: list[Finding], today: date) -> date | None:
    if text is None:
        return None
    day: date | None = None
    if is_digits(text) and len(text) == 8:  # noqa: PLR2004 - YYYYMMDD
        day = yyyymmdd(text)
    elif is_digits(text) and len(text) == 6:  # noqa: PLR2004 - YYMMDD
        parsed = yymmdd(text, today)
        day = None if parsed is None else parsed[0]
    if day is None:
        found.append(finding("date_impossible", None, name + text))
    return day
