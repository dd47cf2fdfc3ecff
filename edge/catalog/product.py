"""What the station knows about a product: the final answer type of a catalogue look-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from edge.udi.recover import PiFlags

_UNKNOWN = PiFlags()


class Level(StrEnum):
    """Which packaging level the scanned DI stands for."""

    USE_UNIT = "use_unit"
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
class Recall:
    """A recall or stop-use order that names this DI."""

    order: str
    """Number of the order."""
    kind: str
    """``recall``, ``stop_use`` or ``hold``."""
    lots: tuple[str, ...] = ()
    """Lots concerned; empty means all."""
    serials: tuple[str, ...] = ()
    """Serials concerned; empty means all of the lots."""

    def hits(self, lot: str | None, serial: str | None) -> bool:
        """Whether an item with this lot and serial is meant. What is unknown cannot be excluded."""
        lot_hit = not self.lots or lot is None or lot in self.lots
        serial_hit = not self.serials or serial is None or serial in self.serials
        return lot_hit and serial_hit


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
    storage: str | None = None
    nhsa_codes: tuple[str, ...] = ()
    """医保医用耗材编码."""
    withdrawn: date | None = None
    """退市日期."""
    version: str | None = None
    recalls: tuple[Recall, ...] = ()


_OUTWARDS = (Level.USE_UNIT, Level.SALE_UNIT, Level.INNER_PACK, Level.CASE)


def innermost_first(products: Sequence[Product]) -> tuple[str, ...] | None:
    """The DIs of one packaging tree from the innermost level outwards.

    Returns:
        None if they belong to different trees, or if two of them are of one level: then they are two packages.
    """
    depths = [(_OUTWARDS.index(product.level), product.contains) for product in products]
    if len({product.sale_unit for product in products}) != 1 or len(set(depths)) < len(depths):
        return None
    return tuple(product.di for _, product in sorted(zip(depths, products, strict=True), key=lambda each: each[0]))
