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

    def set_task(self, task: str) -> None:
        """The running task."""

    def set_pending(self, on: bool) -> None:
        """Items are pending."""

    def set_profile(self, profile: Profile) -> None:
        """Day, night or silent, from the next signal on."""

    def set_light(self, on: bool) -> None:
        """Light for the camera: up, as bright as the profile has it, or idle again."""

    def close(self) -> None:
        """All lamps out; harmless twice."""
