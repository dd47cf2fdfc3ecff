"""From CSV tables to a catalogue file. Every bad row is named; nothing half-written takes a catalogue's place."""

from __future__ import annotations

import csv
import dataclasses
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from edge.catalog.product import Level, Pack, Storage
from edge.catalog.product_form import flag, product_rows, whole
from edge.catalog.release import DeviceRecord
from edge.catalog.write import RECALL_COLUMNS, About, CatalogueError, Made, Source, Writer
from edge.udi.recover import PiFlags

COLUMNS = (
    "di", "sale_unit", "level", "contains", "name", "model", "registrant", "catalogue_number", "device_class",
    "implant", "single_use", "pi_lot", "pi_serial", "pi_manufactured", "pi_expires", "certificate",
    "certificate_from", "certificate_to", "storage", "nhsa_codes", "withdrawn", "version",
)  # fmt: skip
RECALL_KINDS = ("recall", "stop_use", "hold")


def build(products: Path, out: Path, *, recalls: Path | None = None) -> int:
    """`make`, with the number of DIs for an answer."""
    return make(products, out, recalls=recalls).dis


def make(
    products: Path,
    out: Path,
    *,
    recalls: Path | None = None,
    release: date | None = None,
    mapping: Path | None = None,
) -> Made:
    """Make a catalogue file.

    Args:
        products: CSV in UTF-8 with the columns `COLUMNS`; those that are not needed may be empty or absent. One row
            for each DI; rows of one sale unit are one product, and what it is stands in the sale unit's own row. An
            XLSX, a table with Chinese headings, or any with a column map is read by `edge.catalog.product_form`.
        out: written aside and renamed, so that a running catalogue stays whole.
        recalls: CSV with `RECALL_COLUMNS`; lots and serials separated by semicolons.
        release: the day of the table; None: that of the file.
        mapping: the site's column map.

    Raises:
        CatalogueError: with every bad row.
        OSError, sqlite3.Error: a file cannot be read or written.
    """
    problems: list[str] = []
    plain = mapping is None and _is_plain(products)
    rows = list(_rows(products, COLUMNS, _PRODUCT, ("di", "name"), problems)) if plain else []
    rows += [] if plain else product_rows(products, mapping, problems)
    orders = list(_rows(recalls, RECALL_COLUMNS, _RECALL, RECALL_COLUMNS[:3], problems)) if recalls else []
    problems += _twice(rows)
    records = list(_records(rows, problems))
    if problems:
        raise CatalogueError("\n".join(problems))
    day = release or datetime.fromtimestamp(products.stat().st_mtime, UTC).date()
    sources = tuple(_source(file) for file in (products, recalls, mapping) if file is not None)
    with Writer(out, About("base", day, sources)) as writer:
        if products.name not in writer.parts:
            for record in records:
                writer.add(record)
            writer.recalls([tuple(row[name] for name in RECALL_COLUMNS) for row in orders])
            writer.end_part(products.name)
        return writer.finish()


def _is_plain(file: Path) -> bool:
    """Whether a table has the names of `COLUMNS` for headings: those of offices are Chinese."""
    if file.suffix.lower() != ".csv":
        return False
    with file.open("rb") as content:
        heading = content.readline().decode("utf-8-sig", "replace")
    return heading.isascii()


def _source(file: Path) -> Source:
    content = file.read_bytes()
    return Source(file.name, len(content), zlib.crc32(content))


def _records(rows: list[dict[str, Any]], problems: list[str]) -> Iterator[DeviceRecord]:
    """One record for the rows of each sale unit."""
    trees: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["di"] is not None:
            trees.setdefault(row["sale_unit"] or row["di"], []).append(row)
    for sale_unit, tree in trees.items():
        levels = Counter(row["level"] or "sale_unit" for row in tree if row["di"] != sale_unit)
        problems.extend(
            f"sale unit {sale_unit} has {levels[level]} more rows of level {level}, expected at most {most}"
            for level, most in (("use_unit", 1), ("body", 1), ("sale_unit", 0))
            if levels[level] > most
        )
        yield _record(sale_unit, tree)


def _record(sale_unit: str, tree: list[dict[str, Any]]) -> DeviceRecord:
    own = next((row for row in tree if row["di"] == sale_unit), tree[0])
    at = {row["level"]: row["di"] for row in tree if row["di"] != sale_unit}
    packs = (row for row in tree if row["level"] in ("inner_pack", "case"))
    return DeviceRecord(
        sale_unit=sale_unit,
        use_unit=at.get("use_unit"),
        body=at.get("body"),
        name=own["name"] or "",
        model=own["model"] or "",
        catalogue_number=own["catalogue_number"],
        device_class=own["device_class"],
        nhsa_codes=tuple(code.strip() for code in (own["nhsa_codes"] or "").split(";") if code.strip()),
        registrant=own["registrant"] or "",
        certificate=own["certificate"],
        single_use=own["single_use"],
        pi=PiFlags(*(own[f"pi_{field.name}"] for field in dataclasses.fields(PiFlags))),
        withdrawn=own["withdrawn"],
        version=own["version"],
        packs=tuple(Pack(row["di"], row["level"], row["contains"] or 1, sale_unit) for row in packs),
        storage=() if own["storage"] is None else (Storage(own["storage"]),),
        implant=bool(own["implant"]),
        certificate_from=own["certificate_from"],
        certificate_to=own["certificate_to"],
    )


def _rows(
    file: Path,
    columns: tuple[str, ...],
    readers: Mapping[str, Callable[[str], Any]],
    needed: tuple[str, ...],
    problems: list[str],
) -> Iterator[dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{file}: expected UTF-8: {error}") from error
    reader = csv.DictReader(text.splitlines())
    unknown = sorted(set(reader.fieldnames or ()) - set(columns))
    missing = sorted(set(needed) - set(reader.fieldnames or ()))
    if unknown or missing:
        raise CatalogueError(f"{file}: unknown columns {unknown}, missing columns {missing}; known: {list(columns)}")
    for row in reader:
        yield _row(f"{file}:{reader.line_num}", row, columns, readers, needed, problems)


def _row(
    where: str,
    row: Mapping[str, str | None],
    columns: tuple[str, ...],
    readers: Mapping[str, Callable[[str], Any]],
    needed: tuple[str, ...],
    problems: list[str],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in columns:
        text = (row.get(name) or "").strip()
        found[name] = None
        if not text:
            if name in needed:
                problems.append(f"{where}: {name} is empty, expected a value")
            continue
        try:
            found[name] = readers[name](text) if name in readers else text
        except ValueError as error:
            problems.append(f"{where}: {name} = {text!r}: expected {error}")
    return found


def _twice(rows: list[dict[str, Any]]) -> list[str]:
    counted = Counter(row["di"] for row in rows if row["di"] is not None)
    return [f"DI {di} stands in {count} rows, expected one" for di, count in counted.items() if count > 1]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date such as 2027-12-31") from None


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return text

    return read


_PRODUCT: Mapping[str, Callable[[str], Any]] = {
    "level": _one_of(*(level.value for level in Level)),
    "contains": whole,
    "device_class": lambda text: int(_one_of("1", "2", "3")(text)),
    **dict.fromkeys(("implant", "single_use", "pi_lot", "pi_serial", "pi_manufactured", "pi_expires"), flag),
    **dict.fromkeys(("certificate_from", "certificate_to", "withdrawn"), _day),
}
_RECALL: Mapping[str, Callable[[str], Any]] = {"kind": _one_of(*RECALL_KINDS)}
