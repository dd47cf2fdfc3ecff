"""A form full of stickers under the camera: every symbol that was seen, until no new one comes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi.read import Read

SETTLED_NS = 1_200_000_000
"""The picture is whole when no new symbol was seen for so long."""


class SheetLook:
    """What the camera has seen of a form. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._reads: tuple[Read, ...] = ()
        self._newest_ns = 0

    def look(self, reads: Sequence[Read], now_ns: int) -> None:
        """Every symbol in view now. The view with the most is the one that counts: a form that moves is seen anew."""
        if len(reads) > len(self._reads):
            self._reads, self._newest_ns = tuple(reads), now_ns

    def whole(self, now_ns: int) -> bool:
        """Whether something was seen, and nothing more for a while."""
        return bool(self._reads) and now_ns - self._newest_ns >= SETTLED_NS

    def take(self) -> tuple[Read, ...]:
        """What was seen; begins anew."""
        reads, self._reads = self._reads, ()
        return reads
