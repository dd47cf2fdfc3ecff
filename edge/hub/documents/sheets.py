"""Tables for ERP, WMS and SPD: CSV and XLSX, with the headings that a site's column map gives them.

Every cell is written exactly as it is, for a program reads it: who opens the CSV in a spreadsheet loses leading zeros,
and takes XLSX instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from edge.catalog.columns import ColumnMap, Form
from edge.catalog.write import CatalogueError
from hardware.host.files import replace

Format = Literal["csv", "xlsx"]
Value = str | int | bool | date | None
MOST_ROWS = 1_048_575
"""Of an XLSX sheet, below the heading."""
_MODE = 0o644


def write_table(path: Path, form: Form, mapping: ColumnMap, rows: Iterable[Mapping[str, Value]], as_: Format) -> int:
    """Write a table, whole or not at all.

    Args:
        path: the file that it becomes, or takes the place of.
        form: which columns there are.
        mapping: a site's own headings; where it has a section of this form's name, its columns alone, in its order.
        rows: values by column.
        as_: CSV in UTF-8 with its mark, or XLSX.

    Returns:
        The number of rows.

    Raises:
        CatalogueError: more rows than a sheet takes.
        OSError: it cannot be written; what was there stays.
    """
    names = headings(form, mapping)
    table: list[list[str | int]] = [[*names.values()]]
    table.extend([_cell(row.get(name)) for name in names] for row in rows)
    if as_ == "xlsx" and len(table) - 1 > MOST_ROWS:
        raise CatalogueError(f"{path}: {len(table) - 1} rows; expected at most {MOST_ROWS} in XLSX: write CSV")
    replace(path, _xlsx(table) if as_ == "xlsx" else _csv(table), mode=_MODE)
    return len(table) - 1


def headings(form: Form, mapping: ColumnMap) -> dict[str, str]:
    """The columns to write, in their order, with their headings."""
    if form.name in mapping.tables:
        return dict(mapping.tables[form.name])
    own = mapping.of(form)
    return {column.name: own.get(column.name, column.headings[0]) for column in form.columns}


def _cell(value: Value) -> str | int:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case date():
            return value.isoformat()
        case _:
            return value


def _csv(table: Sequence[Sequence[str | int]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(table: Sequence[Sequence[str | int]]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - a hub that runs writes none

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell)
            elif cell:
                sheet.write_string(row, column, cell)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
