import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.clock.keeper import ClockKeeper, Told, step_to
from hardware.host.clock import BUILD_FLOOR, LAST, TOLD, Clock, ClockReading, Quality, last_known

TRUE = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass
class Machine(Clock):
    """A clock that is set by whoever may, and a monotonic one that the test moves."""

    root: Path
    at: datetime
    quality: Quality
    mono_s: float = 1000.0
    steps: list[datetime] = field(default_factory=list)
    module: list[datetime] = field(default_factory=list)
    denied: bool = False

    def now(self) -> ClockReading:
        return ClockReading(self.at, self.quality, "boot", int(self.mono_s * 1e9))

    def set_time(self, at: datetime) -> None:
        if self.denied:
            raise PermissionError("not for you")
        self.steps.append(at)
        self.at = at
        self.quality = "https"

    def keep(self, at: datetime) -> None:
        self.module.append(at)

    def keeper(self, ask: Callable[[], Told | None]) -> ClockKeeper:
        return ClockKeeper(
            self.root, self, ask, set_time=self.set_time, keep_module=self.keep, wake_s=lambda: self.mono_s
        )

    def true(self) -> Told:
        return Told(TRUE, int(self.mono_s * 1e9), "https")


WRONG = {
    "1970": (datetime(1970, 1, 1, tzinfo=UTC), "none"),
    "a year back": (TRUE - 365 * DAY, "none"),
    "the floor": (TRUE - 3 * DAY, "floor"),
    "120 days ahead": (TRUE + 120 * DAY, "floor"),
    "120 days ahead, by its module": (TRUE + 120 * DAY, "rtc"),
    "a second off, unknown": (TRUE + SECOND, "floor"),
}


@pytest.mark.parametrize(("at", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_time_recovers_at_the_first_answer(tmp_path: Path, at: datetime, quality: Quality) -> None:
    machine = Machine(tmp_path, at, quality)
    machine.keeper(machine.true).tick()
    assert machine.steps == [TRUE]
    assert machine.module == [TRUE], "the module keeps it over the next power cut"
    assert last_known(tmp_path) == TRUE
    assert json.loads((tmp_path / TOLD).read_bytes()) == {"boot": "boot", "mono_ns": 1000 * 10**9, "by": "https"}


LEFT_ALONE = {
    "kept right by NTP": (TRUE + 120 * DAY, "ntp"),
    "a module that is near": (TRUE + 20 * SECOND, "rtc"),
    "asked before, and near": (TRUE + SECOND, "https"),
}


@pytest.mark.parametrize(("at", "quality"), LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_a_good_time_is_left_alone(tmp_path: Path, at: datetime, quality: Quality) -> None:
    machine = Machine(tmp_path, at, quality)
    machine.keeper(machine.true).tick()
    assert machine.steps == []


def test_a_clock_module_that_agrees_with_a_server_counts_as_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, TRUE + SECOND, "rtc")
    machine.keeper(machine.true).tick()
    assert (tmp_path / TOLD).exists()


def test_a_silent_server_is_asked_again_and_ever_more_seldom(tmp_path: Path) -> None:
    machine, asked = Machine(tmp_path, BUILD_FLOOR, "floor"), []
    keeper = machine.keeper(lambda: asked.append(machine.mono_s))
    for _ in range(7200):
        keeper.tick()
        machine.mono_s += 1
    gaps = [later - sooner for sooner, later in pairwise(asked)]
    assert 10 <= len(asked) <= 60
    assert max(gaps) <= 601
    assert not (tmp_path / LAST).exists(), "a time that nobody vouches for is no floor"


def test_a_good_time_is_written_down_now_and_then(tmp_path: Path) -> None:
    machine = Machine(tmp_path, TRUE, "ntp")
    keeper = machine.keeper(lambda: None)
    written = []
    for _ in range(1300):
        keeper.tick()
        written.append(last_known(tmp_path))
        machine.mono_s += 1
        machine.at += SECOND
    assert len(set(written)) == 3


def test_a_process_that_may_not_set_the_clock_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(tmp_path, BUILD_FLOOR, "floor", denied=True)
    machine.keeper(machine.true).tick()
    assert "clock=not_set" in caplog.text
    assert not (tmp_path / TOLD).exists(), "what was not done is not claimed"


def test_a_card_that_takes_nothing_does_not_stop_the_clock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("run", "var"):
        (tmp_path / name).write_bytes(b"")
    machine = Machine(tmp_path, BUILD_FLOOR, "floor")
    machine.keeper(machine.true).tick()
    assert machine.steps == [TRUE]
    assert "clock=not_written" in caplog.text
    assert "clock=not_noted" in caplog.text


@given(
    off_s=st.floats(-1e8, 1e8),
    age_s=st.floats(0, 1e5),
    quality=st.sampled_from(["none", "floor", "rtc", "https", "ntp"]),
)
def test_a_step_ends_within_what_is_allowed(off_s: float, age_s: float, quality: Quality) -> None:
    reading = ClockReading(TRUE + timedelta(seconds=off_s), quality, "boot", int((1 + age_s) * 1e9))
    told = Told(TRUE - timedelta(seconds=age_s), 10**9, "hub")
    right = step_to(reading, told)
    if right is not None:
        assert abs(right - TRUE) < timedelta(milliseconds=1)
        assert quality != "ntp"
    elif quality != "ntp":
        assert abs(off_s) <= 30.001
