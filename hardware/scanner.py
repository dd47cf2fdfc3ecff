"""What a scanner hands over: plain bytes with the identifier it sent. Knows nothing of UDI."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, Protocol

MAX_PAYLOAD = 4096
"""A longer message is cut; its length and digest are kept."""
_AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class ScannerRead:
    """One message of a scanner."""

    payload: bytes
    """Exact bytes without identifier and terminator; GS is 0x1D. Empty for a no-read."""
    symbology: str | None
    """AIM symbology identifier (ISO/IEC 15424) such as ``]d2``; None if the scanner sends none."""
    t0_ns: int
    """Monotonic nanoseconds of the last byte."""
    problem: Literal["no_read", "too_long"] | None = None
    length: int = 0
    """Bytes of the whole message where it was cut."""
    sha256: str | None = None
    """Digest (hex) of the whole message where it was cut."""


class Scanner(Protocol):
    """A device that reads codes."""

    name: str

    @property
    def connected(self) -> bool:
        """The device is there and open."""

    def read(self, timeout_s: float) -> list[ScannerRead]:
        """Messages that were completed within `timeout_s` seconds; never raises for a device that went away."""

    def close(self) -> None:
        """Let the device go; harmless twice."""


def message(data: bytes, t0_ns: int, no_read: bytes | None) -> ScannerRead:
    """One framed message as a read: no-read text recognised, identifier taken off."""
    if no_read is not None and data == no_read:
        return ScannerRead(b"", None, t0_ns, "no_read")
    found = _AIM.match(data)
    symbology = None if found is None else found.group().decode("ascii")
    return ScannerRead(data if found is None else data[3:], symbology, t0_ns)


def too_long(head: bytes, length: int, digest: hashlib._Hash, t0_ns: int) -> ScannerRead:
    """A message that exceeded `MAX_PAYLOAD`."""
    return ScannerRead(head[:MAX_PAYLOAD], None, t0_ns, "too_long", length, digest.hexdigest())
