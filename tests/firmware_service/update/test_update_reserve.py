"""A card that everybody else has filled: ext4 keeps a part for root, and agent and guard are root.

Raspberry Pi OS makes its card with ``mkfs.ext4`` and no ``-m``, which keeps 5 %; root needs no capability for it, only
to be user 0. https://www.man7.org/linux/man-pages/man8/mkfs.ext4.8.html
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_service.update import guard
from tests.support.disk import SmallDisk
from tests.support.needs import MissingError
from tests.support.updates import LOOK_S, Bench

NOBODY = 65534
AS_THE_GUARD = ("setpriv", "--bounding-set=-all", "--no-new-privs")
"""Root without any capability, as ``udi-trial.service`` has it."""


@pytest.fixture(params=[5, 0], ids=["as mkfs.ext4 makes it", "with nothing kept for root"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        made = SmallDisk(tmp_path / "device", 16, for_root=request.param)
    except MissingError as missing:
        pytest.skip(f"NOT TRIED: {missing}")
    yield made
    made.close()
