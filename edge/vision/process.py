"""The camera process: frames in, reads out over a Unix socket.

A process of its own, because a wedged camera cannot be killed from inside; systemd restarts this one while scanners
go on. Two threads: one captures (`edge.vision.capture`), one looks and talks. What crosses the socket, one JSON object
a line, each with ``schema`` 1 and ``type``.

To the station:

- ``sighting``: ``frame`` (number), ``t0_ns``, ``size`` [width, height], ``name`` (of a folder's image), and ``reads``:
  every symbol that lies in view now, with corners in frame pixels; empty when they have gone. Sent when that changes
  (`edge.vision.telling`), and to whoever asks for the state.
- ``light``: ``on``; something was laid there and has to be seen.
- ``prompt``: ``number`` 1 or 2, ``t0_ns``; something lies still and does not read.
- ``alive``: once a second while the camera delivers: ``fps``, ``passed_over`` (frames nobody had time for), ``pid``.
- ``problem``: ``message``; ``away`` says that the camera gives no frames now.
- ``picture``: the answer, to the one that asked: ``id``, ``t0_ns``, ``reads`` of that very frame, ``jpeg`` in base64,
  cut out around the object; null where there is no frame to take it from.

From the station:

- ``state``: asks for what holds now, ``light`` and ``sighting``; ``since_ns``, time of the newest read that the station
  knows, may be left out.
- ``picture``: ``id``; asks for a picture of what lies there.
"""

from __future__ import annotations

import base64
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from edge.vision.capture import Capture, Captured, Slot
from edge.vision.eye import Eye, Look
from edge.vision.picture import picture
from edge.vision.telling import SCHEMA, Message, Telling
from hardware.camera import Camera, CameraError, FolderCamera
from hardware.camera_settings import CameraSettings
from hardware.host.local import LineServer
from hardware.host.notify import notify
from hardware.host.worker import Worker, supervise

log = logging.getLogger(__name__)

LOOK_WAIT_S = 0.05
"""Without a frame the socket is looked at so often."""
ALIVE_NS = 1_000_000_000
HUNG_S = 10.0
"""A capture, an opening or a look that takes longer will never end: only a new process helps."""
JOIN_S = 1.5


@dataclass(frozen=True, slots=True)
class _Looked:
    captured: Captured
    look: Look


class CameraProcess:
    """Captures, looks, tells."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        new_eye: Callable[[], Eye],
        server: LineServer,
        *,
        hung_s: float = HUNG_S,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            open_camera: see `edge.vision.capture.Capture`.
            new_eye: an eye that knows nothing of the view yet; one for each opening of the camera.
            server: listens.
            hung_s: seconds after which a step of either thread counts as hung.
            end: ends the process at once, whatever its threads wait for.
        """
        self._new_eye = new_eye
        self._server = server
        self._end = end
        self._stop = threading.Event()
        self._problems: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._slot = Slot()
        self._capture = Capture(open_camera, self._slot, self._problems.put, wait=self._stop.wait)
        self._eye, self._opening = new_eye(), 0
        self._telling = Telling()
        self._looked: _Looked | None = None
        self._alive_ns = time.monotonic_ns()
        self._alive_frames = 0
        self._hung = False
        self._workers = [
            Worker("look", self._step, fresh_within=hung_s, on_stop=self._say_goodbye),
            Worker("capture", self._capture.step, fresh_within=hung_s, on_stop=self._capture.close),
        ]

    def run(self) -> int:
        """Work until SIGTERM.

        Returns:
            0; 1 when the camera is stuck or something hangs. Where a thread cannot be ended the process ends here.
        """
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        for worker in self._workers:
            worker.start()
        notify("READY=1")
        log.info("state=ready")
        code = supervise(self._workers, self._stop, notify)
        self._stop.set()
        notify("STOPPING=1")
        for worker in self._workers:
            worker.stop(JOIN_S)
        hung = [worker.name for worker in self._workers if worker.alive]
        if hung:
            log.error("thread=%s cannot be ended: the process ends without it", ",".join(hung))
            self._end(code)
        return code

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _step(self) -> None:
        captured = self._slot.take(LOOK_WAIT_S)
        if captured is not None:
            self._look(captured)
        self._tell_problems()
        self._watch()
        self._alive(time.monotonic_ns())
        for client, message in self._server.step(0.0):
            self._answer(client, message)

    def _look(self, captured: Captured) -> None:
        if captured.opening != self._opening:
            self._opening, self._eye = captured.opening, self._new_eye()
        look = self._eye.look(captured.frame.luma, captured.frame.t0_ns)
        self._looked = _Looked(captured, look)
        for message in self._telling.looked(captured, look):
            self._server.broadcast(message)

    def _answer(self, client: int, message: dict[str, Any]) -> None:
        match message:
            case {"type": "state"}:
                since_ns = message.get("since_ns")
                for each in self._telling.state(since_ns if isinstance(since_ns, int) else 0):
                    self._server.send(client, each)
            case {"type": "picture", "id": str(ident)}:
                self._server.send(client, self._picture(ident))
            case _:
                log.warning("asked for something of no known form: fields %.120s", sorted(message))

    def _picture(self, ident: str) -> Message:
        looked = self._looked
        answer: dict[str, Any] = {"schema": SCHEMA, "type": "picture", "id": ident, "t0_ns": 0, "reads": []}
        if looked is None or not self._capture.delivers:
            return {**answer, "jpeg": None}
        data = picture(looked.captured.frame.luma, looked.look.box)
        return {
            **answer,
            "t0_ns": looked.captured.frame.t0_ns,
            "reads": [read.to_json() for read in looked.look.reads],
            "jpeg": base64.b64encode(data).decode("ascii"),
        }

    def _tell_problems(self) -> None:
        while not self._problems.empty():
            self._problem(self._problems.get())

    def _watch(self) -> None:
        """A capture that does not return reports nothing itself."""
        hangs = self._capture.hangs
        if hangs and not self._hung:
            self._problem("a capture does not return: the camera or its driver hangs")
        self._hung = hangs

    def _problem(self, text: str) -> None:
        log.warning("camera: %s", text)
        away = not self._capture.delivers
        self._server.broadcast({"schema": SCHEMA, "type": "problem", "message": text, "away": away})

    def _alive(self, now_ns: int) -> None:
        passed_ns = now_ns - self._alive_ns
        if passed_ns < ALIVE_NS:
            return
        frames = self._capture.frames
        fps = round((frames - self._alive_frames) * 1e9 / passed_ns, 1)
        self._alive_ns, self._alive_frames = now_ns, frames
        if self._capture.delivers:
            told = {"fps": fps, "passed_over": self._slot.passed_over, "pid": os.getpid()}
            self._server.broadcast({"schema": SCHEMA, "type": "alive", **told})

    def _say_goodbye(self) -> None:
        self._tell_problems()
        self._server.close()


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
    """Run the camera process; the exit status, see `CameraProcess.run`."""
    return CameraProcess(lambda: open_camera(settings), lambda: Eye(settings.formats), LineServer(socket)).run()
