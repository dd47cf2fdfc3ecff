"""A camera process that not even SIGKILL ends: then only a reboot gets the camera back.

systemd kills a camera process that hangs within half a minute. One that is still there minutes after its last word is
in a driver's uninterruptible sleep. The station asks for a reboot by touching ``reboot-wanted``, which the firmware
agent acts on, at most once an hour; every event is flushed by then, as always. A camera that is merely broken is
another matter: its process ends and is started again, and a reboot would not help.
"""

from __future__ import annotations

import logging
from pathlib import Path

from hardware.host.board import process_begun

log = logging.getLogger(__name__)

REBOOT_WANTED = "reboot-wanted"
WEDGED_NS = 120_000_000_000
"""Silence after which systemd has tried everything."""


class Wedged:
    """Watches the process behind the camera's last word; belongs to the camera link's thread."""

    def __init__(self, wanted: Path, root: Path = Path("/")) -> None:
        """Nothing is watched before the camera has spoken.

        Args:
            wanted: the file that asks for a reboot.
            root: where ``proc`` is; tests put a tree of their own there.
        """
        self._wanted = wanted
        self._root = root
        self._process: tuple[int, int] | None = None
        """Process id, and when it began: ids are used again."""

    def alive(self, pid: int) -> None:
        """The camera delivers, through this process."""
        if self._process is None or self._process[0] != pid:
            begun = process_begun(pid, self._root)
            self._process = None if begun is None else (pid, begun)

    def look(self, silent_ns: int) -> None:
        """Ask for a reboot, once, if the process outlived its own end.

        Args:
            silent_ns: nanoseconds since its last word.
        """
        if self._process is None or silent_ns < WEDGED_NS:
            return
        (pid, begun), self._process = self._process, None
        if process_begun(pid, self._root) != begun:
            return
        log.error(
            "camera: process %d is silent for %d s and cannot be killed: a reboot is asked for", pid, silent_ns // 10**9
        )
        try:
            self._wanted.touch()
        except OSError as error:
            log.warning("%s: no reboot can be asked for", error)
