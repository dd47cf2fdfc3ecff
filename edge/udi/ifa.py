"""IFA codes: a PPN with data identifiers of ANSI MH10.8.2 in an ISO/IEC 15434 envelope of format 06.

The same envelope may carry a GTIN in place of the PPN: that is a GS1 code in other words, and is read as one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from edge.udi import gs1
from edge.udi.checks import mod97
from edge.udi.dates import last_of_month, yymmdd, yyyymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

HEAD = "[)>\x1e06\x1d"
TAIL = "\x1e\x04"
_LONGEST = 1000
_PRODUCT = r"\x1d(?:9N|8P)"
_FIELD = r"(?s)([0-9]{0,3}[A-Z])(.*)"
_VALUE = r"[!-~]{1,50}"
_NAME = r"[!\"%-?A-Z_a-z]{1,20}"
"""IFA allows letters, digits, hyphen and underscore; labels with the other signs that GS1 allows do no harm."""
_DATE = r"[0-9]{6}|[0-9]{8}"
_VALUES = {
    "1T": _NAME,
    "S": _NAME,
    "D": _DATE,
    "14D": _DATE,
    "16D": _DATE,
    "8P": r"[0-9]{14}",
    "Q": r"[0-9]{1,8}",
}
"""Patterns of the fields that are read."""
_PPN = r"[0-9A-Z]{2}[0-9A-Z.\-]{2,18}[0-9]{2}"
_AS_GS1 = {"8P": "01", "1T": "10", "S": "21", "16D": "11", "D": "17", "14D": "17", "Q": "30"}


def is_code(text: str) -> bool:
    """Whether text is in format 06 and names a product of health care: other trades use the envelope, too."""
    return text.startswith(HEAD) and re.search(_PRODUCT, text[len(HEAD) - 1 :]) is not None


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi:
    """Read a text that begins with `HEAD`."""
    found: list[Finding] = []
    elements = _fields(_body(text, found), found)
    values = dict(reversed(elements))
    if "9N" not in values:
        return _without_ppn(payload, symbology, elements, tuple(found), today)
    if "8P" in values:
        found.append(finding("ifa_repeated", None, "9N + 8P"))
    made, _ = _day("16D", values, found, today)
    expires, day_given = _expiry(values, found, today)
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.IFA,
        form="format_06",
        di=_ppn(values["9N"], found),
        lot=values.get("1T"),
        serial=values.get("S"),
        manufactured=made,
        expires=expires,
        expires_day_given=day_given,
        quantity=int(values["Q"]) if "Q" in values else None,
        elements=tuple(elements),
        findings=in_order(tuple(found), made, expires),
    )


def _without_ppn(
    payload: bytes, symbology: str | None, elements: list[tuple[str, str]], found: tuple[Finding, ...], today: date
) -> Udi:
    """A GTIN takes the place of the PPN; without either nothing of the code is a UDI."""
    if not any(name == "8P" for name, _ in elements):
        return Udi(payload, symbology, Issuer.IFA, "format_06", findings=(*found, finding("ppn", None, "9N ?")))
    fields = (_AS_GS1[name] + _short(name, value) for name, value in elements if name in _AS_GS1)
    udi = gs1.to_udi(payload, symbology, "format_06", gs1.GS.join(fields), today)
    return replace(udi, findings=(*found, *(replace(each, at=None) for each in udi.findings)))


def _short(name: str, value: str) -> str:
    """GS1's dates have six digits."""
    return value[2:] if name.endswith("D") and len(value) == 8 else value  # noqa: PLR2004 - YYYYMMDD


def _body(text: str, found: list[Finding]) -> str:
    """What the envelope holds. Some readers keep its last character to themselves; without both it may be cut."""
    if len(text) > _LONGEST:
        found.append(finding("too_long", _LONGEST, str(len(text))))
        return ""
    body = text[len(HEAD) :]
    if body.endswith(TAIL):
        return body.removesuffix(TAIL)
    found.append(finding("ifa_envelope" if body.endswith(TAIL[0]) else "ifa_cut", len(text)))
    return body.rstrip(TAIL)


def _fields(body: str, found: list[Finding]) -> list[tuple[str, str]]:
    elements: list[tuple[str, str]] = []
    at = len(HEAD)
    for text in body.split(gs1.GS):
        field = re.fullmatch(_FIELD, text)
        if field is None or not re.fullmatch(_VALUES.get(field.group(1), _VALUE), field.group(2)):
            found.append(finding("ifa_field", at, text[:24]))
        else:
            if any(field.group(1) == name for name, _ in elements):
                found.append(finding("ifa_repeated", at, field.group(1)))
            elements.append((field.group(1), field.group(2)))
        at += len(text) + 1
    return elements


def _ppn(text: str, found: list[Finding]) -> str:
    if not re.fullmatch(_PPN, text):
        found.append(finding("ppn", None, text))
    elif mod97(text[:-2]) != text[-2:]:
        found.append(finding("ppn_check", None, text))
    return text


def _expiry(values: dict[str, str], found: list[Finding], today: date) -> tuple[date | None, bool]:
    """Both identifiers of an expiry may stand there and must agree."""
    days = [_day(name, values, found, today) for name in ("D", "14D") if name in values]
    if len(set(days)) > 1:
        found.append(finding("ifa_repeated", None, "D + 14D"))
    return days[0] if days else (None, True)


def _day(name: str, values: dict[str, str], found: list[Finding], today: date) -> tuple[date | None, bool]:
    """A date of six or eight digits, and whether its day was given; day 00 means the last of the month."""
    text = values.get(name)
    if text is None:
        return None, True
    parsed = yymmdd(text, today) if len(text) == 6 else _whole_year(text)  # noqa: PLR2004 - YYMMDD
    if parsed is None:
        found.append(finding("date_impossible", None, name + text))
        return None, True
    if not parsed[1]:
        found.append(finding("date_day_missing", None, name + text))
    return parsed


def _whole_year(text: str) -> tuple[date, bool] | None:
    given = text[6:] != "00"
    day = yyyymmdd(text) if given else last_of_month(int(text[:4]), int(text[4:6]))
    return None if day is None else (day, given)
