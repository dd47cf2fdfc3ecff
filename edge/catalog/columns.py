"""Which column of a site's table is which: by its heading, or by the site's own column map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.catalog.build import CatalogueError
from edge.catalog.cells import Cell, is_empty
from edge.catalog.fold import heading
from edge.catalog.tables import Encoding, raw_rows
from hardware.host.toml import ConfigError, read_table

MOST_PROBLEMS = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a kind of table may have."""

    name: str
    headings: tuple[str, ...]
    """As offices write them; see `edge.catalog.fold.heading` for what makes no difference."""
    read: Callable[[Cell], Any]
    """Raises ValueError with what was expected."""
    needed: bool = False
    """A row without it is a bad row, and a table without it is none of this kind."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of table."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One good row."""

    where: str
    """File and row, for messages."""
    number: int
    """Row as a spreadsheet counts it; the heading is a row too."""
    values: Mapping[str, Any]
    """Every column of the form; None where the cell is empty or the column absent."""


@dataclass
class Problems:
    """Everything wrong, told at once; and what is only worth knowing."""

    texts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, text: str) -> None:
        """A row or table that cannot be used."""
        if len(self.texts) < MOST_PROBLEMS:
            self.texts.append(text)
        else:
            self.more += 1

    def warn(self, text: str) -> None:
        """Something that can be used and should be looked at."""
        if len(self.warnings) < MOST_PROBLEMS:
            self.warnings.append(text)

    def raise_if_any(self) -> None:
        """Raise CatalogueError with everything that was added, a line each."""
        if self.texts:
            rest = [f"and {self.more} more"] if self.more else []
            raise CatalogueError("\n".join((*self.texts, *rest)))


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A site's own headings."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Heading by column name, in every table that has this column."""
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same for one kind of table, where it differs."""
    encoding: Encoding | None = None

    def of(self, form: Form) -> dict[str, str]:
        """What holds for one kind of table."""
        known = {column.name for column in form.columns}
        own = self.tables.get(form.name, {})
        return {name: text for name, text in self.columns.items() if name in known} | dict(own)


PLAIN = ColumnMap()


def read_map(path: Path, forms: Sequence[Form]) -> ColumnMap:
    """Read a column map: ``encoding``, ``[columns]``, and ``[<table>.columns]`` where a table differs.

    Raises:
        CatalogueError: it is no TOML, or names what no table has.
    """
    try:
        data = read_table(path)
    except ConfigError as error:
        raise CatalogueError(f"{path}: {error}") from error
    known = {form.name: {column.name for column in form.columns} for form in forms}
    everywhere = set().union(*known.values())
    problems = Problems()
    encoding = data.pop("encoding", None)
    if encoding not in (None, "utf-8", "gb18030"):
        problems.add(f"{path}: encoding = {encoding!r}: expected utf-8 or gb18030")
    columns = _headings(f"{path}: columns", data.pop("columns", {}), everywhere, problems)
    tables = {}
    for name, table in data.items():
        inner = table.get("columns") if isinstance(table, dict) and set(table) == {"columns"} else None
        if name not in known or inner is None:
            problems.add(f"{path}: {name}: expected encoding, [columns], or one of {_list(known)} as [<table>.columns]")
        else:
            tables[name] = _headings(f"{path}: {name}.columns", inner, known[name], problems)
    problems.raise_if_any()
    return ColumnMap(columns, tables, encoding)


def _headings(where: str, table: Any, known: set[str], problems: Problems) -> dict[str, str]:
    if not isinstance(table, dict):
        problems.add(f"{where} = {table!r}: expected a table of column = heading")
        return {}
    for name, text in table.items():
        if name not in known:
            problems.add(f"{where}.{name} is not a known column: expected one of {_list(known)}")
        elif not isinstance(text, str) or not heading(text):
            problems.add(f"{where}.{name} = {text!r}: expected a heading")
    return table


def read(path: Path, form: Form, problems: Problems, mapping: ColumnMap = PLAIN) -> Iterator[Row]:
    """The good rows of a table; the bad ones go to `problems`, each with file, row, column, value and expectation.

    Raises:
        CatalogueError: it cannot be read at all, or has not the columns it needs.
    """
    rows = enumerate(raw_rows(path, mapping.encoding), 1)
    places, width = _find_heading(path, rows, form, problems, mapping.of(form))
    for number, cells in rows:
        if all(map(is_empty, cells)):
            continue
        where = f"{path}, row {number}"
        extra = next((cell for cell in cells[width:] if not is_empty(cell)), None)
        if extra is not None:
            problems.add(f"{where}: {extra!r} stands behind the last column; expected {width} cells")
            continue
        values = _values(where, cells, form, places, problems)
        if values is not None:
            yield Row(where, number, values)


def _find_heading(
    path: Path, rows: Iterator[tuple[int, list[Cell]]], form: Form, problems: Problems, own: Mapping[str, str]
) -> tuple[dict[str, int], int]:
    """Where each column stands, and how many there are. Titles above the heading are passed over."""
    first: CatalogueError | None = None
    for _, cells in rows:
        if all(map(is_empty, cells)):
            continue
        titles = [str(cell).strip().removeprefix("\ufeff") for cell in cells]
        try:
            places = _places(path, titles, form, own)
        except CatalogueError as error:
            first = first or error
            if sum(map(bool, titles)) > 1:
                raise first from error
            continue
        unused = [title for at, title in enumerate(titles) if title and at not in places.values()]
        if unused:
            problems.warn(f"{path}: columns not used: {', '.join(unused)}")
        return places, len(titles)
    raise first or CatalogueError(f"{path}: empty; expected a heading with {_needed(form)}")


def _places(path: Path, titles: Sequence[str], form: Form, own: Mapping[str, str]) -> dict[str, int]:
    folded = [heading(title) for title in titles]
    places: dict[str, int] = {}
    for column in form.columns:
        mapped = own.get(column.name)
        wanted = {heading(text) for text in ((mapped,) if mapped else (column.name, *column.headings))}
        found = [at for at, title in enumerate(folded) if title in wanted]
        if len(found) > 1:
            both = " and ".join(repr(titles[at]) for at in found)
            raise CatalogueError(f"{path}: {both} are both {column.name}; expected one: say which in a column map")
        if not found and (column.needed or mapped):
            raise CatalogueError(
                f"{path}: no column for {column.name} ({mapped or ', '.join(column.headings)}); found "
                f"{', '.join(filter(None, titles)) or 'nothing'}: name it in a column map"
            )
        if found:
            places[column.name] = found[0]
    return places


def _needed(form: Form) -> str:
    return ", ".join(column.headings[0] for column in form.columns if column.needed) or form.columns[0].headings[0]


def _values(
    where: str, cells: Sequence[Cell], form: Form, places: Mapping[str, int], problems: Problems
) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    good = True
    for column in form.columns:
        at = places.get(column.name)
        cell: Cell = "" if at is None or at >= len(cells) else cells[at]
        values[column.name] = None
        try:
            if not is_empty(cell):
                values[column.name] = column.read(cell)
            elif column.needed:
                raise ValueError("a value")  # noqa: TRY301 - told like every other fault of a cell
        except ValueError as error:
            problems.add(f"{where}: {column.name} = {cell!r}: expected {error}")
            good = False
    return values if good else None


def _list(names: Any) -> str:
    return ", ".join(sorted(names))
