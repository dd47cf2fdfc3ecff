"""An archive from a machine to the hub through the shipped mosquitto: the agent's own code, the hub's own desks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import queue
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.hub.collector import Collector, CollectorSettings, Retained
from edge.hub.fleet import asking
from edge.hub.fleet.desk import TOPICS as FLEET
from edge.hub.fleet.desk import FleetDesk
from edge.hub.fleet.receiving import TOPICS as ARCHIVES
from edge.hub.fleet.receiving import ReceivingDesk
from edge.hub.store import Store
from firmware_service.diagnostics import sending
from firmware_service.orders import Orders
from firmware_service.places import Places
from firmware_service.reboot import Rebooter
from firmware_service.remote.link import AgentLink, Topics
from firmware_service.remote.outbox import Outbox
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings
from tests.support.cluster import NATS, NODES, Cluster
from tests.support.secure import ADMIN, SecureBroker
from tests.support.site import MOSQUITTO, wait_for

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)

TOPICS = Topics("OR-03")
NOBODY = "0193-nobody-asked"


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SecureBroker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = SecureBroker(tmp_path, ["OR-03", "OR-04"])
    broker.start()
    yield broker
    broker.stop()


class Hub:
    """A hub's collector with its fleet, started and stopped at will."""

    def __init__(self, broker: SecureBroker | Cluster, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        tls = broker.authority.identity("hub")
        self._settings = CollectorSettings("127.0.0.1", broker.port, "hub", tls)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        now = Clock().now
        desk = FleetDesk(self.store, now)
        notices: dict[str, Retained] = {
            **dict.fromkeys(FLEET, desk),
            ARCHIVES: ReceivingDesk(self.store, self.folder, now),
        }
        collector = Collector(self._settings, self.store, utc_now, notices=notices)
        collector.worker.start()
        try:
            yield
        finally:
            collector.stop()
        assert collector.worker.error is None

    def ask(self) -> str:
        with self.store.begin() as connection:
            at = utc_now()
            return asking.ask(connection, "OR-03", "diagnostics", {}, at=at, expires=at + timedelta(hours=1))

    def status(self, command: str) -> str:
        with self.store.read() as connection:
            return next(each.status for each in asking.commands(connection) if each.ident == command)

    def files(self) -> dict[str, bytes]:
        found = [file for file in self.folder.rglob("*") if file.is_file()]
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in found}


class Machine:
    """The agent's orders and link, on a tree that stands for a machine with much to tell."""

    def __init__(self, broker: SecureBroker | Cluster, root: Path) -> None:
        self.places = Places(root)
        self._identity = broker.authority.identity(TOPICS.client)
        self._port = broker.port
        for folder in (self.places.boot, self.places.state, root / "run/systemd/timesync"):
            folder.mkdir(parents=True)
        (root / "run/systemd/timesync/synchronized").touch()
        noise = hashlib.shake_256(b"").digest(160_000)
        numbers = [int.from_bytes(noise[at : at + 4], "big") / 7 for at in range(0, len(noise), 4)]
        (self.places.state / "selftest.json").write_text(json.dumps({"found": numbers}), encoding="ascii")

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        outbox, clock = Outbox(), Clock(self.places.root)
        rebooter = Rebooter(self.places.root / "no", self.places.state / "no", ("false",))
        orders = Orders(self.places, TOPICS, outbox, clock, rebooter, ("false",))
        inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        link = AgentLink(
            LinkSettings("127.0.0.1", self._port, TOPICS.client, self._identity),
            TOPICS,
            outbox,
            on_desired=lambda _payload: None,
            on_command=lambda kind, ident, payload: inbox.put(lambda: orders.hear(kind, ident, payload)),
            on_time=lambda _payload: None,
            time_trusted=lambda: True,
        )
        stop, problems = threading.Event(), list[BaseException]()

        def obey() -> None:
            try:
                while not stop.wait(0.05):
                    while not inbox.empty():
                        inbox.get()()
                    orders.tick()
            except BaseException as error:
                problems.append(error)
                raise

        thread = threading.Thread(target=obey)
        link.worker.start()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            link.worker.stop()
        assert (problems, link.worker.error) == ([], None)

    def waiting(self) -> list[str]:
        return [file.name for file in (self.places.state / "archives").glob("*")]


@pytest.fixture
def hub(broker: SecureBroker, store: Store, tmp_path: Path) -> Hub:
    return Hub(broker, store, tmp_path / "kept")


@pytest.fixture
def machine(broker: SecureBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(sending, "AGAIN_FIRST_S", 0.5)
    return Machine(broker, tmp_path / "pi")


def test_from_a_machine_to_the_hub_that_was_away_and_in_nobody_elses_name(
    broker: SecureBroker, hub: Hub, machine: Machine
) -> None:
    admin, stranger = broker.peer(ADMIN), broker.peer("OR-04.fw")
    admin.subscribe(TOPICS.commands, TOPICS.diagnostics)
    command = hub.ask()
    with hub.running():
        wait_for(admin.heard, "the hub to ask")
    with machine.running():
        wait_for(lambda: any(b'"executing"' in each.payload for each in admin.heard()), "the machine to begin")
        wait_for(lambda: any(each.topic == TOPICS.diagnostics for each in admin.heard()), "pieces that nobody takes")
        assert hub.status(command) == "init"
    assert machine.waiting() == [f"{command}.tar.gz"]

    foreign = sending.pieces(command, b"not of this machine")
    assert stranger.publish(TOPICS.diagnostics, foreign[0]).reason == "Not authorized"
    with hub.running():
        assert stranger.publish("udi/OR-04.fw/diagnostics", foreign[0]).ok
        assert stranger.publish("udi/OR-04.fw/diagnostics", sending.pieces(NOBODY, b"x")[0]).ok
        with machine.running():  # a machine that started anew meanwhile
            wait_for(lambda: hub.status(command) == "successful", "the archive at the hub", 60)
            wait_for(lambda: machine.waiting() == [], "the machine to let it go")
    [(name, data)] = hub.files().items()
    assert name == f"OR-03/{command}.tar.gz"
    assert data == (machine.places.boot / "udi/diagnostics.tar.gz").read_bytes()
    assert len(data) > 2 * sending.PIECE_BYTES, "several pieces"
    assert stat.S_IMODE((hub.folder / name).stat().st_mode) == 0o600
    late = broker.peer(ADMIN)
    late.subscribe("udi/+/cmd/+/+", "udi/+/diagnostics")
    assert late.heard() == [], "nothing stays at the broker"


def test_through_nats_as_well(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NATS 2.9 ends the connection of whoever names ``OR-03.fw`` in a topic, the hub's as well as the machine's."""
    if NATS is None:
        pytest.skip("nats-server is not installed: apt-get install nats-server")
    monkeypatch.setattr(sending, "AGAIN_FIRST_S", 0.5)
    cluster = Cluster(tmp_path, ["OR-03"])
    hub, machine = Hub(cluster, store, tmp_path / "kept"), Machine(cluster, tmp_path / "pi")
    command = hub.ask()
    try:
        cluster.start()
        with hub.running(), machine.running():
            wait_for(lambda: hub.status(command) == "successful", "the archive at the hub", 60)
            wait_for(lambda: machine.waiting() == [], "the machine to let it go")
    finally:
        cluster.stop()
    [(name, data)] = hub.files().items()
    assert name == f"OR-03/{command}.tar.gz"
    assert data == (machine.places.boot / "udi/diagnostics.tar.gz").read_bytes()
    assert "not supported" not in "".join(cluster.log(node) for node in NODES)
