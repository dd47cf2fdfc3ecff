"""One catalogue file, opened read-only: a base or an overlay."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog.claims import CONTESTED
from edge.catalog.packed import OWN, SHARED, rank_of, record_from
from edge.catalog.product import LotRange, Order
from edge.catalog.release import DeviceRecord
from edge.catalog.tree import SALE, Key
from edge.catalog.write import APPLICATION, FORMAT, CatalogueError
from hardware.host.sqlite import Database, open_immutable

_CACHE_KIB = 4_000
"""Holds the upper pages of the largest base: a look-up then reads three pages of the disk."""
_COLUMNS = ", ".join(f"p.{name}" for name in OWN) + ", " + ", ".join(f"s.{name}" for name in SHARED) + ", f.packaging"
_JOINED = "JOIN product p ON p.id = c.product JOIN shared s ON s.id = p.shared LEFT JOIN shape f ON f.id = p.shape"
_GTIN = f"SELECT c.level, c.contains, {_COLUMNS} FROM gtin c {_JOINED} WHERE c.di = ?"  # noqa: S608
_CLAIM = f"SELECT c.level, c.contains, {_COLUMNS} FROM claim c {_JOINED} WHERE c.di = ? ORDER BY c.place"  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM (SELECT id AS product FROM product) c {_JOINED} ORDER BY p.id"  # noqa: S608
_RECALL = 'SELECT "order", kind, di, lots, serials FROM recall WHERE di = ?'


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that claims a DI."""

    level: int
    contains: int
    row: tuple[Any, ...]
    """Columns of the product, of what it shares, and its packaging."""

    @property
    def sale(self) -> Key:
        """Sale unit of the record."""
        key: Key = self.row[OWN.index("sale")]
        return key

    @property
    def rank(self) -> int:
        """The newer of two records has the higher one."""
        return rank_of(self.row[OWN.index("version_date")], self.row[OWN.index("version")])

    def record(self) -> DeviceRecord:
        """The record itself."""
        return _record(self.row)


class Layer:
    """An opened file."""

    def __init__(self, db: Database, path: Path) -> None:
        """Read what the file says of itself; see `open`."""
        self._conn = db.conn
        self.path = path
        told = dict(self._conn.execute("SELECT name, value FROM meta"))
        self.kind: str = told["kind"]
        self.release = date.fromisoformat(told["release"])
        self.follows = None if told["follows"] is None else date.fromisoformat(told["follows"])
        self.records: int = told["records"]
        self.dis: int = told["dis"]
        self.problems: int = told["problems"]
        self.sources: list[list[Any]] = json.loads(told["sources"])
        self._has_recalls = bool(self._conn.execute("SELECT 1 FROM recall").fetchone())

    @classmethod
    def open(cls, path: Path) -> Layer:
        """Open a file; only its first pages are read.

        Raises:
            CatalogueError: it is no catalogue, or of another format.
        """
        told = f"{path}: expected a catalogue file of format {FORMAT}, made by udi-station catalog import"
        with ExitStack() as unless_good:
            try:
                db = open_immutable(path)
                unless_good.callback(db.conn.close)
                db.conn.execute(f"PRAGMA cache_size = {-_CACHE_KIB}")
                application = db.conn.execute("PRAGMA application_id").fetchone()[0]
                found = dict(db.conn.execute("SELECT name, value FROM meta WHERE name = 'format'")).get("format")
                if (application, found) != (APPLICATION, FORMAT):
                    raise CatalogueError(f"{told}; found format {found!r}")
                layer = cls(db, path)
            except (OSError, sqlite3.DatabaseError, KeyError, TypeError) as error:
                raise CatalogueError(f"{told}; found: {error}") from error
            unless_good.pop_all()
            return layer

    def hits(self, key: Key) -> list[Hit]:
        """Every record that claims a DI, the newest first."""
        if isinstance(key, str):
            return [Hit(level, contains, tuple(row)) for level, contains, *row in self._conn.execute(_CLAIM, (key,))]
        found = self._conn.execute(_GTIN, (key,)).fetchone()
        if found is None:
            return []
        first = Hit(found[0] & ~CONTESTED, found[1], found[2:])
        rest = self._conn.execute(_CLAIM, (key,)) if found[0] & CONTESTED else ()
        return [first, *(Hit(level, contains, tuple(row)) for level, contains, *row in rest)]

    def has_record(self, sale: Key) -> bool:
        """Whether this file has a record of this sale unit."""
        if isinstance(sale, int):
            found = self._conn.execute("SELECT level FROM gtin WHERE di = ?", (sale,)).fetchone()
            if found is None:
                return False
            if found[0] & ~CONTESTED == SALE:
                return True
            if not found[0] & CONTESTED:
                return False
        query = "SELECT 1 FROM claim WHERE di = ? AND level = ?"
        return self._conn.execute(query, (sale, SALE)).fetchone() is not None

    def all_records(self) -> Iterator[DeviceRecord]:
        """Every record, in order of arrival."""
        return (_record(row) for row in self._conn.execute(_ALL))

    def recalls(self) -> list[tuple[Any, ...]]:
        """The rows of the site's table of orders."""
        return self._conn.execute('SELECT "order", kind, di, lots, serials FROM recall ORDER BY rowid').fetchall()

    def orders(self, dis: Iterable[str]) -> list[Order]:
        """The orders of the site's table that name one of these DIs."""
        if not self._has_recalls:
            return []
        rows: list[Sequence[Any]] = []
        for di in sorted(dis):
            rows += self._conn.execute(_RECALL, (di,)).fetchall()
        return [_order(*row) for row in rows]

    def check(self) -> None:
        """Read the whole file.

        Raises:
            CatalogueError: it is damaged.
        """
        found = self._conn.execute("PRAGMA quick_check").fetchall()
        if found != [("ok",)]:
            raise CatalogueError(f"{self.path}: damaged: {found[0][0]}")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()


def _record(row: Sequence[Any]) -> DeviceRecord:
    own, shared = row[: len(OWN)], row[len(OWN) : -1]
    return record_from(own, shared, row[-1])


def _order(order: str, kind: Any, di: str, lots: str | None, serials: str | None) -> Order:
    return Order(order, kind, (di,), tuple(LotRange(lot, lot) for lot in _list(lots)), _list(serials))


def _list(value: str | None) -> tuple[str, ...]:
    return tuple(item.strip() for item in (value or "").split(";") if item.strip())
