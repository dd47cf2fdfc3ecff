"""When an update may go on: rings, the maintenance window, and what is open at the station. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from firmware_service.update.slots import Phase

QUIET: tuple[Phase, ...] = ("fetch", "cleanup")
"""Phases that disturb nobody: they go on at any time. The others fill the card or restart the station."""


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of maintenance, local time; it may go over midnight.

    Attributes:
        begin: its first minute.
        end: the minute after its last.
    """

    begin: time
    end: time

    def holds(self, local: time) -> bool:
        """Whether it is maintenance time."""
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


def ring_waits(ring: int, seen: datetime, now: datetime) -> timedelta:
    """How much longer a machine of this ring waits with a release: one day for each ring, from when it was seen.

    Args:
        ring: 0 goes first.
        seen: when this machine saw the release for the first time.
        now: the present.
    """
    return max(timedelta(0), seen + timedelta(days=ring) - now)


def may(phase: Phase, *, in_window: bool, asked: bool, busy: bool) -> bool:
    """Whether this phase may be worked on now.

    Args:
        phase: the present one.
        in_window: it is maintenance time.
        asked: a person asked for it now: no window is waited for.
        busy: a case or a document is open that goes on; one that is suspended is not.
    """
    if phase in QUIET:
        return True
    return (in_window or asked) and not busy
