"""What of picamera2 the product calls, behaving as the real source does (0.3.12 to 0.3.38), for machines without one.

As there: three buffers go round, a request that is not released is missing from then on; of completed requests only
the newest waits; a job runs when a frame comes and stays in the queue until then; ``wait`` as a number means "wait for
ever" up to 0.3.18; a control that the camera does not have is refused; rows of YUV420 are longer than the image; video
has luma of limited range; stopping a wedged camera never returns. A test plays the sensor: `Sensor.deliver`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

ALIGN = 64


class Sensor:
    """The camera that is connected; a test sets what it is before the product opens it."""

    controls: ClassVar[dict[str, tuple[Any, Any, Any]]] = {}
    stream_format: ClassVar[str] = "YUV420"
    opens: ClassVar[Exception | None] = None
    adjusted: ClassVar[tuple[int, int] | None] = None
    cut: ClassVar[bool] = False
    wedged: ClassVar[threading.Event] = threading.Event()
    camera: ClassVar[Picamera2 | None] = None

    @classmethod
    def reset(cls) -> None:
        cls.controls = {
            "AeEnable": (False, True, True),
            "AwbEnable": (False, True, None),
            "ColourGains": (0.0, 32.0, None),
            "AfMode": (0, 2, 0),
            "LensPosition": (0.0, 32.0, 1.0),
            "ExposureTime": (26, 220_417_486, 20_000),
            "AnalogueGain": (1.0, 16.0, 1.0),
            "FrameDurationLimits": (17_849, 220_535_845, 33_333),
            "NoiseReductionMode": (0, 4, 0),
            "Sharpness": (0.0, 16.0, 1.0),
        }
        cls.stream_format, cls.opens, cls.adjusted, cls.cut = "YUV420", None, None, False
        cls.wedged, cls.camera = threading.Event(), None
        cls.wedged.set()

    @classmethod
    def deliver(cls, luma: NDArray[np.uint8], metadata: Mapping[str, Any] | None = None) -> None:
        """A frame is complete; nothing happens where all buffers are held."""
        assert cls.camera is not None
        cls.camera.complete(luma, dict(metadata or {}))


class Request:
    def __init__(self, camera: Picamera2, plane: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
        self.camera, self.plane, self.metadata, self.released = camera, plane, metadata, 0

    def get_metadata(self) -> dict[str, Any]:
        assert not self.released
        return self.metadata

    def release(self) -> None:
        self.released += 1
        assert self.released == 1, "a request was released twice"
        self.plane[:] = 0  # the camera writes into the buffer again
        self.camera.free += 1


class Job:
    def __init__(self, done: Callable[[Job], None]) -> None:
        self.done = done
        self.result: Request | None = None

    def get_result(self) -> Any:
        assert self.result is not None, "waiting for a job that is not done would never return"
        return self.result


class MappedArray:
    def __init__(self, request: Request, stream: str) -> None:
        assert stream == "main"
        self._request = request

    def __enter__(self) -> Self:
        width, height = self._request.camera.stream["size"]
        stride = self._request.camera.stream["stride"]
        shaped = self._request.plane.reshape((height * 3 // 2, stride))
        self.array = shaped[:, :width] if Sensor.stream_format == "NV12" else shaped
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self.array


class Picamera2:
    def __init__(self) -> None:
        if Sensor.opens is not None:
            raise Sensor.opens
        Sensor.camera = self
        self.camera_controls = Sensor.controls
        self.set: dict[str, Any] = {}
        self.stream: dict[str, Any] = {}
        self.free, self.limited, self.started, self.closed = 0, False, False, False
        self._jobs: list[Job] = []
        self._waiting: list[Request] = []

    def create_preview_configuration(self, main: dict[str, Any], buffer_count: int = 4) -> dict[str, Any]:
        return {"main": dict(main), "buffer_count": buffer_count, "limited": False}

    def create_video_configuration(self, main: dict[str, Any], buffer_count: int = 6) -> dict[str, Any]:
        return {"main": dict(main), "buffer_count": buffer_count, "limited": True}

    def configure(self, config: dict[str, Any]) -> None:
        width, height = Sensor.adjusted or config["main"]["size"]
        stride = -(-width // ALIGN) * ALIGN
        self.stream = {"size": (width, height), "stride": stride, "format": Sensor.stream_format}
        self.free, self.limited = config["buffer_count"], config["limited"]

    def camera_configuration(self) -> dict[str, Any]:
        return {"main": self.stream}

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name in controls:
            if name not in Sensor.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.set |= controls

    def start(self) -> None:
        self.started = True

    def capture_request(self, *, wait: bool, signal_function: Callable[[Job], None]) -> Job:
        assert wait is False, "a number is taken for True by versions up to 0.3.18"
        job = Job(signal_function)
        self._jobs.append(job)
        self._work()
        return job

    def complete(self, luma: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
        if not self.free:
            return
        self.free -= 1
        (width, height), stride = self.stream["size"], self.stream["stride"]
        plane = np.full((height * 3 // 2, stride), 77, np.uint8)
        plane[:height, :width] = 16 + (luma.astype(int) * 219 // 255) if self.limited else luma
        flat = plane.reshape(-1)[: -stride if Sensor.cut else None].copy()
        self._waiting.append(Request(self, flat, metadata))
        self._work()
        while len(self._waiting) > 1:
            self._waiting.pop(0).release()

    def close(self) -> None:
        Sensor.wedged.wait()
        self.closed = True

    def _work(self) -> None:
        while self._jobs and self._waiting:
            job = self._jobs.pop(0)
            job.result = self._waiting.pop(0)
            job.done(job)


Sensor.reset()
