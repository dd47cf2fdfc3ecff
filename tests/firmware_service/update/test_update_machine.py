"""What this machine is."""

from __future__ import annotations

import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_service.update.machine import Machine, refusals
from tests.support.releases import PI, RUNS


def test_the_machine_is_this_one_and_its_system_the_one_under_the_root(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian"\n\nVERSION_CODENAME="trixie"\n', encoding="utf-8")
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert Machine.here(tmp_path) == Machine(platform.machine(), python, "trixie")


def test_a_system_that_says_nothing_has_no_code_name(tmp_path: Path) -> None:
    assert Machine.here(tmp_path).system == ""


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (PI, []),
        (replace(PI, architecture="armv7l"), ["it is for aarch64, this is armv7l"]),
        (replace(PI, python="cp314"), ["it is for Python cp313, this has cp314"]),
        (replace(PI, system=""), ["it is for trixie, this is a system without a code name"]),
        (replace(PI, updater=0), ["it needs updater 1, this is 0: write the card anew"]),
        (replace(PI, python="cp311", system="bookworm"), ["cp311", "bookworm"]),
    ],
)
def test_every_reason_is_said(machine: Machine, said: list[str]) -> None:
    found = refusals(RUNS, machine)
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))
