import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hardware.host.link import (
    TAKEN_OVER,
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
    topic_matches,
)
from hardware.host.packets import pack_pairs
from tests.support.cluster import NATS, Door, lead, listens
from tests.support.hostile import HostileBroker
from tests.support.site import MOSQUITTO, Broker, free_port, wait_for

E = TypeVar("E", bound=LinkEvent)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def until(link: Link, kind: type[E], seconds: float = 10.0) -> E:
    """What follows in the same step is left for the next call."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        events = link.step(0.05)
        for index, event in enumerate(events, 1):
            if isinstance(event, kind):
                link._events[:0] = events[index:]
                return event
    raise AssertionError(f"no {kind.__name__} within {seconds} s")


def link(broker: Broker, name: str, *, manual_ack: bool = False, will: Will | None = None) -> Link:
    made = Link(LinkSettings("127.0.0.1", broker.port, name, will=will), manual_ack=manual_ack)
    until(made, Connected)
    return made


def listening(broker: Broker, topic: str, *, manual_ack: bool = False) -> Link:
    made = link(broker, "ear", manual_ack=manual_ack)
    made.subscribe(topic)
    assert until(made, Subscribed).ok
    return made


def test_a_message_arrives_with_its_properties(broker: Broker) -> None:
    ear, mouth = listening(broker, "udi/+/scan"), link(broker, "A")
    mid = mouth.publish("udi/A/scan", b"x" * 60_000, properties={"epoch": "e"})
    assert until(mouth, Published).mid == mid
    message = until(ear, Message)
    assert (message.topic, len(message.payload), message.properties) == ("udi/A/scan", 60_000, {"epoch": "e"})
    ear.disconnect()
    mouth.disconnect()


def test_a_retained_message_waits(broker: Broker) -> None:
    mouth = link(broker, "A")
    mouth.publish("udi/A/ack", b"1", retain=True)
    until(mouth, Published)
    ear = link(broker, "ear")
    ear.subscribe("udi/A/ack")
    assert until(ear, Message).retained
    ear.disconnect()
    mouth.disconnect()


def test_the_will_is_said_for_a_lost_client_and_not_after_goodbye(broker: Broker) -> None:
    ear = listening(broker, "udi/+/status")
    polite = link(broker, "A", will=Will("udi/A/status", b"lost"))
    polite.disconnect()
    lost = link(broker, "B", will=Will("udi/B/status", b"lost"))
    assert lost._session is not None
    sock = lost._session.client.socket()
    assert sock is not None
    sock.close()
    assert until(ear, Message).topic == "udi/B/status"
    ear.disconnect()


def test_offline_nothing_is_queued_and_it_comes_back_by_itself(broker: Broker) -> None:
    made = link(broker, "A")
    broker.stop(signal.SIGKILL)
    until(made, Disconnected)
    with pytest.raises(NotConnected):
        made.publish("udi/A/scan", b"x")
    broker.start()
    until(made, Connected, 40)
    ear = listening(broker, "udi/#")
    made.publish("udi/A/scan", b"only this")
    until(made, Published)
    assert until(ear, Message).payload == b"only this"
    made.disconnect()
    ear.disconnect()


def _closes_on_five(near: socket.socket, port: int) -> None:
    """As RabbitMQ 3.10 does; everything else goes to the real broker."""
    if near.recv(16, socket.MSG_PEEK)[8] == 5:
        near.close()
    else:
        lead(near, port)


@pytest.fixture
def hangs_up(broker: Broker) -> Iterator[int]:
    """A port at which a CONNECT of version 5 is answered by the end of the connection."""
    with Door(lambda near: _closes_on_five(near, broker.port)) as door:
        yield door.port


@pytest.fixture
def refuses(tmp_path: Path) -> Iterator[int]:
    """A port of a real broker that knows 3.1.1 only and says so."""
    if NATS is None:
        pytest.skip("nats-server is not installed: apt-get install nats-server")
    port, config = free_port(), tmp_path / "nats.conf"
    config.write_text(
        f'server_name: "one"\nlisten: "127.0.0.1:-1"\njetstream {{ store_dir: "{tmp_path}/js" }}\n'
        f'mqtt {{ listen: "127.0.0.1:{port}" }}\n',
        encoding="utf-8",
    )
    with subprocess.Popen([NATS, "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: listens(port), "nats-server to listen")
            yield port
        finally:
            process.kill()


@pytest.mark.parametrize("old", ["hangs_up", "refuses"])
def test_a_broker_of_version_3_1_1_is_talked_to_in_3_1_1(old: str, request: pytest.FixtureRequest) -> None:
    port = request.getfixturevalue(old)
    ear = Link(LinkSettings("127.0.0.1", port, "ear"), manual_ack=True, receive_maximum=10)
    mouth = Link(LinkSettings("127.0.0.1", port, "A", will=Will("udi/A.fw/status", b"lost")))
    for each in (ear, mouth):
        assert isinstance(until(each, Disconnected), Disconnected)
        until(each, Connected)
    for topic in ("udi/+/scan", "udi/A.fw/status"):
        ear.subscribe(topic)
        assert until(ear, Subscribed) == Subscribed(topic, ok=True)
    mouth.publish("udi/A.fw/scan", b"x", properties={"first_seq": "1"})
    assert until(mouth, Published).ok
    message = until(ear, Message)
    assert (message.topic, message.payload, message.properties, message.qos) == ("udi/A.fw/scan", b"x", {}, 1)
    ear.ack(message)
    _lose(mouth)
    will = until(ear, Message)
    assert (will.topic, will.payload) == ("udi/A.fw/status", b"lost")
    for each in (ear, mouth):
        each.close()


def _lose(link: Link) -> None:
    """End as a power cut does: no goodbye."""
    sock = None if link._session is None else link._session.client.socket()
    assert sock is not None
    sock.close()


def test_a_broker_that_learnt_version_5_gets_topics_as_they_are(broker: Broker) -> None:
    """A node that knows only 3.1.1 and says so, one that hangs up, then one of version 5."""
    first = [b"\x20\x02\x00\x01", b""]

    def serve(near: socket.socket) -> None:
        if first:
            with near:
                near.recv(4096)
                near.sendall(first.pop(0))
        else:
            lead(near, broker.port)

    ear = listening(broker, "udi/+/health")
    with Door(serve) as door:
        made = Link(LinkSettings("127.0.0.1", door.port, "A"))
        until(made, Connected)
        made.publish("udi/A.fw/health", b"x")
        assert until(ear, Message).topic == "udi/A.fw/health"
        made.close()
    ear.close()


def test_a_broker_that_was_away_is_asked_for_version_5_again(broker: Broker) -> None:
    """Someone hung up once before an answer: that must not leave the link without properties for long."""
    hang_up = [True, True, False]

    def serve(near: socket.socket) -> None:
        if hang_up.pop(0):
            near.close()
        else:
            lead(near, broker.port)

    with Door(serve) as door:
        made = Link(LinkSettings("127.0.0.1", door.port, "A"))
        until(made, Connected)
        made.publish("udi/A/scan", b"x", properties={"first_seq": "1"})
        assert until(made, Published).reason == "No matching subscribers"  # words that only version 5 has
        made.disconnect()


def _refuses_once(near: socket.socket) -> None:
    """A leaderless node: it grants the second time what it refused the first time."""
    with near:
        near.recv(4096)
        near.sendall(b"\x20\x03\x00\x00\x00")
        for reason in (b"\x80", b"\x01"):
            number = near.recv(4096)[2:4]
            near.sendall(b"\x90\x04" + number + b"\x00" + reason)
        near.recv(4096)


def test_a_refused_subscription_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.host.link.ASK_AGAIN_S", 0.05)
    with Door(_refuses_once) as door:
        made = Link(LinkSettings("127.0.0.1", door.port, "A"))
        until(made, Connected)
        made.subscribe("udi/A/ack")
        assert [until(made, Subscribed) for _ in range(2)] == [
            Subscribed("udi/A/ack", ok=False),
            Subscribed("udi/A/ack", ok=True),
        ]
        made.disconnect()


def test_manual_acknowledgement_is_the_owners(broker: Broker) -> None:
    ear, mouth = listening(broker, "udi/#", manual_ack=True), link(broker, "A")
    mouth.publish("udi/A/scan", b"x")
    message = until(ear, Message)
    assert message.qos == 1
    ear.ack(message)
    ear.disconnect()
    mouth.disconnect()


def test_wake_ends_a_wait(broker: Broker) -> None:
    made = link(broker, "A")
    threading.Timer(0.05, made.wake).start()
    began = time.monotonic()
    made.step(5.0)
    assert time.monotonic() - began < 3.0
    made.disconnect()


def test_a_name_taken_by_another_client_is_told_and_waits_long() -> None:
    hostile = HostileBroker(parting=bytes([0xE0, 2, TAKEN_OVER, 0]))
    made = Link(LinkSettings("127.0.0.1", hostile.port, "A"))
    until(made, Connected)
    lost = until(made, Disconnected)
    assert (lost.code, lost.hung_up) == (TAKEN_OVER, False)
    assert (made._rival.attempt, made._backoff.attempt) == (1, 0), "the way to the broker is good"
    made.close()
    hostile.close()


def test_a_rival_that_is_known_is_the_reason_also_without_a_word(broker: Broker) -> None:
    first = link(broker, "A")
    first.rival_seen()
    second = link(broker, "A")
    lost = until(first, Disconnected)
    assert (lost.code, lost.hung_up) == (TAKEN_OVER, False)
    assert first._rival.attempt == 1
    second.close()
    first.close()


def test_a_connection_that_is_closed_at_once_does_not_begin_the_pauses_anew() -> None:
    hostile = HostileBroker(parting=b"")
    made = Link(LinkSettings("127.0.0.1", hostile.port, "A"))
    for _ in range(3):
        until(made, Connected)
        assert until(made, Disconnected).hung_up
    assert made._backoff.attempt == 3
    made.close()
    hostile.close()


def test_the_socket_does_not_wait_to_fill_a_packet(broker: Broker) -> None:
    made = link(broker, "A")
    assert made._session is not None
    sock = made._session.client.socket()
    assert isinstance(sock, socket.socket)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    made.close()


def test_a_closed_link_leaves_nothing_open_and_may_be_woken(broker: Broker) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are what is wanted
    made = link(broker, "A")
    made.close()
    made.wake()
    made.close()
    assert set(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


@pytest.mark.parametrize(
    ("pattern", "topic", "within"),
    [("udi/+/scan", "udi/A/scan", True), ("udi/+/scan", "udi/A/ack", False), ("udi/site/#", "udi/site/hub", True)],
)
def test_topics(pattern: str, topic: str, within: bool) -> None:
    assert topic_matches(pattern, topic) is within


@given(st.dictionaries(st.text("aé位", max_size=9), st.text("0b扫\u00e9", max_size=300), min_size=1, max_size=9))
def test_user_properties_are_packed_as_paho_packs_them(pairs: dict[str, str]) -> None:
    known = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves this constructor untyped
    known.UserProperty = list(pairs.items())
    assert pack_pairs(pairs) == known.pack()  # type: ignore[no-untyped-call]


def test_what_is_sent_together_leaves_at_the_end_and_in_order(broker: Broker) -> None:
    ear, mouth = listening(broker, "t"), link(broker, "mouth")
    large = b"x" * 3_000_000  # more than a socket takes at once
    with mouth.together():
        mouth.publish("t", b"1")
        mouth.publish("t", b"2")
        assert ear.step(0.2) == []
        mouth.publish("t", large)
        mouth.publish("t", b"3")
    mouth.publish("t", b"4")
    until(mouth, Published)
    heard: list[bytes] = []
    while len(heard) < 5:
        mouth.step(0.0)
        heard += [event.payload for event in ear.step(0.05) if isinstance(event, Message)]
    assert heard == [b"1", b"2", large, b"3", b"4"]
    mouth.disconnect()
    ear.disconnect()


def test_nothing_is_sent_together_without_a_connection() -> None:
    made = Link(LinkSettings("127.0.0.1", 1, "A"))
    with made.together(), pytest.raises(NotConnected):
        made.publish("t", b"1")
