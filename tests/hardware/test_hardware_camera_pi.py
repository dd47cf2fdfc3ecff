import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hardware import camera_pi
from hardware.camera import CameraError, FrameError
from hardware.camera_pi import PiCamera
from hardware.camera_settings import FRAME_US, CameraSettings
from tests.support.standin import picamera2 as twin
from tests.support.standin.picamera2 import Sensor

STANDIN = Path(__file__).parents[1] / "support/standin"
SIZE = (100, 80)
"""100 columns are no multiple of 64: rows are padded."""


@pytest.fixture(autouse=True)
def _standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(STANDIN)
    monkeypatch.setitem(sys.modules, "picamera2", twin)
    Sensor.reset()
    yield
    Sensor.wedged.set()


def settings(**changes: Any) -> CameraSettings:
    fields: dict[str, Any] = {"source": "picamera2", "size": SIZE, "lens_position": 8.2}
    return CameraSettings(**fields | changes)


def picture(level: int = 0) -> NDArray[np.uint8]:
    ramp = np.arange(SIZE[0] * SIZE[1]).reshape(SIZE[1], SIZE[0]) % 251
    return (ramp if level == 0 else np.full_like(ramp, level)).astype(np.uint8)


def device() -> twin.Picamera2:
    assert Sensor.camera is not None
    return Sensor.camera


def test_everything_that_would_change_by_itself_is_fixed() -> None:
    PiCamera(settings(exposure_us=2500, gain=3.0))
    assert device().set == {
        "AeEnable": False,
        "ExposureTime": 2500,
        "AnalogueGain": 3.0,
        "AwbEnable": False,
        "ColourGains": (1.5, 1.5),
        "FrameDurationLimits": (FRAME_US, FRAME_US),
        "NoiseReductionMode": 3,
        "Sharpness": 0.0,
        "AfMode": 0,
        "LensPosition": 8.2,
    }
    assert device().started


@pytest.mark.parametrize("stream_format", ["YUV420", "NV12"])
def test_luma_is_cut_out_of_padded_rows_and_outlives_the_request(stream_format: str) -> None:
    Sensor.stream_format = stream_format
    camera = PiCamera(settings())
    assert device().stream["stride"] > SIZE[0]
    Sensor.deliver(picture())
    frame = camera.capture(0.01)
    assert frame is not None
    assert frame.luma.flags.c_contiguous
    np.testing.assert_array_equal(frame.luma, picture())


def test_of_frames_that_came_meanwhile_the_newest_is_taken_and_no_buffer_is_kept() -> None:
    camera = PiCamera(settings())
    for level in (10, 20, 30):
        Sensor.deliver(picture(level))
    frame = camera.capture(0.01)
    assert frame is not None
    assert int(frame.luma[0, 0]) == 30
    assert device().free == camera_pi.BUFFERS


def test_after_any_number_of_missed_deadlines_every_buffer_is_still_there() -> None:
    camera = PiCamera(settings())
    for _ in range(camera_pi.BUFFERS + 2):
        with pytest.raises(CameraError, match="cable"):
            camera.capture(0.001)
    for level in range(1, camera_pi.BUFFERS + 3):
        Sensor.deliver(picture(level))
        frame = camera.capture(0.01)
        assert frame is not None
        assert int(frame.luma[0, 0]) == level
    assert device().free == camera_pi.BUFFERS


def test_a_frame_is_numbered_and_dated_by_when_its_last_row_was_read() -> None:
    camera = PiCamera(settings())
    start_ns = time.monotonic_ns() - 1_000_000_000
    Sensor.deliver(picture(), {"SensorTimestamp": start_ns, "FrameDuration": 20_000})
    Sensor.deliver(picture(), {"SensorTimestamp": start_ns, "FrameDuration": 20_000})
    frame = camera.capture(0.01)
    assert frame is not None
    assert (frame.number, frame.t0_ns) == (1, start_ns + 20_000_000)


