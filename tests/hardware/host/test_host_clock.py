import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hardware.host.clock import BUILD_FLOOR, LAST, TOLD, Clock, last_known

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SYNCHRONIZED = "run/systemd/timesync/synchronized"
BOOT = "5f0c"


def put(root: Path, name: str | Path, text: str = "") -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")
    return file


def rtc(root: Path, at: datetime, name: str = "rtc0") -> Path:
    return put(root, f"sys/class/rtc/{name}/since_epoch", f"{int(at.timestamp())}\n")


def told(root: Path, *, boot: str = BOOT, ago: timedelta = timedelta()) -> Path:
    put(root, "proc/sys/kernel/random/boot_id", BOOT + "\n")
    mono_ns = time.monotonic_ns() - int(ago.total_seconds() * 1e9)
    return put(root, TOLD, json.dumps({"boot": boot, "mono_ns": mono_ns, "by": "https"}))


MACHINES = {
    "nothing at all": (lambda _root: None, "floor"),
    "kept right by timesyncd": (lambda root: put(root, SYNCHRONIZED), "ntp"),
    "a clock module that agrees": (lambda root: rtc(root, datetime.now(UTC)), "rtc"),
    "a clock module with an empty battery": (lambda root: rtc(root, datetime(1970, 1, 2, tzinfo=UTC)), "floor"),
    "a clock module of another day": (lambda root: rtc(root, NOW + DAY), "floor"),
    "the second module agrees": (lambda root: (rtc(root, NOW - DAY), rtc(root, datetime.now(UTC), "rtc1")), "rtc"),
    "a clock module that says nothing": (lambda root: put(root, "sys/class/rtc/rtc0/since_epoch", "?"), "floor"),
    "set by a server": (told, "https"),
    "set by a server, two days ago": (lambda root: told(root, ago=2 * DAY), "floor"),
    "set by a server before this start": (lambda root: told(root, boot="other"), "floor"),
    "set by a server, from the future": (lambda root: told(root, ago=-DAY), "floor"),
    "what set it cannot be read": (lambda root: put(root, TOLD, "[]"), "floor"),
    "a server and timesyncd": (lambda root: (told(root), put(root, SYNCHRONIZED)), "ntp"),
    "it was later before": (lambda root: put(root, LAST, (NOW + 3 * DAY).isoformat()), "none"),
    "it was later before, and timesyncd says no": (
        lambda root: (put(root, LAST, (NOW + 3 * DAY).isoformat()), put(root, SYNCHRONIZED)),
        "ntp",
    ),
    "it was later before, and a server says no": (
        lambda root: (put(root, LAST, (NOW + 3 * DAY).isoformat()), told(root)),
        "https",
    ),
    "a last time of no zone": (lambda root: put(root, LAST, "2999-01-01T00:00:00"), "floor"),
    "a last time that is none": (lambda root: put(root, LAST, "yesterday"), "floor"),
}


@pytest.mark.parametrize(("make", "quality"), MACHINES.values(), ids=MACHINES.keys())
def test_how_far_the_time_can_be_trusted(tmp_path: Path, make: object, quality: str) -> None:
    assert callable(make)
    make(tmp_path)
    assert Clock(tmp_path).now().quality == quality


def test_before_the_floor_nothing_helps(tmp_path: Path) -> None:
    put(tmp_path, SYNCHRONIZED)
    assert Clock(tmp_path, floor=datetime(2999, 1, 1, tzinfo=UTC)).now().quality == "none"


def test_the_floor_is_the_latest_time_that_was_known(tmp_path: Path) -> None:
    assert Clock(tmp_path).floor == BUILD_FLOOR
    put(tmp_path, LAST, (NOW - DAY).isoformat())
    assert Clock(tmp_path).floor == NOW - DAY == last_known(tmp_path)
    put(tmp_path, LAST, "2001-01-01T00:00:00+00:00")
    assert Clock(tmp_path).floor == BUILD_FLOOR
