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
    ASK = "ASK"
    PROMPT = "PROMPT"
    PROMPT_AGAIN = "PROMPT_AGAIN"
    STOP = "STOP"
    FAULT = "FAULT"
    TROUBLE = "TROUBLE"


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
    night_tones: tuple[tuple[int, int, int], ...] = ()


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
    ASK: _Row
    PROMPT: _Row
    PROMPT_AGAIN: _Row
    STOP: _Row
    FAULT: _Row
    TROUBLE: _Row
    light: CameraLight


@cache
def load_signals(profile: Profile = "day") -> Mapping[Signal, Pattern]:
    """The table for a profile. Night is dimmed and silent except for STOP; silent is day without any tone."""
    table = _table()
    return {signal: _pattern(signal, getattr(table, signal.value), profile) for signal in Signal}


def camera_light() -> CameraLight:
    """The lamp of the camera."""
    return _table().light


@cache
def _table() -> _Table:
    return load(Path(__file__).with_name("signals.toml"), _Table)


def _pattern(signal: Signal, row: _Row, profile: Profile) -> Pattern:
    scale = 1.0
    if profile == "night":
        scale = NIGHT_STOP_LEVEL if signal is Signal.STOP else NIGHT_LEVEL
    tones = {"day": row.tones, "night": row.night_tones, "silent": ()}[profile]
    steps = tuple(Step(step.ms, dict(_level(lamp, scale) for lamp in step.lamps)) for step in row.steps)
    return Pattern(steps, tuple(Tone(*tone) for tone in tones), row.say.zh, row.say.en)


def _level(lamp: str, scale: float) -> tuple[str, float]:
    name, _, level = lamp.partition(":")
    return name, round(float(level or 1) * scale, 3)
