"""Both kinds of boot partition behave the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from firmware_service.card.fat import Boot, BootFolder, FatError, FatPartition
from firmware_service.card.layout import Partition
from firmware_service.card.target import open_target
from tests.support.boot_images import START, boot_files, fsck, listing, make_image


@pytest.fixture(params=["image", "folder"])
def boot(request: pytest.FixtureRequest, tmp_path: Path) -> Boot:
    if request.param == "image":
        return open_target(make_image(tmp_path / "card.img", boot_files()), writing=True)
    folder = tmp_path / "mounted"
    for name, data in boot_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return BootFolder(folder)


def test_what_is_written_is_read(boot: Boot) -> None:
    files = {"udi/layer/" + "a" * 64 + ".tar.gz": os.urandom(300_000), "udi/token": b"t\n", "cmdline.txt": b"new\n"}
    before = boot.free()
    for name, data in files.items():
        boot.write(name, data)
    boot.flush()
    for name, data in files.items():
        assert boot.read(name) == data
    assert boot.names("udi") in (["layer", "token"], ["token", "layer"])
    assert boot.names().count("cmdline.txt") == 1
    assert before - boot.free() > 300_000 or isinstance(boot, BootFolder)
    assert boot.faults() == ""


def test_a_file_is_removed_once_or_more(boot: Boot) -> None:
    boot.remove("config.txt")
    boot.remove("config.txt")
    assert boot.read("config.txt") is None
    assert "config.txt" not in boot.names()


@pytest.mark.parametrize("name", ["none", "udi/none", "overlays"])
def test_what_is_not_there_or_no_file_is_none(boot: Boot, name: str) -> None:
    assert boot.read(name) is None
    assert boot.names("nowhere") == []


def test_an_empty_file_is_not_a_missing_one(boot: Boot) -> None:
    boot.write("empty", b"")
    assert boot.read("empty") == b""


def test_short_names_keep_their_small_letters(tmp_path: Path) -> None:
    image = make_image(tmp_path / "card.img", boot_files())
    boot = open_target(image, writing=True)
    boot.write("CMDLINE.TXT", b"root=1\n")
    names = [name for name in listing(image) if name.lower() == "cmdline.txt"]
    assert len(names) == 1
    assert boot.read("cmdline.txt") == b"root=1\n"
    assert fsck(image) == ""


def test_a_damaged_file_system_is_told(tmp_path: Path) -> None:
    image = make_image(tmp_path / "card.img", boot_files())
    with image.open("r+b") as file:
        file.seek(START + 32 * 512 + 4 * 20)  # clusters in the first table that nobody owns
        file.write(b"\x33\x00\x00\x00" * 8)
    assert "FATs differ" in open_target(image, writing=False).faults()


def test_what_the_tool_says_is_handed_on(tmp_path: Path) -> None:
    file = tmp_path / "no.img"
    file.write_bytes(bytes(1_000_000))
    boot = FatPartition(file, Partition("MBR", 1, 0, 1_000_000, fat=True))
    with pytest.raises(FatError, match=r"mcopy: .*non DOS media"):
        boot.write("x", b"")


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = open_target(make_image(tmp_path / "card.img", boot_files()), writing=False)
    monkeypatch.setattr(os, "environ", {"PATH": str(tmp_path)})
    with pytest.raises(FatError, match="mdir is not installed: apt install mtools"):
        boot.free()
