"""From CSV tables to an immutable catalogue file. Every bad row is named; nothing half-written is ever left."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog.product import Level
from hardware.host.files import sync_folder

COLUMNS = (
    "di", "sale_unit", "level", "contains", "name", "model", "registrant", "catalogue_number", "device_class",
    "implant", "single_use", "pi_lot", "pi_serial", "pi_manufactured", "pi_expires", "certificate",
    "certificate_from", "certificate_to", "storage", "nhsa_codes", "withdrawn", "version",
)  # fmt: skip
RECALL_COLUMNS = ("order", "kind", "di", "lots", "serials")
RECALL_KINDS = ("recall", "stop_use", "hold")
_SCHEMA = f"""
CREATE TABLE product({", ".join(f'"{name}"' for name in COLUMNS)}, PRIMARY KEY(di)) WITHOUT ROWID;
CREATE TABLE recall("order", kind, di, lots, serials);
CREATE INDEX recall_di ON recall(di);
"""


class CatalogueError(ValueError):
    """Tables that cannot become a catalogue; the text names each row, column, value and what was expected."""


def build(products: Path, out: Path, *, recalls: Path | None = None) -> int:
    """Make a catalogue file.

    Args:
        products: CSV in UTF-8 with the columns `COLUMNS`; those that are not needed may be empty or absent.
        out: written aside and renamed, so that a running catalogue stays whole.
        recalls: CSV with `RECALL_COLUMNS`; lots and serials separated by semicolons.

    Returns:
        The number of products.

    Raises:
        CatalogueError: with every bad row.
        OSError: a file cannot be read or written.
    """
    problems: list[str] = []
    rows = list(_rows(products, COLUMNS, _PRODUCT, ("di", "name"), problems))
    orders = list(_rows(recalls, RECALL_COLUMNS, _RECALL, RECALL_COLUMNS[:3], problems)) if recalls else []
    problems += _twice(rows)
    if problems:
        raise CatalogueError("\n".join(problems))
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    _write(part, rows, orders)
    part.rename(out)
    sync_folder(out.parent)
    return len(rows)


def _write(part: Path, rows: list[dict[str, Any]], orders: list[dict[str, Any]]) -> None:
    conn = sqlite3.connect(part)
    try:
        conn.executescript(_SCHEMA)
        conn.executemany(f"INSERT INTO product VALUES ({', '.join('?' * len(COLUMNS))})", _tuples(rows, COLUMNS))  # noqa: S608
        conn.executemany("INSERT INTO recall VALUES (?, ?, ?, ?, ?)", _tuples(orders, RECALL_COLUMNS))
        conn.commit()
    finally:
        conn.close()


def _tuples(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in rows]


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


def _flag(text: str) -> int:
    if text.lower() in ("是", "yes", "true", "1"):
        return 1
    if text.lower() in ("否", "no", "false", "0"):
        return 0
    raise ValueError("是 or 否, yes or no")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("a date such as 2027-12-31") from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("a whole number above 0")
    return int(text)


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return text

    return read


_PRODUCT: Mapping[str, Callable[[str], Any]] = {
    "level": _one_of(*(level.value for level in Level)),
    "contains": _whole,
    "device_class": lambda text: int(_one_of("1", "2", "3")(text)),
    **dict.fromkeys(("implant", "single_use", "pi_lot", "pi_serial", "pi_manufactured", "pi_expires"), _flag),
    **dict.fromkeys(("certificate_from", "certificate_to", "withdrawn"), _day),
}
_RECALL: Mapping[str, Callable[[str], Any]] = {"kind": _one_of(*RECALL_KINDS)}
