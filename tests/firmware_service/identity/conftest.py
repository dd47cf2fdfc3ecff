from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.devices import Device, TestedAuthority


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[TestedAuthority]:
    made = TestedAuthority(tmp_path)
    yield made
    made.close()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "pi")
