"""Sends the journal to the hub and takes its watermark back (architecture section 7).

One worker owns the MQTT link and a read-only view of the journal. Own watermark and status are subscribed first;
only when they are confirmed is the hub's presence asked for, so that the watermark of a former life of this card is
known before anything is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from edge import wire
from edge.station.journal.store import Head, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.window import Window
from hardware.host.link import (
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    LinkSettings,
    Message,
    NotConnected,
    Published,
    Subscribed,
    Will,
)
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

IDLE_S = 0.2
STATUS_NS = 5_000_000_000
"""The retained status is refreshed at most this often while only its numbers change."""


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Who sends, and what the status says of it."""

    station: str
    link: LinkSettings
    session: str
    version: str
    since: str
    notices_missing_by: tuple[str, ...]


@dataclass(slots=True)
class UplinkStats:
    """Counters since the start of the process."""

    connected: bool = False
    hub_present: bool = False
    connects: int = 0
    messages: int = 0
    events: int = 0
    reported: int = 0


class Uplink:
    """The worker that delivers."""

    def __init__(
        self,
        settings: UplinkSettings,
        reader: JournalReader,
        writer: JournalWriter,
        *,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Prepare; the worker connects.

        Args:
            settings: who and where.
            reader: this worker's own view of the journal.
            writer: takes the hub's watermarks, and knows where the journal stands.
            after_step: told after ``published`` and ``watermark``; tests kill the process there.
        """
        self._after_step = after_step
        self._settings = settings
        self._reader = reader
        self._writer = writer
        self._epoch = writer.head.epoch
        self._state: wire.State = "ready"
        self._told: wire.Status | None = None
        self._told_ns = 0
        self._status_mid: int | None = None
        self._window = Window()
        self._batches: set[int] = set()
        self.stats = UplinkStats()
        will = Will(wire.topic(settings.station, "status"), replace(self.status(), state="lost").encode())
        self._link = Link(replace(settings.link, will=will))
        self.worker = Worker("uplink", self._step, fresh_within=15.0, on_stop=self._close)

    def set_state(self, state: wire.State) -> None:
        """What the retained status says; may be called from any thread."""
        self._state = state

    def wake(self) -> None:
        """There is something new; may be called from any thread."""
        self._link.wake()

    def status(self) -> wire.Status:
        """The status as it is now."""
        head, settings = self._writer.head, self._settings
        return wire.Status(
            session=settings.session,
            state=self._state,
            since=settings.since,
            version=settings.version,
            epoch=head.epoch,
            unacknowledged=head.last_seq - head.acked_seq,
            capacity=self._writer.capacity,
            notices_missing_by=settings.notices_missing_by,
        )

    def stats_json(self) -> dict[str, Any]:
        """The counters, for ``udi-station status``."""
        return asdict(self.stats)

    def _step(self) -> None:
        wait = 0.0 if self._sendable() else IDLE_S
        for event in self._link.step(wait):
            self._take(event)
        self._guarded(self._work)

    def _sendable(self) -> bool:
        head = self._sync()
        return self._window.next_batch(head.last_seq, time.monotonic_ns()) is not None

    def _sync(self) -> Head:
        head = self._writer.head
        if head.epoch != self._epoch:
            self._epoch = head.epoch
            self._window.new_epoch()
        self._window.on_head(head.acked_seq, time.monotonic_ns())
        return head

    def _work(self) -> None:
        self._send(self._sync())
        self._tell(force=False)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A link that breaks while we send is no error: its `Disconnected` follows."""
        try:
            work()
        except NotConnected as error:
            log.info("uplink: %s", error)

    def _take(self, event: LinkEvent) -> None:
        match event:
            case Connected():
                self._guarded(self._on_connected)
            case Disconnected(reason):
                self._on_disconnected(reason)
            case Subscribed(topic, ok):
                self._guarded(lambda: self._on_subscribed(topic, ok=ok))
            case Published():
                self._on_published(event)
            case Message():
                self._on_message(event)

    def _on_connected(self) -> None:
        self.stats.connected = True
        self.stats.connects += 1
        self._batches.clear()
        self._window.on_connected(self._link.maximum_packet_size)
        log.info("link=connected broker=%s:%d", self._settings.link.host, self._settings.link.port)
        self._link.subscribe(wire.topic(self._settings.station, "status"))
        self._link.subscribe(wire.topic(self._settings.station, "ack"))

    def _on_disconnected(self, reason: str) -> None:
        if self.stats.connected:
            log.info("link=lost reason=%s", reason)
        self.stats.connected = self.stats.hub_present = False
        self._told = None
        for seq in self._window.on_disconnected():
            self.stats.reported += 1
            log.error("event seq=%d broke the connection three times on its own; it is kept and tried again", seq)

    def _on_subscribed(self, topic: str, *, ok: bool) -> None:
        if not ok:
            log.error("the broker refuses a subscription to %s: check this station's rights", topic)
        elif topic == wire.topic(self._settings.station, "ack"):
            self._tell(force=True)
            self._link.subscribe(wire.HUB_PRESENCE)

    def _on_published(self, event: Published) -> None:
        if event.mid not in self._batches:
            return
        self._batches.discard(event.mid)
        if not event.ok or "matching" in event.reason:
            self._window.nobody_listens(time.monotonic_ns())
        else:
            self._window.answered()

    def _on_message(self, message: Message) -> None:
        try:
            self._read(message)
        except wire.WireError as error:
            log.warning("topic=%s %s", message.topic, error)

    def _read(self, message: Message) -> None:
        station = self._settings.station
        if message.topic == wire.topic(station, "ack"):
            self._writer.acknowledge(wire.Ack.decode(message.payload))
            self._after_step("watermark")
        elif message.topic == wire.HUB_PRESENCE:
            presence = wire.HubPresence.decode(message.payload)
            self.stats.hub_present = presence.present
            self._window.on_hub(present=presence.present, now_ns=time.monotonic_ns())
        elif wire.session_of(message.payload) != self._settings.session:
            log.warning("another session wrote this station's status: saying it again")
            self._guarded(lambda: self._tell(force=True))

    def _send(self, head: Head) -> None:
        now_ns = time.monotonic_ns()
        batch = self._window.next_batch(head.last_seq, now_ns)
        if batch is None:
            return
        rows = self._reader.after(batch.after, batch.limit, batch.max_bytes)
        if not rows or rows[0].seq != batch.after + 1:
            return  # the journal moved on between the two looks; the next step sees it
        properties = {
            "station": self._settings.station,
            "epoch": head.epoch,
            "first_seq": str(rows[0].seq),
            "count": str(len(rows)),
        }
        payload = wire.batch([row.line for row in rows])
        mid = self._link.publish(wire.topic(self._settings.station, "scan"), payload, properties=properties)
        self._after_step("published")
        self._batches.add(mid)
        self._window.sent(rows[0].seq, rows[-1].seq, now_ns)
        self.stats.messages += 1
        self.stats.events += len(rows)

    def _tell(self, *, force: bool) -> None:
        status, told = self.status(), self._told
        if not self._link.connected or (told is None and not force):
            return
        now_ns = time.monotonic_ns()
        same_state = told is not None and (told.state, told.epoch) == (status.state, status.epoch)
        fresh = same_state and (status == told or now_ns - self._told_ns < STATUS_NS)
        if fresh and not force:
            return
        self._link.publish(wire.topic(self._settings.station, "status"), status.encode(), retain=True)
        self._told, self._told_ns = status, now_ns

    def _close(self) -> None:
        if self._link.connected:
            self._guarded(lambda: self._tell(force=True))
        self._link.disconnect()
        self._reader.close()
