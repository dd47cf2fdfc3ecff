"""Reading and writing symbols: the one importer of zxingcpp.

Only `bytes` with the symbology identifier are used, never the human readable text; Code 39 is read in its standard
form, because the extended one changes HIBC data.
"""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.udi.read import Corners, Read

Luma = NDArray[np.uint8]
_F = zxingcpp.BarcodeFormat
FORMATS: Any = [_F.DataMatrix, _F.Code128, _F.QRCode, _F.EAN13, _F.EAN8, _F.Code39Std]
"""What medical labels, badges and wristbands carry."""
_WRITE = {"datamatrix": _F.DataMatrix, "code128": _F.Code128, "qr": _F.QRCode}


def read_symbols(luma: Luma, *, t0_ns: int) -> tuple[Read, ...]:
    """Every symbol of a frame.

    Args:
        luma: grey values, height x width, uint8; any stride.
        t0_ns: monotonic time of the completed camera request.

    Raises:
        ValueError: not a two-dimensional uint8 array.
    """
    if luma.ndim != 2 or luma.dtype != np.uint8 or 0 in luma.shape:  # noqa: PLR2004 - height x width
        raise ValueError(f"expected luma of height x width, uint8; found shape {luma.shape}, {luma.dtype}")
    began = time.perf_counter_ns()
    found = zxingcpp.read_barcodes(luma, formats=FORMATS)
    took_ms = (time.perf_counter_ns() - began) / 1e6
    return tuple(_read(barcode, t0_ns, took_ms) for barcode in found if barcode.bytes)


def _read(barcode: Any, t0_ns: int, took_ms: float) -> Read:
    return Read(
        payload=bytes(barcode.bytes),
        symbology=barcode.symbology_identifier or None,
        source="camera",
        t0_ns=t0_ns,
        took_ms=took_ms,
        corners=_corners(barcode.position),
    )


def _corners(position: Any) -> Corners:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    a, b, c, d = ((int(point.x), int(point.y)) for point in points)
    return (a, b, c, d)


def write_symbol(text: str, kind: Literal["datamatrix", "code128", "qr"], *, gs1: bool, scale: int) -> Luma:
    """A symbol as grey values with its quiet zone.

    Args:
        text: with `gs1` the bracketed form ``(01)…(10)…``.
        kind: the carrier.
        gs1: write FNC1 in first position.
        scale: pixels per module.
    """
    extra = {"force_square": True} if kind == "datamatrix" else {}
    barcode = zxingcpp.create_barcode(text, _WRITE[kind], gs1=gs1, **extra)
    return np.array(barcode.to_image(scale=scale, add_quiet_zones=True), dtype=np.uint8)
