"""What may be sent now: the events between the hub's watermark and the end of the journal. Pure.

A PUBACK moves nothing here. Only the hub's watermark does; if it stands still for `STILL_NS` everything after it is
sent again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from edge import wire

STILL_NS = 10_000_000_000
"""How long the watermark may stand still while events are out."""
MOST_PAUSE_NS = 60_000_000_000
PACKET_OVERHEAD = 1024
"""Room for topic and properties within the broker's maximum packet size."""
TRIES = 3
"""An event that was alone in its message when the connection broke this often is reported."""


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
        self._sent = 0
        self._moved_ns = 0
        self._pause_until_ns = 0
        self._stalls = 0
        self._limit = wire.MAX_BATCH_EVENTS
        self._packet_bytes = wire.MAX_BATCH_BYTES
        self._unanswered: list[int] = []
        self._alone: dict[int, int] = {}

    @property
    def outstanding(self) -> int:
        """Events sent and not yet covered by the watermark."""
        return self._sent - self._through

    @property
    def open(self) -> bool:
        """Connected, and the hub is there."""
        return self._connected and self._hub

    def on_connected(self, packet_bytes: int | None) -> None:
        """The broker took us; what was out before may be gone."""
        self._connected, self._hub = True, False
        most = wire.MAX_BATCH_BYTES if packet_bytes is None else packet_bytes - PACKET_OVERHEAD
        self._packet_bytes = min(wire.MAX_BATCH_BYTES, most)
        self._restart()

    def on_disconnected(self) -> list[int]:
        """The connection broke; a batch whose PUBACK is missing may have been the cause, so the next is smaller.

        Returns:
            Sequence numbers of events that were alone in a message `TRIES` times when that happened: report them.
        """
        self._connected = self._hub = False
        if not self._unanswered:
            return []
        first, size = self._unanswered[0], self._limit
        self._unanswered = []
        self._limit = max(1, size // 2)
        if size > 1:
            return []
        self._alone[first] = self._alone.get(first, 0) + 1
        return [first] if self._alone[first] == TRIES else []

    def on_hub(self, *, present: bool, now_ns: int) -> None:
        """The hub came or went."""
        if present and not self._hub:
            self._restart()
            self._moved_ns = now_ns
        self._hub = present

    def on_head(self, head_acked: int, now_ns: int) -> None:
        """The journal's cursor: how far the hub has confirmed."""
        if head_acked > self._through:
            self._moved_ns = now_ns
            self._stalls = 0
            self._alone = {seq: n for seq, n in self._alone.items() if seq > head_acked}
        self._through = head_acked
        self._sent = max(self._sent, head_acked)

    def new_epoch(self) -> None:
        """The journal began again at 1."""
        self._through = self._sent = 0
        self._alone = {}
        self._unanswered = []

    def next_batch(self, last_seq: int, now_ns: int) -> Batch | None:
        """What to send next, or None."""
        if not self.open or now_ns < self._pause_until_ns:
            return None
        if self.outstanding > 0 and now_ns - self._moved_ns >= STILL_NS:
            self._stall(now_ns)
            return None
        room = wire.WINDOW_EVENTS - self.outstanding
        limit = min(self._limit, room, last_seq - self._sent)
        return Batch(self._sent, limit, self._packet_bytes) if limit > 0 else None

    def sent(self, first_seq: int, last_seq: int, now_ns: int) -> None:
        """A message with these events went out."""
        if self.outstanding == 0:
            self._moved_ns = now_ns
        self._sent = last_seq
        self._unanswered.append(first_seq)

    def answered(self) -> None:
        """The broker answered the oldest message: its size is no trouble. The batches may grow again."""
        if self._unanswered:
            self._unanswered.pop(0)
            self._limit = min(wire.MAX_BATCH_EVENTS, self._limit * 2)

    def nobody_listens(self, now_ns: int) -> None:
        """The broker has no subscriber for our events: wait a little and send again from the watermark."""
        self._stall(now_ns)

    def _stall(self, now_ns: int) -> None:
        self._stalls += 1
        most = min(MOST_PAUSE_NS, 1_000_000_000 * 2 ** min(self._stalls, 6))
        self._pause_until_ns = now_ns + int(self._rng.uniform(0, most))
        self._moved_ns = self._pause_until_ns
        self._restart()

    def _restart(self) -> None:
        self._sent = self._through
        self._unanswered = []
