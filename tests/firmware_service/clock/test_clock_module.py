import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from firmware_service.clock.module import rtc_time, set_modules

AT = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_time_as_the_kernel_wants_it() -> None:
    assert struct.unpack("9i", rtc_time(AT)) == (7, 6, 5, 4, 2, 127, 0, 0, 0)
    assert rtc_time(AT.astimezone(timezone(timedelta(hours=8)))) == rtc_time(AT), "the module runs in UTC"


def test_a_machine_without_a_module_and_one_whose_module_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert set_modules(tmp_path, AT) == 0
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/rtc0").write_bytes(b"")
    assert set_modules(tmp_path, AT) == 0
    assert "rtc0 not set: " in caplog.text
