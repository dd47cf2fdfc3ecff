"""The collector: MQTT in, one commit for many messages, then MQTT acknowledgements, then watermarks.

The order is the promise: a message is acknowledged to the broker after the commit that holds it, and a watermark is
read from the key table in a transaction after that commit.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge import wire
from edge.hub import inbox, pictures, site_notices, stations, watermarks
from edge.hub.cards_notice import CardsNotice
from edge.hub.offer import CatalogueOffer
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.sign import Authority
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
    Tls,
    Will,
    topic_matches,
)
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 500
BATCH_BYTES = 512 * 1024
BATCH_NS = 20_000_000
"""Single events wait so long for company, at most; a message of several is a backlog and is stored at once."""
TOGETHER_NS = 20_000_000
"""So long watermarks of single events wait for each other: a look at the store costs as much as thirty of them."""
RECEIVE_MAXIMUM = 1_000
IDLE_S = 0.5
PRESENCE_NS = 60_000_000_000
FRESH_S = 30.0
SCANS = "udi/+/scan"
STATUSES = "udi/+/status"
PICTURES = "udi/+/photo/+"


class Retained(Protocol):
    """Keeps what stands at the broker for one kind of notices as it should be."""

    def begin(self, now_ns: int) -> None:
        """Connected: the broker may have forgotten everything, and says in a moment what it has."""

    def heard(self, topic: str, payload: bytes) -> None:
        """What stands at the broker, whoever wrote it."""

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now; what is taken from here counts as told."""


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Where to collect."""

    host: str
    port: int
    client_id: str = "hub"
    tls: Tls | None = None
    share: str | None = None
    """The name under which several collectors share the scans; None: this one gets all."""
    authorities: tuple[Authority, ...] = ()
    """Whose signatures make an order."""

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Each collector hears every status (a retained message is not sent to those who share) and every picture."""
        scans = SCANS if self.share is None else f"$share/{self.share}/{SCANS}"
        return scans, STATUSES, PICTURES, wire.HUB_PRESENCE


@dataclass(slots=True)
class CollectorStats:
    """What this process has done so far."""

    messages: int = 0
    commits: int = 0
    answers: int = 0


@dataclass(slots=True)
class _Batch:
    """Messages that wait for the commit."""

    messages: list[Message] = field(default_factory=list)
    size: int = 0
    backlog: bool = False
    """Some message holds several events."""
    since_ns: int = 0

    def add(self, message: Message, now_ns: int) -> None:
        if not self.messages:
            self.since_ns = now_ns
        self.messages.append(message)
        self.size += len(message.payload)
        self.backlog = self.backlog or b"\n" in message.payload

    @property
    def full(self) -> bool:
        return len(self.messages) >= BATCH_MESSAGES or self.size >= BATCH_BYTES

    def wait_s(self, now_ns: int, most: float) -> float:
        if not self.messages:
            return most
        return 0.0 if self.backlog else min(most, max(0.0, (self.since_ns + BATCH_NS - now_ns) / 1e9))

    def ripe(self, now_ns: int) -> bool:
        """To be stored, when no more is there to be read at once."""
        return bool(self.messages) and (self.backlog or now_ns - self.since_ns >= BATCH_NS)


