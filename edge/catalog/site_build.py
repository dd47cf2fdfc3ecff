"""From a site's tables to one immutable file. Every bad or contradictory row is named; nothing half-written is left."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog import site_forms
from edge.catalog.bindings import bind
from edge.catalog.columns import PLAIN, ColumnMap, Form, Problems, Row, read
from edge.catalog.fold import fold
from edge.catalog.nhsa import well_formed
from edge.catalog.site import SCHEMA, TABLES
from edge.catalog.write import CatalogueError
from hardware.host.files import sync_folder

EXPECTED = {"batch-1": 69, "batch-3": 103}
"""Rows that the orders themselves speak of."""
_KEYS = {
    "item": ("di",),
    "house_code": ("code",),
    "nhsa": ("di", "code", "valid_from"),
    "scope": ("category", "list", "class"),
    "scope_di": ("di", "list"),
    "watch": ("key", "kind", "list"),
    "certificate": ("number",),
}
_SCHEMA = "CREATE TABLE about(schema INTEGER); CREATE TABLE source(kind, name, file, sha256, rows);" + "".join(
    f"CREATE TABLE {name}({', '.join(columns)}, source, row, PRIMARY KEY({', '.join(_KEYS[name])})) WITHOUT ROWID;"
    for name, columns in TABLES.items()
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The tables of a site; each may be absent."""

    items: Path | None = None
    house_codes: Path | None = None
    nhsa: Path | None = None
    watch: Path | None = None
    certificates: Path | None = None
    scopes: Mapping[str, Path] = field(default_factory=dict)
    """Scope lists by name: ``batch-1``, ``batch-3``, or a site's own."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was made."""

    rows: dict[str, int]
    """Rows by table."""
    warnings: tuple[str, ...]
    """What works and should be looked at, a line each."""


def build_site(out: Path, sources: Sources, *, today: date, mapping: ColumnMap = PLAIN) -> Built:
    """Make a file of site tables.

    Args:
        out: written aside and renamed, so that a running station keeps what it has.
        sources: the tables.
        today: for the century of two-digit years in the UDIs that house codes are bound to.
        mapping: the site's own headings.

    Raises:
        CatalogueError: with every bad row, and both rows of every contradiction.
        OSError: `out` cannot be written.
    """
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    try:
        built = _fill(part, sources, today, mapping)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(out)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(out.parent)
    return built


