"""The camera's side of the camera process: the newest frame in a slot, and a camera that stops is opened again.

Whoever looks is slower than the camera now and then. There is room for one frame only: a newer one takes its place,
so that what is looked at is never older than the look before it took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.vision.pixels import luma_problem
from hardware.camera import Camera, CameraError, Frame, FrameError

DEADLINE_S = 1.0
"""A frame is due within this time; a camera gives dozens in it."""
REOPENINGS = 3
"""So often a camera that stopped is opened again in this process before a new process is worth it."""
HANGS_NS = 2_000_000_000
"""A capture that takes so long has not kept to its deadline."""
MOST_DAMAGED = 30
"""A camera that gave so many damaged frames in a row, a second of them, gives no frames."""
STEADY_NS = 5_000_000_000
"""A camera that delivers for so long is well again; one that stops sooner goes on being counted."""
FIRST_PAUSE_S = 0.2
"""Before it is opened again, and twice as long each further time: a device that was just let go may still be busy."""


class CameraStuckError(Exception):
    """The camera gives no frames however often it is opened: only a new process can help."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame on its way to whoever looks."""

    frame: Frame
    """Numbered through the life of the process. Its pixels are its own: no later capture writes there."""
    opening: int
    """Counts how often the camera was opened; with another one nothing is known of what lies there."""


class Slot:
    """Room for the newest frame; safe between two threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._changed = threading.Condition()
        self._captured: Captured | None = None
        self.passed_over = 0
        """Frames that a newer one took the place of before anybody looked."""

    def put(self, captured: Captured) -> None:
        """Let this be the newest; returns at once."""
        with self._changed:
            self.passed_over += self._captured is not None
            self._captured = captured
            self._changed.notify()

    def take(self, timeout_s: float) -> Captured | None:
        """The newest frame, each once; None if none comes within `timeout_s` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._captured is not None, timeout_s)
            captured, self._captured = self._captured, None
            return captured


class Capture:
    """Keeps a camera delivering; every step of it runs in one thread, which owns the camera."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        slot: Slot,
        report: Callable[[str], None],
        wait: Callable[[float], object] = time.sleep,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Prepare; the first step opens the camera.

        Args:
            open_camera: gives a camera that delivers, or raises `CameraError`.
            slot: where frames go.
            report: is told every fault, in this thread.
            wait: waits so many seconds, or until the process ends.
            now_ns: monotonic time.
        """
        self._open_camera = open_camera
        self._slot = slot
        self._report = report
        self._wait = wait
        self._now_ns = now_ns
        self._camera: Camera | None = None
        self._reopened = 0
        self._in_a_row = 0
        self._opening = 0
        self._opened_ns = 0
        self.frames = 0
        """Frames since the process began."""
        self._delivers = False
        self._well_ns = 0

    @property
    def delivers(self) -> bool:
        """Whether the camera does what it should now; asked from other threads."""
        return self._delivers and not self.hangs

    @property
    def hangs(self) -> bool:
        """Whether the camera delivered, and now a capture does not end though its deadline is past."""
        return self._delivers and self._now_ns() - self._well_ns >= HANGS_NS

    def step(self) -> None:
        """Capture one frame, or open the camera again.

        Raises:
            CameraStuckError: it was opened `REOPENINGS` times again and stopped each time.
        """
        try:
            frame = self._opened().capture(DEADLINE_S)
        except FrameError as error:
            self._damaged(str(error))
        except CameraError as error:
            self._stopped(str(error))
        else:
            wrong = None if frame is None else luma_problem(frame.luma)
            if wrong is None:
                self._well(frame)
            else:
                self._stopped(wrong)

    def close(self) -> None:
        """Let the camera go. May block for ever where a driver hangs."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _opened(self) -> Camera:
        if self._camera is None:
            self._camera = self._open_camera()
            self._opening += 1
            self._in_a_row = 0
            self._opened_ns = self._now_ns()
        return self._camera

    def _damaged(self, why: str) -> None:
        """Passed over, as long as they are few."""
        self._in_a_row += 1
        if self._in_a_row == MOST_DAMAGED:
            self._stopped(why)
        else:
            self._delivers, self._well_ns = True, self._now_ns()
            self._report(why)

    def _well(self, frame: Frame | None) -> None:
        self._delivers, self._well_ns, self._in_a_row = True, self._now_ns(), 0
        if self._reopened and self._well_ns - self._opened_ns >= STEADY_NS:
            self._reopened = 0
        if frame is not None:
            self.frames += 1
            self._slot.put(Captured(replace(frame, number=self.frames), self._opening))

    def _stopped(self, why: str) -> None:
        self._delivers = False
        self._report(why)
        self.close()
        if self._reopened == REOPENINGS:
            raise CameraStuckError(f"{why}; opened {REOPENINGS} times again in vain")
        self._wait(FIRST_PAUSE_S * float(2**self._reopened))
        self._reopened += 1
