from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.updates import Bench, kept_twice


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """It has kept 1.1.0, and 1.0.0 before that; 1.2.0 is out."""
    made = kept_twice(tmp_path_factory.mktemp("kept"))
    made.releases.add("1.2.0")
    return made


@pytest.fixture
def device(kept: Bench, tmp_path: Path) -> Bench:
    """Of its own for a test; no restart of its station was asked for yet."""
    made = kept.copy(tmp_path / "device")
    (made.root / "asked").unlink()
    return made


@pytest.fixture
def trial(device: Bench) -> Bench:
    """1.2.0 is on trial, started once, and was not well yet."""
    device.swap()
    device.guard().watch()
    assert device.state.trial is not None
    assert device.state.trial.starts == 1
    return device
