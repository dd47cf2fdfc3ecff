"""Reading and writing symbols: the one importer of zxingcpp.

Only `bytes` with the symbology identifier are used, never the human readable text; Code 39 is read in its standard
form, because the extended one changes HIBC data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import zxingcpp

from edge.vision.pixels import Luma, luma_problem

_F = zxingcpp.BarcodeFormat
_FORMATS = {
    "DataMatrix": _F.DataMatrix,
    "QRCode": _F.QRCodeModel2,
    "Aztec": _F.AztecCode,
    "PDF417": _F.PDF417,
    "Code128": _F.Code128,
    "Code39": _F.Code39Std,
    "ITF": _F.ITF,
    "EAN13": _F.EAN13,
    "EAN8": _F.EAN8,
    "UPCA": _F.UPCA,
    "UPCE": _F.UPCE,
    "DataBar": _F.DataBar,
    "DataBarExp": _F.DataBarExp,
    "DataBarLtd": _F.DataBarLtd,
}
"""The names of the configuration (`hardware.camera_settings`) and what the reader calls them.

Without Micro QR Code, rMQR Code and Aztec Runes: no issuing agency has them for a UDI, and a few modules with little or
no error correction are found where none were printed.
"""
LINEAR = frozenset(_FORMATS) - {"DataMatrix", "QRCode", "Aztec", "PDF417"}
"""What is read along one row, as the configuration names it."""
_WRITE = {"datamatrix": _F.DataMatrix, "code128": _F.Code128, "qr": _F.QRCode}
Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol of an image."""

    payload: bytes
    """GS is 0x1D, no leading FNC1, no symbology identifier."""
    symbology: str | None
    """Symbology identifier of ISO/IEC 15424."""
    format: str
    """As zxing-cpp spells it."""
    corners: Quad
    """Clockwise from the symbol's top left, in the pixels of the image given."""
    margin: float | None
    """Share of the error correction that was not needed, 0 to 1; of a linear symbol its decodability, where known."""


def read_symbols(
    luma: Luma, formats: Sequence[str], *, rotate: bool = True, invert: bool = True, downscale: bool = True
) -> tuple[Symbol, ...]:
    """Every symbol of an image.

    Args:
        luma: grey values, height x width, uint8; any stride.
        formats: names as in the configuration; none gives no symbols.
        rotate: look in other directions than the rows too.
        invert: look for light symbols on dark ground too.
        downscale: look at smaller copies of a large image too.

    Raises:
        ValueError: not a two-dimensional uint8 array.
        KeyError: a format that nobody knows.
    """
    problem = luma_problem(luma)
    if problem is not None:
        raise ValueError(problem)
    if not formats:
        return ()  # the reader would take an empty list for all kinds
    wanted: Any = [_FORMATS[name] for name in formats]  # joined with | they would cost a warning each time
    found = zxingcpp.read_barcodes(
        luma,
        formats=wanted,
        try_rotate=rotate,
        try_invert=invert,
        try_downscale=downscale,
    )
    return tuple(_symbol(barcode) for barcode in found if barcode.bytes)


def _symbol(barcode: Any) -> Symbol:
    margin = barcode.extra.get("UEC") if isinstance(barcode.extra, dict) else None
    return Symbol(
        payload=bytes(barcode.bytes),
        symbology=barcode.symbology_identifier or None,
        format=barcode.format.name,
        corners=_corners(barcode.position, linear=_is_linear(barcode.format.name)),
        margin=None if margin is None else float(margin),
    )


def _is_linear(reported: str) -> bool:
    """Whether this is a kind that is read along one row, as zxing-cpp reports it: ``DataBarOmni`` for DataBar."""
    return reported.startswith(tuple(LINEAR))


def _corners(position: Any, *, linear: bool) -> Quad:
    """As zxing-cpp says, but for a linear symbol read from right to left: there it swaps top and bottom."""
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    a, b, c, d = ((float(point.x), float(point.y)) for point in points)
    mirrored = (c[0] - a[0]) * (d[1] - b[1]) < (d[0] - b[0]) * (c[1] - a[1])
    return (d, c, b, a) if linear and mirrored else (a, b, c, d)


def write_symbol(
    text: str,
    kind: Literal["datamatrix", "code128", "qr"],
    *,
    gs1: bool,
    scale: int,
    level: Literal["L", "M", "Q", "H"] | None = None,
) -> Luma:
    """A symbol as grey values with its quiet zone.

    Args:
        text: with `gs1` the bracketed form ``(01)…(10)…``.
        kind: the carrier.
        gs1: write FNC1 in first position.
        scale: pixels per module.
        level: error correction of a QR Code; None: the least.
    """
    extra: dict[str, Any] = {"force_square": True} if kind == "datamatrix" else {}
    if level is not None:
        extra["ec_level"] = level
    barcode = zxingcpp.create_barcode(text, _WRITE[kind], gs1=gs1, **extra)
    return np.array(barcode.to_image(scale=scale, add_quiet_zones=True), dtype=np.uint8)
