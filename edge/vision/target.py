"""The page that calibrates a camera: symbols that say where on it they are, so that a few of them tell the whole view.

All measures are dots of 1/600 inch, because a laser printer sets no half dots: a module of 6 dots is 6 dots wide
everywhere. The Data Matrix of a tile holds ``CAL``, its left and upper edge and its module, all in dots.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge.vision.pixels import Luma
from edge.vision.symbols import write_symbol
from hardware.host.fonts import FOLDER, chinese_fonts

DPI = 600
DOT_MM = 25.4 / DPI
WIDTH, HEIGHT = 4960, 3496
"""A5, lying: 210 x 148 mm."""
TILE_X, TILE_Y = 400, 290
LEFT, TOP = 280, 300
COLUMNS, ROWS = 11, 10
MODULE = 12
"""Dots of a tile's modules: 0.51 mm, so that a camera far too high still finds its way."""
ACROSS = 14
"""Modules of a tile's symbol in either direction."""
SQUARE = 96
SQUARE_TURN = 5
"""Degrees: an edge that runs along no row of pixels shows its blur at every phase."""
FINE = (8, 6, 5, 4, 3)
"""Modules in dots of the symbols in the middle: 0.34, 0.25, 0.21, 0.17, 0.13 mm."""
LINEAR = (12, 8, 6, 5, 4, 3)
LINEAR_HEIGHT = 70
GREYS = (0, 32, 64, 96, 128, 160, 192, 224)
RULER_MM = 100
_MIDDLE_COLUMNS, _MIDDLE_ROWS = range(4, 7), range(4, 6)
_TEXT = re.compile(rb"CAL(\d{4})(\d{4})(\d{2})")

