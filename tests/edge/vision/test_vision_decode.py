import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from PIL import Image

from edge import wire
from edge.cli import main
from edge.vision.decode import report
from edge.vision.pixels import Luma
from edge.vision.symbols import write_symbol
from tests.support.frames import CONDITIONS, shot

SCHEMA = json.loads((Path(wire.__file__).with_name("schema") / "decode.schema.json").read_text(encoding="utf-8"))
UDI = "(01)06901234567892(17)291231(10)A1(21)S9"
BYTES = b"01069012345678921729123110A1\x1d21S9"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return saved(tmp_path / "good.png", write_symbol(UDI, "datamatrix", gs1=True, scale=4))


def saved(path: Path, luma: Luma, **options: Any) -> Path:
    Image.fromarray(luma).save(path, **options)
    return path


def run(*images: Path, jsonl: bool = True) -> Result:
    return CliRunner().invoke(main, ["decode", *(["--jsonl"] if jsonl else []), *map(str, images)])


def told(result: Result) -> list[dict[str, Any]]:
    """The objects of a run, each of them as the schema says."""
    objects = [json.loads(line) for line in result.stdout_bytes.decode("utf-8").splitlines()]
    for each in objects:
        Draft202012Validator(SCHEMA).validate(each)
    return objects


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_read_is_told_with_everything_known_of_it(good: Path) -> None:
    result = run(good)
    ((read,),) = [each["reads"] for each in told(result)]
    assert result.exit_code == 0
    assert read["text"] == BYTES.decode()
    assert read["bytes_hex"] == BYTES.hex()
    assert (read["symbology"], read["format"], read["margin"]) == ("]d2", "DataMatrix", 1.0)
    assert read["rung"]


BAD = {"empty": b"", "cut off": b"\x89PNG\r\n\x1a\n\x00\x00", "text": b"no image"}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_the_run_goes_on_after_a_file_that_is_no_image(tmp_path: Path, good: Path, content: bytes) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(content)
    result = run(bad, tmp_path / "absent.png", tmp_path, good)
    first, second, third, last = told(result)
    assert result.exit_code == 1
    assert [set(each) for each in (first, second, third)] == [{"schema", "file", "error"}] * 3
    assert "bad.png" in first["error"]
    assert last["reads"]


def test_an_image_without_a_symbol_is_no_error_but_not_complete(tmp_path: Path, good: Path) -> None:
    blank = saved(tmp_path / "blank.png", np.full((90, 120), 180, np.uint8))
    result = run(blank, good)
    assert result.exit_code == 1
    assert [len(each["reads"]) for each in told(result)] == [0, 1]


def test_bytes_that_are_no_text_have_none(tmp_path: Path) -> None:
    symbol = zxingcpp.create_barcode(b"\xff\x00\x80", zxingcpp.BarcodeFormat.DataMatrix)
    path = saved(tmp_path / "a.png", np.array(symbol.to_image(scale=4), np.uint8))
    ((read,),) = [each["reads"] for each in told(run(path))]
    assert (read["text"], read["bytes_hex"]) == (None, "ff0080")
    assert "hex ff0080" in run(path, jsonl=False).stdout


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["datamatrix", "qr"])
def test_corners_run_clockwise_from_the_symbols_top_left_in_pixels_as_stored(
    tmp_path: Path, kind: Any, turn: int
) -> None:
    taken = shot(kind, CONDITIONS["clean"], 4, seed=5, angle=90.0 * turn, size=(420, 360))
    exif = Image.Exif()
    exif[274] = 6  # noted beside the pixels: turn me
    path = saved(tmp_path / "a.jpg", taken.luma, exif=exif, quality=95)
    ((read,),) = [each["reads"] for each in told(run(path))]
    assert np.abs(np.array(read["corners"]) - taken.truth[0].corners).max() <= 6


@pytest.mark.skipif(os.name != "posix", reason="file names of bytes")
def test_a_file_name_that_is_no_text_is_told_all_the_same(tmp_path: Path, good: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xe7\xa0\x81-\xff.png")
    odd.write_bytes(good.read_bytes())
    result = run(odd)
    assert "码-\\udcff.png" in result.stdout
    assert told(result)[0]["file"] == str(odd)
    assert run(odd, jsonl=False).exit_code == 0


def test_people_see_the_separator_and_both_languages(good: Path) -> None:
    result = run(good, jsonl=False)
    assert result.exit_code == 0
    assert "1 个码 / symbols" in result.stdout
    assert "]d2  01069012345678921729123110A1␝21S9" in result.stdout


def test_without_images_the_usage_is_told() -> None:
    assert run().exit_code == 2


def test_what_took_long_is_told(good: Path) -> None:
    found = report(good)
    assert 0 < found["reads"][0]["ms"] <= found["ms"]
