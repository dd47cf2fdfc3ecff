"""The time, and how far it can be trusted: a Pi may have no clock of its own.

From worst to best: ``none`` (before any time it can be), ``floor`` (not before the last time it knew), ``rtc`` (a clock
module that agrees), ``https`` (a server of the site said it over a connection that names it), ``ntp`` (kept right).
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

Quality = Literal["none", "floor", "rtc", "https", "ntp"]

TRUSTED: tuple[Quality, ...] = ("rtc", "https", "ntp")
"""Qualities by which the dates of a certificate can be judged."""
BUILD_FLOOR = datetime(2026, 11, 1, tzinfo=UTC)
"""No station of this version can have lived before."""
LAST = Path("var/lib/udi-clock/last")
"""The last time that this machine knew, ISO 8601; written by the firmware agent, read by everybody."""
TOLD = Path("run/udi-firmware/clock")
"""What the firmware agent set the clock by: ``{boot, mono_ns, by}``."""
TOLD_HOLDS = timedelta(hours=24)
"""A Pi's own oscillator drifts less than 10 s in that time."""
RTC_AGREES = timedelta(seconds=120)
"""A clock module whose battery is empty begins at 1970 or 2000: one that is so far from the time set nothing."""
_QUALITY_NS = 1_000_000_000
_TOGETHER_NS = 5_000_000
_LOOKS = 10


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One look at the clocks of this machine."""

    at: datetime
    """UTC, aware."""
    quality: Quality
    boot: str
    """The kernel's boot id."""
    mono_ns: int
    """Monotonic nanoseconds since that boot."""


class Clock:
    """Reads the time and its quality; cheap enough for every event."""

    def __init__(self, root: Path = Path("/"), floor: datetime | None = None) -> None:
        """Use the system files under `root`.

        Args:
            root: prefix of /run, /sys, /proc, /usr and /var; tests put a tree of their own there.
            floor: the time before which it cannot be; if None the latest of ``usr/lib/clock-epoch``, `LAST` and the
                build.
        """
        self._root = root
        self._certain = floor or _certain_floor(root)
        self._floor = max(self._certain, (None if floor else last_known(root)) or self._certain)
        self._boot = _boot_id(root)
        self._quality: Quality = "none"
        self._looked_ns = -_QUALITY_NS

    @property
    def floor(self) -> datetime:
        """The time before which it cannot be."""
        return self._floor

    @property
    def certain(self) -> datetime:
        """The time before which it certainly cannot be: the last time this machine knew may have been wrong."""
        return self._certain

    def now(self) -> ClockReading:
        """The time of this moment."""
        mono_ns, at = _both()
        if mono_ns - self._looked_ns >= _QUALITY_NS:
            self._quality, self._looked_ns = self._look(at, mono_ns), mono_ns
        return ClockReading(at, self._quality, self._boot, mono_ns)

    def _look(self, at: datetime, mono_ns: int) -> Quality:
        if at < self._certain:
            return "none"
        if (self._root / "run/systemd/timesync/synchronized").exists():
            return "ntp"  # also before the last time this machine knew: that one was wrong
        if self._told(mono_ns):
            return "https"
        if at < self._floor:
            return "none"
        return "rtc" if any(self._agrees(each, at) for each in (self._root / "sys/class/rtc").glob("rtc*")) else "floor"

    def _told(self, mono_ns: int) -> bool:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads((self._root / TOLD).read_bytes())
            passed_ns = mono_ns - int(told["mono_ns"])
            return bool(told["boot"] == self._boot and 0 <= passed_ns <= TOLD_HOLDS.total_seconds() * 1e9)
        return False

    def _agrees(self, rtc: Path, at: datetime) -> bool:
        with contextlib.suppress(OSError, ValueError, OverflowError):
            shows = datetime.fromtimestamp(int((rtc / "since_epoch").read_bytes()), UTC)
            return abs(shows - at) <= RTC_AGREES
        return False


def _both() -> tuple[int, datetime]:
    """Both clocks at one moment: a process that was stopped between two looks would see a step of the time."""
    for _ in range(_LOOKS):
        before_ns = time.monotonic_ns()
        at = datetime.now(UTC)
        if time.monotonic_ns() - before_ns < _TOGETHER_NS:
            break
    return before_ns, at


def last_known(root: Path) -> datetime | None:
    """The last time that this machine knew, UTC; None where nobody wrote it down."""
    with contextlib.suppress(OSError, ValueError):
        last = datetime.fromisoformat((root / LAST).read_text(encoding="ascii").strip())
        return None if last.tzinfo is None else last
    return None


def _certain_floor(root: Path) -> datetime:
    with contextlib.suppress(OSError):
        epoch = datetime.fromtimestamp((root / "usr/lib/clock-epoch").stat().st_mtime, UTC)
        return max(epoch, BUILD_FLOOR)
    return BUILD_FLOOR


def _boot_id(root: Path) -> str:
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
