"""Facts of the board, read from files under a prefix so that a test can put a tree of its own there."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of this machine; None where it does not say."""

    model: str | None
    serial: str | None
    temperature_c: float | None
    throttled: int | None
    """Bits of the firmware's get_throttled; 0 is well."""
    memory_mb: int | None


def read_board(root: Path = Path("/")) -> Board:
    """Read the facts under `root`; never raises."""
    tree = root / "proc/device-tree"
    millidegrees = _number(root / "sys/class/thermal/thermal_zone0/temp", 10)
    return Board(
        model=_text(tree / "model"),
        serial=_text(tree / "serial-number"),
        temperature_c=None if millidegrees is None else millidegrees / 1000,
        throttled=_number(root / "sys/devices/platform/soc/soc:firmware/get_throttled", 16),
        memory_mb=_memory_mb(root / "proc/meminfo"),
    )


def _text(file: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").strip("\0\n ") or None
    return None


def _number(file: Path, base: int) -> int | None:
    text = _text(file)
    with contextlib.suppress(ValueError):
        return None if text is None else int(text, base)
    return None


def _memory_mb(file: Path) -> int | None:
    for line in (_text(file) or "").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return None


def process_begun(pid: int, root: Path = Path("/")) -> int | None:
    """When a process began, in clock ticks since boot (proc(5), ``stat``, field 22).

    Returns:
        None where there is no such process, or only its exit status is left.
    """
    _, _, after_name = (_text(root / f"proc/{pid}/stat") or "").rpartition(") ")
    fields = after_name.split()
    with contextlib.suppress(ValueError, IndexError):
        return None if fields[0] in ("Z", "X") else int(fields[19])
    return None
