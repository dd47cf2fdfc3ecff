"""Tables of rows as documents. Every fault is named by file, row, column, value and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from edge.catalog.columns import PLAIN, ColumnMap, Problems, Row, read
from edge.document_notices import Notice
from edge.documents import Document, DocumentError, DocumentKind, Line, encode
from edge.hub.documents.form import LINES
from edge.sign import Signature

Items = Callable[[str], Sequence[str]]
"""The DIs that a site's tables give for an item code."""
_OF_DOCUMENT = ("kind", "counterparty", "owner", "until")
_ROOM = Signature("n" * 100, "s" * 88)


def no_items(_item: str) -> Sequence[str]:
    """A hub without the site's tables."""
    return ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a site's tables are read."""

    mapping: ColumnMap = PLAIN
    kind: DocumentKind | None = None
    """What a document is whose rows do not say it."""
    items: Items = no_items


def read_documents(path: Path, how: Reading) -> list[Document]:
    """Every document of a table, each as its first version, in the order of their first rows.

    Raises:
        CatalogueError: the file cannot be used; the text names everything that is wrong, a line each.
    """
    problems = Problems()
    rows: dict[str, list[Row]] = {}
    for row in read(path, LINES, problems, how.mapping):
        rows.setdefault(row.values["document"], []).append(row)
    found = [_document(ident, each, how, problems) for ident, each in rows.items()]
    if not rows and not problems.texts:
        problems.add(f"{path}: no row below the heading; expected at least one")
    problems.raise_if_any()
    return [each for each in found if each is not None]


def _document(ident: str, rows: Sequence[Row], how: Reading, problems: Problems) -> Document | None:
    shared = {name: _one(ident, name, rows, problems) for name in _OF_DOCUMENT}
    kind = shared["kind"] or how.kind
    if kind is None:
        problems.add(
            f"{rows[0].where}: kind = '': expected 单据类型 in document {ident}, or --kind for all of the file"
        )
        return None
    numbered = _by_line(ident, rows, problems)
    nameless = kind is DocumentKind.KIT
    lines = [_line(ident, number, each, how.items, problems, nameless=nameless) for number, each in numbered.items()]
    if any(line is None for line in lines):
        return None
    until = shared["until"]
    expires = None if until is None else date.fromisoformat(until)
    good = tuple(line for line in lines if line is not None)
    said = Document(ident, kind, shared["counterparty"], shared["owner"], good, expires=expires)
    try:
        Notice(said, encode(said), _ROOM).encode()
    except DocumentError as error:
        problems.add(f"{rows[0].where}: document {ident}: {error}")
        return None
    return said


def _by_line(ident: str, rows: Sequence[Row], problems: Problems) -> Mapping[int, list[Row]]:
    """The rows of each line; where no row has a number, each row is a line."""
    if all(row.values["line"] is None for row in rows):
        return {number: [row] for number, row in enumerate(rows, 1)}
    found: dict[int, list[Row]] = {}
    for row in rows:
        number = row.values["line"]
        if number is None:
            problems.add(f"{row.where}: line = '': expected a number, as in other rows of document {ident}")
        else:
            found.setdefault(number, []).append(row)
    return found


def _line(
    ident: str, number: int, rows: Sequence[Row], items: Items, problems: Problems, *, nameless: bool
) -> Line | None:
    """One line; pieces may be `nameless`: a loaner kit's screws have no DI, and no item code of the site's either."""
    values = {
        name: _one(f"{ident} line {number}", name, rows, problems)
        for name in ("name", "di", "item", "lot", "sscc", "box", "in_scope", "made", "storage")
    }
    di, item, made = values["di"], values["item"], values["made"]
    if di is None:
        dis = () if item is None else items(item)
        values["item"] = item = item or (values["name"] if nameless else None)
        if not dis and not (nameless and item):
            problems.add(f"{rows[0].where}: {_no_product(item)}")
            return None
        values["di"] = dis[0] if len(dis) == 1 else None  # of several the package at hand says which
    quantity = _quantity(rows, problems)
    if quantity is None:
        return None
    serials = tuple(row.values["serial"] for row in rows if row.values["serial"] is not None)
    name = values.pop("name") or item or di
    made_on = None if made is None else date.fromisoformat(made)
    return Line(number, name, quantity, serials=serials, **{**values, "made": made_on})


def _no_product(item: str | None) -> str:
    if item is None:
        return "di = '': expected a DI, or an item code that the site's tables map to one"
    return (
        f"item = {item!r}: expected an item code that the site's tables map to a DI (udi-station catalog tables "
        "build --items), or the DI in this row"
    )


def _quantity(rows: Sequence[Row], problems: Problems) -> int | None:
    """Of a line: its row says it. With a row for each serial these say 1 each, or all of them the whole."""
    quantities = [row.values["quantity"] for row in rows]
    serials = [row.values["serial"] for row in rows]
    if len(rows) == 1 and (serials[0] is None or quantities[0] == 1):
        return int(quantities[0])
    if None in serials:
        row = next(row for row in rows if row.values["serial"] is None)
        problems.add(f"{row.where}: serial = '': expected one, for another row has the same document and line")
        return None
    if set(quantities) in ({1}, {len(rows)}):
        return len(rows)
    problems.add(
        f"{rows[0].where}: quantity = {quantities[0]}: expected 1 in each row with a serial, or everywhere "
        f"{len(rows)}, the number of serials of the line"
    )
    return None


def _one(of: str, name: str, rows: Iterable[Row], problems: Problems) -> Any:
    """What the rows say alike; a row that says nothing means the same."""
    first: Row | None = None
    for row in rows:
        if row.values[name] is None:
            continue
        if first is None:
            first = row
        elif row.values[name] != first.values[name]:
            problems.add(
                f"{row.where}: {name} = {row.values[name]!r}: expected {first.values[name]!r}, as {of} has it in row "
                f"{first.number}"
            )
            break
    return None if first is None else first.values[name]
