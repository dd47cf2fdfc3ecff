"""How complete the two-code map (两码映射) is: by class, registrant, row of a scope list, 集采 enterprise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from edge.catalog.nhsa import State, nhsa_state
from edge.catalog.product import Product
from edge.catalog.site import ScopeRow, SiteTables

By = Literal["class", "registrant", "catalogue-row", "watch"]
CLASSES = {1: "I", 2: "II", 3: "III"}
NOT_KNOWN = "?"


@dataclass(frozen=True, slots=True)
class Completeness:
    """One group of products, each counted once, as its sale unit."""

    group: str
    products: int
    mapped: int
    ambiguous: int
    expired: int
    missing: int
    percent: float
    """Mapped of all, rounded down to a tenth: 100.0 only if none is left; of no products 0."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A product without exactly one 医保 code in force."""

    di: str
    state: State
    name: str
    model: str
    registrant: str
    codes: tuple[str, ...]


def completeness(products: Iterable[Product], tables: SiteTables, by: By, today: date) -> list[Completeness]:
    """Count all products, the least complete group first; of those equally complete the largest.

    Every row of a scope list is a group of ``catalogue-row``, with or without products; ``watch`` has the registrants
    that a 集采 list in force names, or a product of theirs.
    """
    groups_of = _GROUPS[by]
    counts: dict[str, Counter[State]] = defaultdict(Counter)
    if by == "catalogue-row":
        counts |= {_row_name(row): Counter() for row in tables.scope_rows()}
    for product in products:
        known = tables.enrich(product, today)
        for group in groups_of(known, tables):
            counts[group][nhsa_state(known.nhsa, today)] += 1
    found = [_completeness(group, states) for group, states in counts.items()]
    return sorted(found, key=lambda each: (each.percent, -each.products, each.group))


def unmapped(products: Iterable[Product], tables: SiteTables, today: date) -> Iterator[Unmapped]:
    """Every product that has no code, several, or only codes that have ended."""
    for product in products:
        known = tables.enrich(product, today)
        state = nhsa_state(known.nhsa, today)
        if state != "mapped":
            codes = tuple(dict.fromkeys(each.code for each in known.nhsa))
            yield Unmapped(product.di, state, product.name, product.model, product.registrant, codes)


def _completeness(group: str, states: Counter[State]) -> Completeness:
    total = states.total()
    percent = states["mapped"] * 1000 // total / 10 if total else 0.0
    return Completeness(
        group, total, states["mapped"], states["ambiguous"], states["expired"], states["missing"], percent
    )


def _row_name(row: ScopeRow) -> str:
    device_class = "" if row.device_class is None else f" {CLASSES[row.device_class]}"
    return f"{row.list} {row.category}{device_class} {row.title}".rstrip()


def _by_class(product: Product, _tables: SiteTables) -> Iterable[str]:
    return (CLASSES.get(product.device_class or 0, NOT_KNOWN),)


def _by_registrant(product: Product, _tables: SiteTables) -> Iterable[str]:
    return (product.registrant or NOT_KNOWN,)


def _by_row(product: Product, tables: SiteTables) -> Iterable[str]:
    return (_row_name(row) for row in tables.scope_rows(product))


def _by_watch(product: Product, _tables: SiteTables) -> Iterable[str]:
    return () if product.watched is None else (f"{product.watched} {product.registrant or NOT_KNOWN}",)


_GROUPS: Mapping[By, Callable[[Product, SiteTables], Iterable[str]]] = {
    "class": _by_class,
    "registrant": _by_registrant,
    "catalogue-row": _by_row,
    "watch": _by_watch,
}
