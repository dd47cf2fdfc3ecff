"""From frame to frame: what lies under the camera, what it says, and whether a person should be asked to turn it.

The one thing that the camera process talks to; it knows nothing of sockets and lamps. Time comes in with the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.udi.read import Read
from edge.vision.ladder import Search
from edge.vision.pixels import Luma
from hardware.camera_settings import DEFAULT_FORMATS

BUDGET_MS = 60.0
"""Most that one frame may take; what is left is tried on the next frame of a still scene."""
Box = tuple[int, int, int, int]
"""x, y, width, height in frame pixels."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame brought."""

    reads: tuple[Read, ...] = ()
    """Every symbol that lies in view now and counts."""
    changed: bool = False
    """`reads` are others than at the look before: the station is told."""
    present: bool = False
    """Something lies in view, whether it reads or not."""
    prompt: int | None = None
    """1 or 2 with the frame at which a thing that lies still and does not read is to be asked for."""
    light: bool = False
    """The light is wanted."""
    box: Box | None = None
    """Where the thing lies; for a picture of it."""
    gone_ns: int | None = None
    """With `changed`: what was told before was seen last at this time. The station is told of an empty view of that
    time first, or it takes a package that was exchanged for one with the same symbol for the one before."""


class Eye:
    """Looks at frames, the newest first; keeps what a still scene has shown."""

    def __init__(self, formats: Sequence[str] = DEFAULT_FORMATS, *, budget_ms: float = BUDGET_MS) -> None:
        """Start with an unknown view.

        Args:
            formats: kinds of symbols.
            budget_ms: time for one frame.
        """
        self._formats = tuple(formats)
        self._budget_ms = budget_ms
        self._last: tuple[Read, ...] = ()

    def look(self, luma: Luma, t0_ns: int) -> Look:
        """Take the next frame.

        Args:
            luma: height x width, uint8.
            t0_ns: monotonic nanoseconds when the camera had completed it.

        Raises:
            ValueError: not a two-dimensional uint8 array.
        """
        search = Search(luma, self._formats)
        search.step(luma, t0_ns=t0_ns, budget_ms=self._budget_ms)
        changed = {read.payload for read in search.reads} != {read.payload for read in self._last}
        self._last = search.reads
        present = bool(search.reads)
        return Look(search.reads, changed=changed, present=present, light=present)
