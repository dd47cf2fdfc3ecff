"""How long the card takes to make a write safe: every green light waits for it.

A measurement writes for a second or so, on a bad card for half a minute. The self-test makes one at once; the agent one
a day, a little at a time, so that no scan waits for it. All others read what was measured last.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look, json_of
from hardware.host import files

log = logging.getLogger(__name__)

TIMES = 200
"""So many that the slowest hundredth is more than one."""
AT_ONCE = 5
"""So few that a worker is not late even on a bad card."""
FIRST_S, DAY_S = 600.0, 86_400.0
BLOCK = 4096
SLOW_MS = 100.0
"""A person notices from here on that the light comes late."""
TOO_SLOW_MS = 150.0
TOPIC = Topic("fsync", "写卡速度", "time to make a write safe", f"99 of 100 flushes within {TOO_SLOW_MS:.0f} ms")
FILE = "flush.json"
_TODO = "换工业级存储卡 / fit a card made for industry"
_SCRATCH = "flush.scratch"


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds that single flushes took."""

    p50_ms: float
    p99_ms: float
    most_ms: float
    times: int
    at: str
    """UTC, ISO 8601."""


def judge(measured: Measured | None) -> Finding:
    """None: never measured."""
    if measured is None:
        return TOPIC.found("unknown", None)
    if measured.p99_ms > TOO_SLOW_MS:
        return TOPIC.found("fail", measured.p99_ms, _TODO)
    if measured.p99_ms > SLOW_MS:
        return TOPIC.found("warn", measured.p99_ms, _TODO)
    return TOPIC.found("ok", measured.p99_ms)


def measure(folder: Path, *, times: int = TIMES) -> Measured:
    """Measure at once.

    Args:
        folder: on the card that is meant.
        times: how often it is flushed.

    Raises:
        OSError: the folder cannot be written.
    """
    return summed_up(sample(folder, times))


def sample(folder: Path, times: int) -> list[float]:
    """Append and flush again and again, as the journal does, and remove the file; milliseconds of each flush.

    Raises:
        OSError: the folder cannot be written.
    """
    scratch = folder / _SCRATCH
    fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        return [_one(fd) for _ in range(times)]
    finally:
        os.close(fd)
        scratch.unlink()


def summed_up(flushes: Sequence[float]) -> Measured:
    """Of single flushes, in milliseconds; now."""
    took = sorted(flushes)
    now = datetime.now(UTC).isoformat("T", "seconds")
    return Measured(_at(took, 0.50), _at(took, 0.99), _at(took, 1.0), len(took), now)


def _one(fd: int) -> float:
    began = time.perf_counter()
    os.write(fd, b"\xa5" * BLOCK)
    os.fsync(fd)
    return (time.perf_counter() - began) * 1000


def _at(took: list[float], share: float) -> float:
    return round(took[min(len(took) - 1, int(share * len(took)))], 1)


def keep(folder: Path, measured: Measured) -> None:
    """Keep it for those who only look.

    Raises:
        OSError: it cannot be written.
    """
    files.replace(folder / FILE, json.dumps(asdict(measured)).encode(), mode=0o644)


def kept(folder: Path) -> Measured | None:
    """What was measured last; None when nothing was."""
    try:
        return Measured(**json_of(folder / FILE))
    except TypeError:
        return None


class FlushMeter:
    """Measures once a day, a few flushes at each tick."""

    def __init__(self, folder: Path) -> None:
        """Begin `FIRST_S` after the first tick: at its start a machine writes a great deal.

        Args:
            folder: the agent's own, on the card that is meant.
        """
        self._folder = folder
        self._due_s: float | None = None
        self._took: list[float] = []

    def tick(self, now_s: float) -> Measured | None:
        """Measure a little if it is time to.

        Args:
            now_s: monotonic seconds.

        Returns:
            The measurement, when it is whole and kept; else None.
        """
        if self._due_s is None:
            self._due_s = now_s + FIRST_S
        if now_s < self._due_s:
            return None
        try:
            return self._measure(now_s)
        except OSError as error:
            log.warning("flush=failed folder=%s problem=%s", self._folder, error)
            self._took, self._due_s = [], now_s + DAY_S
            return None

    def _measure(self, now_s: float) -> Measured | None:
        self._took += sample(self._folder, AT_ONCE)
        if len(self._took) < TIMES:
            return None
        measured = summed_up(self._took)
        keep(self._folder, measured)
        self._took, self._due_s = [], now_s + DAY_S
        return measured


def look_at(look: Look) -> Finding:
    """Read what was measured last."""
    return judge(kept(look.places.state))
