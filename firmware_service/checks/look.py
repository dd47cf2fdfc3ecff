"""What every check may look at: files under a prefix, the clock, and what the station says of itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_service.places import Places
from hardware.host.clock import Clock, ClockReading
from hardware.host.local import ask
from hardware.host.toml import ConfigError, read_table

WITHIN_S = 2.0
"""A station that is well answers in a fifth of a second."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a machine.

    Attributes:
        places: where things lie.
        clock: the time of the look.
        station: what ``udi-station status --json`` prints; None when no station answers.
        configured: the station's file as it stands, unchecked; empty when it cannot be read.
    """

    places: Places
    clock: ClockReading
    station: Mapping[str, Any] | None = None
    configured: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The prefix of every path."""
        return self.places.root

    def part(self, name: str) -> Mapping[str, Any]:
        """A table within the station's answer; empty when it is not there."""
        found = (self.station or {}).get(name)
        return found if isinstance(found, Mapping) else {}


def take_look(places: Places, clock: Clock | None = None) -> Look:
    """Look now; never raises for what is not there."""
    return Look(places, (clock or Clock(places.root)).now(), _status(places), _configured(places))


def text_of(file: Path) -> str | None:
    """The text of a small file of the kernel; None when there is none."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").strip("\0\n ") or None
    return None


def number_of(file: Path) -> int | None:
    """The number in a small file of the kernel, decimal or with ``0x``; None when there is none."""
    with contextlib.suppress(ValueError):
        return int(text_of(file) or "", 0)
    return None


def files_of(folder: Path, pattern: str) -> Iterator[Path]:
    """Files by pattern, in order; none when the folder is not there."""
    with contextlib.suppress(OSError):
        yield from sorted(folder.glob(pattern))


def json_of(file: Path) -> Mapping[str, Any]:
    """The object in a file of the agent's own; empty when there is none, or none that can be understood."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(file.read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def _status(places: Places) -> Mapping[str, Any] | None:
    with contextlib.suppress(OSError):
        return ask(places.station_run / "station.sock", {"ask": "status"}, within_s=WITHIN_S)
    return None


def _configured(places: Places) -> Mapping[str, Any]:
    with contextlib.suppress(ConfigError):
        return read_table(places.station_file)
    return {}
