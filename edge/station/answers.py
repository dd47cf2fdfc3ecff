"""Which signal to show when: refusals at once, green only after the flush (architecture sections 3 and 8). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.signals import Signal

WORKING_NS = 150_000_000
"""A flush that takes longer shows "working"."""
FAULT_NS = 5_000_000_000
"""A flush that takes longer means that this station cannot promise safety."""
EARLY = (Signal.STOP, Signal.REDO, Signal.MISSING, Signal.INCOMPLETE)
"""Signals that promise nothing and therefore need not wait for the flush."""


@dataclass(slots=True)
class _Waiting:
    signal: Signal | None
    """Shown once the event is flushed; None when nothing waits for it."""
    t0_ns: int | None
    since_ns: int
    working: bool
    """"Working" was shown, or is not to be shown for this one."""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """A signal to show now, for the scan that began at `t0_ns`."""

    signal: Signal
    t0_ns: int | None = None


class Answers:
    """Events on their way to the card, and what the person may see of them."""

    def __init__(self) -> None:
        """Start with nothing under way and no trouble."""
        self._waiting: dict[str, _Waiting] = {}
        self._trouble: str | None = None
        self._dark = False
        """WORKING or FAULT is what the person sees now."""

    @property
    def fault(self) -> str | None:
        """Why the station cannot promise safety; None when it can."""
        return self._trouble

    def submitted(self, event_id: str, signal: Signal | None, t0_ns: int | None, now_ns: int) -> list[Show]:
        """An event went to the journal; `signal` is None for events that show nothing."""
        early = signal in EARLY
        waits = None if early else signal
        self._waiting[event_id] = _Waiting(waits, t0_ns, now_ns, working=waits is None)
        return self._tell(signal, t0_ns) if early and signal is not None else []

    def written(self, event_id: str) -> list[Show]:
        """The event is on the card."""
        waiting = self._waiting.pop(event_id)
        if not any(each.late for each in self._waiting.values()):
            self._trouble = None
        if waiting.signal is not None:
            return self._tell(waiting.signal, waiting.t0_ns)
        idle = all(each.signal is None for each in self._waiting.values())
        return self._tell(Signal.READY, None) if self._dark and idle and self._trouble is None else []

    def refused(self, event_id: str, why: str) -> list[Show]:
        """The journal could not take the event: nothing was recorded."""
        waiting = self._waiting.pop(event_id)
        self._trouble = why
        return self._tell(Signal.FAULT, waiting.t0_ns)

    def tick(self, now_ns: int) -> list[Show]:
        """What a slow card makes the person see."""
        shows: list[Show] = []
        for waiting in self._waiting.values():
            waited = now_ns - waiting.since_ns
            if waited >= WORKING_NS and not waiting.working:
                waiting.working = True
                shows += [] if self._dark else self._tell(Signal.WORKING, waiting.t0_ns)
            if waited >= FAULT_NS and not waiting.late:
                waiting.late = True
                shows += [] if self._trouble else self._tell(Signal.FAULT, waiting.t0_ns)
                self._trouble = self._trouble or "a write to the journal takes longer than 5 s"
        return shows

    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to say next."""
        if not self._waiting:
            return None
        return min(w.since_ns + (FAULT_NS if w.working else WORKING_NS) for w in self._waiting.values())

    def _tell(self, signal: Signal, t0_ns: int | None) -> list[Show]:
        self._dark = signal in (Signal.WORKING, Signal.FAULT)
        return [Show(signal, t0_ns)]
