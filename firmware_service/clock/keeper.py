"""Keeps the clock of this machine: asks while it is not known, sets it, and writes the time down for the next start.

A time that is kept right by NTP is left alone. The station notices each step by itself and journals it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from hardware.host import files
from hardware.host.backoff import Backoff
from hardware.host.clock import LAST, TOLD, TRUSTED, Clock, ClockReading, last_known

log = logging.getLogger(__name__)

By = Literal["https", "hub"]
ALLOWED: dict[str, timedelta] = {
    "none": timedelta(0),
    "floor": timedelta(0),
    "rtc": timedelta(seconds=30),
    "https": timedelta(seconds=2),
}
"""By quality: how far the clock may be from what a server says before it is set. Under ``ntp`` nobody is asked."""
ASK_EVERY_S: dict[str, float] = {"rtc": 3600.0, "https": 6 * 3600.0}
"""By quality. While the time is not known it is asked for at once, then ever more seldom."""
ASK_FIRST_S, ASK_MOST_S = 4.0, 600.0
WRITE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class Told:
    """A time that a server said.

    Attributes:
        at: UTC.
        mono_ns: the monotonic time at which it was so.
        by: who said it.
    """

    at: datetime
    mono_ns: int
    by: By

    def now(self, mono_ns: int) -> datetime:
        """What the time is at this monotonic time."""
        return self.at + timedelta(microseconds=(mono_ns - self.mono_ns) / 1000)


def step_to(reading: ClockReading, told: Told) -> datetime | None:
    """The time to set; None: the clock is near enough, or is kept by somebody better. Pure."""
    if reading.quality not in ALLOWED:
        return None
    right = told.now(reading.mono_ns)
    return right if abs(right - reading.at) >= ALLOWED[reading.quality] else None


def set_clock(at: datetime) -> None:
    """Set the clock of this machine.

    Raises:
        OSError: this process may not.
    """
    time.clock_settime(time.CLOCK_REALTIME, at.timestamp())


class ClockKeeper:
    """Belongs to one thread; `tick` every few seconds."""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        ask: Callable[[], Told | None],
        *,
        set_time: Callable[[datetime], None] = set_clock,
        keep_module: Callable[[datetime], object] = lambda _at: None,
        wake_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            root: prefix of /run and /var.
            clock: of this machine.
            ask: asks a server of the site; None where it says nothing, which is logged there.
            set_time: sets the clock.
            keep_module: writes the clock module (RTC), if there is one.
            wake_s: monotonic seconds.
        """
        self._root = root
        self._clock = clock
        self._ask = ask
        self._set_time = set_time
        self._keep_module = keep_module
        self._wake_s = wake_s
        self._backoff = Backoff(ASK_FIRST_S, ASK_MOST_S)
        self._ask_at = 0.0
        self._write_at = 0.0

    def tick(self) -> None:
        """Do what is due."""
        reading = self._clock.now()
        if reading.quality in ALLOWED and self._wake_s() >= self._ask_at:
            told = self._ask()
            self._ask_at = self._wake_s() + self._pause(reading, told)
            if told is not None:
                self.told(told)
        if self._wake_s() >= self._write_at:
            self._write_at = self._wake_s() + WRITE_EVERY_S
            self.write_down()

    def told(self, told: Told) -> None:
        """A server said the time: set the clock if that is better than what it has."""
        reading = self._clock.now()
        right = step_to(reading, told)
        if reading.quality not in ALLOWED:
            return
        if right is not None:
            log.info("clock=set by=%s from=%s to=%s quality=%s", told.by, reading.at, right, reading.quality)
            try:
                self._set_time(right)
            except OSError as error:
                log.error("clock=not_set to=%s problem=%s", right, error)  # noqa: TRY400 - the text says it all
                return
            self._keep_module(right)
        self._note(told)
        if right is not None:
            self.write_down(right)

    def write_down(self, at: datetime | None = None) -> None:
        """The time for the next start; only one that can be trusted, for it would be the floor of all to come."""
        reading = self._clock.now()
        if at is None and reading.quality not in TRUSTED:
            return
        said = at or reading.at
        if last_known(self._root) == said:
            return
        file = self._root / LAST
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.replace(file, f"{said.isoformat()}\n".encode("ascii"), mode=0o644)
        except OSError as error:
            log.error("clock=not_written file=%s problem=%s", file, error)  # noqa: TRY400 - the text says it all

    def _note(self, told: Told) -> None:
        boot, file = self._clock.now().boot, self._root / TOLD
        body = {"boot": boot, "mono_ns": told.mono_ns, "by": told.by}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.replace(file, json.dumps(body).encode("ascii"), mode=0o644)
        except OSError as error:
            log.error("clock=not_noted file=%s problem=%s", file, error)  # noqa: TRY400 - the text says it all

    def _pause(self, reading: ClockReading, told: Told | None) -> float:
        every = ASK_EVERY_S.get(reading.quality) if told is None else ASK_EVERY_S["https"]
        if told is not None:
            self._backoff.attempt = 0
        return self._backoff.pause() if every is None else every
