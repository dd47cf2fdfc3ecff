"""What the panel shows, signal after signal: a STOP stands until somebody has acknowledged it."""

from __future__ import annotations

from collections.abc import Callable

from edge.station.answers import Show
from hardware.indicator import Indicator
from hardware.signals import Signal

PROMPTS = {1: Signal.PROMPT, 2: Signal.PROMPT_AGAIN}
"""What is shown for a prompt of the camera process, by its number."""
_QUIET = (Signal.READY, Signal.WORKING, Signal.TROUBLE, *PROMPTS.values())
"""Signals that say nothing of a package: they never take a STOP away that nobody has acknowledged."""


class Display:
    """The indicator as the desk uses it."""

    def __init__(self, indicator: Indicator, after_step: Callable[[str], None]) -> None:
        """Start with nothing shown; `after_step` is told ``shown`` after each signal."""
        self._indicator = indicator
        self._after_step = after_step
        self._last: Show | None = None
        self._stop_stands = False

    def show(self, show: Show) -> None:
        """Show a signal, unless a STOP stands that it says nothing about."""
        if self._stop_stands and show.signal in _QUIET:
            return
        if show.signal not in _QUIET:
            self._stop_stands = show.signal is Signal.STOP
            self._last = show
        self._indicator.show(show.signal, t0_ns=show.t0_ns)
        self._after_step("shown")

    def acknowledge(self) -> None:
        """OK ends a steady STOP; pressed at rest it repeats the last answer."""
        if self._stop_stands:
            self._stop_stands = False
            self._indicator.clear()
        elif self._last is not None:
            self._indicator.show(self._last.signal)

    def set_trouble(self, on: bool) -> None:
        """Light the wrench at rest, or not."""
        self._indicator.set_trouble(on)
