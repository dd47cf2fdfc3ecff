"""A station without a name: reads the label of its room, and hands it on to the firmware agent.

Forty cards may be the same; which room this is says the label on its wall, signed by the site. Here it is only read
and laid down; whether it is right is for the agent to say, which then names the station and gets its certificate.
Nothing is judged, booked or journaled meanwhile: there is no station yet.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from pathlib import Path
from typing import Any

from edge.station.camera_input import CameraInput
from edge.station.config import StationConfig
from edge.station.inputs import Inputs, ScannerInput, StdinInput
from edge.station.messages import Message, Scanned, Seen
from edge.station.panel import build_panel
from hardware.host.files import replace
from hardware.host.notify import notify
from hardware.host.worker import Worker, supervise
from hardware.signals import Signal

log = logging.getLogger(__name__)

MARK = b"UDIROOM1."
"""A room label begins so."""
MOST_BYTES = 2_000
FILE = "room-label"
STEP_S = 0.2


def label_in(message: Message) -> tuple[bytes | None, bool]:
    """The room label in what was read, and whether anything was read at all. Pure."""
    match message:
        case Scanned(read):
            payloads = [read.payload]
        case Seen(reads):
            payloads = [each.payload for each in reads]
        case _:
            payloads = []
    found = next((each for each in payloads if each.startswith(MARK) and len(each) <= MOST_BYTES), None)
    return found, bool(payloads)


class LabelReader:
    """The process that waits for a room label."""

    def __init__(self, config: StationConfig, run_dir: Path, *, stdin: Any = None) -> None:
        """Build readers and panel.

        Args:
            config: what the card brought for every room; its name and place say nothing yet.
            run_dir: sockets, and where the label is laid.
            stdin: a binary stream of scans, on a bench; None: only the devices.
        """
        run_dir.mkdir(parents=True, exist_ok=True)
        self._file = run_dir / FILE
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._panel = build_panel(config.panel, simulate=stdin is not None)
        self._stop = threading.Event()
        inputs = Inputs(self._messages.put)
        for table in config.scanner:
            inputs.add(ScannerInput(table, inputs))
        if config.camera is not None:
            inputs.add(CameraInput(run_dir / "camera.sock", inputs, on_light=self._panel.indicator.set_light))
        if stdin is not None:
            inputs.add(StdinInput(stdin, inputs))
        self._readers = [source.worker for source in inputs.sources]

    def run(self) -> int:
        """Read until SIGTERM; each new label replaces the one before. Returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        workers = [Worker("room label", self._step), *self._readers]
        for worker in workers:
            worker.start()
        self._panel.indicator.set_trouble(on=True)  # the wrench: this station is not ready, and somebody can make it so
        notify("READY=1")
        log.info("state=waiting for=room_label")
        code = supervise(workers, self._stop, notify)
        for worker in workers:
            worker.stop(0.5)
        self._panel.close()
        return code

    def _step(self) -> None:
        try:
            message = self._messages.get(timeout=STEP_S)
        except queue.Empty:
            return
        found, anything = label_in(message)
        if found is not None:
            replace(self._file, found, mode=0o640)
            log.info("room_label=read bytes=%d", len(found))
            self._panel.indicator.show(Signal.CHECKED)
        elif anything:
            self._panel.indicator.show(Signal.REDO)
