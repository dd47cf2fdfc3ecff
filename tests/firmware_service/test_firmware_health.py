from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from firmware_service.health import Health, concerns, read_health, to_json, to_text
from hardware.host.board import Board

WELL = Health(
    board=Board(model="Raspberry Pi 4 Model B Rev 1.5", serial="1000", temperature_c=51.2, throttled=0, memory_mb=1845),
    clock="ntp",
    at="2026-11-22T08:15:02+00:00",
    disk_total=29 * 2**30,
    disk_free=20 * 2**30,
    reboot_wanted=False,
)


def test_nothing_to_do_when_all_is_well() -> None:
    assert concerns(WELL) == []


@pytest.mark.parametrize(
    ("health", "says"),
    [
        (replace(WELL, clock="none"), "clock quality is none"),
        (replace(WELL, clock="floor"), "clock quality is floor"),
        (replace(WELL, disk_free=100 * 2**20), "100 MiB free"),
        (replace(WELL, board=replace(WELL.board, temperature_c=82.0)), "82.0 °C"),
        (replace(WELL, board=replace(WELL.board, throttled=0x1)), "under-voltage"),
        (replace(WELL, reboot_wanted=True), "asks for a reboot"),
    ],
)
def test_each_concern_is_said_alone_and_shown_to_a_person(health: Health, says: str) -> None:
    found = concerns(health)
    assert len(found) == 1
    assert says in found[0]
    assert f"! {found[0]}" in to_text(health)
    assert to_json(health)["concerns"] == found


def test_throttling_of_the_past_is_no_concern_now() -> None:
    assert concerns(replace(WELL, board=replace(WELL.board, throttled=0x50000))) == []


def test_unknown_board_is_said_to_be_unknown() -> None:
    text = to_text(replace(WELL, board=Board(None, None, None, None, None)))
    assert text.count("unknown") == 5


def test_reads_a_tree(tmp_path: Path) -> None:
    boot_id = tmp_path / "proc/sys/kernel/random/boot_id"
    boot_id.parent.mkdir(parents=True)
    boot_id.write_text("00000000-0000-4000-8000-000000000000\n", encoding="ascii")
    model = tmp_path / "proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"Raspberry Pi Zero 2 W Rev 1.0\0")
    wanted = tmp_path / "run/udi-station/reboot-wanted"
    wanted.parent.mkdir(parents=True)
    wanted.touch()
    found = read_health(tmp_path)
    assert found.board.model == "Raspberry Pi Zero 2 W Rev 1.0"
    assert found.reboot_wanted
    assert 0 < found.disk_free <= found.disk_total
