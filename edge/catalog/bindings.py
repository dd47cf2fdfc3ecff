"""What a house code stands for: the UDI bound to it, as a symbol on the package would say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from edge.udi.build import build
from edge.udi.checks import is_digits
from edge.udi.model import Issuer, Udi
from edge.udi.parse import parse

_GTIN = 14
_PARTS = ("di", "lot", "serial", "manufactured", "expires")
_LETTERS = {
    Issuer.GS1: {"manufactured": "11", "expires": "17", "lot": "10", "serial": "21"},
    Issuer.MA: {"manufactured": "M", "expires": "E", "lot": "L", "serial": "S"},
}


@dataclass(frozen=True, slots=True)
class HouseCode:
    """院内码 or 高值码: one code that a hospital prints for one package."""

    code: str
    di: str
    lot: str | None
    serial: str | None
    manufactured: date | None
    expires: date | None
    payload: bytes
    """What a symbol with the bound UDI holds."""
    symbology: str
    """Identifier of ISO/IEC 15424 for `payload`."""


def bind(code: str, row: Mapping[str, Any], today: date) -> HouseCode:
    """Bind a code to the UDI of a table's row: its ``udi``, or DI, lot, serial and dates.

    Raises:
        ValueError: that is no complete UDI, or the code could be taken for one; says what was expected.
    """
    own = parse(code, today=today)
    if isinstance(own, Udi) and own.valid:
        raise ValueError(f"a house code; {code!r} reads as a {own.issuer.value} UDI: bind what the house printed")
    payload, symbology = _as_read(row, today) if row["udi"] else _built(row, today)
    udi = parse(payload, symbology, today=today)
    if not isinstance(udi, Udi) or not udi.valid or udi.di is None:
        raise ValueError(f"a whole UDI: {', '.join(each.code for each in udi.findings) or 'there is no DI'}")
    if udi.lot is None and udi.serial is None:
        raise ValueError("a lot or a serial: without them any package of this DI would be meant")
    for name in _PARTS:
        said, given = _plain(getattr(udi, name)), row[name]
        if given is not None and said != given:
            raise ValueError(f"{name} {given!r} as in the UDI, which says {said!r}")
    return HouseCode(code, udi.di, udi.lot, udi.serial, udi.manufactured, udi.expires, payload, symbology)


def _plain(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _as_read(row: Mapping[str, Any], today: date) -> tuple[bytes, str]:
    """A UDI as it was copied into the table, built anew, so that it no longer depends on how it was copied.

    No table holds the separators of an element string: there lot and serial may have run together.
    """
    udi = parse(row["udi"], today=today)
    if not isinstance(udi, Udi) or not udi.valid:
        raise ValueError("a valid UDI in the column of UDIs")
    if udi.form == "element_string" and row["lot"] is None and row["serial"] is None:
        raise ValueError("the UDI with its brackets, (01)…(10)…, or lot and serial in columns of their own beside it")
    return build(udi)


def _built(row: Mapping[str, Any], today: date) -> tuple[bytes, str]:
    di = row["di"]
    if di is None:
        raise ValueError("a DI, or the whole UDI in a column of its own")
    primary = parse(f"(01){di}" if is_digits(di) and len(di) == _GTIN else di, today=today)
    letters = _LETTERS.get(primary.issuer) if isinstance(primary, Udi) and primary.issuer else None
    if not isinstance(primary, Udi) or letters is None or primary.di != di:
        raise ValueError("a GTIN or an MA code as the DI; for other agencies the whole UDI in a column of its own")
    added = [(letter, _field(name, row[name])) for name, letter in letters.items() if row[name] is not None]
    return build(replace(primary, elements=(*primary.elements, *added)))


def _field(name: str, value: str) -> str:
    """A date as six digits; other values as they are."""
    return f"{date.fromisoformat(value):%y%m%d}" if name in ("manufactured", "expires") else value


def as_symbol(udi: Udi, today: date) -> tuple[bytes, str] | None:
    """Payload and symbology of a symbol that says what `udi` says; None if no symbol could stand for this one package.

    It has to name a lot or a serial, and to be read again as the same.
    """
    if udi.trace_key is None:
        return None
    try:
        payload, symbology = build(udi)
    except ValueError:
        return None
    again = parse(payload, symbology, today=today)
    return (payload, symbology) if isinstance(again, Udi) and again.valid and again.trace_key == udi.trace_key else None
