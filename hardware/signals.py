"""The signal table `signals.toml`, read into frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from hardware.host.toml import load

LAMPS = ("ready", "tick", "cross", "bar", "wrench")
Profile = Literal["day", "night", "silent"]
NIGHT_LEVEL = 0.1
"""Share of full light at night; a STOP keeps `NIGHT_STOP_LEVEL`."""
NIGHT_STOP_LEVEL = 0.5


class Signal(StrEnum):
    """Everything the panel can say; the eight outcomes keep their names."""

    READY = "READY"
    WORKING = "WORKING"
    CONTEXT = "CONTEXT"
    ACCEPTED = "ACCEPTED"
    CHECKED = "CHECKED"
    ATTENTION = "ATTENTION"
    INCOMPLETE = "INCOMPLETE"
    REDO = "REDO"
    MISSING = "MISSING"
    PROMPT = "PROMPT"
    PROMPT_AGAIN = "PROMPT_AGAIN"
    STOP = "STOP"
    FAULT = "FAULT"
    TROUBLE = "TROUBLE"
    ASK = "ASK"
    """A question that needs this person's answer; nothing is booked."""
    HELD = "HELD"
    """A case or document is open with items pending: how the panel rests, as TROUBLE is."""


@dataclass(frozen=True, slots=True)
class Step:
    """Lamps that are lit together for a time."""

    ms: int
    """How long; 0 = until the next signal."""
    levels: Mapping[str, float]
    """Lamp to level, 0 to 1; lamps not named are out."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone of the buzzer."""

    start_ms: int
    length_ms: int
    hz: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one signal looks and sounds like."""

    steps: tuple[Step, ...]
    tones: tuple[Tone, ...]
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Say:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _StepRow:
    ms: int
    lamps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    say: _Say
    steps: tuple[_StepRow, ...]
    tones: tuple[tuple[int, int, int], ...] = ()
    quiet_tones: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CameraLight:
    """How bright the lamp is that the camera sees by: shares of full light."""

    idle: float
    """With nothing under the camera."""
    day: float
    night: float

    def level(self, profile: Profile, *, on: bool) -> float:
        """The level in a profile."""
        if not on:
            return self.idle
        return self.night if profile == "night" else self.day


@dataclass(frozen=True, slots=True)
class _TaskLamp:
    level: float


@dataclass(frozen=True, slots=True)
class _Table:
    READY: _Row
    WORKING: _Row
    CONTEXT: _Row
    ACCEPTED: _Row
    CHECKED: _Row
    ATTENTION: _Row
    INCOMPLETE: _Row
    REDO: _Row
    MISSING: _Row
    PROMPT: _Row
    PROMPT_AGAIN: _Row
    STOP: _Row
    FAULT: _Row
    TROUBLE: _Row
    ASK: _Row
    HELD: _Row
    task: _TaskLamp
    light: CameraLight


@cache
def load_signals(profile: Profile = "day", *, stop_sounds: bool = True) -> Mapping[Signal, Pattern]:
    """The table for a profile: night is dimmed, silent as bright as day, and both are without tones.

    Args:
        profile: as the panel is used.
        stop_sounds: whether a STOP is heard all the same, for a shorter time, where nothing else is.
    """
    table = _table()
    return {signal: _pattern(signal, getattr(table, signal.value), profile, stop_sounds) for signal in Signal}


def resting(table: Mapping[Signal, Pattern], *, trouble: bool, pending: bool) -> Mapping[str, float]:
    """Lamps at rest: the ready lamp, and beside it what stays until somebody has seen to it.

    Args:
        table: of the profile.
        trouble: a part is missing.
        pending: a case or document is open with items pending.
    """
    stays = [Signal.READY] + [Signal.TROUBLE] * trouble + [Signal.HELD] * pending
    return {lamp: level for signal in stays for lamp, level in table[signal].steps[-1].levels.items()}


def task_level(profile: Profile) -> float:
    """How bright the lamp of the running task is."""
    return round(_table().task.level * _scale(profile), 3)


def camera_light() -> CameraLight:
    """The lamp of the camera."""
    return _table().light


@cache
def _table() -> _Table:
    return load(Path(__file__).with_name("signals.toml"), _Table)


def _pattern(signal: Signal, row: _Row, profile: Profile, stop_sounds: bool) -> Pattern:
    scale = NIGHT_STOP_LEVEL if profile == "night" and signal is Signal.STOP else _scale(profile)
    tones = row.tones if profile == "day" else row.quiet_tones if stop_sounds else ()
    steps = tuple(Step(step.ms, dict(_level(lamp, scale) for lamp in step.lamps)) for step in row.steps)
    return Pattern(steps, tuple(Tone(*tone) for tone in tones), row.say.zh, row.say.en)


def _scale(profile: Profile) -> float:
    return NIGHT_LEVEL if profile == "night" else 1.0


def _level(lamp: str, scale: float) -> tuple[str, float]:
    name, _, level = lamp.partition(":")
    return name, round(float(level or 1) * scale, 3)