@pytest.mark.parametrize("metadata", [{}, {"SensorTimestamp": 2**62}], ids=["without a time", "a time to come"])
def test_a_frame_is_never_dated_later_than_it_was_taken(metadata: dict[str, int]) -> None:
    camera = PiCamera(settings())
    Sensor.deliver(picture(), metadata)
    frame = camera.capture(0.01)
    assert frame is not None
    assert frame.t0_ns <= time.monotonic_ns()


def test_a_damaged_frame_is_told_and_its_buffer_given_back() -> None:
    camera = PiCamera(settings())
    Sensor.cut = True
    Sensor.deliver(picture())
    with pytest.raises(FrameError, match="damaged"):
        camera.capture(0.01)
    assert device().free == camera_pi.BUFFERS


def test_a_size_that_the_camera_changes_is_taken_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    Sensor.adjusted = (96, 64)
    camera = PiCamera(settings())
    Sensor.deliver(np.zeros((64, 96), np.uint8))
    frame = camera.capture(0.01)
    assert frame is not None
    assert frame.luma.shape == (64, 96)
    assert "(96, 64)" in caplog.text


WRONG = {
    "lens": ({}, {"lens_position": 40.0}, "lens_position = 40"),
    "gain": ({"AnalogueGain": (1.0, 10.0, 1.0)}, {"gain": 12.0}, r"gain = 12\.0: this camera takes 1 to 10"),
    "exposure": (
        {"ExposureTime": (100, 9000, 0)},
        {"exposure_us": 50},
        "exposure_us = 50: this camera takes 100 to 9000",
    ),
}


@pytest.mark.parametrize(("controls", "changes", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_value_outside_of_what_this_camera_can_do_is_named(
    controls: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    Sensor.controls = Sensor.controls | controls
    with pytest.raises(CameraError, match=words):
        PiCamera(settings(**changes))
    assert device().closed


def test_a_lens_without_a_motor_is_no_fault_and_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("LensPosition", "AfMode"):
        del Sensor.controls[name]
    camera = PiCamera(settings())
    assert "LensPosition" not in device().set
    assert camera.limits.lens_position is None
    assert "no motor" in caplog.text


def test_a_lens_that_nobody_calibrated_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    PiCamera(settings(lens_position=None))
    assert "calibrate" in caplog.text


OPENING = {
    "another has it": (RuntimeError("Device or resource busy"), "busy.*systemctl stop udi-camera"),
    "none is there": (IndexError("list index out of range"), "cable"),
}


@pytest.mark.parametrize(("error", "words"), OPENING.values(), ids=OPENING.keys())
def test_a_camera_that_does_not_open_says_what_to_do(error: Exception, words: str) -> None:
    Sensor.opens = error
    with pytest.raises(CameraError, match=words):
        PiCamera(settings())


def test_without_picamera2_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="python3-picamera2"):
        PiCamera(settings())


def test_a_webcam_without_yuv_is_refused() -> None:
    Sensor.stream_format = "MJPEG"
    with pytest.raises(CameraError, match="MJPEG, expected YUV420"):
        PiCamera(settings())
    assert device().closed


def test_a_camera_without_exposure_is_refused() -> None:
    del Sensor.controls["ExposureTime"]
    with pytest.raises(CameraError, match="exposure"):
        PiCamera(settings())


def test_only_what_is_given_is_set_anew() -> None:
    camera = PiCamera(settings())
    device().set.clear()
    camera.set(gain=2.0)
    camera.set(lens_position=4.5, exposure_us=900)
    assert device().set == {"AnalogueGain": 2.0, "LensPosition": 4.5, "ExposureTime": 900}
    del Sensor.controls["LensPosition"]
    with pytest.raises(CameraError, match="LensPosition"):
        camera.set(lens_position=1.0)


def test_a_wedged_camera_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(camera_pi, "CLOSE_S", 0.01)
    camera = PiCamera(settings())
    Sensor.wedged.clear()
    camera.close()
    assert "left" in caplog.text
    assert not device().closed
