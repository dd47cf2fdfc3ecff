"""What a technician and the site want to know about the machine: board, clock, card, whether it needs a reboot."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hardware.host.board import Board, read_board
from hardware.host.clock import Clock, Quality

STATE_DIR = Path("var/lib/udi-station")
REBOOT_WANTED = Path("run/udi-station/reboot-wanted")
LEAST_FREE_BYTES = 512 * 1024 * 1024
HOT_C = 80.0
"""From here on a Raspberry Pi slows itself down."""

_THROTTLED_NOW = {
    0: "under-voltage: use the power supply made for this board",
    1: "processor frequency capped",
    2: "throttled",
    3: "soft temperature limit reached",
}


@dataclass(frozen=True, slots=True)
class Health:
    """One look at the machine.

    Attributes:
        board: model, serial number, temperature (degrees Celsius), throttling bits, memory (MiB); unknown parts None.
        clock: how far the wall clock can be trusted.
        at: the wall clock, UTC, ISO 8601.
        disk_total: bytes of the file system that holds the journal.
        disk_free: bytes of it that the station's user may still fill.
        reboot_wanted: the station could not get rid of a hung camera and asks for a reboot.
    """

    board: Board
    clock: Quality
    at: str
    disk_total: int
    disk_free: int
    reboot_wanted: bool


def read_health(root: Path = Path("/")) -> Health:
    """Look once.

    Args:
        root: prefix of every path read, so that a copied tree can be looked at.
    """
    reading = Clock(root).now()
    disk = shutil.disk_usage(_existing(root / STATE_DIR))
    return Health(
        board=read_board(root),
        clock=reading.quality,
        at=reading.at.isoformat(),
        disk_total=disk.total,
        disk_free=disk.free,
        reboot_wanted=(root / REBOOT_WANTED).exists(),
    )


def concerns(health: Health) -> list[str]:
    """What somebody should do something about, each with what to do; empty when all is well. Pure."""
    found = []
    if health.clock in ("none", "floor"):
        found.append(
            f"clock quality is {health.clock}: expiry cannot be judged; connect the network or fit a clock module"
        )
    if health.disk_free < LEAST_FREE_BYTES:
        free, least = health.disk_free // 2**20, LEAST_FREE_BYTES // 2**20
        found.append(
            f"{free} MiB free on the card, expected at least {least} MiB: remove other files or fit a larger card"
        )
    if health.board.temperature_c is not None and health.board.temperature_c >= HOT_C:
        found.append(f"{health.board.temperature_c:.1f} °C, expected below {HOT_C:.0f} °C: improve the cooling")
    bits = health.board.throttled or 0
    found.extend(text for bit, text in _THROTTLED_NOW.items() if bits >> bit & 1)
    if health.reboot_wanted:
        found.append("the station asks for a reboot: udi-firmware agent does it, or reboot by hand")
    return found


def to_json(health: Health) -> dict[str, Any]:
    """The health object: schema 1, the fields of `Health`, and ``concerns``."""
    return {"schema": 1, **asdict(health), "concerns": concerns(health)}


def to_text(health: Health) -> str:
    """Lines for a person at the bench."""
    board = health.board
    rows = [
        ("board", _known(board.model)),
        ("serial", _known(board.serial)),
        ("temperature", _known(board.temperature_c, " °C")),
        ("throttled", "unknown" if board.throttled is None else hex(board.throttled)),
        ("memory", _known(board.memory_mb, " MiB")),
        ("clock", f"{health.clock}, {health.at}"),
        ("disk", f"{health.disk_free // 2**20} MiB free of {health.disk_total // 2**20} MiB"),
        ("reboot wanted", "yes" if health.reboot_wanted else "no"),
    ]
    lines = [f"{name:14} {value}" for name, value in rows]
    return "\n".join([*lines, *(f"! {concern}" for concern in concerns(health))])


def _known(value: object, unit: str = "") -> str:
    return "unknown" if value is None else f"{value}{unit}"


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists: before installation there is no state folder yet."""
    while not path.exists():
        path = path.parent
    return path
