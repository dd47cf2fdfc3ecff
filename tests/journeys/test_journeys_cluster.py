"""Station and hub through three NATS servers, of which one is killed while scans go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import wire
from tests.support.cluster import NATS, NODES, Cluster
from tests.support.secure import ADMIN
from tests.support.site import Running, Site, Terminal, udi, wait_for

pytestmark = pytest.mark.journey


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
    reader.granted(["udi/OR-01/ack", "udi/site/hub"])
    kept = {topic: payload for topic, payload, _ in reader.heard_of({"udi/OR-01/ack", "udi/site/hub"})}
    assert wire.Ack.decode(kept["udi/OR-01/ack"]).through > 0
    assert wire.HubPresence.decode(kept["udi/site/hub"]).present
    assert station.stop() == 0
