import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

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
    topic_matches,
)
from tests.support.site import MOSQUITTO, Broker

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
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in link.step(0.05):
            if isinstance(event, kind):
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


@pytest.mark.parametrize(
    ("pattern", "topic", "within"),
    [("udi/+/scan", "udi/A/scan", True), ("udi/+/scan", "udi/A/ack", False), ("udi/site/#", "udi/site/hub", True)],
)
def test_topics(pattern: str, topic: str, within: bool) -> None:
    assert topic_matches(pattern, topic) is within
