"""AHM codes (阿里健康). Weakly confirmed: no real code and no public specification were found.

Read as one public program reads them: ``MF`` and the DI, then tagged fields, ``*`` behind those of variable length.
Every code read carries the warning ``ahm_unconfirmed``, and a text is taken for AHM only if a production field
follows the DI.
"""

from __future__ import annotations

import re
from datetime import date

from edge.udi.checks import is_digits
from edge.udi.dates import yymmdd
from edge.udi.findings import finding, in_order
from edge.udi.model import Finding, Issuer, Udi

_HEAD = r"MF[0-9A-Za-z]{1,40}\*(?:BA|BN|SN|MD|BD|ED|PL)"
_DI = r"[0-9A-Za-z]{1,13}"
_VALUE = r"[!-)+-~]+"
_FIXED = {"MD": 6, "BD": 6, "ED": 6, "PL": 1}
_LOT_TAGS = ("BA", "BN")
_VARIABLE = (*_LOT_TAGS, "SN")
_TAG = 2
_LONGEST = 400
_DATE_DIGITS = 6


def is_code(text: str) -> bool:
    """Whether text is a DI with at least one tagged field behind it."""
    return len(text) <= _LONGEST and re.match(_HEAD, text) is not None


def to_udi(payload: bytes, symbology: str | None, text: str, today: date) -> Udi:
    """Read a text for which `is_code` holds."""
    faults = [finding("ahm_unconfirmed")]
    di, _, rest = text[_TAG:].partition("*")
    if not re.fullmatch(_DI, di):
        faults.append(finding("ahm_di", _TAG, di))
    elements = [("MF", di), *_fields(rest, _TAG + len(di) + 1, faults)]
    values = dict(reversed(elements))
    made, until, best = (_day(values, tag, faults, today) for tag in ("MD", "ED", "BD"))
    lots = [tag for tag in _LOT_TAGS if tag in values]
    faults.extend(finding("ahm_lot_tag", None, tag) for tag in lots)
    if len(lots) > 1:
        faults.append(finding("ahm_field_repeated", None, " + ".join(lots)))
    return Udi(
        payload=payload,
        symbology=symbology,
        issuer=Issuer.AHM,
        form="tagged",
        di=di,
        lot=values[lots[0]] if lots else None,
        serial=values.get("SN"),
        manufactured=made,
        expires=until or best,
        elements=tuple(elements),
        findings=in_order(tuple(faults), made, until or best),
    )


def _fields(text: str, at: int, faults: list[Finding]) -> list[tuple[str, str]]:
    elements: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        tag, start = text[place : place + _TAG], place + _TAG
        stop = start + _FIXED[tag] if tag in _FIXED else text.find("*", start)
        stop = len(text) if stop < 0 or stop > len(text) else stop
        value = text[start:stop]
        fault = _fault(tag, value, elements)
        if fault:
            faults.append(finding(fault, at + place, tag + value))
        if tag not in _FIXED and tag not in _VARIABLE:
            return elements
        elements.append((tag, value))
        place = stop + 1 if text[stop : stop + 1] == "*" else stop
    return elements


def _fault(tag: str, value: str, elements: list[tuple[str, str]]) -> str | None:
    if any(tag == other for other, _ in elements):
        return "ahm_field_repeated"
    if tag in _FIXED:
        return None if is_digits(value) and len(value) == _FIXED[tag] else "ahm_field"
    return None if tag in _VARIABLE and re.fullmatch(_VALUE, value) else "ahm_field"


def _day(values: dict[str, str], tag: str, faults: list[Finding], today: date) -> date | None:
    text = values.get(tag, "")
    if not is_digits(text) or len(text) != _DATE_DIGITS:
        return None
    parsed = yymmdd(text, today)
    if parsed is None or not parsed[1]:
        faults.append(finding("date_impossible", None, tag + text))
        return None
    return parsed[0]
