"""Where reads come from: scanners, the camera's socket, standard input. One worker each; all post to the desk."""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from edge.station.config import ScannerTable
from edge.station.desk import Message, Pressed, Readers, Scanned, Seen
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.framing import Framer
from hardware.host.local import LineClient
from hardware.host.worker import Worker
from hardware.scanner import Scanner
from hardware.scanner_serial import SerialScanner

log = logging.getLogger(__name__)

ALIVE_NS = 3_000_000_000
"""The camera says that it is alive once a second; silence for this long means that it is gone."""
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
        self._scanner = _scanner(table)
        self.worker = Worker(f"scanner {table.device}", self._step, on_stop=self._scanner.close)

    @property
    def connected(self) -> bool:
        """Whether the device is open."""
        return self._scanner.connected

    def _step(self) -> None:
        for read in self._scanner.read(STEP_S):
            self._inputs.post(Scanned(read))
        self._inputs.check()


def _scanner(table: ScannerTable) -> Scanner:
    if table.kind == "serial":
        return SerialScanner(table.device, table.framing, no_read=table.no_read, baud=table.baud)
    from hardware.scanner_hid import HidScanner  # noqa: PLC0415 - evdev exists only where keyboard scanners are used

    return HidScanner(table.device, no_read=table.no_read)


class CameraInput:
    """The camera process behind its socket."""

    name = "camera"
    reads_products = True

    def __init__(self, socket: Path, inputs: Inputs) -> None:
        """Prepare the client; it connects and reconnects by itself."""
        self._client = LineClient(socket)
        self._inputs = inputs
        self._alive_ns = time.monotonic_ns()
        self.worker = Worker("camera link", self._step, on_stop=self._client.close)

    @property
    def connected(self) -> bool:
        """Whether the camera process has said within `ALIVE_NS` that it works."""
        return time.monotonic_ns() - self._alive_ns < ALIVE_NS

    def _step(self) -> None:
        for message in self._client.step(STEP_S):
            self._take(message)
        self._inputs.check()

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "sighting", "t0_ns": int(t0_ns), "reads": list(reads)}:
                self._alive_ns = time.monotonic_ns()
                self._inputs.post(Seen(tuple(_reads(reads)), t0_ns))
            case {"type": "alive"}:
                self._alive_ns = time.monotonic_ns()
            case {"type": "problem", "message": str(text)}:
                log.warning("camera: %s", text)
            case _:
                log.warning("camera sent a message of no known form: fields %.120s", sorted(message))


def _reads(items: list[Any]) -> list[Read]:
    reads = []
    for item in items:
        try:
            reads.append(Read.from_json(item))
        except (KeyError, ValueError, TypeError) as error:
            # never the read itself: it may be a wristband
            log.warning("camera sent a read of no known form: %s", type(error).__name__)
    return reads


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
