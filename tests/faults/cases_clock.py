"""A station whose clock is at 1970, a year back, four months ahead, or steps while it runs."""

from __future__ import annotations

import sys
import time

from tests.faults.actors import replaced
from tests.faults.table import fault
from tests.faults.world import World
from tests.support.site import wait_for

DAY_S = 86_400.0


def _with_shift(world: World, seconds: float) -> None:
    file = world.site.folder / "shift"
    replaced(file, str(seconds))
    world.station.end()
    world.station.start([sys.executable, "-m", "tests.faults.shifted_station", str(file)])


@fault("clock at 1970", quick=True)
def at_1970(world: World) -> None:
    world.station.scan(3)
    _with_shift(world, 60.0 - time.time())
    world.station.scan(5)
    _with_shift(world, 0.0)
    world.station.scan(3)


@fault("clock a year back")
def a_year_back(world: World) -> None:
    _with_shift(world, -365 * DAY_S)
    world.station.scan(5)


@fault("clock four months ahead")
def ahead(world: World) -> None:
    _with_shift(world, 120 * DAY_S)
    world.station.scan(5)
    _with_shift(world, 0.0)
    world.station.scan(5)


@fault("clock stepping during a run", quick=True)
def stepping(world: World) -> None:
    _with_shift(world, 0.0)
    life = world.station.life
    for days in (-365.0, 120.0, 0.0, -20_000.0, 0.01):
        world.station.scan(3)
        others = len(life.recorded() - life.green())
        replaced(world.site.folder / "shift", str(days * DAY_S))
        wait_for(lambda others=others: len(life.recorded() - life.green()) > others, "the step to be noticed")  # type: ignore[misc]
        world.station.scan(3)
