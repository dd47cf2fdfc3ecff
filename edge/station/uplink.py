"""Sends the journal to the hub and takes its watermark back (architecture section 7).

One worker owns the MQTT link and a read-only view of the journal. Own watermark and status are subscribed first;
only when they are confirmed is the hub's presence asked for, so that the watermark of a former life of this card is
known before anything is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from edge import wire
from edge.station.aside import Refused
from edge.station.binding_book import BindingBook
from edge.station.card_book import CardBook
from edge.station.document_book import DocumentBook
from edge.station.identity import Identity, Report
from edge.station.journal.ahead import ReadAhead
from edge.station.journal.store import Head, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.notices import Notices
from edge.station.order_book import OrderBook
from edge.station.photo_uplink import PhotoUplink
from edge.station.pictures import PictureStore
from edge.station.site_notices import SiteNotices
from edge.station.uplink_state import UplinkSettings, UplinkStats
from edge.station.window import PACKET_OVERHEAD, Window
from hardware.host.clock import ClockReading
from hardware.host.link import (
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    Message,
    NotConnected,
    Published,
    Subscribed,
    Will,
)
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

IDLE_S = 0.2
MESSAGES_PER_STEP = 8
"""Messages between two looks at the socket: the broker's answers to them are then read together."""
FRESH_S = 90.0
"""A name server that is gone holds up a look-up for longer than any connection; nothing else waits for this worker."""
STATUS_NS = 5_000_000_000
"""The retained status is refreshed at most this often while only its numbers change."""


