"""The calibration target under a simulated camera, small enough for tests: its middle, at 12 pixels per mm."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from edge.vision.pixels import Luma
from edge.vision.target import DOT_MM, HEIGHT, WIDTH, draw
from hardware.camera_settings import CameraSettings
from hardware.camera_simulated import Optics, SimulatedCamera

SIZE = (1024, 768)
PX_PER_MM = 12.2
_ACROSS = round(SIZE[0] / PX_PER_MM / DOT_MM)
_DOWN = round(SIZE[1] / PX_PER_MM / DOT_MM)


@cache
def page() -> Luma:
    """What of the target lies in view at zoom 1."""
    left, top = (WIDTH - _ACROSS) // 2, (HEIGHT - _DOWN) // 2
    return draw()[top : top + _DOWN, left : left + _ACROSS]


@cache
def turned(degrees: int) -> Luma:
    """The same of a page that lies askew."""
    whole = Image.fromarray(draw()).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    left, top = (WIDTH - _ACROSS) // 2, (HEIGHT - _DOWN) // 2
    return np.asarray(whole.crop((left, top, left + _ACROSS, top + _DOWN)), dtype=np.uint8)


def simulated(*, scene: Luma | None = None, lens: float | None = 8.0, **optics: Any) -> SimulatedCamera:
    """A camera over the target, as fast as the machine is."""
    settings = CameraSettings("simulated", size=SIZE, lens_position=lens, exposure_us=5000, gain=1.6)
    return SimulatedCamera(page() if scene is None else scene, settings, Optics(**optics), period_s=0)


def frames(camera: SimulatedCamera, count: int) -> list[Luma]:
    """The next frames of it."""
    found = []
    for _ in range(count):
        frame = camera.capture(1.0)
        assert frame is not None
        found.append(frame.luma)
    return found
