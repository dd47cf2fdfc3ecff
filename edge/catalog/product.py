"""What the station knows about a product: the final answer type of a catalogue look-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from edge.udi.recover import PiFlags

_UNKNOWN = PiFlags()


class Level(StrEnum):
    """Which packaging level the scanned DI stands for."""

    USE_UNIT = "use_unit"
    BODY = "body"
    """Marked on the device itself (本体)."""
    SALE_UNIT = "sale_unit"
    INNER_PACK = "inner_pack"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Registration certificate or filing (注册证/备案)."""

    number: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class LotRange:
    """Lots from the first to the last, both included; a single lot is a range of one."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Order:
    """A recall, stop-use order or hold that names DIs (召回、暂停使用、待验)."""

    order: str
    """Number of the order."""
    kind: Literal["recall", "stop_use", "hold"]
    dis: tuple[str, ...]
    """DIs concerned: of a sale unit, a unit of use or a package; each means its whole packaging tree."""
    lots: tuple[LotRange, ...] = ()
    """Lots concerned; empty means all."""
    serials: tuple[str, ...] = ()
    """Serials concerned; empty means all of the lots."""
    made_from: date | None = None
    made_to: date | None = None
    """Production dates concerned, both included; None: no bound."""
    expires_from: date | None = None
    expires_to: date | None = None
    """Expiry dates concerned, both included; None: no bound."""

    def hits(
        self, *, lot: str | None, serial: str | None, manufactured: date | None = None, expires: date | None = None
    ) -> bool:
        """Whether an item of one of the DIs is meant. What is unknown cannot be excluded."""
        return (
            (not self.lots or lot is None or any(_within(lot, each) for each in self.lots))
            and (not self.serials or serial is None or serial in self.serials)
            and _between(manufactured, self.made_from, self.made_to)
            and _between(expires, self.expires_from, self.expires_to)
        )


def _within(lot: str, lots: LotRange) -> bool:
    """Compared as text of one length only: A9 is not between A10 and A20, and whoever wrote the order meant numbers."""
    if lot in (lots.first, lots.last):
        return True
    return len(lots.first) == len(lot) == len(lots.last) and lots.first <= lot <= lots.last


def _between(day: date | None, first: date | None, last: date | None) -> bool:
    return day is None or ((first is None or first <= day) and (last is None or day <= last))


@dataclass(frozen=True, slots=True)
class Pack:
    """One level of the packaging tree (包装): so many of the level below."""

    di: str
    level: str
    """The registrant's word for it, such as 箱."""
    contains: int
    """Pieces of `of` in one of these."""
    of: str
    """DI of the level below."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A condition of storage or transport."""

    condition: str
    """The registrant's words."""
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    """Such as ℃ or %RH."""


@dataclass(frozen=True, slots=True)
class NhsaCode:
    """医保医用耗材编码 of a product: C and 19 digits."""

    code: str
    source: Literal["udid", "table"]
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One product as found by any of its DIs."""

    di: str
    """The scanned DI."""
    sale_unit: str
    """DI of the smallest sale unit it belongs to."""
    level: Level
    contains: int
    """Sale units in one piece of this level; 1 for a sale unit or unit of use."""
    name: str
    model: str
    registrant: str
    catalogue_number: str | None = None
    device_class: int | None = None
    """1, 2 or 3 (一类、二类、三类)."""
    implant: bool = False
    single_use: bool | None = None
    pi: PiFlags = _UNKNOWN
    certificate: Certificate | None = None
    storage: tuple[Storage, ...] = ()
    nhsa: tuple[NhsaCode, ...] = ()
    """医保 codes: UDID's own (``ybbm``) and those of the site's table."""
    withdrawn: date | None = None
    """退市日期."""
    version: str | None = None
    category: str | None = None
    """分类编码, such as 13-07-01; its first two digits are the main class."""
    credit_code: str | None = None
    """统一社会信用代码 of the registrant."""
    sterile: bool | None = None
    packs: tuple[Pack, ...] = ()
    """Every level above the sale unit."""
    scopes: frozenset[str] = frozenset()
    """Scope lists that the product is in: ``batch-1``, ``batch-3``, or a site's own."""
    watched: str | None = None
    """The 集采 watch list that names it or its registrant."""
    item: str | None = None
    """The site's own item number."""


_OUTWARDS = (Level.BODY, Level.USE_UNIT, Level.SALE_UNIT, Level.INNER_PACK, Level.CASE)


def innermost_first(products: Sequence[Product]) -> tuple[str, ...] | None:
    """The DIs of one packaging tree from the innermost level outwards.

    Returns:
        None if they belong to different trees, or if two of them are of one level: then they are two packages.
    """
    depths = [(_OUTWARDS.index(product.level), product.contains) for product in products]
    if len({product.sale_unit for product in products}) != 1 or len(set(depths)) < len(depths):
        return None
    return tuple(product.di for _, product in sorted(zip(depths, products, strict=True), key=lambda each: each[0]))
