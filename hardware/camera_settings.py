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


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Where frames come from."""

    source: Literal["picamera2", "folder"]
    folder: Path | None = None
    """Folder of images, for ``folder``."""
    size: tuple[int, int] = field(
        default=(1456, 1088),
        metadata={"check": lambda v: min(v) >= 64, "expected": "[width, height], each at least 64"},  # noqa: PLR2004
    )
    lens_position: float | None = None
    """Dioptres of the fixed focus; None for a lens without focus."""
    exposure_us: int = field(default=8000, metadata={"check": lambda v: v > 0, "expected": "microseconds above 0"})
    gain: float = field(default=4.0, metadata={"check": lambda v: v >= 1, "expected": "1 or more"})
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    """Which kinds of symbols are looked for; each one more costs time and is one more way to read something wrong."""
    period_s: float = field(default=1.0, metadata={"check": lambda v: v > 0, "expected": "seconds above 0"})
    """How long each image of a folder is shown."""

    def problems(self) -> Iterable[Problem]:
        """A folder camera needs its folder."""
        if self.source == "folder" and self.folder is None:
            expected = "the folder of images that this camera shows"
            yield Problem("folder", None, expected, f"folder is missing: expected {expected}")
