"""Stand-ins for lamps and scanners: shipped, used by the demo, by ``--simulate`` and by the tests."""

from __future__ import annotations

import json
import queue
import time
from collections import deque
from dataclasses import dataclass
from typing import TextIO

from hardware.scanner import ScannerRead
from hardware.signals import Profile, Signal

HISTORY = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One signal as it was shown."""

    signal: Signal
    at_ns: int
    """Monotonic nanoseconds."""
    t0_ns: int | None


class SimulatedIndicator:
    """Remembers every signal, and writes each as a JSON line to `sink` if one was given."""

    def __init__(self, sink: TextIO | None = None) -> None:
        """Start dark; `sink` takes ``{"signal", "at_ns", "t0_ns"}`` lines."""
        self._sink = sink
        self.history: deque[Shown] = deque(maxlen=HISTORY)
        self.profile: Profile = "day"
        self.trouble = False
        self.lit = False
        self.closed = False

    def show(self, signal: Signal, *, t0_ns: int | None = None) -> None:
        """Remember the signal."""
        shown = Shown(signal, time.monotonic_ns(), t0_ns)
        self.history.append(shown)
        if self._sink is not None:
            line = json.dumps({"signal": signal.value, "at_ns": shown.at_ns, "t0_ns": t0_ns})
            self._sink.write(line + "\n")
            self._sink.flush()

    def clear(self) -> None:
        """Back to READY."""
        self.show(Signal.READY)

    def set_trouble(self, on: bool) -> None:
        """Remember whether the lamp is lit at rest."""
        self.trouble = on

    def set_task(self, task: str) -> None:
        """The running task."""

    def set_pending(self, on: bool) -> None:
        """Items are pending."""

    def set_profile(self, profile: Profile) -> None:
        """Remember the profile."""
        self.profile = profile

    def set_light(self, on: bool) -> None:
        """Remember it; the sink takes a ``{"light", "at_ns"}`` line."""
        self.lit = on
        if self._sink is not None:
            self._sink.write(json.dumps({"light": on, "at_ns": time.monotonic_ns()}) + "\n")
            self._sink.flush()

    def close(self) -> None:
        """No lamp is lit any more."""
        self.closed = True


class SimulatedScanner:
    """A scanner that reads what it is fed."""

    name = "simulated"

    def __init__(self) -> None:
        """Start connected, with nothing to read."""
        self._reads: queue.SimpleQueue[ScannerRead] = queue.SimpleQueue()
        self.connected = True

    def feed(self, read: ScannerRead | bytes) -> None:
        """Let it read this; bytes are a payload without identifier, read now."""
        self._reads.put(read if isinstance(read, ScannerRead) else ScannerRead(read, None, time.monotonic_ns()))

    def read(self, timeout_s: float) -> list[ScannerRead]:
        """The next read, if one comes within `timeout_s` seconds."""
        try:
            return [self._reads.get(timeout=timeout_s)]
        except queue.Empty:
            return []

    def close(self) -> None:
        """Unplug it."""
        self.connected = False
