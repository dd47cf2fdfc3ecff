"""Where reads come from: scanners and standard input here, the camera in `edge.station.camera_input`.

One worker each; all post to the desk.
"""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable
from typing import BinaryIO, Protocol

from edge.station.config import ScannerTable
from edge.station.messages import Message, Pressed, Readers, Scanned
from hardware.buttons import ButtonEvent
from hardware.framing import Framer
from hardware.host.worker import Worker
from hardware.scanner import Scanner
from hardware.scanner_serial import SerialScanner

log = logging.getLogger(__name__)

STEP_S = 0.1


class Source(Protocol):
    """One input with its worker."""

    name: str
    reads_products: bool
    """Whether the station may rely on it as a reader."""
    worker: Worker

    @property
    def connected(self) -> bool:
        """Whether the device is there."""


class Inputs:
    """All inputs of a station; tells the desk when one comes or goes."""

    def __init__(self, post: Callable[[Message], None]) -> None:
        """Start without inputs; `post` hands messages to the desk."""
        self.post = post
        self.sources: list[Source] = []
        self._told: tuple[str, ...] = ()

    def add(self, source: Source) -> None:
        """Add an input."""
        self.sources.append(source)

    def check(self) -> None:
        """Tell the desk if an input came or went."""
        readers = [source for source in self.sources if source.reads_products]
        missing = tuple(source.name for source in readers if not source.connected)
        if missing != self._told:
            self._told = missing
            self.post(Readers(missing, any_left=len(missing) < len(readers)))


class ScannerInput:
    """A hand scanner or a fixed one."""

    reads_products = True

    def __init__(self, table: ScannerTable, inputs: Inputs) -> None:
        """Prepare the scanner; the device is opened by the worker."""
        self.name = table.device
        self._inputs = inputs
        self._scanner = open_scanner(table)
        self.worker = Worker(f"scanner {table.device}", self._step, on_stop=self._scanner.close)

    @property
    def connected(self) -> bool:
        """Whether the device is open."""
        return self._scanner.connected

    def _step(self) -> None:
        for read in self._scanner.read(STEP_S):
            self._inputs.post(Scanned(read))
        self._inputs.check()


def open_scanner(table: ScannerTable) -> Scanner:
    """The scanner of a table; it opens its device when it is first read."""
    if table.kind == "serial":
        return SerialScanner(table.device, table.framing, no_read=table.no_read, baud=table.baud)
    from hardware.scanner_hid import HidScanner  # noqa: PLC0415 - evdev exists only where keyboard scanners are used

    return HidScanner(table.device, no_read=table.no_read)


class StdinInput:
    """Scans and buttons typed or piped on standard input, for ``--simulate``.

    A line is one scan, with its symbology identifier in front if wanted; ``␝`` stands for GS. ``!ok``, ``!no_code``
    and ``!undo`` are the buttons.
    """

    name = "stdin"
    reads_products = False
    connected = True

    def __init__(self, stream: BinaryIO, inputs: Inputs) -> None:
        """Read lines of `stream`, a binary stream with a file descriptor."""
        self._fd = stream.fileno()
        self._open = True
        self._framer = Framer("lf", None)
        self._inputs = inputs
        self.worker = Worker("stdin", self._step)

    def _step(self) -> None:
        if not self._open:
            self.worker.stopping.wait(STEP_S)
            return
        if not select.select([self._fd], [], [], STEP_S)[0]:
            return
        data = os.read(self._fd, 65_536)
        self._open = bool(data)
        for read in self._framer.feed(data.replace("␝".encode(), b"\x1d"), time.monotonic_ns()):
            if read.payload.startswith(b"!"):
                self._press(read.payload[1:].decode("utf-8", "replace"), read.t0_ns)
            else:
                self._inputs.post(Scanned(read))

    def _press(self, name: str, t0_ns: int) -> None:
        try:
            self._inputs.post(Pressed(ButtonEvent(name.strip()), t0_ns))
        except ValueError:
            log.warning("!%s is no button: expected one of %s", name, ", ".join(e.value for e in ButtonEvent))
