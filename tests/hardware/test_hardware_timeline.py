"""Every signal is rendered, and what is measured is the sound and the picture, never the table."""

import io
import itertools
import wave
from dataclasses import replace

import numpy as np
import pytest

from hardware.profile import manner
from hardware.signals import Pattern, Profile, Signal, Step, Tone, load_signals, resting
from hardware.timeline import PX_MS, RATE, Lit, Sounding, changes, svg, wav
from tests.support.alarms import complaints, pulses, shape, traces

MANNERS = {
    f"{'night' if night else ''} {'silent' if silent else ''} {'+'.join(stop)}".strip() or "day": manner(
        night=night, silent=silent, stop_sounds=stop
    )
    for night in (False, True)
    for silent in (False, True)
    for stop in ((), ("night", "silent"))
}
READY = load_signals()[Signal.READY]


@pytest.mark.parametrize("name", MANNERS)
def test_no_signal_of_a_profile_imitates_an_alarm_flashes_or_resembles_another_one(name: str) -> None:
    table = load_signals(MANNERS[name].profile, stop_sounds=MANNERS[name].stop_sounds)
    assert complaints(table, PX_MS) == []


def bad(
    signal: Signal, *, steps: tuple[Step, ...] | None = None, tones: tuple[Tone, ...] = ()
) -> dict[Signal, Pattern]:
    shipped = load_signals()
    others = (Signal.READY, Signal.ACCEPTED, Signal.ATTENTION, Signal.INCOMPLETE, Signal.TROUBLE)
    changed = replace(shipped[signal], steps=steps or shipped[signal].steps, tones=tones)
    return {other: shipped[other] for other in others} | {signal: changed}


def blinking(lamp: str, on_ms: int, off_ms: int) -> tuple[Step, ...]:
    ready = {"ready": 0.3}
    return (*([Step(on_ms, {**ready, lamp: 1.0}), Step(off_ms, ready)] * 4), Step(0, ready))


def tones(*starts: int, length: int = 80, hz: int = 2500) -> tuple[Tone, ...]:
    return tuple(Tone(start, length, hz) for start in starts)


