"""Station and hub through three NATS servers, of which one is killed while scans go on."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import wire
from edge.hub.collector import PRESENCE_NS
from hardware.host.link import Message
from tests.support.cluster import NATS, NODES, Cluster
from tests.support.secure import ADMIN, Peer
from tests.support.site import Running, Site, Terminal, udi, wait_for

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    if NATS is None:
        pytest.skip("nats-server is not installed: apt-get install nats-server")
    return Cluster(tmp_path, ["OR-01"])


@pytest.fixture
def clustered(tmp_path: Path, cluster: Cluster) -> Iterator[Site]:
    site = Site(tmp_path, cluster)
    try:
        cluster.start()
        site.start_hub()
        yield site
    finally:
        site.close()


def _scan(terminal: Terminal, station: Running, serials: range) -> None:
    for serial in serials:
        terminal.send(udi(f"S{serial}"))
        _wait_accepted(station, serial + 1)


def _wait_accepted(station: Running, count: int) -> None:
    """A slow flush shows WORKING between; that counts for nothing."""
    wait_for(lambda: station.shown().count("ACCEPTED") >= count, f"{count} accepted")


def _next(reader: Peer, topic: str, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    while True:
        message = reader.until(Message, deadline - time.monotonic())
        if message.topic == topic:
            return message.payload


def test_the_hubs_node_is_killed_and_nothing_is_lost_or_doubled(clustered: Site, cluster: Cluster) -> None:
    terminal = clustered.prepare("OR-01")
    station = clustered.start_station("OR-01")
    _scan(terminal, station, range(5))
    clustered.wait_delivered(station.green())
    node = cluster.serves("hub")
    cluster.stop_node(node, signal.SIGKILL)
    _scan(terminal, station, range(5, 15))
    held = clustered.wait_delivered(station.green(), 90)
    assert len(held.counted) == len(station.green()) == 15
    left = next(name for name in NODES if name != node)
    reader = cluster.peer(ADMIN, left)
    reader.granted(["udi/site/hub"])
    # what was to be retained while there was no leader may be lost, and is said again
    assert wire.HubPresence.decode(_next(reader, wire.HUB_PRESENCE, 2 * PRESENCE_NS / 1e9)).present
    reader.granted(["udi/OR-01/ack"])
    _scan(terminal, station, range(15, 16))
    assert wire.Ack.decode(_next(reader, "udi/OR-01/ack", 60)).through > 0
    assert station.stop() == 0
