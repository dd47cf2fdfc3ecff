"""Sheets for the folder at the station: scanner setup and the last self-test."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
from click.testing import CliRunner, Result

from firmware_service.cli import main
from firmware_service.scanner_sheets import Family, families, sheet
from firmware_service.sheets import pdf
from tests.support.machine import put

FONT = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSansSC-Regular.otf")
RESULT = {
    "schema": 1,
    "station": "OR-03",
    "model": "Raspberry Pi 5",
    "serial": "1000",
    "version": "0.1.0",
    "at": "2026-11-22T08:15:02+00:00",
    "clock": "ntp",
    "outcome": "passed",
    "trial": [],
    "steps": [
        {"step": "card", "what": "", "outcome": "passed", "zh": "测卡", "en": "card", "said": {"zh": "", "en": ""}}
    ],
}


def ask(*words: str) -> Result:
    return CliRunner().invoke(main, ["sheets", *words])


def test_three_families() -> None:
    assert [family.key for family in families()] == ["honeywell", "zebra", "newland"]


NEEDED = ["串口|CDC", "AIM", "GS", "未读到", "回车"]


@pytest.mark.parametrize("family", families(), ids=[family.key for family in families()])
@pytest.mark.parametrize("needed", NEEDED)
def test_each_family_sets_what_a_station_needs(family: Family, needed: str) -> None:
    assert any(re.search(needed, setting.zh) for setting in family.setting)


@pytest.mark.parametrize("family", families(), ids=[family.key for family in families()])
def test_a_name_that_was_not_seen_in_a_manual_says_so(family: Family) -> None:
    lines = sheet(family)
    unsure = sum("名称以手册为准" in line for line in lines)
    assert unsure == sum(not setting.checked for setting in family.setting)
    assert any(f'no_read = "{family.no_read}"' in line for line in lines)
    assert all(manual in "\n".join(lines) for manual in family.manuals)


def test_the_sheet_on_the_screen_and_in_a_file(tmp_path: Path) -> None:
    shown = ask("scanner", "zebra")
    assert shown.exit_code == 0
    assert ask("scanner", "zebra", "--out", str(tmp_path / "z.txt")).exit_code == 0
    assert (tmp_path / "z.txt").read_text(encoding="utf-8") == shown.output
    assert ask("scanner", "unknown").exit_code == 2


def words_of(file: Path) -> str:
    with pypdfium2.PdfDocument(file) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def test_the_sheet_as_pdf(tmp_path: Path) -> None:
    out = tmp_path / "h.pdf"
    done = ask("scanner", "honeywell", "--out", str(out), "--font", str(FONT))
    assert done.exit_code == 0, done.output
    found = re.sub(r"\s+", "", words_of(out))
    for setting in families()[0].setting:
        assert re.sub(r"\s+", "", setting.zh) in found
        assert re.sub(r"\s+", "", setting.setting) in found


def test_a_long_sheet_goes_on_the_next_page(tmp_path: Path) -> None:
    out = tmp_path / "long.pdf"
    out.write_bytes(pdf([f"行 {n}" for n in range(120)], FONT))
    with pypdfium2.PdfDocument(out) as document:
        assert len(document) > 1
    assert "行 119" in words_of(out)


def test_the_last_self_test(tmp_path: Path) -> None:
    root = put(tmp_path, {"var/lib/udi-firmware/selftest.json": json.dumps(RESULT)})
    shown = ask("selftest", "--root", str(root))
    assert shown.exit_code == 0
    assert "结论 / outcome: 通过 passed" in shown.output


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    none = ask("selftest", "--root", str(tmp_path))
    assert none.exit_code == 1
    assert "no self-test yet: sudo udi-firmware selftest" in none.stderr
    away = ask("scanner", "zebra", "--out", str(tmp_path / "away/z.txt"))
    assert away.exit_code == 1
    font = ask("scanner", "zebra", "--out", str(tmp_path / "z.pdf"), "--font", str(tmp_path / "none.ttf"))
    assert font.exit_code == 1
    assert "expected one with Chinese" in font.stderr
