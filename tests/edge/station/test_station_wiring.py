"""Which pin goes where, and which must not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.station.config import StationConfig
from edge.station.wiring import BOARDS, HEADER, PHYSICAL, Board, clashes, draw, parts
from edge.station.wiring_cli import board_of
from hardware.host.toml import parse

STATION = {"id": "OR-03", "organisation": {"id": "H1", "role": "hospital"}, "place": "OR-03", "home_task": "CHECK"}
LINK = {"host": "hub.site", "port": 1883, "bench": True}
PANEL = {"ready": 5, "tick": 17, "cross": 27, "bar": 22, "wrench": 23}


def config(panel: dict[str, Any] | None, device: str = "/dev/serial/by-id/usb-A") -> StationConfig:
    table = {"station": STATION, "link": LINK, "scanner": [{"kind": "serial", "device": device}]}
    if panel is not None:
        table["panel"] = {**PANEL, **panel}
    return parse(table, StationConfig)


def test_the_header_is_the_one_of_the_boards() -> None:
    assert sorted(PHYSICAL) == list(range(28))
    wanted = {2: 3, 3: 5, 14: 8, 15: 10, 18: 12, 17: 11, 27: 13, 22: 15, 5: 29, 6: 31, 13: 33, 26: 37, 21: 40}
    assert {bcm: PHYSICAL[bcm] for bcm in wanted} == wanted
    ground = [pin for pin, what in HEADER.items() if what == "GND"]
    assert ground == [6, 9, 14, 20, 25, 30, 34, 39]


CLASHES: list[tuple[str, dict[str, Any], str, Board, list[str]]] = [
    ("nothing clashes", {}, "/dev/serial/by-id/usb-A", "4", []),
    ("EEPROM of a HAT", {"ready": 0}, "", "4", ["panel.ready"]),
    ("EEPROM on a 5 too", {"ready": 1}, "", "5", ["panel.ready"]),
    ("clock module", {"tick": 2, "bar": 3}, "", "zero2w", ["panel.tick", "panel.bar"]),
    ("clock module of a CM4", {"ok_button": 3}, "", "cm4", ["panel.ok_button"]),
    ("the 5 has its own clock", {"tick": 2, "bar": 3}, "", "5", []),
    ("serial port of a scanner", {"ok_button": 14}, "/dev/serial0", "4", ["panel.ok_button"]),
    ("serial port by its driver", {"buzzer": {"pin": 15, "kind": "active"}}, "/dev/ttyAMA0", "4", ["panel.buzzer.pin"]),
    ("a scanner on USB leaves it free", {"ok_button": 14}, "/dev/ttyACM0", "4", []),
    (
        "speaker on I2S",
        {"silent_switch": 20, "speaker": {"device": "plughw:MAX98357A"}},
        "",
        "4",
        ["panel.silent_switch"],
    ),
    ("speaker on USB", {"silent_switch": 20, "speaker": {"device": "default"}}, "", "4", []),
    ("task lamp", {"task_lamps": {"USE": 1}}, "", "4", ["panel.task_lamps.USE"]),
]


@pytest.mark.parametrize(
    ("panel", "device", "board", "keys"), [case[1:] for case in CLASHES], ids=[case[0] for case in CLASHES]
)
def test_pins_that_are_needed_for_something_else(
    panel: dict[str, Any], device: str, board: Board, keys: list[str]
) -> None:
    found = clashes(config(panel, device or "/dev/serial/by-id/usb-A"), board)
    assert [problem.key for problem in found] == keys
    assert all("another pin, for example" in problem.message for problem in found)


FULL = {
    "buzzer": {"pin": 18, "kind": "passive"},
    "ok_button": 6,
    "no_code_button": 13,
    "undo_button": 19,
    "light_sensor": 16,
    "silent_switch": 20,
    "task_lamps": {"USE": 24, "RECEIVE": 25},
}


@pytest.mark.parametrize("board", BOARDS)
def test_every_part_is_drawn_at_its_pin(board: Board) -> None:
    settings = config(FULL)
    picture = ET.fromstring(draw(settings, board))  # noqa: S314 - our own
    texts = {group.get("id"): "".join(group.itertext()) for group in picture.iter("{http://www.w3.org/2000/svg}g")}
    assert len(texts) == len(HEADER)
    for part in parts(settings.panel):
        assert part.words in texts[f"pin{PHYSICAL[part.pin]}"], part.key
    assert ("RTC" in texts["pin3"]) is (board != "5")
    used = sum("·" in text for text in texts.values())
    assert used == len(parts(settings.panel)) + (0 if board == "5" else 4)


def test_words_of_the_file_cannot_break_the_drawing() -> None:
    table = {"station": STATION, "link": LINK, "scanner": [{"kind": "serial", "device": "/dev/x"}]}
    settings = parse({**table, "panel": PANEL}, StationConfig)
    ET.fromstring(draw(settings, "4"))  # noqa: S314 - our own


def test_a_station_without_a_panel_has_only_its_clock() -> None:
    assert parts(None) == ()
    assert "RTC" in draw(config(None), "4")


FILE = """
[station]
id = "OR-03"
organisation = { id = "H1", role = "hospital" }
place = "OR-03"
home_task = "CHECK"
[link]
host = "hub.site"
port = 1883
bench = true
[[scanner]]
kind = "serial"
device = "/dev/serial/by-id/usb-A"
[panel]
ready = 5
tick = 17
cross = 27
bar = 22
wrench = {wrench}
"""
COMMAND = [
    ("drawn", 23, "4", 0, ""),
    ("two parts on one pin", 5, "4", 2, "ready already uses 5"),
    ("on the clock module", 2, "4", 1, "panel.wrench = 2: expected another pin"),
    ("free on a 5", 2, "5", 0, ""),
]


@pytest.mark.parametrize(
    ("wrench", "board", "status", "says"), [case[1:] for case in COMMAND], ids=[case[0] for case in COMMAND]
)
def test_the_command(tmp_path: Path, wrench: int, board: str, status: int, says: str) -> None:
    (tmp_path / "station.toml").write_text(FILE.replace("{wrench}", str(wrench)), encoding="utf-8")
    out = tmp_path / "wiring.svg"
    words = ["wiring", str(out), "--config", str(tmp_path / "station.toml"), "--board", board]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == status
    assert out.exists() is (status == 0), "a diagram that would burn something is not drawn"
    assert says in result.stderr


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text(FILE.replace("{wrench}", "23"), encoding="utf-8")
    words = ["wiring", str(tmp_path / "away/w.svg"), "--config", str(tmp_path / "station.toml")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "expected a file that can be written" in result.stderr


@pytest.mark.parametrize(
    ("model", "board"),
    [
        ("Raspberry Pi Zero 2 W Rev 1.0", "zero2w"),
        ("Raspberry Pi 4 Model B Rev 1.5", "4"),
        ("Raspberry Pi 5 Model B Rev 1.0", "5"),
        ("Raspberry Pi Compute Module 4 Rev 1.1", "cm4"),
        (None, "4"),
    ],
)
def test_the_board_by_the_name_it_gives_itself(model: str | None, board: str) -> None:
    assert board_of(model) == board