BAD = {
    "red that flashes at 2 Hz": (bad(Signal.STOP, steps=blinking("cross", 250, 250)), "STOP: cross blinks"),
    "yellow that flashes at 0.5 Hz": (bad(Signal.MISSING, steps=blinking("bar", 1000, 1000)), "MISSING: bar blinks"),
    "a ready lamp that blinks": (bad(Signal.CONTEXT, steps=blinking("ready", 500, 500)), "CONTEXT: ready blinks"),
    "five flashes a second": (bad(Signal.REDO, steps=blinking("cross", 100, 100)), "REDO: cross flashes"),
    "three short high ones": (bad(Signal.ACCEPTED, tones=tones(0, 160, 320, hz=3200)), "ACCEPTED: 3 equal pulses"),
    "three tones that rise": (
        bad(Signal.REDO, tones=(Tone(0, 150, 2000), Tone(250, 150, 2500), Tone(500, 150, 3000))),
        "REDO: 3 equal pulses",
    ),
    "five tones": (bad(Signal.FAULT, tones=tones(0, 160, 320, 480, 640)), "FAULT: 5 equal pulses"),
    "three and two": (bad(Signal.STOP, tones=tones(0, 160, 320, 900, 1060)), "STOP: 3 + 2"),
    "three and two of any length": (
        bad(Signal.STOP, tones=(*tones(0, 160), *tones(320, length=160), *tones(1200, 1360, length=110))),
        "STOP: 3 + 2",
    ),
    "an alarm's pitch": (bad(Signal.REDO, tones=tones(0, length=350, hz=880)), "REDO: low"),
    "a low end of a glide": (bad(Signal.REDO, tones=(Tone(0, 90, 2600), Tone(90, 90, 1500))), "REDO: low"),
    "no rhythm of its own": (bad(Signal.REDO, tones=tones(0, length=180)), "ATTENTION sounds like REDO"),
    "two equal ones": (bad(Signal.ASK, tones=tones(0, 120, length=60)), "INCOMPLETE sounds like ASK"),
    "a dimmed tick for checked": (
        bad(Signal.CHECKED, steps=(Step(1000, {"ready": 0.3, "tick": 0.25}), Step(0, {"ready": 0.3}))),
        "ACCEPTED looks like CHECKED",
    ),
    "a dimmer wrench for working": (
        bad(Signal.WORKING, steps=(Step(0, {"ready": 0.3, "wrench": 0.3}),)),
        "TROUBLE looks like WORKING",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused(name: str) -> None:
    table, complaint = BAD[name]
    assert complaint in complaints(table, PX_MS)


@pytest.mark.parametrize(("signal", "pitches"), [(Signal.STOP, (2100, 3100, 2100)), (Signal.ACCEPTED, (3200,))])
def test_tones_that_touch_are_one_sound(signal: Signal, pitches: tuple[int, ...]) -> None:
    (pulse,) = pulses(wav(load_signals()[signal]))
    assert len(pulse.pitches) == len(pitches)
    assert all(abs(heard / hz - 1) < 0.01 for heard, hz in zip(pulse.pitches, pitches, strict=True))


def test_nothing_sounds_where_alarms_do() -> None:
    """A square wave's overtones lie above its pitch, and what the sampling folds down is not there."""
    for pattern in load_signals().values():
        with wave.open(io.BytesIO(wav(pattern))) as reader:
            samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float)
        power = np.abs(np.fft.rfft(samples)) ** 2
        assert power[np.fft.rfftfreq(len(samples), 1 / RATE) < 1000].sum() <= 0.01 * power.sum()


def test_at_night_and_in_silence_a_stop_alone_is_heard_if_the_site_wants_it() -> None:
    profiles: tuple[Profile, ...] = ("night", "silent")
    for profile, stop_sounds in itertools.product(profiles, (True, False)):
        table = load_signals(profile, stop_sounds=stop_sounds)
        heard = [signal for signal, pattern in table.items() if pulses(wav(pattern))]
        assert heard == ([Signal.STOP] if stop_sounds else [])


def test_every_signal_is_heard_that_answers_a_person() -> None:
    silent = {Signal.READY, Signal.WORKING, Signal.TROUBLE, Signal.HELD}
    assert {signal for signal, pattern in load_signals().items() if not pulses(wav(pattern))} == silent


def test_what_stays_at_rest_is_told_apart_from_every_answer_that_stays() -> None:
    table = load_signals()
    rests = [
        frozenset(resting(table, trouble=trouble, pending=pending))
        for trouble, pending in itertools.product((False, True), repeat=2)
    ]
    stays = {signal: shape(pattern, READY)[-1] for signal, pattern in table.items()}
    seen = [frozenset(rest - {"ready"}) for rest in rests]
    answers = {stays[signal] for signal in (Signal.STOP, Signal.INCOMPLETE, Signal.FAULT, Signal.WORKING)}
    assert len(set(seen)) == len(seen)
    assert len(answers) == 4
    assert not answers & set(seen)


def test_the_changes_of_a_signal_in_order() -> None:
    pattern = Pattern((Step(100, {"tick": 1.0}), Step(0, {})), (Tone(0, 50, 2000), Tone(50, 50, 3000)), "", "")
    assert changes(pattern) == (
        Lit(0, {"tick": 1.0}),
        Sounding(0, 2000),
        Sounding(50, 3000),
        Lit(100, {}),
        Sounding(100, 0),
    )


def test_the_picture_names_every_lamp_and_is_as_long_as_the_signal() -> None:
    seen = traces(svg("ATTENTION", load_signals()[Signal.ATTENTION]))
    assert list(seen) == ["ready", "tick", "cross", "bar", "wrench", "buzzer"]
    assert len(seen["tick"]) * PX_MS == 2500
    assert np.count_nonzero(seen["tick"]) * PX_MS == 2000
