"""The collector: MQTT in, one commit for many messages, then MQTT acknowledgements, then watermarks.

The order is the promise: a message is acknowledged to the broker after the commit that holds it, and a watermark is
read from the key table in a transaction after that commit.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from edge import wire
from edge.hub import inbox, stations, watermarks
from edge.hub.projections import PatientIndex
from edge.hub.reading import Incoming
from edge.hub.store import Store
from hardware.host.link import (
    Connected,
    Disconnected,
    Link,
    LinkEvent,
    LinkSettings,
    Message,
    NotConnected,
    Subscribed,
    Tls,
    Will,
    topic_matches,
)
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 500
BATCH_NS = 20_000_000
RECEIVE_MAXIMUM = 1_000
IDLE_S = 0.5
FRESH_S = 30.0
SCANS = "udi/+/scan"
STATUSES = "udi/+/status"
SUBSCRIPTIONS = (SCANS, STATUSES, wire.HUB_PRESENCE)


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Where to collect."""

    host: str
    port: int
    client_id: str = "hub"
    tls: Tls | None = None


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
    since_ns: int = 0

    def wait_s(self, now_ns: int, most: float) -> float:
        return most if not self.messages else min(most, max(0.0, (self.since_ns + BATCH_NS - now_ns) / 1e9))

    def ripe(self, now_ns: int) -> bool:
        return bool(self.messages) and (len(self.messages) >= BATCH_MESSAGES or now_ns - self.since_ns >= BATCH_NS)


class Collector:
    """Collects the events of all stations of a site; everything but `worker` belongs to its own thread."""

    def __init__(
        self, settings: CollectorSettings, store: Store, patient_index: PatientIndex, now: Callable[[], datetime]
    ) -> None:
        """Prepare; `worker.start()` begins.

        Args:
            settings: the broker.
            store: opened for writing.
            patient_index: see `edge.hub.projections`.
            now: the hub's clock, aware, UTC.
        """
        self._store = store
        self._patient_index = patient_index
        self._now = now
        self._session = secrets.token_hex(8)
        self._since = wire.iso(now())
        self._batch = _Batch()
        self._pacer = watermarks.Pacer()
        self._subscribed: set[str] = set()
        self._said_ns = 0
        self._say_again = False
        self.stats = CollectorStats()
        will = Will(wire.HUB_PRESENCE, self._presence(present=False))
        link = LinkSettings(settings.host, settings.port, settings.client_id, settings.tls, will=will)
        self._link = Link(link, manual_ack=True, receive_maximum=RECEIVE_MAXIMUM)
        self.worker = Worker("collector", self.step, fresh_within=FRESH_S, on_stop=self._close)

    def stop(self) -> None:
        """Finish what was received, say goodbye, end the thread."""
        self.worker.stopping.set()
        self._link.wake()
        self.worker.stop()

    def step(self) -> None:
        """Receive, commit when the batch is ripe, answer what is due."""
        now_ns = time.monotonic_ns()
        timeout_s = self._pacer.wait_s(now_ns, self._batch.wait_s(now_ns, IDLE_S))
        for event in self._link.step(timeout_s):
            self._on(event)
        if self._batch.ripe(time.monotonic_ns()):
            self._commit()
        self._answer(time.monotonic_ns())
        self._correct_presence(time.monotonic_ns())

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
            case _:
                pass

    def _subscribe(self) -> None:
        self._subscribed.clear()
        try:
            for topic in SUBSCRIPTIONS:
                self._link.subscribe(topic)
        except NotConnected as error:
            log.warning("broker=lost reason=%s", error)

    def _on_subscribed(self, topic: str, *, ok: bool) -> None:
        if not ok:
            log.error("topic=%s refused by the broker: expected the rights of the hub, see its access list", topic)
            return
        self._subscribed.add(topic)
        if self._subscribed >= set(SUBSCRIPTIONS):
            log.info("broker=connected session=%s", self._session)
            self._say_presence()

    def _receive(self, message: Message) -> None:
        if message.topic == wire.HUB_PRESENCE:
            self._link.ack(message)
            self._hear_presence(message.payload)
            return
        if not self._batch.messages:
            self._batch.since_ns = time.monotonic_ns()
        self._batch.messages.append(message)
        if len(self._batch.messages) >= BATCH_MESSAGES:
            self._commit()

    def _commit(self, *, acknowledge: bool = True) -> None:
        messages, self._batch = self._batch.messages, _Batch()
        if not messages:
            return
        touched = self._write(messages)
        self.stats.messages += len(messages)
        self.stats.commits += 1
        for message in messages if acknowledge else ():
            self._link.ack(message)
        now_ns = time.monotonic_ns()
        for each in touched:
            self._pacer.note(each.station, each.epoch, batch=each.batch, now_ns=now_ns)

    def _write(self, messages: list[Message]) -> list[inbox.Touched]:
        received = wire.iso(self._now())
        scans = [m for m in messages if topic_matches(SCANS, m.topic)]
        with self._store.begin() as connection:
            for message in messages:
                if topic_matches(STATUSES, message.topic):
                    stations.store_status(connection, _incoming(message), received)
            return inbox.store(connection, [_incoming(m) for m in scans], received, self._patient_index)

    def _answer(self, now_ns: int) -> None:
        due = self._pacer.due(now_ns)
        if not due:
            return
        with self._store.begin() as connection:
            acks = [(station, watermarks.advance(connection, station, epoch)) for station, epoch in due]
        for station, ack in acks:
            if ack is not None:
                self._publish(wire.topic(station, "ack"), ack.encode())
                self.stats.answers += 1

    def _hear_presence(self, payload: bytes) -> None:
        """A late will of an earlier process must not hide this one."""
        if payload != self._presence(present=True):
            self._say_again = True

    def _correct_presence(self, now_ns: int) -> None:
        """At most once a second: two hubs under different ids must not flood the broker."""
        complete = self._subscribed >= set(SUBSCRIPTIONS)
        if self._say_again and complete and now_ns - self._said_ns >= watermarks.SECOND_NS:
            self._say_presence()

    def _say_presence(self) -> None:
        self._say_again = False
        self._said_ns = time.monotonic_ns()
        self._publish(wire.HUB_PRESENCE, self._presence(present=True))

    def _presence(self, *, present: bool) -> bytes:
        return wire.HubPresence(self._session, present, self._since).encode()

    def _publish(self, topic: str, payload: bytes) -> None:
        try:
            self._link.publish(topic, payload, retain=True)
        except NotConnected as error:
            log.info("topic=%s not sent, the station asks again: %s", topic, error)

    def _close(self) -> None:
        if self.worker.error is None:
            self._commit()
            self._answer(time.monotonic_ns() + watermarks.SECOND_NS)
        if self._link.connected:
            self._publish(wire.HUB_PRESENCE, self._presence(present=False))
        self._link.disconnect()


def _incoming(message: Message) -> Incoming:
    return Incoming(message.topic, message.payload, message.properties)
