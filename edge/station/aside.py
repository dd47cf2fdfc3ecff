"""Events that the broker does not take, though they were alone in their message. Pure.

They are never dropped: they are set aside so that those behind them go on, tried again after growing pauses, and
reported. If the broker takes nothing at all, the events are not the trouble: only the first is reported, and all are
taken back when something passes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge import wire

TRIES = 3
"""An event that was alone in its message and not taken this often is set aside."""
MOST = 20
"""More are not set aside at once: then the broker refuses everything."""
RETRY_FIRST_NS = 60_000_000_000
RETRY_MOST_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """An event to report."""

    seq: int
    reason: str

    def change(self, line: bytes) -> dict[str, Any]:
        """Body of the ``station`` event that reports it; `line` is the event as journaled."""
        event_id = wire.Event.decode(line).event_id
        return wire.station_change("refused", seq=self.seq, event_id=event_id, size=len(line), reason=self.reason)

    def text(self, line: bytes) -> str:
        """What to tell a person."""
        return (
            f"the broker does not take event seq={self.seq} of {len(line)} bytes: {self.reason}; it is kept and tried "
            "again, those behind it go on; site IT should look at the broker's limits and rights"
        )


@dataclass(slots=True)
class _Entry:
    reason: str
    next_ns: int
    pause_ns: int = RETRY_FIRST_NS


class Aside:
    """Which events are set aside, and when each is tried again."""

    def __init__(self) -> None:
        """Start with none."""
        self._tries: dict[int, int] = {}
        self._entries: dict[int, _Entry] = {}
        self._unproven: list[int] = []
        """Set aside since the broker took something last."""
        self._pardoned: set[int] = set()
        """Taken back once; not a second time, or two bad events in a row would go round for ever."""
        self._told: set[int] = set()
        self._reports: list[Refused] = []

    def __contains__(self, seq: int) -> bool:
        """Whether this event is set aside."""
        return seq in self._entries

    def __bool__(self) -> bool:
        """Whether any is."""
        return bool(self._entries)

    @property
    def seqs(self) -> tuple[int, ...]:
        """Those set aside, in order."""
        return tuple(sorted(self._entries))

    def refused(self, seq: int, reason: str, now_ns: int, *, certain: bool = False) -> None:
        """This event was alone in its message, and the broker refused it or broke the connection.

        Args:
            seq: which event.
            reason: what the broker said, or how the connection ended.
            now_ns: monotonic.
            certain: trying it again is of no use at present.
        """
        entry = self._entries.get(seq)
        if entry is not None:
            entry.pause_ns = min(RETRY_MOST_NS, 2 * entry.pause_ns)
            entry.reason, entry.next_ns = reason, now_ns + entry.pause_ns
            return
        self._tries[seq] = TRIES if certain else self._tries.get(seq, 0) + 1
        if self._tries[seq] < TRIES or len(self._entries) >= MOST:
            return
        self._entries[seq] = _Entry(reason, now_ns + RETRY_FIRST_NS)
        self._unproven.append(seq)
        if len(self._unproven) == 1:
            self._report(seq)

    def taken(self, first: int, last: int) -> bool:
        """The broker took these; True if events were taken back that it had refused only like everything else."""
        if not self._tries:
            return False
        for seq in [seq for seq in self._tries if first <= seq <= last]:
            self._forget(seq)
        unproven, self._unproven = self._unproven, []
        pardoned = [seq for seq in unproven if seq not in self._pardoned] if len(unproven) > 1 else []
        self._pardoned.update(pardoned)
        for seq in pardoned:
            del self._entries[seq]
        for seq in self._entries.keys() & set(unproven):
            self._report(seq)
        return bool(pardoned)

    def due(self, now_ns: int) -> int | None:
        """An event set aside that is to be tried again now."""
        return next((seq for seq, entry in self._entries.items() if now_ns >= entry.next_ns), None)

    def stretch(self, after: int) -> tuple[int, int | None]:
        """Where to go on behind `after`, and the next event set aside from there; None if there is none."""
        while after + 1 in self._entries:
            after += 1
        return after, min((seq for seq in self._entries if seq > after), default=None)

    def covered(self, through: int) -> None:
        """The hub has everything up to here."""
        for seq in [seq for seq in self._tries if seq <= through]:
            self._forget(seq)
        self._told = {seq for seq in self._told if seq > through}
        self._pardoned = {seq for seq in self._pardoned if seq > through}

    def take_reports(self) -> list[Refused]:
        """Events to report now; each once."""
        reports, self._reports = self._reports, []
        return reports

    def _forget(self, seq: int) -> None:
        del self._tries[seq]
        self._entries.pop(seq, None)
        if seq in self._unproven:
            self._unproven.remove(seq)

    def _report(self, seq: int) -> None:
        if seq not in self._told:
            self._told.add(seq)
            self._reports.append(Refused(seq, self._entries[seq].reason))
