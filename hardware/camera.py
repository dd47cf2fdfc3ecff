"""Cameras: luma frames with the time they were completed. Imported by the camera process only (numpy, Pillow)."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.camera_images import ImageError, load_luma

log = logging.getLogger(__name__)

Luma = NDArray[np.uint8]
"""Grey values, height x width, uint8."""
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".tif", ".tiff", ".webp"})
GAP_SHARE = 3
"""One part in this many of an image's time is shown empty, so that the next image is a new presentation."""
FRAMES_PER_IMAGE = 6
"""At least, however short its time is."""
FRAME_S = 0.1
"""A folder gives its next frame after so long, like a camera: what one frame's time does not reach goes on with it."""
SETTLE_FRAMES = 8
"""Frames after which a change surely shows: three buffers under way, two of the sensor's own, and a lens's way."""
_BLANK = 160


class CameraError(Exception):
    """The camera did not give a frame in time, or what it gave is no frame; the text says what to look at."""


class FrameError(CameraError):
    """What the camera gave is no frame; the next may be one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    luma: Luma
    t0_ns: int
    """Monotonic nanoseconds when the camera had completed it."""
    number: int
    name: str
    """File name of a folder camera; empty otherwise."""


class Camera(Protocol):
    """A source of frames."""

    def capture(self, deadline_s: float) -> Frame | None:
        """The newest frame; None if there is none within `deadline_s` and that is no fault.

        Raises:
            CameraError: a frame was due and did not come, or is damaged.
        """

    def close(self) -> None:
        """Let the device go; harmless twice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a camera can be set to, lowest and highest."""

    lens_position: tuple[float, float] | None
    """Dioptres; None where the lens has no motor."""
    exposure_us: tuple[int, int]
    gain: tuple[float, float]


class Adjustable(Camera, Protocol):
    """A camera whose focus and exposure can be set while it runs."""

    @property
    def limits(self) -> Limits:
        """What it can be set to."""

    def set(
        self, *, lens_position: float | None = None, exposure_us: int | None = None, gain: float | None = None
    ) -> None:
        """Change what is given; frames show it at the latest `SETTLE_FRAMES` frames later.

        Raises:
            CameraError: the camera does not take it.
        """


class FolderCamera:
    """Shows the images of a folder one after the other, each for a while, with an empty view in between.

    Images that are put into the folder later are shown when they appear, in the order of their names.
    """

    def __init__(self, folder: Path, *, period_s: float = 1.0) -> None:
        """Look at `folder`; each image is shown for two thirds of `period_s`."""
        self._folder = folder
        self._frames = max(FRAMES_PER_IMAGE, round(period_s / FRAME_S))
        self._frame_s = period_s / self._frames
        self._shown: set[str] = set()
        self._current: tuple[str, Luma] | None = None
        self._left = 0
        self._number = 0
        self._next_s = time.monotonic()

    def capture(self, deadline_s: float) -> Frame | None:
        """The next frame when it is due."""
        pause = self._next_s - time.monotonic()
        if pause > deadline_s:
            time.sleep(deadline_s)
            return None
        time.sleep(max(0.0, pause))
        self._next_s = max(self._next_s + self._frame_s, time.monotonic() - self._frame_s)
        if self._left == 0:
            self._turn()
        self._left = max(0, self._left - 1)
        self._number += 1
        name, luma = self._view()
        return Frame(luma, time.monotonic_ns(), self._number, name)

    def close(self) -> None:
        """Nothing to let go."""

    def _view(self) -> tuple[str, Luma]:
        if self._current is None:
            return "", np.full((480, 640), _BLANK, np.uint8)
        name, luma = self._current
        if self._left < self._frames // GAP_SHARE:
            return "", np.full(luma.shape, _BLANK, np.uint8)
        return name, luma

    def _turn(self) -> None:
        """Take the next image; one that cannot be read is told once and passed over."""
        self._current = None
        waiting = sorted(
            path
            for path in self._folder.iterdir()
            if path.suffix.lower() in IMAGE_SUFFIXES and path.name not in self._shown
        )
        if not waiting:
            return
        self._shown.add(waiting[0].name)
        try:
            self._current = waiting[0].name, load_luma(waiting[0])
        except ImageError as error:
            raise FrameError(str(error)) from error
        self._left = self._frames
