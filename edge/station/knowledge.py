"""What the station knows: the catalogue and the rules, swapped whole between two scans."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date

from edge.catalog.product import Order, Product, innermost_first
from edge.catalog.site import SiteTables
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.rules.verdict import Circumstances, Declared, Now, Site
from edge.station.order_book import OrderIndex
from hardware.host.clock import TRUSTED

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the station knows about products and rules; swapped whole, between two scans."""

    catalog: Catalog | None
    site: Site
    tables: SiteTables | None = None
    site_orders: OrderIndex | None = None
    """Those that the hub sent; the index is of this catalogue."""
    tables_problem: str | None = None
    """Why the site's tables are not in use although they are configured."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is configured and cannot be used, in words for a technician."""
        found = [] if self.tables_problem is None else [f"tables: {self.tables_problem}"]
        if self.catalog is not None and self.catalog.release is None:
            found.append("catalogue: none that can be used; see the log at the start, or wait for the hub's")
        return tuple(found)

    def renewed(self) -> Knowledge:
        """What there is to know now: this, or with a catalogue that was swapped since; a bad one is only logged."""
        if self.catalog is None or not self.catalog.stale():
            return self
        try:
            catalog = self.catalog.refresh()
        except CatalogueError as error:
            log.error("catalogue=%s stays in service: %s", self.catalog.release, error)  # noqa: TRY400 - says all
            return self
        log.info("catalogue=%s digest=%s rows=%d", catalog.release, catalog.digest, catalog.rows)
        orders = None if self.site_orders is None else self.site_orders.with_lookup(catalog.lookup)
        return replace(self, catalog=catalog, site_orders=orders)

    def lookup(self, di: str | None, today: date | None = None) -> Product | None:
        """The product of a DI, if there is a catalogue and it has it, with what the site's tables say of it."""
        product = None if di is None or self.catalog is None else self.catalog.lookup(di)
        return product if product is None or self.tables is None else self.tables.enrich(product, today)

    def orders(self, di: str | None, product: Product | None, now: Now) -> tuple[Order, ...]:
        """The orders that name the DI or another one of its packaging tree, and hold now."""
        if di is None:
            return ()
        found = (
            () if self.catalog is None else self.catalog.orders({di} if product is None else {di, product.sale_unit})
        )
        if self.site_orders is None:
            return found
        return found + self.site_orders.orders(di, product, now.today if now.quality in TRUSTED else None)

    def circumstances(
        self, di: str | None, product: Product | None, now: Now, booked: Circumstances, declared: Declared | None = None
    ) -> Circumstances:
        """What the verdict on an item of this DI has to know beside the product; `booked` is what the desk knows.

        `declared` is what was said of an item that shows no UDI.
        """
        orders = self.orders(di, product, now)
        return replace(booked, orders=orders, catalogue_age_days=self.age_days(now.today), declared=declared)

    def expects_no_pi(self, di: str) -> bool:
        """The catalogue says that labels of this DI carry no production identifier."""
        product = self.lookup(di)
        return product is not None and product.pi.none_expected

    def age_days(self, today: date) -> int | None:
        """Days since the catalogue's release, if there is a catalogue."""
        return None if self.catalog is None else self.catalog.age_days(today)

    def packaging(self, dis: frozenset[str]) -> tuple[str, ...] | None:
        """These DIs from the innermost level outwards; None unless the catalogue knows them as one packaging tree."""
        products = [self.lookup(di) for di in sorted(dis)]
        known = [product for product in products if product is not None]
        return innermost_first(known) if len(known) == len(products) else None
