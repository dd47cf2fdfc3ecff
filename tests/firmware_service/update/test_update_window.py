from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.update.slots import AGENT, Phase
from firmware_service.update.window import QUIET, Window, may, ring_waits

NIGHT, OVER_MIDNIGHT = Window(time(2), time(5)), Window(time(22), time(4))
HOURS = {
    "within": (NIGHT, time(3), True),
    "its first minute": (NIGHT, time(2), True),
    "its end": (NIGHT, time(5), False),
    "by day": (NIGHT, time(12), False),
    "before midnight": (OVER_MIDNIGHT, time(23), True),
    "after midnight": (OVER_MIDNIGHT, time(3, 59), True),
    "at noon": (OVER_MIDNIGHT, time(12), False),
}


@pytest.mark.parametrize(("window", "local", "holds"), HOURS.values(), ids=HOURS.keys())
def test_the_hours_of_maintenance(window: Window, local: time, *, holds: bool) -> None:
    assert window.holds(local) is holds


@given(begin=st.times(), end=st.times(), local=st.times())
def test_a_window_and_its_counterpart_share_the_day(begin: time, end: time, local: time) -> None:
    if begin != end:
        assert Window(begin, end).holds(local) is not Window(end, begin).holds(local)


SEEN = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ring", "hours", "waits"), [(0, 0, 0), (1, 0, 24), (1, 23, 1), (1, 25, 0), (3, 24, 48), (2, -5, 53)]
)
def test_a_ring_is_a_day(ring: int, hours: int, waits: int) -> None:
    assert ring_waits(ring, SEEN, SEEN + timedelta(hours=hours)) == timedelta(hours=waits)


@pytest.mark.parametrize("phase", AGENT)
def test_nothing_is_disturbed_in_a_case_whoever_asks(phase: Phase) -> None:
    assert may(phase, in_window=True, asked=True, busy=True) is (phase in QUIET)
    assert may(phase, in_window=False, asked=False, busy=False) is (phase in QUIET)
    assert may(phase, in_window=True, asked=False, busy=False)
    assert may(phase, in_window=False, asked=True, busy=False)
