"""The Pi's camera: the one importer of picamera2, which exists only where libcamera does."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from hardware.camera import CameraError, Frame
from hardware.camera_settings import CameraSettings


class PiCamera:
    """Luma of the YUV420 stream, fixed focus and exposure. A wedged camera raises `CameraError` at its deadline."""

    def __init__(self, settings: CameraSettings) -> None:
        """Open and start the camera.

        Raises:
            CameraError: picamera2 is not installed, or no camera answers.
        """
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - imports libcamera, which only a Pi has
        except ImportError as error:
            raise CameraError(f"{error}: install python3-picamera2 of the operating system") from error
        self._width, self._height = settings.size
        self._number = 0
        self._camera: Any = Picamera2()
        self._camera.configure(
            self._camera.create_video_configuration(
                main={"size": settings.size, "format": "YUV420"}, buffer_count=3, controls=_controls(settings)
            )
        )
        self._camera.start()

    def capture(self, deadline_s: float) -> Frame | None:
        """The newest frame.

        Raises:
            CameraError: none came within `deadline_s`.
        """
        try:
            request = self._camera.capture_request(wait=deadline_s)
        except TimeoutError as error:
            raise CameraError(f"no frame within {deadline_s} s: check the camera's cable") from error
        t0_ns = time.monotonic_ns()
        try:
            planes = request.make_array("main")
        finally:
            request.release()
        self._number += 1
        luma: np.ndarray[Any, np.dtype[np.uint8]] = planes[: self._height, : self._width]
        return Frame(luma, t0_ns, self._number, "")

    def close(self) -> None:
        """Stop the camera."""
        self._camera.close()


def _controls(settings: CameraSettings) -> dict[str, Any]:
    controls: dict[str, Any] = {
        "AeEnable": False,
        "ExposureTime": settings.exposure_us,
        "AnalogueGain": settings.gain,
    }
    if settings.lens_position is not None:
        controls |= {"AfMode": 0, "LensPosition": settings.lens_position}
    return controls
