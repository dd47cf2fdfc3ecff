"""A card that everybody else has filled: ext4 keeps a part for root, and agent and guard are root.

Raspberry Pi OS makes its card with ``mkfs.ext4`` and no ``-m``, which keeps 5 %; root needs no capability for it, only
to be user 0. https://www.man7.org/linux/man-pages/man8/mkfs.ext4.8.html
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_service.update import guard
from tests.support.disk import SmallDisk
from tests.support.needs import MissingError
from tests.support.updates import Bench

STATION = 65534
"""A user of its own; see ``udi-station.service``."""
ROOT = 0
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--no-new-privs")
"""As ``udi-trial.service`` and ``udi-boot-guard.service`` have it."""


@pytest.fixture
def card(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        made = SmallDisk(tmp_path / "device", for_root=5)
    except MissingError as missing:
        pytest.skip(f"NOT TRIED: {missing}")
    yield made
    made.close()


@pytest.fixture
def trial(kept: Bench, card: SmallDisk) -> Bench:
    """1.2.0 is on trial, on a card of its own."""
    made = kept.copy(card.folder)
    made.swap()
    made.guard().watch()
    return made


def guard_process(device: Bench, what: str) -> subprocess.CompletedProcess[str]:
    words = [
        sys.executable,
        "-I",
        guard.__file__,
        "--root",
        str(device.root),
        "--systemctl",
        str(device.systemctl),
        what,
    ]
    return subprocess.run([*WITHOUT_CAPABILITIES, *words], capture_output=True, text=True, check=False)


def test_a_trial_is_kept_on_a_card_that_the_station_has_filled(trial: Bench, card: SmallDisk) -> None:
    card.fill(STATION)
    assert os.statvfs(card.folder).f_bavail < 4, "of 1 KiB: no room for the next 4 KiB"
    trial.live()
    assert (trial.state.committed, trial.state.phase) == ("1.2.0", "idle")
    assert trial.whole()


def test_a_trial_is_returned_from_on_a_card_that_the_station_has_filled(trial: Bench, card: SmallDisk) -> None:
    trial.reboot("boot-1")
    card.fill(STATION)
    done = guard_process(trial, "boot")
    assert done.returncode == 0, done.stderr
    assert (trial.state.committed, trial.current) == ("1.1.0", "1.1.0")
    assert trial.state.failure is not None


def test_a_trial_waits_for_room_on_a_card_that_root_has_filled(trial: Bench, card: SmallDisk) -> None:
    trial.reboot("boot-1")
    card.fill(ROOT)
    done = guard_process(trial, "boot")
    assert done.returncode == 1
    assert "make room on the card" in done.stderr
    assert (trial.state.phase, trial.current) == ("trial", "1.2.0")
    assert trial.whole()
    card.free()
    assert guard_process(trial, "boot").returncode == 0
    assert (trial.state.committed, trial.current) == ("1.1.0", "1.1.0")
