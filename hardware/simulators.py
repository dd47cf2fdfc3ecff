"""Stand-ins for lamps and scanners: shipped, used by the demo, by ``--simulate`` and by the tests."""

from __future__ import annotations

import json
import queue
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from hardware.phrases import phrases, spoken
from hardware.profile import Surroundings
from hardware.scanner import ScannerRead
from hardware.signals import Pattern, Profile, Signal

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
        self.stop_sounds = True
        self.trouble = False
        self.pending = False
        self.task: str | None = None
        self.lit = False
        self.closed = False

    def show(self, signal: Signal, *, t0_ns: int | None = None) -> None:
        """Remember the signal."""
        shown = Shown(signal, time.monotonic_ns(), t0_ns)
        self.history.append(shown)
        self._write({"signal": signal.value, "at_ns": shown.at_ns, "t0_ns": t0_ns})

    def show_pattern(self, pattern: Pattern) -> None:
        """The sink takes a ``{"lamps", "tones", "at_ns"}`` line."""
        self._write({"lamps": dict(pattern.steps[0].levels), "tones": [tone.hz for tone in pattern.tones]})

    def clear(self) -> None:
        """Back to READY."""
        self.show(Signal.READY)

    def set_trouble(self, on: bool) -> None:
        """Remember whether the lamp is lit at rest."""
        self.trouble = on

    def set_pending(self, on: bool) -> None:
        """Remember it; the sink takes a ``{"pending", "at_ns"}`` line."""
        self.pending = on
        self._write({"pending": on})

    def set_task(self, task: str | None) -> None:
        """Remember it; the sink takes a ``{"task", "at_ns"}`` line."""
        self.task = task
        self._write({"task": task})

    def set_profile(self, profile: Profile, *, stop_sounds: bool = True) -> None:
        """Remember the profile."""
        self.profile, self.stop_sounds = profile, stop_sounds

    def set_light(self, on: bool) -> None:
        """Remember it; the sink takes a ``{"light", "at_ns"}`` line."""
        self.lit = on
        self._write({"light": on})

    def _write(self, entry: dict[str, object]) -> None:
        if self._sink is not None:
            self._sink.write(json.dumps({"at_ns": time.monotonic_ns(), **entry}, ensure_ascii=False) + "\n")
            self._sink.flush()

    def close(self) -> None:
        """No lamp is lit any more."""
        self.closed = True


class SimulatedSpeaker:
    """Remembers what it was told to say, and writes each as a JSON line to `sink` if one was given."""

    def __init__(self, sink: TextIO | None = None) -> None:
        """Start silent; `sink` takes ``{"say", "words"}`` lines."""
        self._sink = sink
        self.said: deque[tuple[str, ...]] = deque(maxlen=HISTORY)
        self.profile: Profile = "day"
        self.closed = False

    def say(self, keys: Sequence[str]) -> None:
        """Remember it, except in silence."""
        if self.profile == "silent" or not keys:
            return
        self.said.append(tuple(keys))
        if self._sink is not None:
            words = "".join(phrases()[part].zh for key in keys for part in spoken(key))
            self._sink.write(json.dumps({"say": list(keys), "words": words}, ensure_ascii=False) + "\n")
            self._sink.flush()

    def set_profile(self, profile: Profile) -> None:
        """Remember the profile."""
        self.profile = profile

    def close(self) -> None:
        """Nothing is said any more."""
        self.closed = True


class SimulatedSenses:
    """A room as bright and as quiet as it is told to be."""

    def __init__(self) -> None:
        """Start in the light, with the switch open."""
        self.now = Surroundings()
        self.closed = False

    def read(self) -> Surroundings:
        """The present."""
        return self.now

    def close(self) -> None:
        """Nobody looks any more."""
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
