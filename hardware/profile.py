"""How loud and how bright the panel is: by the hour, by a light sensor, by a silent switch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from hardware.signals import Profile

COVERED_NS = 5_000_000_000
"""A hand over the sensor or a lamp that is switched on for a moment changes nothing."""
Quiet = Literal["night", "silent"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the panel notices of the room."""

    dark: bool = False
    """The light sensor is in the dark or covered."""
    silent: bool = False
    """The silent switch is closed."""


class Senses(Protocol):
    """Light sensor and silent switch, real or simulated."""

    def read(self) -> Surroundings:
        """The present."""

    def close(self) -> None:
        """Let the pins go; harmless twice."""


class Darkness:
    """Whether it is dark; a change counts once it has lasted for `COVERED_NS`."""

    def __init__(self) -> None:
        """Start in the light."""
        self.dark = False
        self._since_ns: int | None = None

    def look(self, *, dark: bool, now_ns: int) -> bool:
        """Take what the sensor says at a monotonic time; returns whether it counts as dark."""
        if dark is self.dark:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = now_ns
        elif now_ns - self._since_ns >= COVERED_NS:
            self.dark, self._since_ns = dark, None
        return self.dark


@dataclass(frozen=True, slots=True)
class Manner:
    """How the panel behaves now."""

    profile: Profile
    stop_sounds: bool
    """A STOP is heard."""


def manner(*, night: bool, silent: bool, stop_sounds: Sequence[Quiet]) -> Manner:
    """Night is dim and silent is mute; a silent night is both.

    Args:
        night: by the hour or by the light sensor.
        silent: by the configuration or by the switch.
        stop_sounds: where this site lets a STOP be heard although nothing else is.
    """
    if silent:
        return Manner("night" if night else "silent", "silent" in stop_sounds)
    if night:
        return Manner("night", "night" in stop_sounds)
    return Manner("day", stop_sounds=True)
