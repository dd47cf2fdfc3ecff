"""Tables of a site, as its offices keep them: CSV (UTF-8, UTF-16 with its mark, GB18030) and XLSX, read row by row.

CSV of any size is read in bounded memory. A spreadsheet is held in memory as a whole, so its size is looked at first:
one stray cell in the last corner would take every byte of the machine.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from edge.catalog.cells import Cell
from edge.catalog.write import CatalogueError

Encoding = Literal["utf-8", "utf-16", "gb18030"]

MOST_LINE = 1_000_000
"""Characters of a line in CSV."""
MOST_CELLS = 5_000_000
"""Cells of a spreadsheet, from the first to the last row and column that hold anything."""
MOST_BYTES = 256 * 1024 * 1024
"""Bytes of a spreadsheet when unpacked."""
_PIECE = 1 << 20
_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*>")
_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def raw_rows(path: Path, encoding: Encoding | None = None) -> Iterator[list[Cell]]:
    """Every row of a table, the heading among them, as it stands; empty rows are empty lists or empty cells.

    Args:
        path: CSV with commas, semicolons or tabs, or the first sheet of an XLSX file.
        encoding: of CSV without a mark; None: UTF-8, and GB18030 if the file as a whole is no UTF-8.

    Raises:
        CatalogueError: it cannot be read as a table; names the row where that is known.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith(_ZIP):
            yield from _sheet(path)
        elif head == _OLE:
            raise CatalogueError(f"{path}: an old .xls file or one with a password; save it as .xlsx or CSV UTF-8")
        elif head.startswith(_UTF16):
            yield from _csv(path, "utf-16")
        else:
            yield from _csv(path, encoding or _encoding(path))
    except OSError as error:
        raise CatalogueError(f"{path}: {error.strerror or error}; expected a readable table") from error


def _encoding(path: Path) -> Encoding:
    if _undecodable(path, "utf-8") is None:
        return "utf-8"
    line = _undecodable(path, "gb18030")
    if line is not None:
        raise CatalogueError(f"{path}, line {line}: neither UTF-8 nor GB18030; save it as CSV UTF-8")
    return "gb18030"


def _undecodable(path: Path, encoding: Encoding) -> int | None:
    """The first line with bytes that are no text in this encoding; None if there is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        try:
            while piece := file.read(_PIECE):
                line += decoder.decode(piece).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
    return None


def _csv(path: Path, encoding: Encoding) -> Iterator[list[Cell]]:
    row = 0
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            delimiter = _delimiter(file.readline(MOST_LINE))
            file.seek(0)
            for found in csv.reader(_lines(file), delimiter=delimiter, strict=True):
                row += 1
                yield [*found]
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}, after row {row}: expected {encoding}: {error.reason}") from error
    except csv.Error as error:
        raise CatalogueError(f"{path}, row {row + 1}: {error}; expected CSV with closed quotation marks") from error


def _delimiter(heading: str) -> str:
    return max(",\t;", key=heading.count)


def _lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(MOST_LINE):
        if len(line) == MOST_LINE:
            raise csv.Error(f"a line of {MOST_LINE} characters or more")
        yield line


def _sheet(path: Path) -> Iterator[list[Cell]]:
    _check_size(path)
    try:
        import python_calamine  # noqa: PLC0415 - part of the hub's extra; a station reads CSV without it
    except ImportError as error:
        message = f"{path}: XLSX needs python-calamine: pip install 'udi-station[hub]', or save it as CSV UTF-8"
        raise CatalogueError(message) from error
    try:
        with python_calamine.load_workbook(path) as book:
            sheet = book.get_sheet_by_index(0)
            rows: Iterator[list[Any]] = iter(sheet.iter_rows())
            yield from rows
    except (python_calamine.CalamineError, ValueError, IndexError) as error:
        raise CatalogueError(f"{path}: {error}; expected an XLSX file with a sheet") from error


def _check_size(path: Path) -> None:
    """Look through the packed parts piece by piece: how large they become, and how far apart the cells lie."""
    size, rows, columns = 0, 1, 1
    for piece in _unpacked(path):
        size += len(piece)
        rows, columns = _extent(path, piece, rows, columns)
        if size > MOST_BYTES or rows * columns > MOST_CELLS:
            raise CatalogueError(
                f"{path}: {rows} rows of {columns} columns, {size} bytes unpacked; expected at most "
                f"{MOST_CELLS} cells and {MOST_BYTES} bytes: delete stray cells, or save it as CSV UTF-8"
            )


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                yield from _pieces(parts, name)
    except _BROKEN as error:
        raise CatalogueError(f"{path}: {error}; expected an XLSX file") from error


def _pieces(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces that end before a tag, so that no cell is cut."""
    rest = b""
    with parts.open(name) as part:
        while piece := part.read(_PIECE):
            found = rest + piece
            cut = found.rfind(b"<", len(found) - _PIECE)
            rest = b"" if cut < 0 else found[cut:]
            yield found if cut < 0 else found[:cut]
    yield rest


def _extent(path: Path, piece: bytes, rows: int, columns: int) -> tuple[int, int]:
    for cell in _CELL.finditer(piece):
        place = _REFERENCE.search(cell[0])
        if _ERROR.search(cell[0]):
            where = "" if place is None else f" {(place[1] + place[2]).decode()}"
            raise CatalogueError(f"{path}: cell{where} holds an error such as #N/A; expected a value or nothing")
        if place is not None:
            rows, columns = max(rows, int(place[2])), max(columns, _column(place[1]))
    return rows, columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