Kind = Literal["datamatrix", "code128", "square", "grey"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on the page."""

    kind: Kind
    x: int
    """Left edge in dots; of a turned square before it is turned."""
    y: int
    size: int
    """Dots: a symbol's module, a side otherwise."""
    text: str = ""
    value: int = 0
    """Grey value of a ``grey``."""


@cache
def marks() -> tuple[Mark, ...]:
    """Everything that is measured, in reading order."""
    return (*_tiles(), *_middle())


def middle() -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of what holds the small symbols, in dots."""
    columns, rows = _MIDDLE_COLUMNS, _MIDDLE_ROWS
    left, top = LEFT + columns.start * TILE_X, TOP + rows.start * TILE_Y
    return left, top, LEFT + columns.stop * TILE_X, TOP + rows.stop * TILE_Y


def _symbol(x: int, y: int, module: int) -> Mark:
    return Mark("datamatrix", x, y, module, f"CAL{x:04d}{y:04d}{module:02d}")


def _tiles() -> list[Mark]:
    found = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            if row in _MIDDLE_ROWS and column in _MIDDLE_COLUMNS:
                continue
            x, y = LEFT + column * TILE_X, TOP + row * TILE_Y
            found.append(_symbol(x, y, MODULE))
            found.append(Mark("square", x + 236, y + (ACROSS * MODULE - SQUARE) // 2, SQUARE))
    return found


def _middle() -> list[Mark]:
    left, top, _, _ = middle()
    found, x = [], left
    for module in FINE:
        found.append(_symbol(x, top, module))
        x += ACROSS * module + 64
    for row, modules in enumerate(((12, 6), (8, 5), (4, 3))):
        x = left
        for module in modules:
            found.append(Mark("code128", x, top + 150 + row * 100, module, f"9{module:03d}"))
            x += 57 * module + 140
    side = 100
    return [*found, *(Mark("grey", left + n * side, top + 460, side, value=v) for n, v in enumerate(GREYS))]


def module_of(payload: bytes) -> int | None:
    """Dots per module that a symbol of this page says it has; None for any other Code 128 or Data Matrix."""
    matrix = _TEXT.fullmatch(payload)
    if matrix is not None:
        return int(matrix[3])
    linear = re.fullmatch(rb"9(\d{3})", payload)
    return int(linear[1]) if linear is not None and int(linear[1]) in LINEAR else None


def place_of(payload: bytes) -> tuple[int, int, int] | None:
    """Left and upper edge and module of a symbol with its place, in dots; None for any other."""
    found = _TEXT.fullmatch(payload)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def draw() -> Luma:
    """The page, `HEIGHT` x `WIDTH`, 0 (ink) to 255 (paper)."""
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(page)
    for mark in marks():
        if mark.kind == "square":
            page.paste(0, (mark.x - mark.size // 2, mark.y - mark.size // 2), _turned(mark.size))
        elif mark.kind == "grey":
            pen.rectangle((mark.x, mark.y, mark.x + mark.size - 1, mark.y + mark.size - 1), fill=mark.value)
        else:
            page.paste(_drawn(mark), (mark.x, mark.y))
    _ruler(pen)
    _captions(page)
    return np.asarray(page, dtype=np.uint8)


def _drawn(mark: Mark) -> Image.Image:
    """A symbol without its quiet zone, which the page's white is."""
    kind: Literal["datamatrix", "code128"] = "datamatrix" if mark.kind == "datamatrix" else "code128"
    symbol = write_symbol(mark.text, kind, gs1=False, scale=mark.size)
    rows, columns = np.nonzero(symbol < 128)  # noqa: PLR2004 - half grey
    symbol = symbol[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return Image.fromarray(np.ascontiguousarray(symbol if kind == "datamatrix" else symbol[:LINEAR_HEIGHT]))


def _turned(side: int) -> Image.Image:
    """A mask, twice as wide as the square that stands turned in its middle."""
    mask = Image.new("L", (2 * side, 2 * side), 0)
    ImageDraw.Draw(mask).rectangle((side // 2, side // 2, side * 3 // 2 - 1, side * 3 // 2 - 1), fill=255)
    return mask.rotate(SQUARE_TURN, Image.Resampling.BICUBIC)


def _ruler(pen: ImageDraw.ImageDraw) -> None:
    y = HEIGHT - 150
    pen.line((LEFT, y, LEFT + round(RULER_MM / DOT_MM), y), fill=0, width=4)
    for mm in range(RULER_MM + 1):
        x = LEFT + round(mm / DOT_MM)
        pen.line((x, y, x, y - (70 if mm % 10 == 0 else 40 if mm % 5 == 0 else 24)), fill=0, width=3)


def _captions(page: Image.Image) -> None:
    english = (
        "udi-station: camera target. Print on A5 (or A4) at 100 %, 600 dpi, on a laser printer, matt white paper.",
        "The ruler must be 100 mm long. Lay the page flat where packages will lie.",
    )
    chinese = ("相机标定页", "用激光打印机按实际大小打印在哑光白纸上", "标尺须为一百毫米", "平放在放包装的位置")
    _write(page, (LEFT, 60), english[0], 5)
    _write(page, (LEFT + round(RULER_MM / DOT_MM) + 80, HEIGHT - 200), english[1], 5)
    font = chinese_font(56)
    x = LEFT
    for phrase in chinese if font is not None else ():  # Chinese letters alone: such a font may have no others
        ImageDraw.Draw(page).text((x, 150), phrase, fill=0, font=font)
        x += len(phrase) * 56 + 100


def _write(page: Image.Image, at: tuple[int, int], text: str, times: int) -> None:
    """Letters of Pillow's own font, enlarged: it is the only one that is always there, and is small."""
    font = ImageFont.load_default()
    left, top, right, bottom = font.getbbox(text)
    small = Image.new("L", (round(right - left) + 2, round(bottom - top) + 2), 255)
    ImageDraw.Draw(small).text((1 - left, 1 - top), text, fill=0, font=font)
    page.paste(small.resize((small.width * times, small.height * times), Image.Resampling.BICUBIC), at)


def chinese_font(size: int, folder: Path = FOLDER) -> ImageFont.FreeTypeFont | None:
    """A font of this machine with Chinese letters; None where there is none: then the page is in English alone."""
    for path in chinese_fonts(folder):
        try:
            return ImageFont.truetype(str(path), size)
        except OSError:
            continue
    return None


def encode(page: Luma, suffix: str) -> bytes:
    """The page as a file that prints at its true size.

    Raises:
        ValueError: the suffix is neither ``.pdf`` nor ``.png``.
    """
    if suffix == ".pdf":
        return _pdf(page)
    if suffix != ".png":
        raise ValueError(f"{suffix or 'no suffix'}: expected .pdf or .png")
    out = io.BytesIO()
    Image.fromarray(page).save(out, "png", dpi=(DPI, DPI))
    return out.getvalue()


def _pdf(page: Luma) -> bytes:
    """One page with one image, uncompressed in effect: Pillow's own writer would blur the edges with JPEG.

    PDF 1.4 (ISO 32000-1, 7.5): header, objects, cross-reference table, trailer. Lengths are points of 1/72 inch.
    """
    height, width = page.shape
    wide, high = f"{width * 72 / DPI:.3f}", f"{height * 72 / DPI:.3f}"
    drawing = f"q {wide} 0 0 {high} 0 0 cm /I Do Q".encode()
    pixels = zlib.compress(page.tobytes(), 6)
    image = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {high}] /Contents 4 0 R "
        "/Resources << /XObject << /I 5 0 R >> >> >>".encode(),
        _stream(b"", drawing),
        _stream(f"{image} /BitsPerComponent 8 /Filter /FlateDecode ".encode(), pixels),
    ]
    return _joined(parts)


def _stream(head: bytes, data: bytes) -> bytes:
    return b"<< " + head + f"/Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _joined(parts: Sequence[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + part + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)
