"""Steps and changes of quality become events; a clock tree of its own stands in for the machine's files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge import wire
from edge.station.drafts import STEP_NS, ClockWatch
from hardware.host.clock import TRUSTED, Clock, ClockReading

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
FIRST = ClockReading(AT, "rtc", "b", 0)
SECOND = timedelta(seconds=1)


class Readings(Clock):
    """A clock that shows what it is told."""

    def __init__(self, *readings: ClockReading) -> None:
        super().__init__()
        self._readings: Iterator[ClockReading] = iter(readings)

    def now(self) -> ClockReading:
        return next(self._readings)


def later(wall: timedelta, mono_ns: int, **more: object) -> ClockReading:
    return replace(FIRST, at=AT + wall, mono_ns=mono_ns, **more)  # type: ignore[arg-type]


NEXT = {
    "nothing": (later(SECOND, 1_000_000_000), None),
    "slewed a little": (later(SECOND, 1_000_000_000 + STEP_NS - 1), None),
    "years ahead": (
        later(timedelta(days=400), 1_000_000_000, quality="ntp"),
        wire.clock_change("step", quality_before="rtc", step_ns=400 * 86_400 * 10**9 - 10**9),
    ),
    "back": (
        later(timedelta(seconds=-2), 1_000_000_000),
        wire.clock_change("step", quality_before="rtc", step_ns=-3 * 10**9),
    ),
    "better": (
        later(SECOND, 1_000_000_000, quality="ntp"),
        wire.clock_change("quality", quality_before="rtc", step_ns=None),
    ),
    "asleep for an hour": (later(timedelta(hours=1), 3600 * 10**9), None),
}


@pytest.mark.parametrize(("reading", "change"), NEXT.values(), ids=NEXT.keys())
def test_what_becomes_an_event(reading: ClockReading, change: object) -> None:
    watch = ClockWatch(Readings(FIRST, reading, replace(reading, mono_ns=reading.mono_ns + 1)))
    assert watch.changed() == wire.clock_change("boot", quality_before=None, step_ns=None)
    assert watch.changed() == change
    assert watch.changed() is None, "once"


def test_the_quality_is_what_the_machine_knows(tmp_path: Path) -> None:
    synchronized, rtc = tmp_path / "run/systemd/timesync/synchronized", tmp_path / "sys/class/rtc/rtc0"
    found = [Clock(tmp_path, AT - SECOND).now().quality]
    rtc.mkdir(parents=True)
    (rtc / "since_epoch").write_text(f"{int(datetime.now(UTC).timestamp())}\n", encoding="ascii")
    found.append(Clock(tmp_path, AT - SECOND).now().quality)
    synchronized.parent.mkdir(parents=True)
    synchronized.touch()
    found.append(Clock(tmp_path, AT - SECOND).now().quality)
    found.append(Clock(tmp_path, datetime.now(UTC) + timedelta(days=1)).now().quality)
    assert found == ["floor", "rtc", "ntp", "none"]
    assert [quality in TRUSTED for quality in found] == [False, True, True, False]
