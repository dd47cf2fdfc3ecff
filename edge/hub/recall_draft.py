"""What a person writes down of an order, from a file or from a command's options, as an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from edge import wire
from edge.catalog.orders import NAME, SiteOrder, di_key
from edge.catalog.product import LotRange, Order
from edge.udi.checks import has_mod10, is_digits
from hardware.host.toml import load, parse

_DATES = ("made_from", "made_to", "expires_from", "expires_to", "ends")


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _can_be_di(di: str) -> bool:
    """A number that is typed wrong would stop nothing, and nobody would notice."""
    key = di_key(di)
    return len(key) != GTIN or not is_digits(key) or has_mod10(key)


GTIN = 14
_DAY: Any = {"check": _is_day, "expected": 'a date such as "2026-01-31"'}
_DIS: Any = {
    "check": lambda dis: dis and all(map(_can_be_di, dis)),
    "expected": "at least one DI as the label has it; a GTIN with its right check digit",
}


@dataclass(frozen=True, slots=True)
class Written:
    """An order as it is written by hand; the names are those of the command's options."""

    order: str = field(
        metadata={"check": NAME.fullmatch, "expected": "1 to 64 letters, digits, dots, hyphens and underscores"}
    )
    authority: str = field(metadata={"check": bool, "expected": "whose order it is, and under which number"})
    di: tuple[str, ...] = field(metadata=_DIS)
    kind: Literal["recall", "stop_use", "hold"] = "recall"
    lots: tuple[str, ...] = ()
    """Single lots, and ranges with two dots."""
    serials: tuple[str, ...] = ()
    made_from: str | None = field(default=None, metadata=_DAY)
    made_to: str | None = field(default=None, metadata=_DAY)
    expires_from: str | None = field(default=None, metadata=_DAY)
    expires_to: str | None = field(default=None, metadata=_DAY)
    ends: str | None = field(default=None, metadata=_DAY)

    def said(self, now: datetime) -> SiteOrder:
        """As an order, before the store gives it a version."""
        days = {name: _day(getattr(self, name)) for name in _DATES}
        ends = days.pop("ends")
        order = Order(self.order, self.kind, self.di, tuple(map(_lots, self.lots)), self.serials, **days)
        return SiteOrder(order, 1, wire.iso(now), self.authority, ends)


def from_file(file: Path, now: datetime) -> SiteOrder:
    """Read a draft from TOML.

    Raises:
        ConfigError: with every problem found.
    """
    return load(file, Written).said(now)


def from_options(given: Mapping[str, Any], now: datetime) -> SiteOrder:
    """Read a draft from the options that were given.

    Raises:
        ConfigError: with every problem found.
    """
    names = {"ident": "order", "dis": "di"}
    data = {names.get(key, key): list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    return parse(data, Written).said(now)


def _lots(text: str) -> LotRange:
    first, dots, last = text.partition("..")
    return LotRange(first, last if dots else first)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
