"""What a device believes of an honest repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_service.places import Places
from firmware_service.update.fetching import FolderSource
from firmware_service.update.trust import StaleError
from tests.support.releases import CHANNEL, Device, Maker


def test_the_newest_release_and_its_bytes(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    device = Device(Places(tmp_path / "device"), maker.init())
    maker.issue("1.0.0", 1)
    made = maker.issue("1.1.0", 2)
    trust = device.trust(FolderSource(maker.folder))
    assert trust.newest(CHANNEL, floor=0) == made
    assert trust.newest(CHANNEL, floor=2) == made
    with pytest.raises(StaleError, match="kept 3"):
        trust.newest(CHANNEL, floor=3)
    layer = made.layer("app")
    *_, last = trust.fetch(layer, tmp_path / "app")
    assert last == layer.size
    assert (tmp_path / "app").read_bytes() == (maker.folder / layer.path).read_bytes()
