from datetime import time

import pytest

from edge.station.config import ProfileTable
from edge.station.panel import Panel, is_night
from hardware.simulators import SimulatedIndicator

CASES = [
    ("07:00", "21:00", time(6, 59), True),
    ("07:00", "21:00", time(7, 0), False),
    ("07:00", "21:00", time(20, 59), False),
    ("07:00", "21:00", time(21, 0), True),
    ("22:00", "06:00", time(23, 0), False),
    ("22:00", "06:00", time(7, 0), True),
]


@pytest.mark.parametrize(("day", "night", "local", "expected"), CASES)
def test_night_by_the_schedule(day: str, night: str, local: time, expected: bool) -> None:
    assert is_night(local, ProfileTable(day, night)) is expected


def test_the_panel_follows_the_day() -> None:
    indicator = SimulatedIndicator()
    panel = Panel(indicator)
    followed = []
    for hour in (3, 12):
        panel.follow(time(hour), 0)
        followed.append(indicator.profile)
    assert followed == ["night", "day"]
