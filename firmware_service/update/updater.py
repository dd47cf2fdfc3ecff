"""Keeps a machine at its channel's newest release: looks, waits for ring and window, lets the driver work."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from firmware_service.places import Places
from firmware_service.release.manifest import Manifest, ManifestError
from firmware_service.units import keep_guard
from firmware_service.update import slots
from firmware_service.update.driver import Believed, Driver, RefusedError
from firmware_service.update.guard import MOST_FAILURES
from firmware_service.update.slots import SlotsError
from firmware_service.update.trust import TrustError
from firmware_service.update.window import Window, may, ring_waits
from hardware.host import files
from hardware.host.clock import TRUSTED, ClockReading

log = logging.getLogger(__name__)

LOOK_S = 3600.0
"""Between two looks, half to one and a half times: forty machines do not come at once."""
SEEN = "seen.json"
AGAIN_AFTER_FAILURE = timedelta(hours=20)
AGAIN_S = 60.0
"""After a layer that did not come."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the site wants of updates.

    Attributes:
        channel: whose newest release.
        ring: days that this machine waits with it.
        window: hours in which it may restart.
    """

    channel: str
    ring: int
    window: Window


@dataclass(slots=True)
class Updater:
    """Belongs to one thread.

    Attributes:
        places: where things lie.
        wish: what the site wants.
        driver: does the work.
        source: where to look and whom to believe; None: nowhere now.
        now: the clock.
        busy: whether something is open at the station.
    """

    places: Places
    wish: Wish
    driver: Driver
    source: Callable[[], Believed | None]
    now: Callable[[], ClockReading]
    busy: Callable[[], bool]
    rng: random.Random = field(default_factory=random.Random)
    asked: bool = False
    """A person wants it now."""
    told: str = ""
    """What the last look came to, for people."""
    _look_s: float = 0.0
    _again_s: float = 0.0

    def ask(self) -> None:
        """Somebody wants the newest now: no ring and no window is waited for."""
        self.asked = True
        self._look_s = self._again_s = 0.0

    def tick(self, now_s: float) -> None:
        """Look if it is time to, and work on what is under way.

        Args:
            now_s: seconds, monotonic.
        """
        try:
            state = self.driver.store.read()
            if state.phase == "idle":
                keep_guard(self.places, state.committed)
                self._look(state, now_s)
            elif now_s >= self._again_s:
                self._work(state, now_s)
        except (SlotsError, ManifestError, OSError) as error:  # a disk that refuses must not take the agent down
            self._again_s = self._look_s = now_s + AGAIN_S
            self._tell(f"not now: {error}{_todo(error)}")

    def status(self) -> dict[str, Any]:
        """For people and the hub: what is kept, what is under way, what was refused and why."""
        try:
            state = self.driver.store.read()
        except (SlotsError, OSError) as error:
            return {"told": f"not now: {error}"}
        return {
            "committed": state.committed,
            "previous": state.previous,
            "phase": state.phase,
            "target": state.target,
            "refused": dict(state.refused),
            "failure": None if state.failure is None else f"{state.failure.version}: {state.failure.reason}",
            "paused": state.failure is not None and state.failure.count >= MOST_FAILURES,
            "told": self.told,
        }

    def _look(self, state: slots.Slots, now_s: float) -> None:
        if now_s < self._look_s:
            return
        self._look_s = now_s + self.rng.uniform(0.5, 1.5) * LOOK_S
        source = self.source()
        if source is None:
            self._tell("nowhere to look: no address of releases, or no certificate yet")
            return
        try:
            newest = source.newest(self.wish.channel, state.floor)
        except TrustError as error:
            self._tell(f"{type(error).__name__}: {error}")
            return
        self._take(newest, state)

    def _take(self, newest: Manifest, state: slots.Slots) -> None:
        if newest.version == state.committed:
            self._tell(f"{newest.version} is the newest, and here")
            self.asked = False
            return
        if self._failed_lately(newest, state) and not self.asked:
            self._tell(f"{newest.version} failed here ({state.failure and state.failure.reason}): tried again tomorrow")
            return
        waits = ring_waits(self.wish.ring, self._seen(newest.version), self.now().at)
        if waits and not self.asked:
            self._tell(f"{newest.version} waits {waits.total_seconds() / 3600:.0f} h more for its ring")
            return
        try:
            self.driver.begin(newest)
        except RefusedError as error:
            self.asked = False
            self._tell(str(error))
            return
        self._tell(f"{newest.version} is under way")

    def _failed_lately(self, newest: Manifest, state: slots.Slots) -> bool:
        """A release that failed is tried again a day later: what was wrong may have been the room's."""
        failure = state.failure
        if failure is None or failure.version != newest.version or newest.version in state.refused:
            return False
        age = self.now().at - datetime.fromisoformat(failure.at)
        return timedelta(0) <= age < AGAIN_AFTER_FAILURE

    def _work(self, state: slots.Slots, now_s: float) -> None:
        reading, phase = self.now(), state.phase
        known = reading.quality in TRUSTED
        in_window = known and self.wish.window.holds(reading.at.astimezone().time())
        if not may(phase, in_window=in_window, asked=self.asked, busy=self.busy()):
            return
        source = self.source() if phase == "fetch" else None
        try:
            after = self.driver.advance(source)
        except TrustError as error:
            self._again_s = now_s + AGAIN_S
            self._look(state, now_s)  # what does not come may not be offered any more
            self._tell(f"{type(error).__name__}: {error}")
        except RefusedError as error:
            self._tell(str(error))
        else:
            self.asked = self.asked and after not in ("idle", "trial")
            self._again_s = now_s + AGAIN_S if after == phase else 0.0

    def _seen(self, version: str) -> datetime:
        """When this machine saw a release first; now, if it never did, or knew no time of day then."""
        reading, file = self.now(), self.places.state / SEEN
        now = reading.at
        if reading.quality not in TRUSTED:
            return now
        seen = _read_seen(file)
        if seen.get("version") == version:
            return min(datetime.fromisoformat(seen["at"]), now)
        files.replace(file, json.dumps({"version": version, "at": now.isoformat()}).encode())
        return now

    def _tell(self, text: str) -> None:
        if text != self.told:
            log.info("update=%s", text)
        self.told = text


def _todo(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in files.FULL:
        return "; the card is full: remove what is not the station's, or fit a larger one; it goes on by itself"
    return ""


def _read_seen(file: Path) -> dict[str, str]:
    try:
        told = json.loads(file.read_bytes())
        datetime.fromisoformat(told["at"])
        return {"version": str(told["version"]), "at": str(told["at"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
