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

    def __init__(
        self,
        indicator: Indicator,
        after_step: Callable[[str], None],
        speak: Callable[[tuple[str, ...]], None] = lambda _phrases: None,
    ) -> None:
        """Start with nothing shown.

        Args:
            indicator: lamps and buzzer.
            after_step: told ``shown`` after each signal.
            speak: says phrases, one after the other; returns at once.
        """
        self._speak = speak
        self._words: tuple[str, ...] = ()
        self._indicator = indicator
        self._after_step = after_step
        self._last: Show | None = None
        self._stop_stands = False
        self._task: str | None = None
        self._pending = False

    def show(self, show: Show) -> None:
        """Show a signal, unless a STOP stands that it says nothing about."""
        if self._stop_stands and show.signal in _QUIET:
            return
        if show.signal not in _QUIET:
            self._stop_stands = show.signal is Signal.STOP
            self._last = show
        self._indicator.show(show.signal, t0_ns=show.t0_ns)
        self._after_step("shown")

    def say(self, phrases: tuple[str, ...]) -> None:
        """Say something now."""
        self._speak(phrases)

    def remember(self, words: tuple[str, ...]) -> None:
        """What REPEAT says of the last answer."""
        self._words = words

    def acknowledge(self) -> None:
        """OK ends a steady STOP and says why it stood; pressed at rest it repeats the last answer."""
        if self._words:
            self._speak(self._words)
        if self._stop_stands:
            self._stop_stands = False
            self._indicator.clear()
        elif self._last is not None:
            self._indicator.show(self._last.signal)

    def set_task(self, task: str) -> None:
        """Show which task is running."""
        if task != self._task:
            self._task = task
            self._indicator.set_task(task)

    def set_pending(self, on: bool) -> None:
        """Light the steady amber of an open case with items pending, or not."""
        if on != self._pending:
            self._pending = on
            self._indicator.set_pending(on)

    def set_trouble(self, on: bool) -> None:
        """Light the wrench at rest, or not."""
        self._indicator.set_trouble(on)
