"""The time, and how far it can be trusted: a Pi may have no clock of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Quality = Literal["none", "floor", "rtc", "https", "ntp"]

TRUSTED: tuple[Quality, ...] = ("rtc", "https", "ntp")
"""Qualities by which the dates of a certificate can be judged."""
BUILD_FLOOR = datetime(2026, 11, 1, tzinfo=UTC)
"""No station of this version can have lived before."""
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
            root: prefix of /run, /sys, /proc and /usr; tests put a tree of their own there.
            floor: the time before which it cannot be; the later of ``usr/lib/clock-epoch`` and the build if None.
        """
        self._root = root
        self._floor = floor or _floor(root)
        self._boot = _boot_id(root)
        self._quality: Quality = "none"
        self._looked_ns = -_QUALITY_NS

    @property
    def floor(self) -> datetime:
        """The time before which it cannot be."""
        return self._floor

    def now(self) -> ClockReading:
        """The time of this moment."""
        mono_ns, at = _both()
        if mono_ns - self._looked_ns >= _QUALITY_NS:
            self._quality, self._looked_ns = self._look(at), mono_ns
        return ClockReading(at, self._quality, self._boot, mono_ns)

    def _look(self, at: datetime) -> Quality:
        if at < self._floor:
            return "none"
        if (self._root / "run/systemd/timesync/synchronized").exists():
            return "ntp"
        return "rtc" if any((self._root / "sys/class/rtc").glob("rtc*")) else "floor"


def _both() -> tuple[int, datetime]:
    """Both clocks at one moment: a process that was stopped between two looks would see a step of the time."""
    for _ in range(_LOOKS):
        before_ns = time.monotonic_ns()
        at = datetime.now(UTC)
        if time.monotonic_ns() - before_ns < _TOGETHER_NS:
            break
    return before_ns, at


def _floor(root: Path) -> datetime:
    try:
        epoch = datetime.fromtimestamp((root / "usr/lib/clock-epoch").stat().st_mtime, UTC)
    except OSError:
        return BUILD_FLOOR
    return max(epoch, BUILD_FLOOR)


def _boot_id(root: Path) -> str:
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
