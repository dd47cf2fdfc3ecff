"""Looking a product up: one immutable SQLite file, opened read-only."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog.build import COLUMNS, CatalogueError
from edge.catalog.product import Certificate, Level, LotRange, NhsaCode, Order, Product, Storage
from edge.udi.recover import PiFlags
from hardware.host.sqlite import Database, open_immutable


class Catalog:
    """An opened catalogue file."""

    def __init__(self, db: Database, digest: str) -> None:
        """Use an opened file; see `open`."""
        self._conn = db.conn
        self.digest = digest
        """SHA-256 (hex) of the file: which knowledge a verdict was made with."""

    @classmethod
    def open(cls, path: Path) -> Catalog:
        """Open a catalogue.

        Raises:
            CatalogueError: there is no such file, or it is no catalogue.
        """
        try:
            catalog = cls(open_immutable(path), _digest(path))
            catalog.lookup("")
        except (OSError, sqlite3.DatabaseError) as error:
            raise CatalogueError(f"{path}: {error}; expected a file made by udi-station catalog import") from error
        return catalog

    @property
    def rows(self) -> int:
        """How many DIs it knows."""
        return int(self._conn.execute("SELECT count(*) FROM product").fetchone()[0])

    def lookup(self, di: str) -> Product | None:
        """The product of any of its DIs: unit of use, sale unit or package."""
        row = self._conn.execute("SELECT * FROM product WHERE di = ?", (di,)).fetchone()
        return None if row is None else self._product(dict(zip(COLUMNS, row, strict=True)))

    def products(self) -> Iterator[Product]:
        """Every product once, as its sale unit, in the order of the DIs; in bounded memory."""
        query = "SELECT * FROM product WHERE coalesce(sale_unit, di) = di ORDER BY di"
        for row in self._conn.execute(query):
            yield self._product(dict(zip(COLUMNS, row, strict=True)))

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def _product(self, row: dict[str, Any]) -> Product:
        sale_unit = row["sale_unit"] or row["di"]
        return Product(
            di=row["di"],
            sale_unit=sale_unit,
            level=Level(row["level"] or "sale_unit"),
            contains=row["contains"] or 1,
            name=row["name"],
            model=row["model"] or "",
            registrant=row["registrant"] or "",
            catalogue_number=row["catalogue_number"],
            device_class=row["device_class"],
            implant=bool(row["implant"]),
            single_use=_flag(row["single_use"]),
            pi=PiFlags(*(_flag(row[name]) for name in ("pi_lot", "pi_serial", "pi_manufactured", "pi_expires"))),
            certificate=_certificate(row),
            storage=() if row["storage"] is None else (Storage(row["storage"]),),
            nhsa=tuple(NhsaCode(code, "udid") for code in _list(row["nhsa_codes"])),
            withdrawn=_day(row["withdrawn"]),
            version=row["version"],
        )

    def orders(self, dis: Iterable[str]) -> tuple[Order, ...]:
        """The recalls and other orders that name one of these DIs, whether or not there is a product."""
        rows: list[Sequence[Any]] = []
        for di in sorted(dis):
            query = 'SELECT "order", kind, di, lots, serials FROM recall WHERE di = ?'
            rows += self._conn.execute(query, (di,)).fetchall()
        return tuple(
            Order(order, kind, (di,), tuple(LotRange(lot, lot) for lot in _list(lots)), _list(serials))
            for order, kind, di, lots, serials in rows
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _list(value: str | None) -> tuple[str, ...]:
    return tuple(item.strip() for item in (value or "").split(";") if item.strip())


def _certificate(row: dict[str, Any]) -> Certificate | None:
    if row["certificate"] is None:
        return None
    return Certificate(row["certificate"], _day(row["certificate_from"]), _day(row["certificate_to"]))
