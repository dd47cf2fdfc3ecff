from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card.fat import BootFolder
from firmware_service.card.recognise import UnknownCardError, recognise, with_tokens
from tests.support.boot_images import CMDLINE, boot_files, issue


def card(folder: Path, files: Mapping[str, bytes]) -> BootFolder:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return BootFolder(folder)


@pytest.mark.parametrize(
    ("files", "kind", "codename", "variant"),
    [
        (boot_files("2025-11-24"), "cloud-init", "trixie", "Lite"),
        (boot_files("2025-12-04") | {"issue.txt": issue("2025-12-04", "stage4")}, "cloud-init", "trixie", "desktop"),
        (boot_files("2025-10-01"), "firstrun", "trixie", "Lite"),
        (boot_files("2025-05-13"), "firstrun", "bookworm", "Lite"),
        (boot_files("2023-10-10") | {"issue.txt": issue("2023-10-10", "stage5")}, "firstrun", "bookworm", "full"),
    ],
)
def test_each_edition_is_known(tmp_path: Path, files: dict[str, bytes], kind: str, codename: str, variant: str) -> None:
    found = recognise(card(tmp_path, files))
    assert (found.kind, found.codename, found.variant) == (kind, codename, variant)


def _without(*names: str) -> dict[str, bytes]:
    return {name: data for name, data in boot_files().items() if name not in names}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no cmdline.txt and no config.txt: expected the boot partition of Raspberry Pi OS, found nothing"),
        ({"EFI": b""}, "found efi"),
        (_without("config.txt"), "no config.txt"),
        (_without("kernel8.img"), "use the 64-bit image"),
        (_without("issue.txt"), "found another system"),
        (boot_files() | {"issue.txt": b"Ubuntu"}, "issue.txt says 'Ubuntu'"),
        (boot_files() | {"issue.txt": issue("2025-13-99")}, "and a date"),
        (boot_files() | {"rpi-preseed.toml": b""}, "set up by rpi-preseed cannot be prepared"),
        (boot_files("2022-09-22"), "older than bookworm"),
        (_without("meta-data"), "meta-data is missing: write the image again"),
        (boot_files("2025-11-24", cloud_init=False), "user-data, meta-data, network-config is missing"),
        (boot_files("2025-10-01", cloud_init=True), "edition 2025-10-01 has no cloud-init"),
    ],
)
def test_any_other_card_is_refused_with_what_to_do(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    with pytest.raises(UnknownCardError) as caught:
        recognise(card(tmp_path, files))
    assert said in str(caught.value)


@pytest.mark.parametrize("line", [b"", b"console=tty1\n", b"root=a\nroot=b\n", b"\xff\xfe"])
def test_a_command_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(UnknownCardError, match=r"cmdline\.txt holds"):
        with_tokens(line, lambda _: False, [])


@given(st.lists(st.sampled_from(["quiet", "ds=nocloud;i=old", "rootwait"])))
def test_words_are_dropped_and_added_and_it_stays_one_line(words: list[str]) -> None:
    line = " ".join(["root=PARTUUID=1", *words]).encode() + b"\r\n"
    once = with_tokens(line, lambda word: word.startswith("ds="), ["ds=nocloud;i=new"])
    assert once.count(b"\n") == 1
    assert once.split().count(b"ds=nocloud;i=new") == 1
    assert b"old" not in once
    assert with_tokens(once, lambda word: word.startswith("ds="), ["ds=nocloud;i=new"]) == once


def test_the_usual_command_line_keeps_its_words() -> None:
    assert with_tokens(CMDLINE, lambda _: False, ["a=b"]) == CMDLINE.rstrip() + b" a=b\n"
