"""How long the card takes to make a write safe: every green light waits for it.

A measurement writes for a second or so: the agent makes one a day, the self-test one at its start. All others read what
was measured last.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look, json_of
from hardware.host import files

TIMES = 200
"""So many that the slowest hundredth is more than one."""
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
    """Append and flush again and again, as the journal does, and remove the file.

    Args:
        folder: on the card that is meant.
        times: how often.

    Raises:
        OSError: the folder cannot be written.
    """
    scratch = folder / _SCRATCH
    fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        took = sorted(_one(fd) for _ in range(times))
    finally:
        os.close(fd)
        scratch.unlink()
    return Measured(
        _at(took, 0.50), _at(took, 0.99), _at(took, 1.0), times, datetime.now(UTC).isoformat("T", "seconds")
    )


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


def look_at(look: Look) -> Finding:
    """Read what was measured last."""
    return judge(kept(look.places.state))
