"""What a site knows beside the catalogue: item numbers, house codes, 医保 codes, scope and watch lists, certificates.

One immutable SQLite file, made by ``udi-station catalog tables build`` and opened read-only.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog.bindings import HouseCode
from edge.catalog.cells import category
from edge.catalog.fold import fold
from edge.catalog.orders import di_key
from edge.catalog.product import Certificate, NhsaCode, Product
from edge.catalog.write import CatalogueError
from hardware.host.sqlite import Database, open_immutable

SCHEMA = 1
"""The form of the file."""
TABLES = {
    "item": ("di", "item"),
    "house_code": ("code", "di", "lot", "serial", "manufactured", "expires", "payload", "symbology"),
    "nhsa": ("di", "code", "valid_from", "valid_to", "origin"),
    "scope": ("list", "category", "class", "title"),
    "scope_di": ("list", "di"),
    "watch": ("kind", "key", "list", "valid_from", "valid_to"),
    "certificate": ("number", "valid_from", "valid_to"),
}
"""Columns by table; each has the row of its source beside them."""


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One row of a scope list that goes by 分类编码."""

    list: str
    category: str
    """13-07-01, or its beginning."""
    device_class: int | None
    """None: every class."""
    title: str


class SiteTables:
    """An opened file of site tables; for one thread at a time."""

    def __init__(self, db: Database, digest: str) -> None:
        """Use an opened file; see `open`."""
        self._conn = db.conn
        self._filled = frozenset(name for name in TABLES if self._ask(f"SELECT 1 FROM {name} LIMIT 1"))  # noqa: S608
        self.digest = digest
        """SHA-256 (hex) of the file."""

    @classmethod
    def open(cls, path: Path) -> SiteTables:
        """Open site tables.

        Raises:
            CatalogueError: there is no such file, or it is no such tables.
        """
        try:
            tables = cls(open_immutable(path), _digest(path))
            found = tables._ask("SELECT schema FROM about")
        except (OSError, sqlite3.DatabaseError) as error:
            message = f"{path}: {error}; expected a file made by udi-station catalog tables build"
            raise CatalogueError(message) from error
        if found != [(SCHEMA,)]:
            raise CatalogueError(f"{path}: form {found}, expected {SCHEMA}: build it again with this version")
        return tables

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: int(self._ask(f"SELECT count(*) FROM {name}")[0][0]) for name in TABLES}  # noqa: S608 - our names

    def sources(self) -> list[tuple[str, str, str, str, int]]:
        """Kind, list, file name, SHA-256 and rows of every table this was made of."""
        return [
            (str(kind), str(name), str(file), str(sha256), int(rows))
            for kind, name, file, sha256, rows in self._ask("SELECT * FROM source ORDER BY rowid")
        ]

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def house_code(self, text: str) -> HouseCode | None:
        """The binding of a house code, exactly as it is read; None if nothing is bound to it."""
        found = self._find("house_code", "SELECT * FROM house_code WHERE code = ?", text)
        if not found:
            return None
        code, di, lot, serial, manufactured, expires, payload, symbology = found[0][:-2]
        return HouseCode(code, di, lot, serial, _day(manufactured), _day(expires), payload, symbology)

    def enrich(self, product: Product, today: date | None = None) -> Product:
        """A product with what the site says of it.

        Args:
            product: as the catalogue has it.
            today: which watch lists are in force; None: all that ever were.
        """
        dis = (product.di, product.sale_unit, *(pack.di for pack in product.packs))
        tree = tuple(dict.fromkeys(map(di_key, dis)))
        return replace(
            product,
            nhsa=(*product.nhsa, *self._nhsa(tree)),
            scopes=product.scopes | {row.list for row in self.scope_rows(product)} | self._scopes_by_di(tree),
            watched=self._watched(product, tree, today) or product.watched,
            item=self._item(product) or product.item,
            certificate=self._certificate(product.certificate),
        )

    def items(self) -> Iterator[tuple[str, str]]:
        """Every item number with one of its DIs, by item."""
        yield from self._conn.execute("SELECT item, di FROM item ORDER BY item, di")

    def scope_rows(self, product: Product | None = None) -> list[ScopeRow]:
        """The rows of scope lists that a product falls under; all of them without a product.

        A product whose class nobody knows falls under a row of any class.
        """
        query = "SELECT list, category, class, title FROM scope"
        if product is None:
            found = self._ask(f"{query} ORDER BY list, category, class")
        else:
            codes = _beginnings(product.category or "")
            where = f"WHERE category IN ({_marks(codes)}) ORDER BY list, category, class"
            found = self._find("scope", f"{query} {where}", *codes)
        rows = [ScopeRow(name, code, number or None, title or "") for name, code, number, title in found]
        known = None if product is None else product.device_class
        return [row for row in rows if None in (known, row.device_class) or row.device_class == known]

    def nhsa_rows(self) -> Iterator[tuple[str, NhsaCode]]:
        """Every DI with one of its 医保 codes, by DI."""
        for di, *rest in self._conn.execute("SELECT di, code, valid_from, valid_to FROM nhsa ORDER BY di, code"):
            yield di, _code(*rest)

    def about(self, code: str) -> dict[str, Any]:
        """Everything the file says of a house code or a DI, with the row of its source."""
        found: dict[str, Any] = {}
        bound = self.house_code(code)
        if bound is not None:
            found["bound to"] = bound
        for name, columns in TABLES.items():
            key = "di" if "di" in columns else "key" if "key" in columns else None
            if key is not None:
                rows = self._ask(f"SELECT * FROM {name} WHERE {key} = ?", code)  # noqa: S608 - our names
                found |= (
                    {name: [dict(zip((*columns, "file", "row"), row, strict=True)) for row in rows]} if rows else {}
                )
        return found

    def damage(self) -> str | None:
        """What SQLite finds broken in the file; None if it is whole."""
        try:
            (said,) = self._ask("PRAGMA quick_check(1)")[0]
        except sqlite3.DatabaseError as error:
            return str(error)
        return None if said == "ok" else str(said)

    def ended(self, today: date) -> list[str]:
        """Watch lists and certificates whose last day has passed."""
        day = today.isoformat()
        lists = self._ask(
            "SELECT list, max(valid_to) FROM watch GROUP BY list HAVING min(valid_to) > '' AND max(valid_to) < ?", day
        )
        papers = self._ask("SELECT number, valid_to FROM certificate WHERE valid_to > '' AND valid_to < ?", day)
        return [f"watch list {name} ended on {last}" for name, last in lists] + [
            f"certificate {number} ended on {last}" for number, last in papers
        ]

    def _item(self, product: Product) -> str | None:
        dis = (di_key(product.di), di_key(product.sale_unit))
        found = self._find("item", "SELECT di, item FROM item WHERE di IN (?, ?)", *dis)
        items = dict(found)
        return items.get(dis[0]) or items.get(dis[1])

    def _nhsa(self, dis: Sequence[str]) -> tuple[NhsaCode, ...]:
        query = f"SELECT code, valid_from, valid_to FROM nhsa WHERE di IN ({_marks(dis)}) ORDER BY code, valid_from"  # noqa: S608
        return tuple(dict.fromkeys(_code(*row) for row in self._find("nhsa", query, *dis)))

    def _scopes_by_di(self, dis: Sequence[str]) -> set[str]:
        query = f"SELECT list FROM scope_di WHERE di IN ({_marks(dis)})"  # noqa: S608 - only question marks
        return {row[0] for row in self._find("scope_di", query, *dis)}

    def _watched(self, product: Product, dis: Sequence[str], today: date | None) -> str | None:
        keys = dict.fromkeys(dis, "di") | {fold(product.registrant): "registrant"}
        if product.credit_code:
            keys[product.credit_code] = "credit_code"
        query = f"SELECT kind, key, list, valid_from, valid_to FROM watch WHERE key IN ({_marks(keys)})"  # noqa: S608
        day = "" if today is None else today.isoformat()
        lists = {
            name
            for kind, key, name, first, last in self._find("watch", query, *keys)
            if keys[key] == kind and (not day or (first <= day and (not last or day <= last)))
        }
        return "、".join(sorted(lists)) or None

    def _certificate(self, known: Certificate | None) -> Certificate | None:
        if known is None:
            return None
        found = self._find(
            "certificate", "SELECT valid_from, valid_to FROM certificate WHERE number = ?", fold(known.number)
        )
        if not found:
            return known
        first, last = found[0]
        return Certificate(known.number, _day(first) or known.valid_from, _day(last) or known.valid_to)

    def _ask(self, query: str, *values: str) -> list[Any]:
        return self._conn.execute(query, values).fetchall()

    def _find(self, table: str, query: str, *values: str) -> list[Any]:
        """Rows of a table; one that is empty costs nothing."""
        return self._ask(query, *values) if table in self._filled else []


def _beginnings(text: str) -> tuple[str, ...]:
    """13-07-01, 13-07 and 13; nothing of what is no such code, as those of the old catalogue."""
    try:
        parts = category(text).split("-")
    except ValueError:
        return ()
    return tuple("-".join(parts[:count]) for count in range(len(parts), 0, -1))


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _code(code: str, first: str, last: str) -> NhsaCode:
    return NhsaCode(code, "table", _day(first), _day(last))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
