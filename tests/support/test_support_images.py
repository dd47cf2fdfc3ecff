import json
from pathlib import Path

import pytest

from tests.support.images import ManifestError, pictures

LINE = {"file": "set/a.png", "format": "QRCode", "text": None, "bytes_hex": None, "n": 1}
SAME = {
    "bytes": ({"bytes_hex": "0102"}, b"\x01\x02", True),
    "other bytes": ({"bytes_hex": "0102"}, b"\x01\x03", False),
    "text": ({"text": "码"}, "码".encode(), True),
    "text in another charset": ({"text": "デ"}, "デ".encode("cp932"), True),
    "text with other ends of lines": ({"text": "a\nb"}, b"a\r\nb\r\n", True),
    "signs of two charsets": ({"text": "¶Ж"}, b"\xb6\xb6", True),
    "other text": ({"text": "5030159003930"}, b"7034759003930", False),
    "nothing known": ({}, b"a", False),
    "none is there": ({"text": "a", "n": 0}, b"a", False),
}


def folder(at: Path, *lines: str) -> Path:
    (at / "set").mkdir()
    (at / "set/a.png").touch()
    (at / "manifest.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return at


@pytest.mark.parametrize(("entry", "payload", "same"), SAME.values(), ids=SAME.keys())
def test_what_a_picture_holds(tmp_path: Path, entry: dict[str, object], payload: bytes, *, same: bool) -> None:
    (picture,) = pictures(folder(tmp_path, json.dumps(LINE | entry)))
    assert picture.holds(payload) is same
    assert picture.group == "set"


WRONG = {
    "no object": "[]",
    "no JSON": "{",
    "a key is missing": '{"file": "set/a.png"}',
    "no hex": json.dumps(LINE | {"bytes_hex": "xy"}),
    "no such file": json.dumps(LINE | {"file": "b.png"}),
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:2"):
        pictures(folder(tmp_path, json.dumps(LINE), line))


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        pictures(tmp_path)
