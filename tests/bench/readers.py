"""The readers that are held against each other: this project's camera path and what else there is.

Each is asked only for what it can know: libdmtx for Data Matrix, zbar and OpenCV for the rest. pylibdmtx drops the FNC1
separator of a GS1 Data Matrix, or joins it with the next character: such a payload is a wrong one and counted so. It is
given 200 ms and told how many symbols there are, without which it always takes all of its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import zxingcpp

from edge.vision.ladder import read_frame
from tests.support.frames import Luma

OURS, ZXING = "ours", "zxing"
LIBDMTX_MS = 200
LEAST_LIBDMTX = 4
"""Pixels of a side below which libdmtx ends the whole process by an assertion."""
Read = Callable[[Luma, int], Sequence[bytes]]
"""From a picture and the number of symbols in it to what they hold."""
LINEAR = frozenset({"Code128", "Code39", "EAN13", "EAN8", "UPCA", "UPCE", "ITF"})
RETAIL = frozenset({"EAN13", "EAN8", "UPCA", "UPCE"})


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader."""

    name: str
    read: Read
    formats: frozenset[str] | None = None
    """What it can know; None: everything."""
    engine: str = ""
    """What decodes in it, where that is another reader's."""

    def knows(self, format_: str) -> bool:
        return self.formats is None or format_ in self.formats or format_ == "none"

    def timed(self, luma: Luma, count: int) -> tuple[frozenset[bytes], float]:
        """What it reads, and the milliseconds of processor time that it takes."""
        began = time.process_time()
        found = frozenset(self.read(luma, count))
        return found, (time.process_time() - began) * 1e3


def readers() -> tuple[list[Reader], list[str]]:
    """Every reader of this machine, and what is missing and why."""
    found = [
        Reader(OURS, lambda luma, _count: [read.payload for read in read_frame(luma, t0_ns=0)], engine=ZXING),
        Reader(ZXING, _zxing),
        Reader("opencv", _opencv, RETAIL | {"QRCode"}),
    ]
    missing = []
    for name, make in {"libdmtx": _libdmtx, "zbar": _zbar}.items():
        try:
            found.append(make())
        except ImportError as error:
            missing.append(f"{name} ({error}; Debian: apt-get install libdmtx0b libzbar0)")
    return found, missing


def _zxing(luma: Luma, _count: int) -> Sequence[bytes]:
    """The whole picture as it is, all formats that it looks for by itself."""
    return [bytes(each.bytes) for each in zxingcpp.read_barcodes(luma) if each.bytes]


def _libdmtx() -> Reader:
    from pylibdmtx import pylibdmtx  # noqa: PLC0415 - fails where Debian's library is missing

    def read(luma: Luma, count: int) -> Sequence[bytes]:
        height, width = luma.shape
        if min(height, width) < LEAST_LIBDMTX:
            return []
        pixels = (luma.tobytes(), width, height)
        return [each.data for each in pylibdmtx.decode(pixels, timeout=LIBDMTX_MS, max_count=max(1, count))]

    return Reader("libdmtx", read, frozenset({"DataMatrix"}))


def _zbar() -> Reader:
    from pyzbar import pyzbar  # noqa: PLC0415 - fails where Debian's library is missing

    kinds: Any = pyzbar.ZBarSymbol
    wanted = [kinds.QRCODE, kinds.CODE128, kinds.CODE39, kinds.EAN13, kinds.EAN8, kinds.UPCA, kinds.UPCE, kinds.I25]

    def read(luma: Luma, _count: int) -> Sequence[bytes]:
        height, width = luma.shape
        return [each.data for each in pyzbar.decode((luma.tobytes(), width, height), symbols=wanted)]

    return Reader("zbar", read, LINEAR | {"QRCode"})


def _opencv(luma: Luma, _count: int) -> Sequence[bytes]:
    """QR codes and retail codes; it raises for a QR code whose text is no UTF-8."""
    try:
        _, codes, *_ = cv2.QRCodeDetector().detectAndDecodeMulti(luma)
        text, *_ = cv2.barcode.BarcodeDetector().detectAndDecode(luma)
    except (UnicodeDecodeError, cv2.error):
        return []
    return [each.encode() for each in (*codes, text) if each]
