from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from edge import revocation, wire
from edge.cards import CardKind
from edge.hub import cards, tables
from edge.hub import collector as collecting
from edge.hub.collector import Collector, CollectorSettings
from edge.hub.store import Store
from hardware.host.link import Connected, Link, LinkEvent, LinkSettings, Message, Subscribed

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

DEADLINE_S = 10.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file = tmp_path_factory.mktemp("broker") / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="ascii")
    process = subprocess.Popen(["mosquitto", "-c", str(file)], stderr=subprocess.DEVNULL)
    until(lambda: listens(port))
    yield port
    process.terminate()
    process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < end, "not within the deadline"
        time.sleep(0.01)


class Peer:
    """A station's side of the broker."""

    def __init__(self, port: int, *topics: str) -> None:
        self.link = Link(LinkSettings("127.0.0.1", port, "peer"))
        self.heard: list[Message] = []
        self.wait(lambda events: any(isinstance(event, Connected) for event in events))
        for topic in topics:
            self.link.subscribe(topic)
            self.wait(lambda events: any(isinstance(event, Subscribed) for event in events))

    def wait(self, done: Callable[[list[LinkEvent]], bool]) -> None:
        end = time.monotonic() + DEADLINE_S
        while True:
            events = self.link.step(0.05)
            self.heard += [event for event in events if isinstance(event, Message)]
            if done(events):
                return
            assert time.monotonic() < end, f"not within the deadline; heard {self.heard}"

    def last(self, topic: str) -> dict[str, object]:
        payloads = [json.loads(message.payload) for message in self.heard if message.topic == topic]
        found: dict[str, object] = payloads[-1] if payloads else {}
        return found

    def wait_for(self, topic: str, **fields: object) -> None:
        self.wait(lambda _events: fields.items() <= self.last(topic).items())

    def close(self) -> None:
        self.link.disconnect()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def collector(broker: int, store: Store) -> Iterator[Collector]:
    running = Collector(CollectorSettings("127.0.0.1", broker), store, now)
    running.worker.start()
    yield running
    running.stop()
    assert running.worker.error is None
    assert not running.worker.alive


def count(store: Store, name: str) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.METADATA.tables[name])).scalar_one()


def test_a_batch_is_stored_and_answered(broker: int, collector: Collector, store: Store, journal: FakeJournal) -> None:
    ack = wire.topic(journal.station, "ack")
    lines = [journal.scan() for _ in range(60)]
    with closing(Peer(broker, ack, wire.HUB_PRESENCE)) as peer:
        peer.wait_for(wire.HUB_PRESENCE, present=True)
        peer.link.publish(journal.topic, wire.batch(lines[:50]), properties=journal.properties(1, 50))
        peer.wait_for(ack, through=50, chain_at_through=wire.digest(lines[49]))
        peer.link.publish(journal.topic, wire.batch(lines[:50]), properties=journal.properties(1, 50))
        for seq, line in enumerate(lines[50:], 51):
            peer.link.publish(journal.topic, line, properties=journal.properties(seq, 1))
        peer.wait_for(ack, through=60, chain_at_through=wire.digest(lines[59]))
    assert count(store, "event_key") == 60
    assert count(store, "unprojected") == count(store, "inbox")
    assert collector.stats.messages >= 12
    assert collector.stats.answers <= 5


def test_revoked_cards_stand_at_the_broker_for_whoever_comes(broker: int, collector: Collector, store: Store) -> None:
    with store.begin() as connection:
        printed = cards.issue(connection, [cards.Wanted(CardKind.CASE)], wire.iso(now()))
        at = (wire.iso(now()), int(now().timestamp()))
        made = cards.take_back(connection, [printed[0].number], [], at, ("CARDS", bytes(32)))
    for _ in range(2):
        with closing(Peer(broker, revocation.TOPIC)) as peer:
            peer.wait_for(revocation.TOPIC, version=made.version, numbers=[printed[0].number])
    assert collector.worker.alive


