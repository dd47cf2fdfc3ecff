"""Labels onto A4 as PDF: wide gaps, quiet zones, words in an embedded subset of a Chinese font.

The one importer of fpdf2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fpdf import FPDF

from edge.hub.cards_sheets import Label, Layout
from edge.vision.symbols import write_symbol

Symbol = Literal["qr", "datamatrix"]
PAGE_MM = (210.0, 297.0)
MARGIN_MM = 12.0
HEAD_MM = 14.0
RULER_MM = 50.0
_WORDS_MM = 19.0
"""Height of the lines below a code."""
_DARK = 128


def pages(title: tuple[str, str], labels: Sequence[Label], layout: Layout, font: Path, symbol: Symbol) -> bytes:
    """A PDF.

    Args:
        title: in zh-CN and English, on each page.
        labels: in the order in which they are read.
        layout: of each page.
        font: TrueType or OpenType with Chinese; only the characters that are used get into the file.
        symbol: the carrier of cards; a UDI is always a GS1 DataMatrix.
    """
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf.add_font("words", fname=font)
    pdf.set_title(title[1])
    on_page = layout.columns * layout.rows
    for first in range(0, len(labels), on_page):
        pdf.add_page()
        _head(pdf, title, layout)
        for place, each in enumerate(labels[first : first + on_page]):
            _label(pdf, each, _cell(layout, place), layout.module_mm, symbol)
    return bytes(pdf.output())


@dataclass(frozen=True, slots=True)
class _Cell:
    left: float
    top: float
    width: float
    height: float


def _cell(layout: Layout, place: int) -> _Cell:
    row, column = divmod(place, layout.columns)
    width = (PAGE_MM[0] - 2 * MARGIN_MM) / layout.columns
    height = (PAGE_MM[1] - 2 * MARGIN_MM - HEAD_MM) / layout.rows
    return _Cell(MARGIN_MM + column * width, MARGIN_MM + HEAD_MM + row * height, width, height)


def _head(pdf: FPDF, title: tuple[str, str], layout: Layout) -> None:
    whole = PAGE_MM[0] - 2 * MARGIN_MM
    _line(pdf, f"{title[0]} {title[1]}", _Cell(MARGIN_MM, MARGIN_MM - 4, whole, 7), 14)
    note = (
        f"按 100% 打印,不缩放;最小模块 {layout.module_mm:.2f} mm。覆膜后可擦拭。  Print at 100 %, do not scale; "
        f"module {layout.module_mm:.2f} mm. Laminate to make it wipeable. 标尺 ruler {RULER_MM:.0f} mm:"
    )
    _line(pdf, note, _Cell(MARGIN_MM, MARGIN_MM + 3, whole, 4), 7)
    left, y = (PAGE_MM[0] - RULER_MM) / 2, MARGIN_MM + 9
    pdf.line(left, y, left + RULER_MM, y)
    for x in (left, left + RULER_MM):
        pdf.line(x, y - 1, x, y + 1)


def _label(pdf: FPDF, label: Label, cell: _Cell, module_mm: float, symbol: Symbol) -> None:
    pdf.set_draw_color(200)
    pdf.rect(cell.left + 1, cell.top + 1, cell.width - 2, cell.height - 2)
    pdf.set_draw_color(0)
    words = cell.height - _WORDS_MM
    if label.code is not None:
        _code(pdf, label, cell, module_mm, symbol)
    _line(pdf, label.zh, _Cell(cell.left, cell.top + words, cell.width, 7), 15)
    _line(pdf, label.en, _Cell(cell.left, cell.top + words + 7, cell.width, 5), 10)
    _line(pdf, label.foot, _Cell(cell.left, cell.top + words + 12, cell.width, 4), 7)


def _code(pdf: FPDF, label: Label, cell: _Cell, module_mm: float, symbol: Symbol) -> None:
    kind: Symbol = "datamatrix" if label.gs1 else symbol
    modules = write_symbol(label.code or "", kind, gs1=label.gs1, scale=1, level="M" if kind == "qr" else None)
    size = modules.shape[0] * module_mm
    left, top = cell.left + (cell.width - size) / 2, cell.top + (cell.height - _WORDS_MM - size) / 2
    for row, start, length in _runs(modules):
        pdf.rect(left + start * module_mm, top + row * module_mm, length * module_mm, module_mm, style="F")


def _runs(modules: Any) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of each run of dark modules."""
    for number, row in enumerate(modules.tolist()):
        start = None
        for column, value in enumerate([*row, 255]):
            if value < _DARK and start is None:
                start = column
            elif value >= _DARK and start is not None:
                yield number, start, column - start
                start = None


def _line(pdf: FPDF, text: str, cell: _Cell, points: float) -> None:
    """One line in the middle of a cell, smaller if it would not fit."""
    pdf.set_font("words", size=points)
    width = pdf.get_string_width(text)
    if width > cell.width - 4:
        pdf.set_font("words", size=points * (cell.width - 4) / width)
    pdf.set_xy(cell.left, cell.top)
    pdf.cell(cell.width, cell.height, text, align="C")