class Uplink:
    """The worker that delivers."""

    def __init__(
        self,
        settings: UplinkSettings,
        reader: JournalReader,
        writer: JournalWriter,
        *,
        now: Callable[[], ClockReading],
        report: Report = lambda _change: None,
        pictures: PictureStore | None = None,
        orders: OrderBook | None = None,
        cards: CardBook | None = None,
        catalogue_offered: Callable[[bytes], None] | None = None,
        documents: DocumentBook | None = None,
        bindings: BindingBook | None = None,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Prepare; the worker connects.

        Args:
            settings: who and where.
            reader: this worker's own view of the journal.
            writer: takes the hub's watermarks, and knows where the journal stands.
            now: the clock and its quality.
            report: journals the body of a ``station`` event.
            pictures: what else waits for the hub; None: nothing does.
            orders: where the site's orders are kept; None: nowhere.
            cards: takes which cards are revoked; None: nothing does.
            catalogue_offered: takes what the hub says of its catalogue; None: this station fetches none.
            documents: where documents are kept; None: nowhere.
            bindings: where house codes are kept; None: nowhere.
            after_step: told after ``published``, ``watermark``, ``photo``, ``photo-ack``, ``order`` and
                ``order-written``; tests kill it there.
        """
        self._after_step = after_step
        self._settings = settings
        self._reader = reader
        self._ahead = ReadAhead(reader)
        self._writer = writer
        self._epoch = writer.head.epoch
        self._state: wire.State = "ready"
        self._told: wire.Status | None = None
        self._told_ns = 0
        self._status_mid: int | None = None
        self._window = Window()
        self._batches: dict[int, tuple[int, int]] = {}
        """First and last event of each message without PUBACK, by its id."""
        self._born = False
        self._report = report
        self._notices = Notices()
        self._identity = Identity(settings.link, now, self._notices, report)
        self.stats = UplinkStats()
        will = Will(wire.topic(settings.station, "status"), replace(self.status(), state="lost").encode())
        self._link = Link(replace(settings.link, will=will), time_trusted=self._identity.time_trusted)
        self._photos = PhotoUplink(
            settings.station, pictures, self._link, self._notices, now=now, report=report, after_step=after_step
        )
        self._site = SiteNotices(
            orders or OrderBook(None),
            self._link,
            self._notices,
            report=report,
            cards=cards,
            catalogue_offered=catalogue_offered,
            documents=documents,
            bindings=bindings,
            after_step=after_step,
        )
        self.worker = Worker("uplink", self._step, fresh_within=FRESH_S, on_stop=self._close)

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
        """The counters and what a person should know, for ``udi-station status``."""
        site = {
            "orders": self._site.stats_json(),
            "documents": self._site.documents_json(),
            "bindings": self._site.bindings_json(),
        }
        parts = {"pictures": self._photos.stats_json(), **site}
        return {**asdict(self.stats), **parts, "notices": list(self._notices.texts)}

    def _step(self) -> None:
        wait = 0.0 if self._sendable() else IDLE_S
        for event in self._link.step(wait):
            self._take(event)
        self._site.work()
        self._guarded(self._work)
        self._identity.tick()
        for refused in self._window.take_reports():
            self._tell_refused(refused)

    def _sendable(self) -> bool:
        head = self._sync()
        return self._window.next_batch(head.last_seq, time.monotonic_ns()) is not None

    def _sync(self) -> Head:
        head = self._writer.head
        if head.epoch != self._epoch:
            self._epoch = head.epoch
            self._window.new_epoch()
            self._ahead.forget()
        self._window.on_head(head.acked_seq, time.monotonic_ns())
        self._follow_aside()
        return head

    def _follow_aside(self) -> None:
        if self.stats.set_aside and not self._window.aside:
            self._notices.drop("refused")
        self.stats.set_aside = self._window.aside

    def _work(self) -> None:
        sent = 0
        with self._link.together():
            while sent < MESSAGES_PER_STEP and self._send(self._sync()):
                sent += 1
        for _ in range(sent):
            self._after_step("published")
        self._tell(force=False)
        head = self._writer.head
        self._photos.work(events_wait=head.acked_seq < head.last_seq)

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
            case Disconnected():
                self._on_disconnected(event)
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
        self.stats.certificate_dates = self._identity.connected(self._link.time_checked)
        where, dates = self._settings.link, self.stats.certificate_dates or "none"
        log.info("link=connected broker=%s:%d certificate_dates=%s", where.host, where.port, dates)
        self._link.subscribe(wire.topic(self._settings.station, "status"))
        self._link.subscribe(wire.topic(self._settings.station, "ack"))
        self._photos.on_connected()
        self._site.on_connected()

    def _on_disconnected(self, event: Disconnected) -> None:
        if self.stats.connected:
            log.info("link=lost reason=%s", event.reason)
        self.stats.connected = self.stats.hub_present = False
        self.stats.certificate_dates = None
        self._told = None
        self._identity.lost(event)
        self.stats.taken_over = self._identity.taken_over
        by_events = not self._photos.on_disconnected(event) and event.hung_up
        self._window.on_disconnected(event.reason, time.monotonic_ns(), hung_up=by_events)

    def _tell_refused(self, refused: Refused) -> None:
        rows = self._reader.after(refused.seq - 1, 1)
        if rows and rows[0].seq == refused.seq:  # else the hub has it after all
            self.stats.reported += 1
            self._notices.hold("refused", refused.text(rows[0].line), time.monotonic_ns())
            self._report(refused.change(rows[0].line))

    def _on_subscribed(self, topic: str, *, ok: bool) -> None:
        if not ok:
            log.error("the broker refuses a subscription to %s: check this station's rights", topic)
        elif topic == wire.topic(self._settings.station, "ack"):
            self._tell(force=True)
            self._link.subscribe(wire.HUB_PRESENCE)

    def _on_published(self, event: Published) -> None:
        span = self._batches.pop(event.mid, None)
        if self._photos.on_published(event) or span is None:
            return
        now_ns = time.monotonic_ns()
        if not event.ok:
            log.warning("the broker refused events %d to %d: %s", *span, event.reason)
            self._window.refused(*span, event.reason, now_ns)
        elif "matching" in event.reason:
            self._window.nobody_listens(now_ns)
        else:
            self._window.answered(*span, now_ns)

    def _on_message(self, message: Message) -> None:
        try:
            self._read(message)
        except wire.WireError as error:
            log.warning("topic=%s %s", message.topic, error)

    def _read(self, message: Message) -> None:
        station = self._settings.station
        if self._site.on_message(message.topic, message.payload):
            return
        if message.topic == wire.topic(station, "ack"):
            self._writer.acknowledge(wire.Ack.decode(message.payload))
            self._after_step("watermark")
        elif message.topic == wire.topic(station, "photo-ack"):
            self._photos.on_ack(message.payload)
        elif message.topic == wire.HUB_PRESENCE:
            presence = wire.HubPresence.decode(message.payload)
            self.stats.hub_present = presence.present
            self._window.on_hub(present=presence.present, now_ns=time.monotonic_ns())
            self._photos.on_hub(present=presence.present)
        elif wire.session_of(message.payload) != self._settings.session:
            self._on_foreign()

    def _on_foreign(self) -> None:
        """The retained status is of another session: of a former life of this station, or of another card."""
        if self._born and self._identity.stranger():
            self._link.rival_seen()
            self.stats.taken_over = self._identity.taken_over
        log.info("another session wrote this station's status: saying it again")
        self._guarded(lambda: self._tell(force=True))

    def _send(self, head: Head) -> bool:
        """Publish what the window allows now, as one message; False if it allows nothing."""
        now_ns = time.monotonic_ns()
        batch = self._window.next_batch(head.last_seq, now_ns)
        if batch is None:
            return False
        lines = self._ahead.after(batch.after, batch.limit, batch.max_bytes)
        if not lines:
            return False  # the journal moved on between the two looks; the next step sees it
        first, last = batch.after + 1, batch.after + len(lines)
        properties = {
            "station": self._settings.station,
            "epoch": head.epoch,
            "first_seq": str(first),
            "count": str(len(lines)),
        }
        payload = wire.batch(lines)
        most = self._link.maximum_packet_size
        if len(lines) == 1 and most is not None and len(payload) + PACKET_OVERHEAD > most:
            self._window.too_large(first, f"the broker takes {most} bytes at most", now_ns)
            return False
        mid = self._link.publish(wire.topic(self._settings.station, "scan"), payload, properties=properties)
        self._batches[mid] = (first, last)
        self._window.sent(first, last, now_ns)
        self.stats.messages += 1
        self.stats.events += len(lines)
        return True

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
        self._told, self._told_ns, self._born = status, now_ns, True

    def _close(self) -> None:
        if self._link.connected:
            self._guarded(lambda: self._tell(force=True))
        self._link.close()
        self._reader.close()
