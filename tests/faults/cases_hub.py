"""The hub killed, stopped and paused under load, and a backlog that it missed."""

from __future__ import annotations

import itertools
import random
import signal

from tests.faults.table import backlogged, fault, fill, two_stations
from tests.faults.world import World

DRAINED_S = 300.0


@fault("hub killed while it takes scans", build=two_stations)
def killed_under_load(world: World) -> None:
    for _ in range(4):
        for station in world.stations:
            station.pour(40)
        seen = len(world.held().events)
        world.wait(lambda seen=seen: len(world.held().events) >= seen + 10, "the hub to take some")  # type: ignore[misc]
        world.hub.end()
        world.hub.start()


@fault("hub stopped while it takes scans")
def stopped_under_load(world: World) -> None:
    for _ in range(4):
        world.station.pour(40)
        seen = len(world.held().events)
        world.wait(lambda seen=seen: len(world.held().events) >= seen + 10, "the hub to take some")  # type: ignore[misc]
        assert world.hub.end(signal.SIGTERM) == 0
        world.station.scan(2)
        world.hub.start()


@fault("hub killed again and again in a backlog", build=backlogged, running=False, within_s=DRAINED_S)
def killed_in_a_backlog(world: World) -> None:
    rng = random.Random(20261124)  # noqa: S311 - a reproducible schedule
    fill(world.station, 5_000)
    world.start()
    while not world.station.acknowledged():
        seen = len(world.held().events)
        more = seen + rng.randint(1, 600)
        world.wait(
            lambda more=more: len(world.held().events) >= more or world.station.acknowledged(),  # type: ignore[misc]
            "the backlog to shrink",
        )
        world.hub.end()
        world.hub.start()


@fault("hub paused longer than the watermark may stand still")
def paused(world: World) -> None:
    world.station.scan(3)
    world.hub.pause()
    world.station.scan(60)
    resent = world.station.life
    world.wait(lambda: _sent(world) > len(resent.recorded()) + 10, "the station to send again", 45)
    world.hub.resume()


@fault("hub away for a backlog", build=backlogged, running=False, within_s=DRAINED_S)
def away_for_a_backlog(world: World) -> None:
    fill(world.station, world.backlog)
    world.start()
    world.wait(world.station.acknowledged, "the backlog to drain", DRAINED_S)


@fault("hub away, station killed in between", quick=True)
def away_while_the_station_dies(world: World) -> None:
    world.hub.end()
    for _ in itertools.repeat(None, 3):
        world.station.scan(10)
        world.station.end()
        world.station.start()


def _sent(world: World) -> int:
    return int(world.station.status()["link"]["events"])
