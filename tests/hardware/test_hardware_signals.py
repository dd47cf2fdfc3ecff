import typing

import pytest

from hardware.signals import LAMPS, Profile, Signal, camera_light, load_signals, resting, task_level

PROFILES = typing.get_args(Profile)
CASES = [(profile, signal) for profile in PROFILES for signal in Signal]


@pytest.mark.parametrize(("profile", "signal"), CASES)
def test_a_signal_is_made_of_lamps_that_exist_and_of_steps_that_end(profile: Profile, signal: Signal) -> None:
    pattern = load_signals(profile)[signal]
    assert pattern.steps[-1].ms == 0
    assert all(step.ms > 0 for step in pattern.steps[:-1])
    assert all(lamp in LAMPS for step in pattern.steps for lamp in step.levels)
    assert pattern.zh
    assert pattern.en


def test_ready_is_lit_in_every_signal_but_fault() -> None:
    for signal, pattern in load_signals("day").items():
        assert all(("ready" in step.levels) == (signal is not Signal.FAULT) for step in pattern.steps), signal


def test_stop_stays_until_it_is_acknowledged() -> None:
    (step,) = load_signals("day")[Signal.STOP].steps
    assert step.ms == 0


def test_night_is_dim_and_silent_but_stop_is_neither_off_nor_mute() -> None:
    night = load_signals("night")
    assert night[Signal.ACCEPTED].tones == ()
    assert night[Signal.ACCEPTED].steps[0].levels["tick"] <= 0.1
    assert night[Signal.STOP].tones != ()
    assert night[Signal.STOP].steps[0].levels["cross"] >= 0.3
    assert all(pattern.tones == () for pattern in load_signals("silent", stop_sounds=False).values())


def test_at_rest_stays_what_somebody_has_to_see_to() -> None:
    table = load_signals()
    assert resting(table, trouble=False, pending=False) == table[Signal.READY].steps[-1].levels
    assert resting(table, trouble=True, pending=True) == {"ready": 0.3, "wrench": 0.5, "bar": 0.15}


def test_the_lamp_of_the_task_is_dim_at_night() -> None:
    assert [task_level(profile) for profile in PROFILES] == [0.5, 0.05, 0.5]


def test_the_light_of_the_camera_is_idle_by_five_per_cent_at_most_and_dimmed_at_night() -> None:
    light = camera_light()
    assert [light.level(profile, on=True) for profile in PROFILES] == [light.day, light.night, light.day]
    assert 0 <= light.idle <= 0.05 < light.night < light.day <= 1
    assert {light.level(profile, on=False) for profile in PROFILES} == {light.idle}
