"""A camera process with a camera that is sick in one way: ``python -m tests.faults.sick_camera KIND SOCKET``."""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path

import numpy as np

from edge.vision.eye import Eye
from edge.vision.process import CameraProcess
from hardware.camera import Camera, CameraError, Frame
from hardware.host.local import LineServer

HUNG_S = 0.6
LUMA = np.full((60, 80), 200, np.uint8)


class SickCamera:
    """Hangs, or is silent, or is well."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        if kind == "hangs at opening":
            _for_ever()

    def capture(self, _deadline_s: float) -> Frame | None:
        if self._kind == "hangs":
            _for_ever()
        if self._kind in ("is silent", "hangs at close"):
            raise CameraError("no frame within 1.0 s: check the camera's cable")
        time.sleep(0.03)
        return Frame(LUMA, time.monotonic_ns(), 1, "")

    def close(self) -> None:
        if self._kind == "hangs at close":
            _for_ever()


def _for_ever() -> None:
    threading.Event().wait()


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    kind, socket = sys.argv[1:]

    def opened() -> Camera:
        return SickCamera(kind)

    hung_s = 10.0 if kind == "is silent" else HUNG_S
    sys.exit(CameraProcess(opened, Eye, LineServer(Path(socket)), hung_s=hung_s).run())


if __name__ == "__main__":
    main()
