from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_service.card.report import NAME, TOKEN, Interface, erase_token, interfaces, report, write_report
from hardware.host.board import Board

BOARD = Board("Raspberry Pi 4 Model B Rev 1.5", "100000001234abcd", None, None, None)
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
DOWN, UP = Interface("eth0", "dc:a6:32:00:00:01", up=False), Interface("eth0", "dc:a6:32:00:00:01", up=True)


@pytest.mark.parametrize(
    ("nets", "enrolled", "said"),
    [
        ((), False, "需要网络"),
        ((DOWN,), False, "Needs network"),
        ((UP,), False, "Waiting to enrol"),
        ((UP,), True, "已上线"),
        ((DOWN,), True, "已上线"),
    ],
)
def test_what_is_wanted(nets: tuple[Interface, ...], *, enrolled: bool, said: str) -> None:
    wanted = ("需要网络", "Waiting to enrol", "已上线")
    text = report(BOARD, nets, station=None, enrolled=enrolled, lines=(), now=NOW)
    assert said in text
    assert sum(each in text for each in wanted) == 1


def test_the_report_as_it_lies_on_the_card(tmp_path: Path) -> None:
    text = report(BOARD, (DOWN,), station="OR-03", enrolled=False, lines=("camera: none",), now=NOW)
    write_report(tmp_path, "an older one")
    write_report(tmp_path, text)
    data = (tmp_path / NAME).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    for expected in ("100000001234abcd", "dc:a6:32:00:00:01", "OR-03", "  camera: none", "2026-11-26T08:00:00+00:00"):
        assert expected in data.decode("utf-8-sig")
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_interfaces_without_the_loop(tmp_path: Path) -> None:
    for name, mac, state in (("lo", "00:00:00:00:00:00", "unknown"), ("wlan0", "aa:bb:cc:dd:ee:ff", "up")):
        folder = tmp_path / "sys/class/net" / name
        folder.mkdir(parents=True)
        (folder / "address").write_text(f"{mac}\n", encoding="ascii")
        (folder / "operstate").write_text(f"{state}\n", encoding="ascii")
    (tmp_path / "sys/class/net/bonding_masters").touch()
    assert interfaces(tmp_path) == (Interface("wlan0", "aa:bb:cc:dd:ee:ff", up=True),)


def test_a_token_is_gone_once_it_was_used(tmp_path: Path) -> None:
    token = tmp_path / TOKEN
    token.parent.mkdir()
    token.write_text("secret\n", encoding="ascii")
    kept = tmp_path / "same bytes"
    kept.hardlink_to(token)
    assert erase_token(tmp_path) is True
    assert not token.exists()
    assert kept.read_bytes() == bytes(7)
    assert erase_token(tmp_path) is False
