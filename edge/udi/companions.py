"""Codes on a package that are no UDI, and what they are."""

from __future__ import annotations

import re
from dataclasses import replace

from edge.udi.checks import has_mod10
from edge.udi.content import restricted
from edge.udi.findings import finding
from edge.udi.model import Issuer, Kind, NotUdi, Udi

_NHSA = r"C[0-9]{19}(?:[0-9]{7})?"
_DRUG = r"8[1-9][0-9]{18}"
_KEYS = (
    ("00", Kind.SSCC),
    ("02", Kind.SSCC),
    ("37", Kind.SSCC),
    ("8017", Kind.STAFF),
    ("8018", Kind.PATIENT),
    ("8003", Kind.ASSET),
    ("8004", Kind.ASSET),
    ("253", Kind.DOCUMENT),
    ("255", Kind.DOCUMENT),
    ("400", Kind.DOCUMENT),
    ("401", Kind.DOCUMENT),
    ("402", Kind.DOCUMENT),
    *((str(code), Kind.LOCATION) for code in (414, 410, 411, 412, 413, 415, 416, 417)),
)
"""What an element string without a device identifier is, by its first key in this order."""
_COMPANY_OWN = frozenset(str(code) for code in range(90, 100))
_SHORT = "0" * 6
"""What stands before a GTIN-8 that is written with 14 digits."""


def recognise(payload: bytes, symbology: str | None, text: str) -> NotUdi | None:
    """A code that its form alone gives away: 医保 code (20 or 27 characters), drug trace code (20 digits)."""
    if re.fullmatch(_NHSA, text):
        return NotUdi(payload, symbology, Kind.NHSA, text)
    if re.fullmatch(_DRUG, text):
        return NotUdi(payload, symbology, Kind.DRUG, text)
    return None


def of_element_string(udi: Udi) -> Udi | NotUdi:
    """An element string whose key is no product: a shipping unit, a person, a place, a company's own number."""
    if udi.di is not None:
        return udi
    values = dict(reversed(udi.elements))
    for code, kind in _KEYS:
        if code in values:
            value = values.get("00") if kind is Kind.SSCC else values[code]
            return _not_udi(udi, kind, value)
    if values and _COMPANY_OWN.issuperset(values):
        return _not_udi(udi, Kind.HOUSE, udi.elements[0][1])
    return udi


def of_gtin(udi: Udi) -> Udi | NotUdi:
    """A bare GTIN of 14 digits: a device identifier, unless its prefix says that it is a number of the house."""
    gtin = udi.di or ""
    if gtin and has_mod10(gtin) and restricted(gtin):
        return _not_udi(udi, Kind.HOUSE, gtin[-8:] if gtin.startswith(_SHORT) else gtin.removeprefix("0"))
    return replace(udi, findings=(*udi.findings, finding("gtin_only")))


def _not_udi(udi: Udi, kind: Kind, value: str | None) -> NotUdi:
    return NotUdi(udi.payload, udi.symbology, kind, value, udi.findings, Issuer.GS1, udi.form, udi.elements)
