"""Several hubs on one PostgreSQL: the database killed, a hub that dies and never comes back."""

from __future__ import annotations

from pathlib import Path

from tests.faults.table import fault
from tests.faults.world import World
from tests.support.needs import MissingError


def two_hubs(folder: Path) -> World:
    """Two hubs that share the stations and a database.

    Raises:
        MissingError: always, as long as a hub's store can only be a file; then `World` takes a URL as its store.
    """
    raise MissingError(f"{folder}: a store that admits two hubs is needed, and there is only the file as yet")


@fault("two hubs, one dies and never comes back", quick=True, build=two_hubs)
def one_never_comes_back(world: World) -> None:
    for _ in range(2):
        world.station.scan(10)
        world.station.pour(40)
    world.hub.end()
    world.hubs = world.hubs[1:]
    world.station.scan(10)


@fault("two hubs killed in turn", build=two_hubs)
def killed_in_turn(world: World) -> None:
    for hub in (*world.hubs, *world.hubs):
        world.station.pour(40)
        world.station.scan(5)
        hub.end()
        world.station.scan(5)
        hub.start()
