"""The journal's one writing thread: what is queued while a flush runs shares the next one."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge import wire
from edge.station.journal.store import Head, Journal, JournalError
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

FRESH_S = 30.0
"""A slow card is shown to the person, not killed (architecture section 8)."""
MOST_AT_ONCE = 100
MEASURED_NS = 5_000_000_000
"""The room in the file and on the disk is measured anew when the last measure is this old."""

SETTLED_NS = 60_000_000_000
"""The cursor is written as events are pruned, or when no watermark came for so long."""


@dataclass(frozen=True, slots=True)
class Committed:
    """An event is on the card."""

    draft: wire.Draft
    seq: int
    took_ms: float
    """Milliseconds of the transaction with its flush."""


Done = Callable[[Committed | JournalError], None]


@dataclass(frozen=True, slots=True)
class _Append:
    drafts: tuple[tuple[wire.Draft, Done], ...]
    """On the card together, or none of them."""
    kept: bytes | None = None


class JournalWriter:
    """Owns the `Journal`; `submit` and `acknowledge` may be called from any thread and return at once."""

    def __init__(self, journal: Journal) -> None:
        """Take over an opened journal."""
        self._journal = journal
        self._queue: queue.SimpleQueue[_Append | wire.Ack] = queue.SimpleQueue()
        self._head = journal.head
        self._lock = threading.Lock()
        self.capacity = journal.capacity
        """Events that can wait for the hub, as last measured: the quota, or less where the disk has less."""
        self._measured_ns: int | None = None
        self._acknowledged_ns = 0
        self._pressed = False
        self._refused = False
        """The card did not let the journal be pruned: tried again with the next watermark."""
        self.on_pressure: Callable[[int, int], None] = lambda _unacknowledged, _capacity: None
        """Called in this thread when `wire.PRESSURE_WARNING` of the capacity is reached: how many wait, of how many."""
        self.on_append: Callable[[], None] = lambda: None
        """Called in this thread after each commit: wakes the uplink."""
        self.worker = Worker("journal", self._step, fresh_within=FRESH_S, on_stop=self._drain)

    @property
    def head(self) -> Head:
        """Where the journal stands after the last commit."""
        with self._lock:
            return self._head

    def submit(self, draft: wire.Draft, done: Done, kept: bytes | None = None) -> None:
        """Queue an event; `done` is called in the writer's thread with the outcome.

        `kept` is what the tasks know after it; see `Journal.append`.
        """
        self.submit_together([(draft, done)], kept)

    def submit_together(self, drafts: Sequence[tuple[wire.Draft, Done]], kept: bytes | None = None) -> None:
        """Queue the events of one act: they are on the card in one transaction with `kept`, or none of them is."""
        self._queue.put(_Append(tuple(drafts), kept))

    def acknowledge(self, ack: wire.Ack) -> None:
        """Queue the hub's watermark."""
        self._queue.put(ack)

    def stop(self, timeout: float = 1.5) -> None:
        """Write everything that was submitted, then close the journal."""
        self.worker.stop(timeout)

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        if self._measured_ns is None or now_ns - self._measured_ns >= MEASURED_NS:
            self._measured_ns = now_ns
            self._measure()
        pruning = self._journal.prunable and not self._refused
        try:
            first = self._queue.get(timeout=0.0 if pruning else 0.2)
        except queue.Empty:
            self._settle(now_ns, at_once=pruning)
            return
        self._take(first)

    def _settle(self, now_ns: int, *, at_once: bool) -> None:
        if not at_once and (self._journal.settled or now_ns - self._acknowledged_ns < SETTLED_NS):
            return
        self._acknowledged_ns = now_ns
        try:
            self._journal.settle()
            self._refused = False
        except JournalError as error:
            self._refused = True
            log.warning("%s", error)

    def _take(self, first: _Append | wire.Ack) -> None:
        appends: list[_Append] = []
        item: _Append | wire.Ack | None = first
        while item is not None:
            if isinstance(item, wire.Ack):
                self._write(appends)
                appends = []
                self._acknowledge(item)
            else:
                appends.append(item)
            item = self._next() if len(appends) < MOST_AT_ONCE else None
        self._write(appends)

    def _next(self) -> _Append | wire.Ack | None:
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def _write(self, appends: list[_Append]) -> None:
        if not appends:
            return
        began = time.monotonic_ns()
        try:
            kept = next((each.kept for each in reversed(appends) if each.kept is not None), None)
            rows = self._journal.append([draft for each in appends for draft, _ in each.drafts], kept)
        except (JournalError, wire.WireError) as error:
            self._refuse(appends, error)
            return
        took_ms = (time.monotonic_ns() - began) / 1e6
        self._publish_head()
        told = (pair for each in appends for pair in each.drafts)
        for (draft, done), row in zip(told, rows, strict=True):
            done(Committed(draft, row.seq, took_ms))
        self.on_append()

    def _refuse(self, appends: list[_Append], error: JournalError | wire.WireError) -> None:
        """One bad event must not take those of other acts with it: several acts are tried again one by one."""
        if len(appends) > 1:
            for each in appends:
                self._write([each])
            return
        for _, done in appends[0].drafts:
            done(error if isinstance(error, JournalError) else JournalError(str(error)))

    def _acknowledge(self, ack: wire.Ack) -> None:
        self._acknowledged_ns = time.monotonic_ns()
        self._refused = False
        try:
            outcome = self._journal.acknowledge(ack)
        except JournalError as error:
            log.warning("watermark %d: %s", ack.through, error)
            outcome = "same"
        self._publish_head()
        if outcome == "fork":
            log.error("fork: the hub's watermark %d of epoch %s is not of this card", ack.through, ack.epoch)
        self.on_append()

    def _measure(self) -> None:
        waiting = self._journal.unacknowledged
        try:
            self.capacity = self._journal.room().capacity(waiting, self._journal.capacity)
        except JournalError as error:
            log.warning("%s", error)
            return
        used = wire.pressure(waiting, self.capacity)
        if self._pressed:  # said once, not at every small ebb
            self._pressed = used >= wire.PRESSURE_WARNING / 2
        elif used >= wire.PRESSURE_WARNING:
            self._pressed = True
            log.warning("journal: %d events wait for the hub, at %d scans are refused", waiting, self.capacity)
            self.on_pressure(waiting, self.capacity)

    def _publish_head(self) -> None:
        with self._lock:
            self._head = self._journal.head

    def _drain(self) -> None:
        item = self._next()
        if item is not None:
            self._take(item)
            self._drain()
            return
        self._journal.close()