def test_a_late_will_of_an_older_hub_is_corrected(broker: int, collector: Collector) -> None:
    with closing(Peer(broker, wire.HUB_PRESENCE)) as peer:
        peer.wait_for(wire.HUB_PRESENCE, present=True)
        late = wire.HubPresence("older", present=False, since=wire.iso(now()))
        peer.link.publish(wire.HUB_PRESENCE, late.encode(), retain=True)
        peer.wait(lambda _events: late.encode() in [message.payload for message in peer.heard])
        peer.wait_for(wire.HUB_PRESENCE, present=True)
    assert collector.worker.alive


def test_status_and_poison_are_kept(broker: int, collector: Collector, store: Store, journal: FakeJournal) -> None:
    status = wire.Status("b6", "ready", wire.iso(now()), "0.1.0", journal.epoch, 3, 100_000, ("camera",))
    topic = wire.topic(journal.station, "status")
    with closing(Peer(broker, wire.HUB_PRESENCE)) as peer:
        peer.wait_for(wire.HUB_PRESENCE, present=True)
        for payload in (status.encode(), b"\xff", b"{}", b'{"schema":1,"state":"\\ud800"}'):
            peer.link.publish(topic, payload)
        peer.wait(lambda _events: count(store, "poison") == 3)
    assert count(store, "station_status") == count(store, "station_state") == 1
    assert collector.worker.alive


def test_goodbye_says_that_the_hub_is_away(broker: int, store: Store) -> None:
    running = Collector(CollectorSettings("127.0.0.1", broker), store, now)
    running.worker.start()
    with closing(Peer(broker, wire.HUB_PRESENCE)) as peer:
        peer.wait_for(wire.HUB_PRESENCE, present=True)
        running.stop()
        peer.wait_for(wire.HUB_PRESENCE, present=False)


def test_it_keeps_up_but_for_backlogs_and_full_commits(
    store: Store, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH_MESSAGES", 3)
    made = Collector(CollectorSettings("127.0.0.1", 1), store, lambda: datetime.now(UTC))

    def takes(*payloads: bytes) -> tuple[bool, bool]:
        for payload in payloads:
            made._on(Message(journal.topic, payload, False, {}, 1, 1))
        before = made.quiet.is_set()
        made._commit()
        return before, made.quiet.is_set()

    def scans(count: int) -> list[bytes]:
        return [journal.scan() for _ in range(count)]

    assert takes(*scans(2)) == (False, True)
    assert takes(*scans(2)) == (True, True), "what happens now does not hold the projector up"
    assert takes(wire.batch(scans(2))) == (False, False), "a backlog"
    assert takes(*scans(2)) == (False, True)
    assert takes(*scans(3)) == (False, False), "more than it can take"


def test_messages_are_acknowledged_in_the_order_in_which_they_came(
    broker: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Collector(CollectorSettings("127.0.0.1", broker), store, now)
    came, acked = list[int](), list[int]()
    receive, ack = hub._receive, hub._link.ack

    def received(message: Message) -> None:
        came.append(message.mid)
        receive(message)

    def acknowledged(message: Message) -> None:
        acked.append(message.mid)
        ack(message)

    def stepped(*, enough: Callable[[], bool]) -> bool:
        hub.step()
        return enough()

    monkeypatch.setattr(hub, "_receive", received)
    monkeypatch.setattr(hub._link, "ack", acknowledged)
    presence = wire.HubPresence("older", present=True, since=wire.iso(now())).encode()
    with closing(Peer(broker)) as peer:
        until(lambda: stepped(enough=lambda: hub.ready))
        with peer.link.together():
            for topic in ("udi/OR-03/status", wire.HUB_PRESENCE, "udi/site/order/scan", "udi/OR-04/status"):
                peer.link.publish(topic, presence)
        until(lambda: stepped(enough=lambda: len(acked) >= 4))
    hub.stop()
    hub._close()
    assert len(came) >= 4
    assert acked == came
    assert count(store, "inbox") == 0
