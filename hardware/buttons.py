"""Buttons and their hold times. Pure: presses and time come in, events come out."""

from __future__ import annotations

from enum import StrEnum


class ButtonEvent(StrEnum):
    """What a press means."""

    OK = "ok"
    """OK/REPEAT, pressed and let go."""
    EMERGENCY = "emergency"
    """OK held for 3 s."""
    NO_CODE = "no_code"
    """NO CODE held for 1 s: this package carries no code."""
    UNDO = "undo"


_HOLD_NS = {ButtonEvent.NO_CODE: 1_000_000_000, ButtonEvent.OK: 3_000_000_000}
_HELD = {ButtonEvent.NO_CODE: ButtonEvent.NO_CODE, ButtonEvent.OK: ButtonEvent.EMERGENCY}
_SHORT = {ButtonEvent.OK: ButtonEvent.OK, ButtonEvent.UNDO: ButtonEvent.UNDO}


class HoldTimer:
    """One button: tells a short press from a held one. A held press gives its event once, while still held."""

    def __init__(self, button: ButtonEvent) -> None:
        """The button named by its short meaning: OK, NO_CODE or UNDO."""
        self._button = button
        self._down_ns: int | None = None
        self._told = False

    def pressed(self, t_ns: int) -> None:
        """The button went down."""
        if self._down_ns is None:
            self._down_ns, self._told = t_ns, False

    def held(self, t_ns: int) -> ButtonEvent | None:
        """Look at the time while it is down."""
        hold = _HOLD_NS.get(self._button)
        if self._down_ns is None or self._told or hold is None or t_ns - self._down_ns < hold:
            return None
        self._told = True
        return _HELD[self._button]

    def released(self, t_ns: int) -> ButtonEvent | None:
        """The button came up."""
        event = self.held(t_ns)
        down, told, self._down_ns = self._down_ns, self._told, None
        if down is None or told:
            return event
        return _SHORT.get(self._button)