class Collector:
    """Collects the events of all stations of a site; everything but `worker` belongs to its own thread."""

    def __init__(
        self,
        settings: CollectorSettings,
        store: Store,
        now: Callable[[], datetime],
        *,
        offer: CatalogueOffer | None = None,
        notices: Mapping[str, Retained] | None = None,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Prepare; `worker.start()` begins.

        Args:
            settings: the broker.
            store: opened for writing.
            now: the hub's clock, aware, UTC.
            offer: the catalogue that stations are offered; None: none.
            notices: what else stations are told, by the filter of its topics, ``udi/site/<kind>/+``.
            after_step: told after ``received``, every step of `edge.hub.inbox.store`, ``noted`` (statuses, inside their
                transaction), ``stored``, ``acknowledged`` and ``answered``; tests kill the process there.
        """
        self._settings = settings
        self._store = store
        self._now = now
        self._after_step = after_step
        self.quiet = threading.Event()
        """Set while the collector keeps up: no backlog drains, and no more comes than one commit takes.

        Else the projector gives way to it.
        """
        self.on_stored: Callable[[], None] = lambda: None
        """Called in this thread after each commit: wakes the projector."""
        self._session = secrets.token_hex(8)
        self._since = wire.iso(now())
        self._batch = _Batch()
        self._pacer = watermarks.Pacer()
        self._watermarks = watermarks.Watermarks()
        orders = site_notices.SiteNotices(store, settings.authorities, now)
        self._retained: Mapping[str, Retained] = {wire.ORDERS: orders, **(notices or {})}
        self._cards = CardsNotice(store)
        self._offer = offer
        self._answers_ns = 0
        """When watermarks may be looked for again."""
        self._subscribed: set[str] = set()
        self._said_ns = 0
        self._say_again = False
        self.stats = CollectorStats()
        will = Will(wire.HUB_PRESENCE, self._presence(present=False))
        link = LinkSettings(settings.host, settings.port, settings.client_id, settings.tls, will=will)
        self._link = Link(link, manual_ack=True, receive_maximum=RECEIVE_MAXIMUM)
        self.worker = Worker("collector", self.step, fresh_within=FRESH_S, on_stop=self._close)

    @property
    def ready(self) -> bool:
        """Connected, and the broker has confirmed every subscription."""
        return self._subscribed >= set(self._settings.subscriptions)

    def stop(self) -> None:
        """Finish what was received, say goodbye, end the thread."""
        self.worker.stopping.set()
        self._link.wake()
        self.worker.stop()

    def step(self) -> None:
        """Receive all that is there, commit when the batch is ripe, answer what is due."""
        now_ns = time.monotonic_ns()
        answers_s = max(self._pacer.wait_s(now_ns, IDLE_S), (self._answers_ns - now_ns) / watermarks.SECOND_NS)
        timeout_s = self._batch.wait_s(now_ns, min(answers_s, IDLE_S))
        events = self._link.step(timeout_s)
        if not events and timeout_s > 0 and not self._batch.messages:
            self.quiet.set()
        while events and not self._batch.full:
            for event in events:
                self._on(event)
            events = self._link.step(0.0)
        for event in events:
            self._on(event)
        if self._batch.full or self._batch.ripe(time.monotonic_ns()):
            self._commit()
        self._answer(time.monotonic_ns())
        self._correct_presence(time.monotonic_ns())
        if self.ready:
            for topic, payload in self._notices(time.monotonic_ns()):
                self._publish(topic, payload)

    def _notices(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """What the site is to be told now."""
        for retained in self._retained.values():
            yield from retained.due(now_ns)
        for notice in (self._cards, self._offer):
            told = None if notice is None else notice.due(now_ns)
            if told is not None:
                yield told

    def _on(self, event: LinkEvent) -> None:
        match event:
            case Connected():
                self._subscribe()
            case Subscribed(topic, ok):
                self._on_subscribed(topic, ok=ok)
            case Disconnected(reason):
                log.warning("broker=lost reason=%s", reason)
                self._subscribed.clear()
                self._commit(acknowledge=False)
            case Message():
                self._receive(event)
            case Published(ok=False, reason=reason):
                log.error("the broker refused what the hub said: %s; expected the rights of the hub", reason)
            case _:
                pass

    def _subscribe(self) -> None:
        self._subscribed.clear()
        for retained in self._retained.values():
            retained.begin(time.monotonic_ns())
        self._cards.begin()
        if self._offer is not None:
            self._offer.begin()
        try:
            for topic in (*self._settings.subscriptions, *self._retained):
                self._link.subscribe(topic)
        except NotConnected as error:
            log.warning("broker=lost reason=%s", error)

    def _on_subscribed(self, topic: str, *, ok: bool) -> None:
        if not ok:
            log.error("topic=%s refused by the broker: expected the rights of the hub, see its access list", topic)
            return
        self._subscribed.add(topic)
        if (
            self.ready and topic in self._settings.subscriptions
        ):  # a broker with rights of before may refuse these: events go on
            log.info("broker=connected session=%s", self._session)
            self._say_presence()

    def _receive(self, message: Message) -> None:
        if self._about_site(message):
            self._hear(message)
            return
        self._batch.add(message, time.monotonic_ns())
        if self._batch.backlog or self._batch.full:
            self.quiet.clear()
        self._after_step("received")

    def _about_site(self, message: Message) -> bool:
        if message.topic.endswith("/scan"):
            return False  # most are, and each is asked
        return message.topic == wire.HUB_PRESENCE or any(topic_matches(each, message.topic) for each in self._retained)

    def _hear(self, message: Message) -> None:
        """What stands at the broker for the site; acknowledged behind what came before it (MQTT v5, 4.6)."""
        if message.topic == wire.HUB_PRESENCE:
            self._hear_presence(message.payload)
        for topics, retained in self._retained.items():
            if topic_matches(topics, message.topic):
                retained.heard(message.topic, message.payload)
        if self._batch.messages:
            self._batch.messages.append(message)
        else:
            self._link.ack(message)

    def _commit(self, *, acknowledge: bool = True) -> None:
        batch, self._batch = self._batch, _Batch()
        messages = batch.messages
        if not messages:
            return
        if not (batch.backlog or batch.full):
            self.quiet.set()
        stored = [message for message in messages if not self._about_site(message)]
        touched, kept = self._write(stored)
        self._after_step("stored")
        self.on_stored()
        self.stats.messages += len(stored)
        self.stats.commits += 1
        with self._link.together():
            for message in messages if acknowledge else ():
                self._link.ack(message)
        self._after_step("acknowledged")
        now_ns = time.monotonic_ns()
        if any(each.batch for each in touched):
            self._answers_ns = 0
        for each in touched:
            self._pacer.note(each.station, each.epoch, batch=each.batch, now_ns=now_ns)
        for station, sha256 in kept:
            self._publish(wire.topic(station, "photo-ack"), wire.PhotoAck(sha256).encode(), retain=False)

    def _write(self, messages: list[Message]) -> tuple[list[inbox.Touched], list[pictures.Stored]]:
        received = wire.iso(self._now())
        scans = [_incoming(message) for message in messages if message.topic.endswith("/scan")]
        others = [_incoming(message) for message in messages if message.topic.endswith("/status")]
        photos = [_incoming(message) for message in messages if "/photo/" in message.topic]
        touched = inbox.store(self._store, scans, received, self._after_step) if scans else []
        if others:
            with self._store.begin() as connection:
                for message in others:
                    stations.store_status(connection, message, received)
                self._watermarks.keep(connection)
                self._after_step("noted")
            self._watermarks.kept()
        return touched, pictures.store(self._store, photos, received) if photos else []

    def _answer(self, now_ns: int) -> None:
        due = self._pacer.due(now_ns) if now_ns >= self._answers_ns else ()
        if not due:
            return
        self._answers_ns = now_ns + TOGETHER_NS
        with self._store.read() as connection:
            acks = self._watermarks.advance(connection, due)
        with self._link.together():
            for station, ack in acks:
                self._publish(wire.topic(station, "ack"), ack.encode())
                self.stats.answers += 1
        self._after_step("answered")

    def _hear_presence(self, payload: bytes) -> None:
        """The goodbye or the late will of another must not hide this one."""
        try:
            self._say_again = self._say_again or not wire.HubPresence.decode(payload).present
        except wire.WireError:
            self._say_again = True

    def _correct_presence(self, now_ns: int) -> None:
        """At most once a second, and now and then for a cluster that lost it while it chose a leader."""
        silent_ns = now_ns - self._said_ns
        if self.ready and (silent_ns >= PRESENCE_NS or (self._say_again and silent_ns >= watermarks.SECOND_NS)):
            self._say_presence()

    def _say_presence(self) -> None:
        self._say_again = False
        self._said_ns = time.monotonic_ns()
        self._publish(wire.HUB_PRESENCE, self._presence(present=True))

    def _presence(self, *, present: bool) -> bytes:
        return wire.HubPresence(self._session, present, self._since).encode()

    def _publish(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        try:
            self._link.publish(topic, payload, retain=retain)
        except NotConnected as error:
            log.info("topic=%s not sent, the station asks again: %s", topic, error)

    def _close(self) -> None:
        if self.worker.error is None:
            self._commit()
            self._answer(time.monotonic_ns() + watermarks.SECOND_NS)
            with self._store.begin() as connection:
                self._watermarks.keep(connection)
        if self._link.connected:
            self._publish(wire.HUB_PRESENCE, self._presence(present=False))
        self._link.close()


def _incoming(message: Message) -> Incoming:
    return Incoming(message.topic, message.payload, message.properties)
