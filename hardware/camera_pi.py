"""The Pi's camera: the one importer of picamera2, which exists only where libcamera does."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from hardware.camera import CameraError, Frame, FrameError, Limits, Luma
from hardware.camera_settings import FRAME_US, CameraSettings

log = logging.getLogger(__name__)

BUFFERS = 3
"""One that the sensor fills, one that the picture processor works on, one that is newest and waits to be taken. While
the decoder works, newer frames replace the waiting one inside picamera2, so that no queue can grow."""
CLOSE_S = 2.0
"""How long stopping the camera may take; a wedged one would take for ever (picamera2 issue 1264)."""
AF_MANUAL = 0
"""``AfModeEnum.Manual`` of libcamera."""
NOISE_MINIMAL = 3
"""``NoiseReductionModeEnum.Minimal`` of libcamera: luma is denoised, colour, which is not used here, costs nothing."""


class PiCamera:
    """Luma of the YUV420 stream with fixed focus and exposure. A wedged camera raises `CameraError` at its deadline.

    A request for a frame that missed its deadline is not asked for again: it stays the one that is waited for. Each
    further one would take a buffer when the camera comes back, and nobody would ever return that.
    """

    def __init__(self, settings: CameraSettings) -> None:
        """Open and start the camera.

        Raises:
            CameraError: picamera2 is not installed, no camera answers, or it cannot be set as configured.
        """
        self._number = 0
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._asked = False
        self._camera, self._mapped = _open()
        try:
            self._start(settings)
        except (RuntimeError, OSError, ValueError) as error:
            self.close()
            raise CameraError(f"the camera cannot be set as [camera] says ({error}): check size") from error
        except CameraError:
            self.close()
            raise

    @property
    def limits(self) -> Limits:
        """What the sensor and the lens can be set to."""
        controls: Mapping[str, tuple[Any, Any, Any]] = self._camera.camera_controls
        lens, exposure, gain = (controls.get(name) for name in ("LensPosition", "ExposureTime", "AnalogueGain"))
        if exposure is None or gain is None:
            raise CameraError("this camera takes no exposure time or gain: a Raspberry Pi camera module is needed")
        return Limits(
            lens_position=None if lens is None else (float(lens[0]), float(lens[1])),
            exposure_us=(int(exposure[0]), int(exposure[1])),
            gain=(float(gain[0]), float(gain[1])),
        )

    def set(
        self, *, lens_position: float | None = None, exposure_us: int | None = None, gain: float | None = None
    ) -> None:
        """Change what is given, from one of the next frames on.

        Raises:
            CameraError: the camera does not take it.
        """
        wanted = {"LensPosition": lens_position, "ExposureTime": exposure_us, "AnalogueGain": gain}
        changes = {name: value for name, value in wanted.items() if value is not None}
        try:
            self._camera.set_controls(changes)
        except RuntimeError as error:
            raise CameraError(f"the camera does not take {changes}: {error}") from error

    def capture(self, deadline_s: float) -> Frame | None:
        """The newest frame, at most one frame old when it is taken.

        Raises:
            CameraError: none came within `deadline_s`, or it is damaged.
        """
        if not self._asked:
            # Waiting is done here: picamera2 up to 0.3.18 at least takes wait=seconds for "wait for ever".
            self._camera.capture_request(wait=False, signal_function=self._done.put)
            self._asked = True
        try:
            job = self._done.get(timeout=deadline_s)
        except queue.Empty:
            text = f"no frame within {deadline_s:g} s: check the camera's cable, then switch the Pi off and on"
            raise CameraError(text) from None
        self._asked = False
        try:
            request = job.get_result()
        except RuntimeError as error:
            raise CameraError(f"the camera gave no frame: {error}") from error
        try:
            luma, t0_ns = self._luma(request), _completed_ns(request.get_metadata())
        finally:
            request.release()
        self._number += 1
        return Frame(luma, t0_ns, self._number, "")

    def close(self) -> None:
        """Stop the camera; one that does not stop within `CLOSE_S` seconds is left to the end of the process."""
        stopping = threading.Thread(target=self._camera.close, name="camera-close", daemon=True)
        stopping.start()
        stopping.join(CLOSE_S)
        if stopping.is_alive():
            log.warning("camera: it does not stop within %.0f s and is left", CLOSE_S)

    def _start(self, settings: CameraSettings) -> None:
        camera = self._camera
        main = {"size": settings.size, "format": "YUV420"}
        # Its video configuration would give luma from 16 to 235 (Rec. 709); this one gives all of 0 to 255 (sYCC).
        camera.configure(camera.create_preview_configuration(main=main, buffer_count=BUFFERS))
        stream = camera.camera_configuration()["main"]
        self._width, self._height = stream["size"]
        if stream["format"] not in {"YUV420", "NV12"}:  # the planes of both begin with all of luma
            raise CameraError(f"the camera gives {stream['format']}, expected YUV420: check which camera is connected")
        if stream["size"] != settings.size:
            log.warning("camera: size %s instead of %s", stream["size"], settings.size)
        _check(settings, self.limits)
        camera.set_controls(_controls(settings, camera.camera_controls))
        camera.start()

    def _luma(self, request: Any) -> Luma:
        """A copy of the luma plane alone; the buffer goes back to the camera. Its rows may be longer than the image."""
        try:
            with self._mapped(request, "main") as mapped:
                luma: Luma = np.array(mapped.array[: self._height, : self._width], dtype=np.uint8)
        except (RuntimeError, ValueError) as error:
            raise FrameError(f"the camera gave a damaged frame ({error}): check the camera's cable") from error
        if luma.shape != (self._height, self._width):
            expected = f"{self._width} x {self._height}"
            raise FrameError(f"the camera gave a frame of {luma.shape[1]} x {luma.shape[0]}, expected {expected}")
        return luma


def _open() -> tuple[Any, Any]:
    try:
        from picamera2 import MappedArray, Picamera2  # noqa: PLC0415 - imports libcamera, which only a Pi has
    except ImportError as error:
        raise CameraError(f"{error}: install python3-picamera2 of the operating system") from error
    try:
        return Picamera2(), MappedArray
    except (RuntimeError, OSError, IndexError) as error:  # IndexError: no camera, in older versions
        cause = error.__cause__ or error
        todo = "is another program using it (sudo systemctl stop udi-camera)? check its cable, and rpicam-hello"
        raise CameraError(f"no camera can be opened ({cause}): {todo} --list-cameras") from error


def _check(settings: CameraSettings, limits: Limits) -> None:
    """The configuration is for this camera.

    Raises:
        CameraError: a value is outside of what the camera can do.
    """
    found = {"exposure_us": (settings.exposure_us, limits.exposure_us), "gain": (settings.gain, limits.gain)}
    if settings.lens_position is not None and limits.lens_position is not None:
        found["lens_position"] = (settings.lens_position, limits.lens_position)
    for key, (value, (low, high)) in found.items():
        if not low <= value <= high:
            raise CameraError(
                f"[camera] {key} = {value}: this camera takes {low:g} to {high:g}: run udi-station camera calibrate"
            )
    if settings.lens_position is not None and limits.lens_position is None:
        log.warning("camera: lens_position is of no use, this lens has no motor: turn it by hand until it is sharp")
    if settings.lens_position is None and limits.lens_position is not None:
        log.warning("camera: lens_position is missing: run udi-station camera calibrate")


def _controls(settings: CameraSettings, known: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that would change by itself is fixed, so that a frame depends only on what lies there."""
    wanted = {
        "AeEnable": False,
        "ExposureTime": settings.exposure_us,
        "AnalogueGain": settings.gain,
        "AwbEnable": False,  # luma needs no white balance, and its gains move luma too
        "ColourGains": (1.5, 1.5),
        "FrameDurationLimits": (FRAME_US, FRAME_US),
        "NoiseReductionMode": NOISE_MINIMAL,
        "Sharpness": 0.0,  # the ladder sharpens what needs it; here it would sharpen noise, and hurt low contrast
        "AfMode": AF_MANUAL,  # autofocus hunts when a hand comes near, and may stick (picamera2 issue 1272)
        "LensPosition": settings.lens_position,
    }
    return {name: value for name, value in wanted.items() if name in known and value is not None}


def _completed_ns(metadata: Mapping[str, Any]) -> int:
    """When the frame was complete: its first row was read at SensorTimestamp, its last within the frame's time."""
    now_ns = time.monotonic_ns()
    first_ns = metadata.get("SensorTimestamp")
    if first_ns is None:
        return now_ns
    complete_ns = int(first_ns) + int(metadata.get("FrameDuration", FRAME_US)) * 1000
    return min(now_ns, complete_ns) if complete_ns > 0 else now_ns
