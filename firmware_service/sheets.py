"""Lines onto A4 as PDF, for the folder at the station: the one importer of fpdf2 for sheets of text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

_MARGIN_MM = 18.0
_HEADING_PT, _TEXT_PT = 14.0, 10.0
_LINE_MM = 5.5


def pdf(lines: Sequence[str], font: Path) -> bytes:
    """A PDF of these lines; long ones are broken, and ``# `` begins a heading.

    Args:
        lines: in order.
        font: TrueType or OpenType with Chinese; only the characters that are used get into the file.
    """
    page = FPDF(unit="mm", format="A4")
    page.set_margins(_MARGIN_MM, _MARGIN_MM)
    page.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    page.add_font("words", fname=font)
    page.add_page()
    for line in lines:
        heading = line.startswith("# ")
        page.set_font("words", size=_HEADING_PT if heading else _TEXT_PT)
        indent = len(line) - len(line.lstrip(" "))
        page.set_x(_MARGIN_MM + indent)
        text = line.removeprefix("# ").strip()
        page.multi_cell(0, _LINE_MM * (1.5 if heading else 1), text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(page.output())
