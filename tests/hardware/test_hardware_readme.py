"""What the page for the technician shows is what the programs take."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli import main as station
from edge.station.config import PanelTable, StationConfig
from edge.station.wiring import BOARDS, Board, clashes
from firmware_service.cli import main as firmware
from hardware.host.toml import parse

PAGE = (Path(__file__).parents[2] / "hardware/README.md").read_text(encoding="utf-8")
BASE = {
    "station": {"id": "A", "organisation": {"id": "H", "role": "hospital"}, "place": "A", "home_task": "CHECK"},
    "link": {"host": "hub.site", "port": 1883, "bench": True},
    "scanner": [{"kind": "serial", "device": "/dev/serial/by-id/usb-A"}],
}


def panel() -> dict[str, object]:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    return tomllib.loads(block)


@pytest.mark.parametrize("board", BOARDS)
def test_the_example_fits_every_board(board: Board) -> None:
    assert clashes(parse({**BASE, **panel()}, StationConfig), board) == ()


def test_the_table_of_windows_names_the_pins_of_the_example() -> None:
    example = parse({**BASE, **panel()}, StationConfig).panel
    assert isinstance(example, PanelTable)
    for window in ("ready", "tick", "cross", "bar", "wrench"):
        (row,) = re.findall(rf"^\| {window} .*\| (\d+) \|$", PAGE, re.MULTILINE)
        assert int(row) == getattr(example, window)


def commands() -> list[tuple[str, str]]:
    return sorted(
        set(re.findall(r"\b(udi-station|udi-firmware) ([a-z-]+(?: (?:codes|lamp|scanner|selftest|calibrate))?)", PAGE))
    )


@pytest.mark.parametrize(("program", "words"), commands(), ids=" ".join)
def test_every_command_exists(program: str, words: str) -> None:
    result = CliRunner().invoke(station if program == "udi-station" else firmware, [*words.split(), "--help"])
    assert result.exit_code == 0, result.output
