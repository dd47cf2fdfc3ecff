"""The camera that a configuration names, where it is one whose focus and exposure can be set."""

from __future__ import annotations

from hardware.camera import Adjustable, CameraError
from hardware.camera_images import ImageError, load_luma
from hardware.camera_settings import CameraSettings


def open_adjustable(settings: CameraSettings) -> Adjustable:
    """The Pi's camera or the simulated one.

    Raises:
        CameraError: it cannot be opened, or a folder of images is configured.
    """
    if settings.source == "folder":
        raise CameraError('[camera] source = "folder": a folder of images has no lens to be set')
    if settings.source == "picamera2":
        from hardware.camera_pi import PiCamera  # noqa: PLC0415 - only a Pi has libcamera

        return PiCamera(settings)
    if settings.scene is None:
        raise CameraError("[camera] scene is missing: expected the image that lies under the simulated camera")
    from hardware.camera_simulated import SimulatedCamera  # noqa: PLC0415 - a station has no use for it

    try:
        return SimulatedCamera(load_luma(settings.scene), settings)
    except (ImageError, OSError) as error:
        raise CameraError(str(error)) from error
