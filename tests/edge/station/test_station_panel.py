from datetime import time

import pytest

from edge.station.config import ProfileTable
from edge.station.panel import Panel, is_night
from hardware.profile import Surroundings
from hardware.simulators import SimulatedIndicator, SimulatedSenses, SimulatedSpeaker

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


def test_a_covered_sensor_makes_night_at_noon() -> None:
    indicator, senses = SimulatedIndicator(), SimulatedSenses()
    panel = Panel(indicator, senses=senses)
    senses.now = Surroundings(dark=True)
    followed = []
    for second in (0, 3, 6):
        panel.follow(time(12), second * 1_000_000_000)
        followed.append(indicator.profile)
    assert followed == ["day", "day", "night"]


def test_the_silent_switch_mutes_the_speaker_at_night_too_and_a_stop_unless_the_site_wants_it() -> None:
    indicator, senses, speaker = SimulatedIndicator(), SimulatedSenses(), SimulatedSpeaker()
    panel = Panel(indicator, senses=senses, speaker=speaker)
    senses.now = Surroundings(silent=True)
    panel.follow(time(12), 0)
    panel.say(("expired",))
    assert (indicator.profile, indicator.stop_sounds, list(speaker.said)) == ("silent", False, [])
    panel.follow(time(23), 0)
    panel.say(("expired",))
    assert (indicator.profile, indicator.stop_sounds, list(speaker.said)) == ("night", False, [])
    senses.now = Surroundings()
    panel.follow(time(23), 0)
    panel.say(("expired",))
    assert (indicator.profile, indicator.stop_sounds, list(speaker.said)) == ("night", True, [("expired",)])
    panel.close()
    assert indicator.closed
    assert senses.closed
    assert speaker.closed
