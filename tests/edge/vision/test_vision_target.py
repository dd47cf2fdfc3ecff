import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.vision.pixels import Luma
from edge.vision.symbols import read_symbols
from edge.vision.target import (
    ACROSS,
    DOT_MM,
    FINE,
    HEIGHT,
    LEFT,
    LINEAR,
    RULER_MM,
    WIDTH,
    chinese_font,
    draw,
    encode,
    marks,
    module_of,
    place_of,
)


@pytest.fixture(scope="module")
def page() -> Luma:
    return draw()


def test_every_symbol_says_truly_where_it_is_and_how_large(page: Luma) -> None:
    found = {symbol.payload: symbol for symbol in read_symbols(page[::2, ::2], ("DataMatrix", "Code128"))}
    wanted = [mark for mark in marks() if mark.text and mark.size >= 8]
    assert len(wanted) > 100
    for mark in wanted:
        symbol = found[mark.text.encode()]
        x, y = symbol.corners[0]
        assert (x * 2, y * 2) == pytest.approx((mark.x, mark.y), abs=3 * mark.size)
        assert module_of(symbol.payload) == mark.size
        if mark.kind == "datamatrix":
            assert place_of(symbol.payload) == (mark.x, mark.y, mark.size)
            assert symbol.corners[1][0] * 2 - x * 2 == pytest.approx(ACROSS * mark.size, abs=mark.size)


def test_the_fine_symbols_read_at_full_size(page: Luma) -> None:
    middle = page[1400:2100, 1800:3200]
    read = {module_of(symbol.payload) for symbol in read_symbols(middle, ("DataMatrix",))}
    assert set(FINE) <= read
    linear = {module_of(symbol.payload) for symbol in read_symbols(middle, ("Code128",))}
    assert set(LINEAR) <= linear


def test_nothing_lies_on_anything_else(page: Luma) -> None:
    for mark in marks():
        if mark.kind == "datamatrix":
            side = ACROSS * mark.size
            around = page[mark.y - 18 : mark.y + side + 18, mark.x - 18 : mark.x + side + 18].copy()
            around[18 : side + 18, 18 : side + 18] = 255
            assert (around == 255).all(), mark


def test_the_ruler_is_as_long_as_it_says(page: Luma) -> None:
    (row,) = page[HEIGHT - 150 : HEIGHT - 149]
    dark = np.flatnonzero(row[: LEFT + 3000] < 128)
    assert (dark[-1] - dark[0]) * DOT_MM == pytest.approx(RULER_MM, abs=0.3)


FOREIGN = [
    b"",
    b"CAL",
    b"CAL12345678901",
    b"CAL00000000000",
    b"CAL0001000112\n",
    b"01069012345678921729",
    b"9013",
    b"012",
]


@pytest.mark.parametrize("payload", FOREIGN, ids=repr)
def test_a_foreign_code_is_none_of_the_page(payload: bytes) -> None:
    assert place_of(payload) is None
    assert module_of(payload) is None


@given(st.binary(max_size=20))
def test_no_code_breaks_the_page(payload: bytes) -> None:
    assert (place_of(payload) is None) or payload.startswith(b"CAL")
    assert module_of(payload) is None or module_of(payload) in range(100)


def test_a_png_knows_its_true_size(page: Luma) -> None:
    with Image.open(io.BytesIO(encode(page, ".png"))) as image:
        assert image.size == (WIDTH, HEIGHT)
        assert image.info["dpi"] == pytest.approx((600, 600), abs=0.1)


def test_a_pdf_is_one_image_at_its_true_size_and_says_not_to_scale(page: Luma) -> None:
    data = encode(page, ".pdf")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert box is not None
    assert [float(value) / 72 * 25.4 for value in box.groups()] == pytest.approx([210, 148], abs=0.1)
    assert b"/PrintScaling /None" in data
    start = data.index(b"/FlateDecode")
    start = data.index(b"stream\n", start) + 7
    pixels = np.frombuffer(zlib.decompress(data[start : data.index(b"\nendstream", start)]), np.uint8)
    np.testing.assert_array_equal(pixels.reshape(HEIGHT, WIDTH), page)


def test_the_table_of_a_pdf_points_at_its_objects(page: Luma) -> None:
    data = encode(page, ".pdf")
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert data[start:].startswith(b"xref\n0 6\n")
    rows = data[start:].split(b"\n")[3:8]
    assert [data[int(row[:10]) :].split(b" ")[0] for row in rows] == [b"1", b"2", b"3", b"4", b"5"]


@pytest.mark.parametrize("suffix", ["", ".jpg", ".txt"])
def test_another_suffix_is_refused(page: Luma, suffix: str) -> None:
    with pytest.raises(ValueError, match=r"\.pdf or \.png"):
        encode(page, suffix)


def test_without_a_chinese_font_there_is_none_and_a_broken_one_is_passed_over(tmp_path: Path) -> None:
    assert chinese_font(40, tmp_path / "nowhere") is None
    (tmp_path / "wqy-broken.ttc").write_bytes(b"no font")  # Pillow looks for a known name elsewhere too
    assert chinese_font(40, tmp_path) is None
