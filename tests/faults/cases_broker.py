"""The broker killed, emptied, restarted under load, and with a queue that overflows."""

from __future__ import annotations

from pathlib import Path

from tests.bench import fixture
from tests.faults.table import fault, fill, two_stations
from tests.faults.world import KeepingBroker, World


@fault("broker killed with scans under way", quick=True, build=two_stations)
def killed_under_load(world: World) -> None:
    for _ in range(4):
        for station in world.stations:
            before = len(station.life.shown())
            station.pour(30)
            station.life.wait_shown(before + 10)
        world.broker.end()
        world.broker.start()


@fault("broker restarted empty", quick=True)
def emptied(world: World) -> None:
    for _ in range(3):
        world.station.scan(5)
        world.station.pour(20)
        world.broker.empty()
        world.broker.start()


@fault("broker restarted empty, hub and station died meanwhile", quick=True)
def emptied_while_all_died(world: World) -> None:
    for _ in range(3):
        world.station.scan(5)
        world.broker.empty()
        world.station.scan(5)
        world.station.end()
        world.hub.end()
        world.mend()


@fault("broker away while the hub restarts")
def away_while_the_hub_restarts(world: World) -> None:
    world.station.scan(5)
    world.broker.end()
    world.station.scan(5)
    world.hub.end()
    world.hub.start()
    world.broker.start()


def narrow(folder: Path) -> World:
    """A broker that keeps at most ten messages for a slow hub, and drops the rest after a PUBACK."""
    lines = "max_inflight_messages 5\nmax_queued_messages 10\n"
    return World(folder, stations=(fixture.STATION,), broker=KeepingBroker(folder, lines))


@fault("broker's queue overflows", build=narrow, running=False, quick=True, within_s=120.0)
def overflow(world: World) -> None:
    world.start()
    world.wait(lambda: world.station.status()["link"]["hub_present"], "the hub's presence")
    world.station.end()
    fill(world.station, 2_000)
    world.hub.pause()
    world.station.start()
    world.wait(lambda: world.station.status()["link"]["events"] >= 2_000, "everything to be sent to a hub that sleeps")
    world.hub.resume()
    world.station.scan(3)
