"""Several hubs on one PostgreSQL: the database killed, a hub that dies and never comes back."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.faults.table import fault
from tests.faults.world import World
from tests.support.needs import MissingError
from tests.support.postgres import BIN, Postgres


def on_a_database(folder: Path, *, hubs: tuple[str, ...] = ("hub-a", "hub-b"), proxied: bool = False) -> World:
    """Two stations, and hubs that share them and a database.

    Raises:
        MissingError: there is no PostgreSQL on this machine.
    """
    if BIN is None:
        raise MissingError("PostgreSQL is not installed: apt-get install postgresql")
    server = Postgres()
    server.start()
    return World(
        folder,
        stations=("OR-01", "OR-02"),
        hubs=hubs,
        proxied=proxied,
        store=server.database(),
        share="site-7f3a",
        database=server,
    )


def one_hub(folder: Path) -> World:
    """One hub on a database."""
    return on_a_database(folder, hubs=("hub",))


def _busy(world: World) -> None:
    for station in world.stations:
        station.scan(3)
        station.pour(40)


@fault("two hubs, one dies and never comes back", quick=True, build=on_a_database)
def one_never_comes_back(world: World) -> None:
    for _ in range(2):
        _busy(world)
    world.hub.end()
    world.hubs = world.hubs[1:]
    _busy(world)


@fault("two hubs killed in turn", build=on_a_database)
def killed_in_turn(world: World) -> None:
    for hub in (*world.hubs, *world.hubs):
        _busy(world)
        hub.end()
        _busy(world)
        hub.start()


@fault("database killed while two hubs take scans", quick=True, build=on_a_database)
def database_killed(world: World) -> None:
    assert world.database is not None
    for _ in range(3):
        _busy(world)
        seen = len(world.held().events)
        world.wait(lambda seen=seen: len(world.held().events) >= seen, "the hubs to take some")  # type: ignore[misc]
        world.database.stop(signal.SIGKILL)
        _busy(world)
        world.database.start()


@fault("database stopped while a hub takes scans", build=one_hub)
def database_stopped(world: World) -> None:
    assert world.database is not None
    for _ in range(3):
        _busy(world)
        world.database.stop()
        _busy(world)
        world.database.start()


@fault("database, hubs and broker killed at once", build=on_a_database)
def all_behind_the_stations(world: World) -> None:
    assert world.database is not None
    for _ in range(3):
        _busy(world)
        world.database.stop(signal.SIGKILL)
        for hub in world.hubs:
            hub.end()
        world.broker.end()
        _busy(world)
        world.mend()
