"""The camera process: frames in, reads out over a Unix socket.

A process of its own, because a wedged camera cannot be killed from inside; systemd restarts this one while scanners
go on.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from edge.udi.read import Read
from edge.vision.ladder import read_frame
from hardware.camera import Camera, CameraError, FolderCamera, Frame
from hardware.camera_settings import CameraSettings
from hardware.host.local import LineServer
from hardware.host.notify import notify
from hardware.host.worker import Worker, supervise

log = logging.getLogger(__name__)

SCHEMA = 1
DEADLINE_S = 1.0
MISSED_DEADLINES = 5
ALIVE_NS = 1_000_000_000


class CameraStuckError(Exception):
    """The camera missed so many deadlines that only a new process can help."""


class CameraProcess:
    """Captures, decodes, tells."""

    def __init__(self, camera: Camera, server: LineServer) -> None:
        """Use an opened camera and a listening socket."""
        self._camera = camera
        self._server = server
        self._stop = threading.Event()
        self._missed = 0
        self._in_view = False
        self._alive_ns = 0

    def run(self) -> int:
        """Work until SIGTERM; 1 when the camera is stuck."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        worker = Worker("camera", self._step, fresh_within=DEADLINE_S * 10, on_stop=self._server.close)
        worker.start()
        notify("READY=1")
        log.info("state=ready")
        code = supervise([worker], self._stop, notify)
        worker.stop(1.0)
        return code

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _step(self) -> None:
        self._server.step(0.0)
        try:
            frame = self._camera.capture(0.1 if isinstance(self._camera, FolderCamera) else DEADLINE_S)
        except CameraError as error:
            self._problem(str(error))
            return
        self._missed = 0
        if frame is not None:
            self._decode(frame)
        self._alive()

    def _decode(self, frame: Frame) -> None:
        try:
            reads = read_frame(frame.luma, t0_ns=frame.t0_ns)
        except ValueError as error:
            self._problem(f"frame {frame.number}: {error}")
            return
        if reads or self._in_view:
            self._server.broadcast(sighting(frame, reads))
        self._in_view = bool(reads)

    def _problem(self, text: str) -> None:
        log.warning("camera: %s", text)
        self._server.broadcast({"schema": SCHEMA, "type": "problem", "message": text})
        self._missed += 1
        if self._missed >= MISSED_DEADLINES:
            raise CameraStuckError(f"{self._missed} faults in a row, the last: {text}")

    def _alive(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._alive_ns >= ALIVE_NS:
            self._alive_ns = now_ns
            self._server.broadcast({"schema": SCHEMA, "type": "alive"})


def sighting(frame: Frame, reads: tuple[Read, ...]) -> Mapping[str, Any]:
    """What the station is told of one frame; an empty list of reads means that the codes have gone."""
    height, width = frame.luma.shape
    return {
        "schema": SCHEMA,
        "type": "sighting",
        "frame": frame.number,
        "t0_ns": frame.t0_ns,
        "size": [width, height],
        "name": frame.name,
        "reads": [read.to_json() for read in reads],
    }


def open_camera(settings: CameraSettings) -> Camera:
    """The camera as configured.

    Raises:
        CameraError: it cannot be opened.
    """
    if settings.source == "folder":
        if settings.folder is None or not settings.folder.is_dir():
            raise CameraError(f"{settings.folder}: expected a folder of images")
        return FolderCamera(settings.folder, period_s=settings.period_s)
    from hardware.camera_open import open_adjustable  # noqa: PLC0415 - a folder needs neither lens nor libcamera

    return open_adjustable(settings)


def serve(settings: CameraSettings, socket: Path) -> int:
    """Open everything and run; the exit status.

    Raises:
        CameraError: the camera cannot be opened.
    """
    camera = open_camera(settings)
    try:
        return CameraProcess(camera, LineServer(socket)).run()
    finally:
        camera.close()
