import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.profile import COVERED_NS, Darkness, Manner, Quiet, manner

CASES: list[tuple[bool, bool, tuple[Quiet, ...], Manner]] = [
    (False, False, (), Manner("day", stop_sounds=True)),
    (True, False, ("night",), Manner("night", stop_sounds=True)),
    (True, False, (), Manner("night", stop_sounds=False)),
    (False, True, ("night",), Manner("silent", stop_sounds=False)),
    (False, True, ("silent",), Manner("silent", stop_sounds=True)),
    (True, True, ("night",), Manner("night", stop_sounds=False)),
    (True, True, ("night", "silent"), Manner("night", stop_sounds=True)),
]


@pytest.mark.parametrize(("night", "silent", "stop_sounds", "expected"), CASES)
def test_how_the_panel_behaves(night: bool, silent: bool, stop_sounds: tuple[Quiet, ...], expected: Manner) -> None:
    assert manner(night=night, silent=silent, stop_sounds=stop_sounds) == expected


def test_a_hand_over_the_sensor_is_no_night_and_a_lamp_for_a_moment_no_day() -> None:
    darkness, second = Darkness(), 1_000_000_000
    seen = [(0, True), (4, True), (4.5, False), (5, True), (9, True), (10, True), (11, False), (12, True), (13, False)]
    counted = [darkness.look(dark=dark, now_ns=int(at * second)) for at, dark in seen]
    assert counted == [False, False, False, False, False, True, True, True, True]
    assert darkness.look(dark=False, now_ns=18 * second) is False


@given(st.lists(st.tuples(st.integers(0, 4_000_000_000), st.booleans()), max_size=40))
def test_it_is_dark_or_light_only_after_that_was_seen_for_the_whole_time(looks: list[tuple[int, bool]]) -> None:
    darkness, now_ns, since_ns, last = Darkness(), 0, 0, False
    for waited_ns, dark in looks:
        now_ns += waited_ns
        if dark is not last:
            last, since_ns = dark, now_ns
        was = darkness.dark
        counts = darkness.look(dark=dark, now_ns=now_ns)
        assert (counts is was) or (counts is dark and now_ns - since_ns >= COVERED_NS)


def test_the_three_profiles_are_all_reached() -> None:
    reached = {manner(night=n, silent=s, stop_sounds=()).profile for n, s in itertools.product((False, True), repeat=2)}
    assert reached == {"day", "night", "silent"}