def _fill(part: Path, sources: Sources, today: date, mapping: ColumnMap) -> Built:
    problems = Problems()
    conn = sqlite3.connect(part, isolation_level=None)
    try:
        conn.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCHEMA} BEGIN;")
        conn.execute("INSERT INTO about VALUES (?)", (SCHEMA,))
        for job in _jobs(sources, today, problems):
            _take(conn, job, problems, mapping)
        _doubled_serials(conn, problems)
        problems.raise_if_any()
        conn.execute("COMMIT")
        rows = {name: int(conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in TABLES}  # noqa: S608
    except sqlite3.Error as error:
        raise CatalogueError(f"{part}: {error}; is the disk full?") from error
    finally:
        conn.close()
    return Built({name: count for name, count in rows.items() if count}, tuple(problems.warnings))


@dataclass(frozen=True, slots=True)
class _Job:
    """One source and how its rows become rows of the file."""

    file: Path
    form: Form
    rows: Callable[[Row], Iterator[tuple[str, Sequence[Any]]]]
    name: str = ""


def _jobs(sources: Sources, today: date, problems: Problems) -> Iterator[_Job]:
    plain: tuple[tuple[Path | None, Form, Callable[[Row], Iterator[tuple[str, Sequence[Any]]]]], ...] = (
        (sources.items, site_forms.ITEMS, _item),
        (sources.house_codes, site_forms.HOUSE_CODES, lambda row: _house_code(row, today)),
        (sources.nhsa, site_forms.NHSA, lambda row: _nhsa(row, problems)),
        (sources.watch, site_forms.WATCH, _watch),
        (sources.certificates, site_forms.CERTIFICATES, _certificate),
    )
    for file, form, rows in plain:
        if file is not None:
            yield _Job(file, form, rows)
    for name, file in sources.scopes.items():
        yield _Job(file, site_forms.SCOPE, lambda row, name=name: _scope(row, name), name)  # type: ignore[misc]


def _take(conn: sqlite3.Connection, job: _Job, problems: Problems, mapping: ColumnMap) -> None:
    """All rows of one source; what is wrong with them goes to `problems`."""
    number = int(conn.execute("SELECT count(*) FROM source").fetchone()[0])
    count = 0
    try:
        with job.file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for row in read(job.file, job.form, problems, mapping):
            count += 1
            try:
                for table, values in job.rows(row):
                    _put(conn, table, values, number, row, problems)
            except ValueError as error:
                problems.add(f"{row.where}: expected {error}")
    except CatalogueError as error:
        problems.add(str(error))
    except OSError as error:
        problems.add(f"{job.file}: {error.strerror}; expected a readable table")
    else:
        conn.execute(
            "INSERT INTO source VALUES (?, ?, ?, ?, ?)", (job.form.name, job.name, job.file.name, digest, count)
        )
        if EXPECTED.get(job.name, count) != count:
            expected = EXPECTED[job.name]
            problems.warn(f"{job.file}: CATALOG_COUNT_MISMATCH {job.name}: expected {expected}, found {count}")


def _put(
    conn: sqlite3.Connection, table: str, values: Sequence[Any], source: int, row: Row, problems: Problems
) -> None:
    marks = ", ".join("?" * (len(values) + 2))
    try:
        conn.execute(f"INSERT INTO {table} VALUES ({marks})", (*values, source, row.number))  # noqa: S608 - our names
    except sqlite3.IntegrityError:
        _twice(conn, table, values, row, problems)


def _twice(conn: sqlite3.Connection, table: str, values: Sequence[Any], row: Row, problems: Problems) -> None:
    named = dict(zip(TABLES[table], values, strict=True))
    where = " AND ".join(f"{key} = ?" for key in _KEYS[table])
    keys = tuple(named[key] for key in _KEYS[table])
    former = conn.execute(f"SELECT * FROM {table} WHERE {where}", keys).fetchone()  # noqa: S608 - our names
    what = f"{table} {' '.join(str(key) for key in keys if key)}"
    if table != "house_code" and tuple(former[:-2]) == tuple(values):
        problems.warn(f"{row.where}: {what} stands in row {former[-1]} too, word for word")
        return
    differ = [
        f"{name} {mine!r} / {theirs!r}"
        for (name, mine), theirs in zip(named.items(), former, strict=False)
        if mine != theirs and name not in ("payload", "symbology")
    ]
    problems.add(
        f"{row.where}: {what} stands in row {former[-1]} too, with {', '.join(differ) or 'the same'}; expected one row"
    )


def _item(row: Row) -> Iterator[tuple[str, Sequence[Any]]]:
    yield "item", (row.values["di"], row.values["item"])


def _house_code(row: Row, today: date) -> Iterator[tuple[str, Sequence[Any]]]:
    bound = bind(row.values["code"], row.values, today)
    days = (None if each is None else each.isoformat() for each in (bound.manufactured, bound.expires))
    yield "house_code", (bound.code, bound.di, bound.lot, bound.serial, *days, bound.payload, bound.symbology)


def _nhsa(row: Row, problems: Problems) -> Iterator[tuple[str, Sequence[Any]]]:
    values = row.values
    if not well_formed(values["code"]):
        problems.warn(f"{row.where}: code = {values['code']!r}: C and 19 digits (or 26) is the usual form")
    yield "nhsa", (values["di"], values["code"], *_validity(values), values["source"])


def _scope(row: Row, name: str) -> Iterator[tuple[str, Sequence[Any]]]:
    values = row.values
    if values["di"] is not None:
        yield "scope_di", (name, values["di"])
        return
    parts = [values[part] for part in ("main", "first", "second")]
    given = [part for part in parts if part is not None]
    category = values["category"] or "-".join(given)
    if not category or parts[: len(given)] != given:
        raise ValueError("分类目录编号, 一级序号 and 二级序号, or a 分类编码, or a DI")
    for number in values["classes"] or (0,):
        yield "scope", (name, category, number, values["title"])


def _watch(row: Row) -> Iterator[tuple[str, Sequence[Any]]]:
    values = row.values
    keys = [("di", values["di"])] if values["di"] else []
    if not keys:
        keys = [("credit_code", values["credit_code"]), ("registrant", fold(values["registrant"] or ""))]
    keys = [(kind, key) for kind, key in keys if key]
    if not keys:
        raise ValueError("a DI, a registrant or a 统一社会信用代码")
    for kind, key in keys:
        yield "watch", (kind, key, values["list"], *_validity(values))


def _certificate(row: Row) -> Iterator[tuple[str, Sequence[Any]]]:
    yield "certificate", (fold(row.values["number"]), *_validity(row.values))


def _validity(values: Mapping[str, Any]) -> tuple[str, str]:
    """First and last day; empty for no bound, so that they can be part of a key."""
    first, last = values["valid_from"] or "", values["valid_to"] or ""
    if first and last and last < first:
        raise ValueError(f"the last day {last} not before the first {first}")
    return first, last


def _doubled_serials(conn: sqlite3.Connection, problems: Problems) -> None:
    query = (
        "SELECT di, serial, group_concat(code, ', ') FROM house_code WHERE serial IS NOT NULL "
        "GROUP BY di, serial HAVING count(*) > 1"
    )
    for di, serial, codes in conn.execute(query):
        problems.warn(f"house codes {codes} are all bound to serial {serial} of DI {di}")
