"""Drafts of events: who, where and when is the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge import wire
from edge.station.config import StationTable
from edge.station.tasks.effects import By
from hardware.host.clock import Clock, ClockReading


@dataclass(frozen=True, slots=True)
class Drafter:
    """Makes drafts for one station."""

    station: StationTable
    clock: Clock

    def new_event(self) -> str:
        """An event id of this moment."""
        return wire.uuid7(self.clock.now().at)

    def draft(
        self, kind: wire.Kind, body: Mapping[str, Any], by: By | None = None, event_id: str | None = None
    ) -> wire.Draft:
        """A draft of this moment.

        Args:
            kind: of the event.
            body: the fields of the kind.
            by: who did it and at what; None: the station itself.
            event_id: if it was given out before.
        """
        now = self.clock.now()
        return wire.Draft(
            event_id=event_id or wire.uuid7(now.at),
            station=self.station.id,
            kind=kind,
            at=wire.iso(now.at),
            clock={"quality": now.quality, "boot": now.boot, "mono_ns": now.mono_ns},
            organisation={"id": self.station.organisation.id, "role": self.station.organisation.role},
            place=self.station.place if by is None or by.place is None else by.place,
            operator=None if by is None else by.operator,
            witness=None if by is None else by.witness,
            task=None if by is None else by.task.value,
            training=by is not None and by.training,
            body=body,
        )


STEP_NS = 500_000_000
"""A difference between wall clock and monotonic clock that counts as a step."""


@dataclass(slots=True)
class ClockWatch:
    """Notices steps of the clock and changes of its quality, so that the hub can restamp."""

    clock: Clock
    _former: ClockReading | None = field(default=None)

    def changed(self) -> dict[str, Any] | None:
        """Body of a ``clock`` event if there is something to say; the first call says ``boot``."""
        now, former = self.clock.now(), self._former
        self._former = now
        if former is None:
            return wire.clock_change("boot", quality_before=None, step_ns=None)
        wall_ns = int((now.at - former.at).total_seconds() * 1e9)
        step_ns = wall_ns - (now.mono_ns - former.mono_ns)
        if abs(step_ns) >= STEP_NS:
            return wire.clock_change("step", quality_before=former.quality, step_ns=step_ns)
        if now.quality != former.quality:
            return wire.clock_change("quality", quality_before=former.quality, step_ns=None)
        return None
