"""Reboots the machine when the station asks for it, and not more often than once an hour.

A camera driver can hang so that not even SIGKILL ends its process. The station then flushes its journal and touches
``reboot-wanted``. The time of the last reboot is on the card before the command runs, so that a machine whose camera
hangs at every start stays usable with its scanners instead of rebooting in a circle.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hardware.host import files
from hardware.host.clock import TRUSTED, ClockReading

log = logging.getLogger(__name__)

LEAST_S = 3600.0
COMMAND_TIMEOUT_S = 30.0

Decision = Literal["nothing", "reboot", "wait"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time by both clocks.

    Attributes:
        boot: boot id.
        wall_s: seconds since 1970, UTC; None where the wall clock is not to be trusted.
        mono_s: seconds since that boot.
    """

    boot: str
    wall_s: float | None
    mono_s: float


def moment(reading: ClockReading) -> Moment:
    """What a look at the clock is worth here."""
    wall_s = reading.at.timestamp() if reading.quality in TRUSTED else None
    return Moment(reading.boot, wall_s, reading.mono_ns / 1e9)


def decide(*, wanted: bool, last: Moment | None, now: Moment) -> Decision:
    """Whether to reboot now. Pure.

    Within one boot the monotonic clock decides. After a reboot the wall clock does if it was trusted then and is now;
    otherwise the hour is counted from this boot, which is certain not to be too short.

    Args:
        wanted: the station asks for it.
        last: the last reboot asked for, None when there was none.
        now: now.
    """
    if not wanted:
        return "nothing"
    if last is None:
        return "reboot"
    return "reboot" if _passed_s(last, now) >= LEAST_S else "wait"


def _passed_s(last: Moment, now: Moment) -> float:
    if last.boot == now.boot:
        return now.mono_s - last.mono_s
    if last.wall_s is None or now.wall_s is None:
        return now.mono_s
    return max(now.wall_s - last.wall_s, now.mono_s)


def read_stamp(path: Path) -> Moment | None:
    """The last reboot asked for; None when there was none or the file cannot be understood (which is logged)."""
    try:
        boot, wall, mono = path.read_text(encoding="ascii").split()
        return Moment(boot, None if wall == "-" else float(wall), float(mono))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("stamp=%s problem=%s: taken as no reboot so far", path, error)
        return None


def write_stamp(path: Path, now: Moment) -> None:
    """Put the time on the card; it is there when this returns.

    Raises:
        OSError: it could not be written. Then nothing may be rebooted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    wall = "-" if now.wall_s is None else f"{now.wall_s:.3f}"
    files.replace(path, f"{now.boot} {wall} {now.mono_s:.3f}\n".encode("ascii"))


@dataclass(frozen=True, slots=True)
class Rebooter:
    """One look at ``reboot-wanted`` and what follows from it.

    Attributes:
        wanted: the file whose existence asks for a reboot.
        stamp: where the time of the last one is kept.
        command: what reboots this machine.
    """

    wanted: Path
    stamp: Path
    command: Sequence[str]

    def look(self, now: Moment) -> Decision:
        """Decide, and reboot if so.

        Raises:
            OSError: the stamp could not be written, or the command is not there.
            subprocess.SubprocessError: the command failed; it is tried again after an hour.
        """
        decision = decide(wanted=self.wanted.exists(), last=read_stamp(self.stamp), now=now)
        if decision == "reboot":
            self.reboot(now)
        return decision

    def reboot(self, now: Moment) -> None:
        """Start the machine anew, whatever was before.

        Raises:
            OSError: the stamp could not be written, or the command is not there.
            subprocess.SubprocessError: the command failed.
        """
        log.warning("reboot=now wanted=%s", self.wanted.exists())
        write_stamp(self.stamp, now)
        subprocess.run(self.command, check=True, timeout=COMMAND_TIMEOUT_S)  # noqa: S603 - the technician's own command
