"""Codes that show what a scanner does to what it reads: whether GS, case and symbology identifier come through. Pure.

They belong to no product: GS1 gives prefix 02 to nobody.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape

Carrier = Literal["datamatrix", "code128", "qr"]
Rows = Sequence[Sequence[int]]
"""Grey values, a pixel to the module."""


@dataclass(frozen=True, slots=True)
class BenchCode:
    """One test code."""

    name: str
    carrier: Carrier
    text: str
    """As it is written; GS1's in the bracketed form."""
    gs1: bool
    payload: bytes
    """As a scanner must hand it over, without the identifier."""
    symbology: str
    """The identifier (ISO/IEC 15424) that must stand before it."""


CODES = (
    BenchCode(
        "GS1 DataMatrix",
        "datamatrix",
        "(01)02000000000008(17)301231(10)aB1c(21)X9z",
        gs1=True,
        payload=b"010200000000000817301231" + b"10aB1c\x1d21X9z",
        symbology="]d2",
    ),
    BenchCode(
        "GS1-128",
        "code128",
        "(01)02000000000008(10)Lot7b(21)q8R",
        gs1=True,
        payload=b"0102000000000008" + b"10Lot7b\x1d21q8R",
        symbology="]C1",
    ),
    BenchCode("QR Code", "qr", "selftest-aBc-123", gs1=False, payload=b"selftest-aBc-123", symbology="]Q1"),
    BenchCode("Code 128", "code128", "SelfTest-4711", gs1=False, payload=b"SelfTest-4711", symbology="]C0"),
)


def to_json(code: BenchCode) -> dict[str, Any]:
    """What ``udi-station bench codes --json`` prints of each."""
    return {"name": code.name, "bytes": base64.b64encode(code.payload).decode("ascii"), "symbology": code.symbology}


_MODULE_MM = {"datamatrix": 0.6, "qr": 0.6, "code128": 0.35}
_PAGE_MM = (210, 297)
_LEFT_MM, _TOP_MM, _STEP_MM = 30.0, 40.0, 60.0
_DARK = 128
_HOW = "按实际大小打印;逐个扫描 / print at 100 %, scan one by one"


def page(draw: Callable[[BenchCode], Rows]) -> str:
    """An A4 page (SVG) with all of them, far enough apart that a scanner sees one at a time.

    Args:
        draw: gives the grey values of a code with its quiet zone.
    """
    width, height = _PAGE_MM
    drawn = "".join(_code(number, code, draw(code)) for number, code in enumerate(CODES))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="5"><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{_LEFT_MM:g}" y="20">扫码枪自检码 scanner test codes</text>'
        f'<text x="{_LEFT_MM:g}" y="28" font-size="3.5">{_HOW}</text>'
        f"{drawn}</svg>\n"
    )


def _code(number: int, code: BenchCode, rows: Rows) -> str:
    top, module = _TOP_MM + number * _STEP_MM, _MODULE_MM[code.carrier]
    bars = "".join(
        f'<rect x="{x}" y="{y}" width="{length}" height="1.02"/>'
        for y, row in enumerate(rows)
        for x, length in _dark_runs(row)
    )
    return (
        f'<g transform="translate({_LEFT_MM:g} {top:g}) scale({module})" shape-rendering="crispEdges">{bars}</g>'
        f'<text x="120" y="{top + 12:g}">{number + 1}. {escape(code.name)}</text>'
        f'<text x="120" y="{top + 19:g}" font-size="3">{escape(code.text)}</text>'
    )


def _dark_runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for x, value in enumerate([*row, 255]):
        if value < _DARK:
            start = x if start is None else start
        elif start is not None:
            yield start, x - start
            start = None
