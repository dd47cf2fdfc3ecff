import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.sign import new_key, public_half, sign
from firmware_service.clock.hub_time import TOPIC as TIME
from firmware_service.clock.hub_time import read_hub_time
from firmware_service.remote.commands import CommandDesk
from firmware_service.remote.desired import covered, read_desired
from firmware_service.remote.link import AgentLink, Topics
from firmware_service.remote.outbox import Outbox
from hardware.host.clock import ClockReading
from hardware.host.link import LinkSettings, Message
from tests.support.secure import Peer, SecureBroker
from tests.support.site import MOSQUITTO, wait_for

TOPICS = Topics("OR-03")
KEY = new_key()
KEYS = {"it": public_half(KEY)}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SecureBroker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = SecureBroker(tmp_path, ["OR-03", "OR-04"])
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def peer(broker: SecureBroker) -> Iterator[Callable[[str], Peer]]:
    """Others at the broker."""
    with contextlib.ExitStack() as stack:

        def connect(name: str) -> Peer:
            peer = broker.peer(name)
            stack.callback(peer.link.close)
            return peer

        yield connect


class Agent:
    """The link with a desk behind it, as the agent puts them together."""

    def __init__(self, broker: SecureBroker, folder: Path) -> None:
        self.outbox = Outbox()
        self.desired: list[bytes] = []
        self.times: list[bytes] = []
        self.desk = CommandDesk(folder / "commands.json", {"restart": lambda _args: "done"}, self.now, self.say)
        settings = LinkSettings("127.0.0.1", broker.port, TOPICS.client, broker.authority.identity(TOPICS.client))
        self.link = AgentLink(
            settings,
            TOPICS,
            self.outbox,
            on_desired=self.desired.append,
            on_command=self.hear,
            on_time=self.times.append,
            time_trusted=lambda: True,
        )
        self.link.worker.start()

    def now(self) -> ClockReading:
        return ClockReading(datetime.now(UTC), "ntp", "boot", time.monotonic_ns())

    def say(self, kind: str, ident: str, payload: bytes) -> None:
        topic = TOPICS.command(kind, ident)
        self.outbox.put(topic, payload) if payload else self.outbox.drop(topic)

    def hear(self, kind: str, ident: str, payload: bytes) -> None:
        self.desk.hear(kind, ident, payload)
        self.desk.tick()


@pytest.fixture
def agent(broker: SecureBroker, tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(broker, tmp_path / "agent")
    yield agent
    agent.link.worker.stop()
    assert agent.link.worker.error is None


def test_a_command_its_answer_and_its_end(peer: Callable[[str], Peer], agent: Agent) -> None:
    hub = peer("hub")
    hub.subscribe("udi/+/cmd/+/+")
    topic = TOPICS.command("restart", "a1")
    expires = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    asked = json.dumps({"schema": 1, "status": "init", "expires": expires}).encode()
    hub.publish(topic, asked, retain=True)
    said = [json.loads(each)["status"] for each in hub.wait_heard(2)]
    while said[-1] == "executing":  # it may be passed over: only the newest is said
        said.append(json.loads(hub.until(Message).payload)["status"])
    assert (said[0], said[-1]) == ("init", "successful")
    hub.publish(topic, b"", retain=True)
    wait_for(lambda: not list(agent.outbox._says), "the agent to forget it")
    late = peer("hub")
    late.subscribe("udi/+/cmd/+/+")
    assert late.heard() == []


def test_what_the_hub_wants_arrives_and_what_became_of_it_stands(peer: Callable[[str], Peer], agent: Agent) -> None:
    hub = peer("hub")
    body = '[station]\nid = "OR-03"\n'
    made = sign("configuration", covered("OR-03", 7, body), by="it", key=KEY)
    wanted = json.dumps({"schema": 1, "rev": 7, "body": body, "by": made.by, "sig": made.sig}).encode()
    hub.publish(TOPICS.desired, wanted, retain=True)
    wait_for(lambda: agent.desired, "the configuration")
    assert read_desired(agent.desired[0], "OR-03", KEYS).body == body
    agent.outbox.put(TOPICS.reported, b'{"rev": 7}')
    agent.outbox.put(TOPICS.health, b'{"state": "ok"}')
    hub.subscribe("udi/+/config/reported", "udi/+/health")
    assert set(hub.wait_heard(2)) == {b'{"rev": 7}', b'{"state": "ok"}'}


def test_all_is_said_again_to_a_broker_that_forgot(
    broker: SecureBroker, peer: Callable[[str], Peer], agent: Agent, tmp_path: Path
) -> None:
    agent.outbox.put(TOPICS.health, b"well")
    wait_for(lambda: not agent.outbox._unsaid, "it to be said")
    broker.stop()
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    broker.start()
    hub = peer("hub")
    hub.subscribe("udi/+/health")
    assert hub.wait_heard(1) == [b"well"]


def test_the_time_that_the_hub_says(broker: SecureBroker, peer: Callable[[str], Peer], tmp_path: Path) -> None:
    hub = peer("hub")
    hub.publish(TIME, b"it was true once", retain=True)
    agent = Agent(broker, tmp_path / "agent")
    at = "2027-03-04T05:06:07Z"
    made = sign("time", at.encode(), by="it", key=KEY)
    said = json.dumps({"schema": 1, "at": at, "by": made.by, "sig": made.sig}).encode()

    def heard() -> bool:
        hub.publish(TIME, said, retain=True)
        return bool(agent.times)

    wait_for(heard, "the time")
    agent.link.worker.stop()
    assert read_hub_time(agent.times[0], KEYS) == datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_another_machine_cannot_speak_for_this_one(peer: Callable[[str], Peer], agent: Agent) -> None:
    hub, stranger = peer("hub"), peer("OR-04.fw")
    hub.subscribe("udi/+/config/reported")
    for topic in (TOPICS.reported, TOPICS.desired, TOPICS.command("restart", "a1"), TIME):
        stranger.publish(topic, b"{}", retain=True)
    assert hub.heard() == []
    assert (agent.desired, agent.times) == ([], [])


def test_what_the_broker_refuses_is_told(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    agent.outbox.put_once("udi/OR-04.fw/diagnostics", b"{}")
    wait_for(lambda: "expected the rights of an agent" in caplog.text, "the refusal to be told")


TOPIC_NAMES: dict[str, Any] = {
    "udi/OR-03.fw/cmd/restart/a1": ("restart", "a1"),
    "udi/OR-03.fw/cmd/restart": None,
    "udi/OR-03.fw/cmd/restart/a/b": None,
    "udi/OR-04.fw/cmd/restart/a1": None,
    "udi/OR-03.fw/config/desired": None,
}


@pytest.mark.parametrize(("topic", "command"), TOPIC_NAMES.items())
def test_whose_command_a_topic_is(topic: str, command: object) -> None:
    assert TOPICS.command_of(topic) == command
