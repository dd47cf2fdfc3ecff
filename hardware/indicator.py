"""What shows a signal to the person. `show` returns at once; a thread of its own keeps the time."""

from __future__ import annotations

from typing import Protocol

from hardware.signals import Profile, Signal


class Indicator(Protocol):
    """Lamps and buzzer, real or simulated."""

    def show(self, signal: Signal, *, t0_ns: int | None = None) -> None:
        """Show a signal instead of the one before; `t0_ns` is when the scan began, for measuring."""

    def clear(self) -> None:
        """Back to READY, for example after a STOP was acknowledged."""

    def set_trouble(self, on: bool) -> None:
        """From now on rest as TROUBLE, or as READY again: a lamp that stays, no signal of its own."""

    def set_pending(self, on: bool) -> None:
        """From now on rest as HELD, a case or document being open with items pending, or not; as `set_trouble`."""

    def set_task(self, task: str | None) -> None:
        """The task that is running; its lamp is lit where the panel has one. None: no task at all."""

    def set_profile(self, profile: Profile, *, stop_sounds: bool = True) -> None:
        """Day, night or silent, and whether a STOP is heard in the last two; from the next signal on."""

    def set_light(self, on: bool) -> None:
        """Light for the camera: up, as bright as the profile has it, or idle again."""

    def close(self) -> None:
        """All lamps out; harmless twice."""
