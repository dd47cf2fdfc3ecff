import itertools
import typing

import pytest

from hardware.signals import LAMPS, Pattern, Profile, Signal, camera_light, load_signals

PROFILES = typing.get_args(Profile)
OUTCOMES = ("ACCEPTED", "CHECKED", "ATTENTION", "INCOMPLETE", "REDO", "MISSING", "STOP", "FAULT")
CASES = [(profile, signal) for profile in PROFILES for signal in Signal]


@pytest.mark.parametrize(("profile", "signal"), CASES)
def test_no_signal_imitates_a_patient_monitor_or_flashes_dangerously(profile: Profile, signal: Signal) -> None:
    pattern = load_signals(profile)[signal]
    assert all(tone.hz >= 2000 for tone in pattern.tones)
    assert len(pattern.tones) not in (3, 5) or len({tone.hz for tone in pattern.tones}) > 1
    starts = [step.levels for step in pattern.steps]
    for lamp in LAMPS:
        flashes = sum(1 for a, b in itertools.pairwise(starts) if a.get(lamp, 0) == 0 and b.get(lamp, 0) > 0)
        assert flashes <= 1
    assert pattern.steps[-1].ms == 0
    assert all(step.ms > 0 for step in pattern.steps[:-1])
    assert all(lamp in LAMPS for step in pattern.steps for lamp in step.levels)


def look(pattern: Pattern) -> tuple[object, ...]:
    """Which windows are lit and how bright, in order: shape and motion, no colour."""
    return tuple(tuple(sorted(step.levels.items())) for step in pattern.steps)


def sound(pattern: Pattern) -> tuple[object, ...]:
    return tuple((tone.start_ms, tone.length_ms, tone.hz) for tone in pattern.tones)


@pytest.mark.parametrize("tell", [look, sound])
def test_every_outcome_is_told_apart_by_light_alone_and_by_sound_alone(tell: typing.Any) -> None:
    table = load_signals("day")
    assert len({tell(table[Signal(outcome)]) for outcome in OUTCOMES}) == len(OUTCOMES)


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
    assert all(pattern.tones == () for pattern in load_signals("silent").values())


@pytest.mark.parametrize("tell", [look, sound])
def test_a_prompt_is_taken_for_no_outcome_nor_for_the_other_prompt(tell: typing.Any) -> None:
    table = load_signals("day")
    others = {tell(table[signal]) for signal in Signal if not signal.value.startswith("PROMPT")}
    prompts = {tell(table[Signal.PROMPT]), tell(table[Signal.PROMPT_AGAIN])}
    assert len(prompts) == 2
    assert not prompts & others
    assert load_signals("night")[Signal.PROMPT_AGAIN].tones == ()


def test_the_light_of_the_camera_is_idle_by_five_per_cent_at_most_and_dimmed_at_night() -> None:
    light = camera_light()
    assert [light.level(profile, on=True) for profile in PROFILES] == [light.day, light.night, light.day]
    assert 0 <= light.idle <= 0.05 < light.night < light.day <= 1
    assert {light.level(profile, on=False) for profile in PROFILES} == {light.idle}
