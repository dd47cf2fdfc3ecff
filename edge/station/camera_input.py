"""The camera process behind its socket: what it sees, what it wants lit, how it is (`edge.vision.process`)."""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.station.inputs import STEP_S, Inputs
from edge.station.messages import CAMERA, Photographed, Prompted, Seen
from edge.station.photographer import Photographer
from edge.station.wedged import Wedged
from edge.udi.read import Read
from hardware.host.local import LineClient
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

SCHEMA = 1
ALIVE_NS = 3_000_000_000
"""The camera says once a second that it delivers; silence for this long means that it is gone."""
MOST_TEXT = 500
"""Characters kept of what the camera process says."""


class CameraInput:
    """Reads of the camera for the desk, its light for the panel, the station's requests for it."""

    name = CAMERA
    reads_products = True

    def __init__(
        self,
        socket: Path,
        inputs: Inputs,
        *,
        on_light: Callable[[bool], None] = lambda _on: None,
        photographer: Photographer | None = None,
        wedged: Wedged | None = None,
        newest_ns: int = 0,
    ) -> None:
        """Prepare the client; it connects and reconnects by itself.

        Args:
            socket: of the camera process.
            inputs: takes what is seen to the desk.
            on_light: told when the camera's light is to be up, or idle again; returns at once.
            photographer: whose requests are sent; None where no pictures are taken.
            wedged: told how long the process has been silent; None: nobody acts on it.
            newest_ns: monotonic time of the newest read of the camera that the station knows from before its start.
        """
        self._client = LineClient(socket)
        self._inputs = inputs
        self._on_light = on_light
        self._photographer = photographer
        self._wedged = wedged
        self._alive_ns = time.monotonic_ns()
        self._newest_ns = newest_ns
        self._away = False
        self._asked = False
        self._light_wanted = self._light_up = False
        self._stats: dict[str, Any] = {"fps": None, "passed_over": None, "last_problem": None}
        self.worker = Worker("camera link", self._step, on_stop=self._end)

    @property
    def connected(self) -> bool:
        """Whether the camera process has said within `ALIVE_NS` that the camera delivers."""
        return not self._away and time.monotonic_ns() - self._alive_ns < ALIVE_NS

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        return {"delivers": self.connected, **self._stats}

    def _step(self) -> None:
        for message in self._client.step(STEP_S / 2):
            self._take(message)
        if not self.connected and self._client.outdated:
            self._client.close()  # a new camera process listens, and the former one never hung up
        self._ask()
        self._light(self._light_wanted and self.connected)
        if self._wedged is not None:
            self._wedged.look(time.monotonic_ns() - self._alive_ns)
        self._inputs.check()

    def _ask(self) -> None:
        """What holds now, once after each connecting: it may have been said while nobody listened. And pictures."""
        if self._client.connected and not self._asked:
            self._client.send({"schema": SCHEMA, "type": "state", "since_ns": self._newest_ns})
        self._asked = self._client.connected
        self._light_wanted &= self._client.connected
        for ident in [] if self._photographer is None else self._photographer.requests():
            self._client.send({"schema": SCHEMA, "type": "picture", "id": ident})

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "sighting", "t0_ns": int(t0_ns), "reads": list(reads)}:
                self._see(tuple(_reads(reads)), t0_ns)
            case {"type": "alive"}:
                self._alive(message)
            case {"type": "light", "on": bool(on)}:
                self._light_wanted = on
            case {"type": "prompt", "number": 1 | 2 as number, "t0_ns": int(t0_ns)}:
                self._inputs.post(Prompted(number, t0_ns))
            case {"type": "picture", "id": str(ident), "jpeg": str() | None as jpeg, "reads": list(reads)}:
                self._inputs.post(_photographed(ident, jpeg, reads))
            case {"type": "problem", "message": str(text)}:
                self._problem(text[:MOST_TEXT], away=message.get("away") is True)
            case _:
                log.warning("camera sent a message of no known form: fields %.120s", sorted(message))

    def _see(self, reads: tuple[Read, ...], t0_ns: int) -> None:
        self._newest_ns = max(self._newest_ns, *(read.t0_ns for read in reads), 0)
        self._inputs.post(Seen(reads, t0_ns))

    def _alive(self, message: dict[str, Any]) -> None:
        self._alive_ns = time.monotonic_ns()
        self._away = False
        match message:
            case {"fps": int() | float() as fps, "passed_over": int(passed_over), "pid": int(pid)}:
                self._stats |= {"fps": fps, "passed_over": passed_over}
                if self._wedged is not None:
                    self._wedged.alive(pid)
            case _:
                pass

    def _problem(self, text: str, *, away: bool) -> None:
        log.warning("camera: %s", text)
        self._stats["last_problem"] = text
        self._away = self._away or away

    def _light(self, up: bool) -> None:
        if up is not self._light_up:
            self._light_up = up
            self._on_light(up)

    def _end(self) -> None:
        self._light(up=False)
        self._client.close()


def _reads(items: list[Any]) -> list[Read]:
    reads = []
    for item in items:
        try:
            reads.append(Read.from_json(item))
        except (KeyError, ValueError, TypeError) as error:
            # never the read itself: it may be a wristband
            log.warning("camera sent a read of no known form: %s", type(error).__name__)
    return reads


def _photographed(ident: str, jpeg: str | None, items: list[Any]) -> Photographed:
    reads = _reads(items)
    known = len(reads) == len(items)  # one that cannot be read could be a person's
    return Photographed(ident, _jpeg(jpeg) if known else None, tuple(reads))


def _jpeg(text: str | None) -> bytes | None:
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except binascii.Error:
        log.warning("camera sent a picture that is no base64")
        return None
