"""When the light is wanted: with the first frame that shows something coming, until nothing was there for a while."""

from __future__ import annotations

OFF_NS = 5_000_000_000
"""How long nothing must have come or lain there."""
SETTLE_NS = 300_000_000
"""How long after a switch a frame may show the lamp's doing: 150 ms until it burns, and frames on their way."""


class Light:
    """Wants the light, and knows for how long its switching is seen."""

    def __init__(self) -> None:
        """Start wanting it: what lies there is not known yet."""
        self.on = True
        """It is wanted."""
        self._needed_ns: int | None = None
        self._switched_ns: int | None = None

    def step(self, t0_ns: int, *, needed: bool) -> None:
        """Take a frame; `needed`: something comes, or lies there."""
        if needed or self._needed_ns is None:
            self._needed_ns = t0_ns
        wanted = t0_ns - self._needed_ns < OFF_NS
        if wanted != self.on:
            self.on, self._switched_ns = wanted, t0_ns

    def settling(self, t0_ns: int) -> bool:
        """Whether a frame completed now may show the lamp's doing."""
        return self._switched_ns is not None and t0_ns - self._switched_ns < SETTLE_NS
