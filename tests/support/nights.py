"""The hours of a machine on a bench, and who looks after its updates in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from firmware_service.release.manifest import Layer, Manifest, Patch
from firmware_service.update.guard import At
from firmware_service.update.trust import TrustError
from firmware_service.update.updater import Updater, Wish
from firmware_service.update.window import Window
from hardware.host.clock import ClockReading, Quality
from tests.support.updates import Bench

NOON = datetime(2027, 1, 4, 12).astimezone()
"""Local time: outside of the window."""
NIGHT = Window(time(2), time(5))
ALWAYS = Window(time.min, time.max)


@dataclass
class Night:
    """A machine whose hours go by, and who looks after its updates."""

    bench: Bench
    at: datetime = NOON
    quality: Quality = "ntp"
    ring: int = 0
    open_case: bool = False
    broken: TrustError | None = None
    here: bool = True
    window: Window = NIGHT
    step: At = lambda _: None
    looks: int = 0
    updater: Updater = field(init=False)
    _now_s: float = 0.0

    def __post_init__(self) -> None:
        wish = Wish("stable", self.ring, self.window)
        driver = self.bench.driver(self.step)
        self.updater = Updater(
            self.bench.places,
            wish,
            driver,
            self.source,
            self.now,
            lambda: self.open_case,
            random.Random(1),  # noqa: S311
        )

    def source(self) -> Night | None:
        return self if self.here else None

    def newest(self, channel: str, floor: int) -> Manifest:
        self.looks += 1
        if self.broken is not None:
            raise self.broken
        return self.bench.releases.newest(channel, floor)

    def fetch(self, blob: Layer | Patch, into: Path) -> Iterator[int]:
        if self.broken is not None:
            raise self.broken
        yield from self.bench.releases.fetch(blob, into)

    def now(self) -> ClockReading:
        return ClockReading(self.at.astimezone(UTC), self.quality, "boot", int(self._now_s * 1e9))

    def hours(self, hours: float) -> str:
        """Looks after it twice a minute for so long; gives the phase."""
        for _ in range(int(hours * 120)):
            self.tick()
        return self.bench.state.phase

    def tick(self, seconds: float = 30.0) -> str:
        """Looks after it once, and so much time goes by; gives what it tells."""
        self.updater.tick(self._now_s)
        self._now_s += seconds
        self.at += timedelta(seconds=seconds)
        return self.updater.told
