"""``[camera]``: the table that the station checks and the camera process uses. No numpy here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hardware.host.toml import Problem

Format = Literal[
    "DataMatrix",
    "QRCode",
    "Aztec",
    "PDF417",
    "Code128",
    "Code39",
    "ITF",
    "EAN13",
    "EAN8",
    "UPCA",
    "UPCE",
    "DataBar",
    "DataBarExp",
    "DataBarLtd",
]
"""Kinds of symbols, as zxing-cpp spells them."""
DEFAULT_FORMATS: tuple[Format, ...] = ("DataMatrix", "QRCode", "Code128", "EAN13", "EAN8", "Code39")
"""What medical labels, badges and wristbands carry.

Measured on whole frames of 1920 x 1080 (``make bench ONLY=ladder``): beside DataMatrix, QRCode and Code128, all linear
kinds together add 3 % of time, PDF417 and Aztec 19 % each; so those two are for sites whose wristbands or badges carry
them. Left out for what they read where they are not: UPCE (part of a tilted EAN-13 passes for another number, 5 of 300
pictures) and ITF (two digits in other symbols, 7 of 1,626; name it where cartons carry ITF-14). UPCA is not needed:
EAN13 reads it with a leading 0. DataBar costs nothing and read nothing wrong; it is for sites that get such labels.
"""
FRAME_US = 33_333
"""Microseconds of a frame: 30 a second. Faster ones cost the station's cores and save a hand 10 ms."""
MOST_EXPOSURE_US = 30_000
"""A frame's time less what the sensor needs to read out; a longer exposure would slow the frames down."""
MOST_GAIN = 16.0
"""Analogue gain that Pi sensors reach; above it is arithmetic, which adds noise and no light."""
MOST_DIOPTRES = 32.0
LEAST_SIDE, MOST_SIDE = 64, 4656
_SIZE = f"[width, height], each even and from {LEAST_SIDE} to {MOST_SIDE}"


def _fits(size: tuple[int, int]) -> bool:
    """The colour planes of YUV420 have half as many columns and rows."""
    return all(LEAST_SIDE <= side <= MOST_SIDE and side % 2 == 0 for side in size)


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Where frames come from, and how they are taken.

    Exposure: what moves at v mm/s smears over v x t. A symbol bears a smear of one module, whatever the resolution, so
    the longest exposure is module / v: 0.25 mm (the small ones on labels) at 50 mm/s (a hand that comes to rest) is
    5 ms, and at 12 pixels per mm a smear of 3 pixels.
    """

    source: Literal["picamera2", "folder", "simulated"]
    folder: Path | None = None
    """Folder of images, for ``folder``."""
    scene: Path | None = None
    """Image that lies under a ``simulated`` camera, for example the page of ``camera calibrate --target``."""
    size: tuple[int, int] = field(default=(1456, 1088), metadata={"check": _fits, "expected": _SIZE})
    """Width and height: so many pixels that the smallest module has three; more cost time for nothing."""
    lens_position: float | None = field(
        default=None,
        metadata={
            "check": lambda v: 0 <= v <= MOST_DIOPTRES,
            "expected": f"dioptres from 0 to {MOST_DIOPTRES:g}, as `udi-station camera calibrate` finds them",
        },
    )
    """Dioptres of the fixed focus; None for a lens without a motor."""
    exposure_us: int = field(
        default=5000,
        metadata={
            "check": lambda v: 0 < v <= MOST_EXPOSURE_US,
            "expected": f"microseconds from 1 to {MOST_EXPOSURE_US}, because a frame lasts {FRAME_US}",
        },
    )
    gain: float = field(
        default=4.0, metadata={"check": lambda v: 1 <= v <= MOST_GAIN, "expected": f"1 to {MOST_GAIN:g}"}
    )
    """Analogue gain. Noise grows with it, and above a sigma of 2 to 3 grey levels looking for symbols costs 7 times as
    much: more light is better than more gain."""
    formats: tuple[Format, ...] = field(
        default=DEFAULT_FORMATS, metadata={"check": len, "expected": "at least one kind of symbol"}
    )
    """Which kinds of symbols are looked for; each one more costs time and is one more way to read something wrong."""
    period_s: float = field(default=1.0, metadata={"check": lambda v: v > 0, "expected": "seconds above 0"})
    """How long each image of a folder is shown."""

    def problems(self) -> Iterable[Problem]:
        """A folder camera needs its folder, a simulated one its scene."""
        if self.source == "folder" and self.folder is None:
            expected = "the folder of images that this camera shows"
            yield Problem("folder", None, expected, f"folder is missing: expected {expected}")
        if self.source == "simulated" and self.scene is None:
            expected = "the image that lies under this camera"
            yield Problem("scene", None, expected, f"scene is missing: expected {expected}")
