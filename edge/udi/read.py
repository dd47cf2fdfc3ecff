"""One symbol as it was read, before anybody asks what it means."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module takes 2 ms to import
    from typing import Any, Literal

    Source = Literal["camera", "scanner"]

Corners = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Read:
    """The payload of one symbol with where, how and when it was read."""

    payload: bytes
    """Exact bytes; GS is 0x1D, no leading FNC1, no symbology identifier. Never stripped."""
    symbology: str | None
    """Symbology identifier of ISO/IEC 15424 such as ``]d2``; None when the reader sent none."""
    source: Source
    t0_ns: int
    """Monotonic nanoseconds of the last byte received, or of the completed camera request."""
    took_ms: float = 0.0
    """Milliseconds spent decoding."""
    corners: Corners | None = None
    """Clockwise from the symbol's top left, in frame pixels (x, y); None from a scanner."""
    picture: str | None = None
    """SHA-256 (hex) of the sealed picture, if one was kept."""
    format: str | None = None
    """The camera's reader names the kind of symbol, as zxing-cpp spells it: ``DataMatrix``, ``Code128`` ..."""
    rung: str | None = None
    """The step of the decode ladder that read it (`edge.vision.ladder`)."""
    margin: float | None = None
    """Share of the error correction that was not needed, 0 to 1; of a linear symbol how clearly its edges were seen
    (`edge.vision.decodability`); None where neither is known."""
    printed: Read | None = None
    """The house code that was read, where `payload` is the UDI bound to it, or the same again if none is."""

    def to_json(self) -> dict[str, Any]:
        """This read as it crosses the camera's socket."""
        return {
            "bytes": binascii.b2a_base64(self.payload, newline=False).decode("ascii"),
            "symbology": self.symbology,
            "source": self.source,
            "t0_ns": self.t0_ns,
            "took_ms": self.took_ms,
            "corners": self.corners,
            "picture": self.picture,
            "format": self.format,
            "rung": self.rung,
            "margin": self.margin,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Read:
        """The inverse of `to_json`.

        Raises:
            KeyError, ValueError, TypeError: a field is missing or not of its type.
        """
        corners = data["corners"]
        return cls(
            payload=binascii.a2b_base64(data["bytes"], strict_mode=True),
            symbology=data["symbology"],
            source="camera" if data["source"] == "camera" else "scanner",
            t0_ns=int(data["t0_ns"]),
            took_ms=float(data["took_ms"]),
            corners=None if corners is None else _corners(corners),
            picture=data["picture"],
            format=data["format"],
            rung=data["rung"],
            margin=data["margin"],
        )


def _corners(points: Any) -> Corners:
    a, b, c, d = ((int(x), int(y)) for x, y in points)
    return (a, b, c, d)
