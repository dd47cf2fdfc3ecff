"""Room labels onto A4 as PDF: eight a page, the code, and the room's name in zh-CN and English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from fpdf import FPDF

_COLUMNS, _ROWS = 2, 4
_WIDTH, _HEIGHT = 95.0, 68.0
"""Millimetres of a label."""
_LEFT, _TOP = 10.0, 12.0
_CODE = 44.0
_QUIET = 4
"""Modules of quiet zone that ISO/IEC 18004 asks for."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One label on paper."""

    site: str
    station: str
    place: str
    text: str
    """Of the code."""


def pages(labels: Sequence[Printed], font: Path) -> bytes:
    """A PDF of all labels, in their order."""
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf.add_font("words", fname=font)
    pdf.set_title("UDI room labels")
    for number, label in enumerate(labels):
        row, column = divmod(number % (_COLUMNS * _ROWS), _COLUMNS)
        if row == column == 0:
            pdf.add_page()
        _label(pdf, label, _LEFT + column * _WIDTH, _TOP + row * _HEIGHT)
    return bytes(pdf.output())


def _label(pdf: FPDF, label: Printed, left: float, top: float) -> None:
    pdf.set_draw_color(200)
    pdf.rect(left, top, _WIDTH, _HEIGHT)
    _code(pdf, label.text, left + 3, top + 3)
    beside = left + _CODE + 5
    _line(pdf, label.station, beside, top + 12, _WIDTH - _CODE - 8, 22)
    _line(pdf, label.place, beside, top + 24, _WIDTH - _CODE - 8, 14)
    _line(pdf, "新装扫码站:开机后对准此码", left + 3, top + _CODE + 5, _WIDTH - 6, 11)
    _line(pdf, "New station: switch on, show it this code", left + 3, top + _CODE + 11, _WIDTH - 6, 9)
    _line(
        pdf,
        f"{label.site}  换机不换标签 / stays when the station is replaced",
        left + 3,
        top + _CODE + 16,
        _WIDTH - 6,
        7,
    )


def _code(pdf: FPDF, text: str, left: float, top: float) -> None:
    """With its quiet zone inside `_CODE`; alphanumeric mode, error correction M."""
    code = segno.make_qr(text, error="m", boost_error=False)
    module = _CODE / (code.symbol_size(border=_QUIET)[0])
    for y, row in enumerate(code.matrix):
        for x, dark in enumerate(row):
            if dark:
                # A little larger than a module, or printers leave white lines between them.
                pdf.rect(
                    left + (x + _QUIET) * module, top + (y + _QUIET) * module, module * 1.02, module * 1.02, style="F"
                )


def _line(pdf: FPDF, text: str, left: float, top: float, width: float, points: float) -> None:
    """One line, smaller if it would not fit."""
    pdf.set_font("words", size=points)
    needed = pdf.get_string_width(text)
    if needed > width:
        pdf.set_font("words", size=points * width / needed)
    pdf.set_xy(left, top)
    pdf.cell(width, points * 0.4, text)
