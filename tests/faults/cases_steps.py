"""kill -9 of a hub, and of the database under it, after every step of the hub; also inside its transactions."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from tests.faults.cases_database import on_a_database
from tests.faults.killed_hub import PROJECTING, STEPS, words
from tests.faults.table import fault
from tests.faults.world import World
from tests.support.site import wait_for

INSIDE = ("keyed", "kept", "committed", "keyed", "kept", *PROJECTING)
"""New events first; after ``committed`` the same come again, and take the other way through the inbox."""
REACHED_S = 60.0
PACE_S = 0.05
"""Between scans: while a hub has much to store its projector waits for seconds."""


def _dies(world: World, step: str, times: int = 1) -> None:
    """One life of the first hub that ends after the step."""
    hub = world.hub
    hub.end()
    hub.start(words(step, times), ready=False)
    wait_for(lambda: hub.connected or not hub.alive, f"{hub.name} to be connected, or dead")
    _scan_until(lambda: not hub.alive, world, step)
    assert hub.bury() == -signal.SIGKILL, f"died of something else than {step}"


def _scan_until(dead: Callable[[], bool], world: World, step: str) -> None:
    deadline = time.monotonic() + REACHED_S
    while not dead():
        assert time.monotonic() < deadline, f"no hub came to {step!r} within {REACHED_S} s"
        for station in world.stations:
            station.scan()
        time.sleep(PACE_S)


@fault("hub killed after every step in turn", quick=True)
def killed_in_turn(world: World) -> None:
    _all_known(world)
    for step in (*INSIDE, *(step for step in STEPS if step not in INSIDE)):
        _dies(world, step)


@fault("one of two hubs killed after every step in turn", quick=True, build=on_a_database)
def one_of_two_killed_in_turn(world: World) -> None:
    _all_known(world)
    for step in INSIDE:
        _dies(world, step)


def _all_known(world: World) -> None:
    world.wait(lambda: all(station.acknowledged() for station in world.stations), "the hub to have everything")


def _again_and_again(world: World, step: str) -> None:
    for times in (1, 3):
        _all_known(world)
        _dies(world, step, times)
        world.hub.start()
    for times in (1, 2):
        _dies(world, "committed")
        _dies(world, step, times)


def _kill_after(step: str) -> None:
    @fault(f"hub killed after {step}")
    def alone(world: World) -> None:
        _again_and_again(world, step)

    @fault(f"one of two hubs killed after {step}", build=on_a_database)
    def one_of_two(world: World) -> None:
        _again_and_again(world, step)

    @fault(f"database killed after a hub has {step}", build=on_a_database)
    def under_it(world: World) -> None:
        for times in (1, 2):
            _database_dies(world, step, times)


def _database_dies(world: World, step: str, times: int) -> None:
    """One life of the first hub in which it takes the database with it."""
    assert world.database is not None
    hub, server = world.hub, world.database
    hub.end()
    hub.start(words(step, times, server.pid), ready=False)
    _scan_until(lambda: not server.alive, world, step)
    server.start()
    hub.end()
    hub.start()


for _step in STEPS:
    _kill_after(_step)
