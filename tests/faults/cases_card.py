"""A card rolled back to last week, a card cloned, a journal that is replayed from its beginning, a card replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faults.actors import StationActor
from tests.faults.table import fault
from tests.faults.world import World


def keep(station: StationActor) -> Path:
    """A copy of the journal's files; the station does not run."""
    aside = station.home / "copy"
    aside.mkdir(exist_ok=True)
    for file in station.home.glob("journal.sqlite3*"):
        shutil.copy2(file, aside / file.name)
    return aside


def put_back(station: StationActor, aside: Path) -> None:
    """The files as they were when they were copied."""
    for file in station.home.glob("journal.sqlite3*"):
        file.unlink()
    for file in aside.iterdir():
        shutil.copy2(file, station.home / file.name)


def delivered(world: World) -> None:
    """The hub has everything, and the station knows it."""
    world.wait(lambda: world.station.told().recorded <= world.held().events, "delivery")
    world.wait(world.station.acknowledged, "the watermark")


def _rolled_back(world: World, later: int) -> None:
    """A station that is as it was `later` scans ago."""
    world.station.scan(5)
    delivered(world)
    world.station.end()
    aside = keep(world.station)
    world.station.start()
    world.station.scan(later)
    delivered(world)
    world.station.end()
    put_back(world.station, aside)


@fault("card rolled back to last week", quick=True)
def rolled_back(world: World) -> None:
    _rolled_back(world, 20)
    world.station.start()
    world.station.scan(5)


@fault("card rolled back, scans before the network is there", within_s=60.0)
def rolled_back_offline(world: World) -> None:
    _rolled_back(world, 5)
    world.broker.end()
    world.station.start()
    world.station.scan(20)
    world.broker.start()


@fault("card rolled back, the broker restarted empty, fewer scans than the hub has", quick=True)
def rolled_back_and_emptied(world: World) -> None:
    _rolled_back(world, 20)
    world.broker.empty()
    world.station.start()
    world.station.scan(3)
    world.broker.start()


@fault(
    "card rolled back, the broker restarted empty, more scans than the hub has",
    quick=True,
    within_s=60.0,
)
def rolled_back_and_overtaken(world: World) -> None:
    _rolled_back(world, 5)
    world.broker.empty()
    world.station.start()
    world.station.scan(30)
    world.broker.start()


@fault("journal replayed from its beginning", within_s=60.0)
def replayed(world: World) -> None:
    world.hub.end()
    world.station.scan(30)
    world.station.end()
    aside = keep(world.station)
    world.hub.start()
    world.station.start()
    delivered(world)
    world.station.end()
    put_back(world.station, aside)
    world.broker.empty()
    world.mend()
    world.station.scan(2)


@fault("journal replayed after the hub has more", quick=True)
def replayed_late(world: World) -> None:
    world.hub.end()
    world.station.scan(30)
    world.station.end()
    aside = keep(world.station)
    world.hub.start()
    world.station.start()
    world.station.scan(5)
    delivered(world)
    world.station.end()
    put_back(world.station, aside)
    world.station.start()
    world.station.scan(5)


@fault("card replaced by an empty one", quick=True)
def replaced(world: World) -> None:
    world.station.scan(5)
    delivered(world)
    world.station.end()
    for file in world.station.home.glob("journal.sqlite3*"):
        file.unlink()
    world.station.start()
    world.station.scan(5)


def _clone(world: World) -> StationActor:
    """A second card with the first one's name and journal; the station does not run."""
    copy = world.add_station("OR-01-clone")
    file = copy.home / "station.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('id = "OR-01-clone"', 'id = "OR-01"'), encoding="utf-8")
    for part in world.station.home.glob("journal.sqlite3*"):
        shutil.copy2(part, copy.home / part.name)
    world.copies.append(copy)
    return copy


@fault("card cloned, both copies run one after the other", quick=True)
def cloned(world: World) -> None:
    world.station.scan(5)
    delivered(world)
    world.station.end()
    copy = _clone(world)
    world.station.start()
    world.station.scan(6)
    delivered(world)
    world.station.end()
    copy.start()
    copy.scan(10)
    world.wait(lambda: copy.told().green <= world.held().events, "the copy's delivery")
    copy.end()
    world.station.start()
    world.station.scan(5)


@fault("card cloned, both copies run at once", quick=True, within_s=120.0)
def cloned_at_once(world: World) -> None:
    world.station.scan(5)
    delivered(world)
    world.station.end()
    copy = _clone(world)
    world.broker.end()
    for card, count in ((world.station, 7), (copy, 12)):
        card.start()
        card.scan(count)
    world.broker.start()
    for _ in range(3):
        world.station.scan(3)
        copy.scan(4)
