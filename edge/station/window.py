"""What may be sent now: the events between the hub's watermark and the end of the journal. Pure.

A PUBACK moves nothing here. Only the hub's watermark does; if it stands still for `STILL_NS` everything after it is
sent again. A message that the broker refuses, or that breaks the connection, is sent again in halves until the event
that is to blame is alone; that one is set aside (`edge.station.aside`) and those behind it go on. The watermark cannot
pass it: what goes on then is taken for delivered until a new connection sends it again, and stays in the journal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from edge import wire
from edge.station.aside import Aside, Refused

STILL_NS = 10_000_000_000
"""How long the watermark may stand still while events are out."""
MOST_PAUSE_NS = 60_000_000_000
FIRST_PAUSE_NS = 1_000_000_000
PACKET_OVERHEAD = 1024
"""Room for topic and properties within the broker's maximum packet size."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Read this from the journal and publish it as one message."""

    after: int
    """Events with a greater seq."""
    limit: int
    max_bytes: int


class Window:
    """Which events are out, and which go next."""

    def __init__(self, rng: random.Random | None = None) -> None:
        """Start disconnected; `rng` spreads the pauses (full jitter)."""
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._connected = False
        self._hub = False
        self._through = 0
        self._base = 0
        """Up to here nothing is out: the watermark, or further where an event set aside holds the watermark back."""
        self._sent = 0
        self._moved_ns = 0
        self._pause_until_ns = 0
        self._stalls = 0
        self._stalled = False
        """Nothing was sent since the last stall began."""
        self._refusals = 0
        self._limit = wire.MAX_BATCH_EVENTS
        self._careful = False
        """One message at a time, so that it is known which one is to blame."""
        self._packet_bytes = wire.MAX_BATCH_BYTES
        self._unanswered: dict[int, int] = {}
        """First to last event of the messages without PUBACK, in the order sent."""
        self._aside = Aside()

    @property
    def outstanding(self) -> int:
        """Events sent and not yet taken for delivered."""
        return max(0, self._sent - self._base)

    @property
    def open(self) -> bool:
        """Connected, and the hub is there."""
        return self._connected and self._hub

    @property
    def aside(self) -> tuple[int, ...]:
        """Events that the broker does not take."""
        return self._aside.seqs

    def take_reports(self) -> list[Refused]:
        """Events that were alone in a message and not taken `edge.station.aside.TRIES` times: report them."""
        return self._aside.take_reports()

    def on_connected(self, packet_bytes: int | None) -> None:
        """The broker took us; what was out before may be gone."""
        self._connected, self._hub = True, False
        most = wire.MAX_BATCH_BYTES if packet_bytes is None else packet_bytes - PACKET_OVERHEAD
        self._packet_bytes = min(wire.MAX_BATCH_BYTES, most)
        self._restart()

    def on_disconnected(self, reason: str, now_ns: int, *, hung_up: bool) -> None:
        """The connection broke.

        Args:
            reason: for the report.
            now_ns: monotonic.
            hung_up: the oldest message without PUBACK may have been the cause, so the next is smaller.
        """
        self._connected = self._hub = False
        suspects, self._unanswered = self._unanswered, {}
        if hung_up and suspects:
            first, last = next(iter(suspects.items()))
            self._smaller(first, last, reason, now_ns, sure=len(suspects) == 1)

    def on_hub(self, *, present: bool, now_ns: int) -> None:
        """The hub came or went; one that comes is not to wait for a pause that its absence caused."""
        if present and not self._hub:
            if self._stalled:
                self._stalled, self._stalls, self._pause_until_ns = False, 0, now_ns
            self._restart()
            self._moved_ns = now_ns
        self._hub = present

    def on_head(self, head_acked: int, now_ns: int) -> None:
        """The journal's cursor: how far the hub has confirmed."""
        if head_acked <= self._through:
            return
        self._moved_ns = now_ns
        self._stalls = 0
        self._aside.covered(head_acked)
        self._base = max(self._base, head_acked) if head_acked + 1 in self._aside else head_acked
        self._through = head_acked
        self._sent = max(self._sent, head_acked)

    def new_epoch(self) -> None:
        """The journal began again at 1."""
        self._through = self._base = self._sent = 0
        self._aside = Aside()
        self._unanswered = {}

    def next_batch(self, last_seq: int, now_ns: int) -> Batch | None:
        """What to send next, or None."""
        if not self.open or now_ns < self._pause_until_ns or self._stands_still(now_ns):
            return None
        if self._careful and self._unanswered:
            return None
        after, end = self._sent, last_seq
        if self._aside:
            due = self._aside.due(now_ns)
            if due is not None:
                return None if self._unanswered else Batch(due - 1, 1, self._packet_bytes)  # it may break everything
            after, stop = self._aside.stretch(after)
            end = last_seq if stop is None else min(last_seq, stop - 1)
        limit = min(self._limit, wire.WINDOW_EVENTS - self.outstanding, end - after)
        return Batch(after, limit, self._packet_bytes) if limit > 0 else None

    def sent(self, first_seq: int, last_seq: int, now_ns: int) -> None:
        """A message with these events went out."""
        if self.outstanding == 0:
            self._moved_ns = now_ns
        self._sent = max(self._sent, last_seq)
        self._stalled = False
        self._unanswered[first_seq] = last_seq

    def answered(self, first_seq: int, last_seq: int, now_ns: int) -> None:
        """The broker took this message: its size is no trouble. The batches may grow again."""
        if first_seq in self._aside:  # now the watermark can pass it, or it was lost again
            self._base, self._moved_ns = self._through, now_ns
        self._refusals = 0
        if self._unanswered.pop(first_seq, None) is not None and self._careful:
            self._limit = min(wire.MAX_BATCH_EVENTS, self._limit * 2)
            self._careful = self._limit < wire.MAX_BATCH_EVENTS
        if self._aside.taken(first_seq, last_seq):
            self._restart()

    def refused(self, first_seq: int, last_seq: int, reason: str, now_ns: int) -> None:
        """The broker answered that it does not take this message: wait, and send it again in halves."""
        self._unanswered.pop(first_seq, None)
        retried = first_seq in self._aside
        self._smaller(first_seq, last_seq, reason, now_ns, sure=True)
        if retried:
            return
        self._sent = min(self._sent, first_seq - 1)
        self._refusals += 1 if first_seq == last_seq else 0
        self._pause(FIRST_PAUSE_NS, self._refusals, now_ns)

    def too_large(self, seq: int, reason: str, now_ns: int) -> None:
        """This event alone is larger than any packet the broker takes: it was not sent."""
        self._aside.refused(seq, reason, now_ns, certain=True)
        if seq not in self._aside:
            self._pause(FIRST_PAUSE_NS, self._refusals, now_ns)

    def nobody_listens(self, now_ns: int) -> None:
        """The broker has no subscriber for our events: wait a little and send again from the watermark.

        It says so for every message that was out; that is one reason to wait, not many.
        """
        if not self._stalled:
            self._stall(now_ns)

    def _smaller(self, first: int, last: int, reason: str, now_ns: int, *, sure: bool) -> None:
        count = last - first + 1
        if first not in self._aside:
            self._unanswered = {}  # an answer to what was sent before says nothing of the sizes from now on
            self._careful = True
            self._limit = max(1, min(self._limit, count) // 2)
        if count == 1 and sure:
            self._aside.refused(first, reason, now_ns)

    def _stands_still(self, now_ns: int) -> bool:
        """Whether a pause begins because the watermark does not move."""
        waiting = self.outstanding > 0 or bool(self._unanswered)
        if not waiting or now_ns - self._moved_ns < STILL_NS:
            return False
        if self._through + 1 not in self._aside:
            self._stall(now_ns)
            return True
        self._base, self._moved_ns, self._unanswered = self._sent, now_ns, {}
        return False

    def _stall(self, now_ns: int) -> None:
        self._stalls += 1
        self._stalled = True
        self._pause(FIRST_PAUSE_NS, self._stalls, now_ns)
        self._restart()

    def _pause(self, first_ns: int, doublings: int, now_ns: int) -> None:
        most = min(MOST_PAUSE_NS, first_ns * 2 ** min(doublings, 6))
        self._pause_until_ns = now_ns + int(self._rng.uniform(0, most))
        self._moved_ns = self._pause_until_ns

    def _restart(self) -> None:
        self._base = self._sent = self._through
        self._unanswered = {}
