"""UDID against a 医保 table: what they say differently of one DI, but for what is certainly the same text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from edge.catalog.columns import PLAIN, ColumnMap, Problems, read
from edge.catalog.fold import fold
from edge.catalog.nhsa import LEAST, well_formed
from edge.catalog.product import Product
from edge.catalog.site_forms import NHSA
from edge.catalog.store import Catalog

What = Literal["row", "di_unknown", "name", "model", "certificate", "registrant", "code", "code_absent"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that differs."""

    what: What
    """``row``: the table's row cannot be read; ``code_absent``: UDID has no 医保 code for this DI, the table has."""
    di: str
    row: int | None
    """Row of the table, as a spreadsheet counts it."""
    table: str
    """What the 医保 table says."""
    udid: str
    """What UDID says."""


class _Row(NamedTuple):
    di: str
    number: int
    code: str
    name: str | None
    model: str | None
    spec: str | None
    certificate: str | None
    registrant: str | None


def compare(catalog: Catalog, table: Path, *, today: date, mapping: ColumnMap = PLAIN) -> Iterator[Mismatch]:
    """Every mismatch, by DI. Rows that are not in force today say nothing of today, and are left out.

    The table may be of any size: it is sorted on disk, and each DI is looked up once.

    Raises:
        CatalogueError: the table cannot be read at all.
    """
    problems = Problems()
    with closing(sqlite3.connect("")) as staged:
        staged.execute(f"CREATE TABLE row({', '.join(_Row._fields)})")
        marks = ", ".join("?" * len(_Row._fields))
        staged.executemany(f"INSERT INTO row VALUES ({marks})", _in_force(table, problems, today, mapping))  # noqa: S608
        yield from (Mismatch("row", "", None, text, "") for text in problems.texts)
        ordered = (_Row(*found) for found in staged.execute("SELECT * FROM row ORDER BY di, number"))
        for di, rows in groupby(ordered, key=lambda row: row.di):
            yield from _of_one_di(di, list(rows), catalog.lookup(di))


def _in_force(table: Path, problems: Problems, today: date, mapping: ColumnMap) -> Iterator[_Row]:
    day = today.isoformat()
    for row in read(table, NHSA, problems, mapping):
        values = row.values
        if (values["valid_from"] or "") <= day and (not values["valid_to"] or day <= values["valid_to"]):
            yield _Row(values["di"], row.number, *(values[name] for name in _Row._fields[2:]))


def _of_one_di(di: str, rows: Sequence[_Row], product: Product | None) -> Iterator[Mismatch]:
    if product is None:
        yield Mismatch("di_unknown", di, rows[0].number, rows[0].name or "", "")
        return
    told: set[tuple[str, str]] = set()
    for row in rows:
        for what, said, known in _texts(row, product):
            if said and (what, fold(said)) not in told:
                told.add((what, fold(said)))
                yield Mismatch(what, di, row.number, said, known)
    yield from _codes(di, rows, product)


def _texts(row: _Row, product: Product) -> Iterator[tuple[What, str, str]]:
    """What differs of the texts; what the table leaves empty it does not claim."""
    certificate = "" if product.certificate is None else product.certificate.number
    pairs: tuple[tuple[What, str | None, str], ...] = (
        ("name", row.name, product.name),
        ("certificate", row.certificate, certificate),
        ("registrant", row.registrant, product.registrant),
    )
    for what, said, known in pairs:
        if said is not None and fold(said) != fold(known):
            yield what, said, known
    model, spec = row.model or "", row.spec or ""
    if fold(product.model) not in (fold(model + spec), fold(spec + model)):
        yield "model", " ".join(filter(None, (model, spec))), product.model


def _codes(di: str, rows: Sequence[_Row], product: Product) -> Iterator[Mismatch]:
    """Codes of the table that UDID does not have, beside those of UDID that the table does not have."""
    table = list(dict.fromkeys(row.code for row in rows))
    given = [each.code for each in product.nhsa if each.source == "udid"]
    udid = [code.upper() for code in given if well_formed(code.upper())]
    more = [code for code in table if not any(_same(code, other) for other in udid)]
    less = [code for code in udid if not any(_same(code, other) for other in table)]
    if not udid:
        yield Mismatch("code_absent", di, rows[0].number, "; ".join(table), "; ".join(given))
    elif more or less:
        number = next((row.number for row in rows if row.code in more), rows[0].number)
        yield Mismatch("code", di, number, "; ".join(more), "; ".join(less))


def _same(one: str, other: str) -> bool:
    """A code with its serial number (流水号) and the same code without it."""
    short = LEAST in (len(one), len(other))
    return one == other or (short and one[:LEAST] == other[:LEAST])
