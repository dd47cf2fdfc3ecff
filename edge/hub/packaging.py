"""Which DIs mean the same goods: those of one packaging tree, as far as a catalogue is at hand."""

from __future__ import annotations

from collections.abc import Callable

from edge.catalog.orders import di_key
from edge.catalog.product import Product

Lookup = Callable[[str], Product | None]


def no_catalogue(_di: str) -> Product | None:
    """Without a catalogue each DI stands for itself."""
    return None


def tree_of(di: str, lookup: Lookup) -> str:
    """What the packaging tree of a DI is called: the DI of its sale unit, a GTIN with 14 digits."""
    product = lookup(di)
    return di_key(di if product is None else product.sale_unit)
