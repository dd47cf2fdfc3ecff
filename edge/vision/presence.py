"""Something was laid under the camera, it is still, and nothing reads: whom to ask, and when. Pure.

A hand that moves is not still, an empty table is not present, and what has been read once needs no asking.
"""

from __future__ import annotations

PROMPTS_NS = (2_000_000_000, 5_000_000_000)
"""How long a thing must lie still for the first prompt and for the second."""
REMOVED_NS = 250_000_000
"""How long the view must be empty before the next thing is another one."""


class Presence:
    """Follows one thing from its being laid down to its removal."""

    def __init__(self) -> None:
        """Start with an empty view."""
        self._given = 0
        self._read = False
        self._still_ns: int | None = None
        self._empty_ns: int | None = None

    def step(self, t0_ns: int, *, present: bool, still: bool, reads: bool) -> int | None:
        """Take a frame.

        Args:
            t0_ns: monotonic.
            present: something lies in view, or a hand is in it.
            still: nothing moves.
            reads: a symbol was read that lies in view.

        Returns:
            1 or 2 with the frame at which that prompt is due.
        """
        if not present:
            self._absent(t0_ns)
            return None
        self._empty_ns = None
        self._read = self._read or reads
        self._still_ns = (self._still_ns if self._still_ns is not None else t0_ns) if still else None
        if self._read or self._still_ns is None or self._given == len(PROMPTS_NS):
            return None
        if t0_ns - self._still_ns < PROMPTS_NS[self._given]:
            return None
        self._given += 1
        return self._given

    def _absent(self, t0_ns: int) -> None:
        self._still_ns = None
        if self._empty_ns is None:
            self._empty_ns = t0_ns
        elif t0_ns - self._empty_ns >= REMOVED_NS:
            self._given, self._read = 0, False
