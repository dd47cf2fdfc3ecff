"""Schedules of faults: what can happen to whom and how often, for hypothesis to draw from."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.faults.actors import HubActor, StationActor
from tests.faults.cases_database import on_a_database
from tests.faults.cases_kill import STEPS
from tests.faults.killed_hub import STEPS as HUB_STEPS
from tests.faults.killed_hub import words
from tests.faults.world import World
from tests.support.proxy import Proxy

STATIONS = ("OR-01", "OR-02")
FEWEST, MOST = 5, 14
"""Steps of a schedule as drawn; those that became nothing count."""
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; `number` means what the action makes of it."""

    what: str
    who: str
    number: int

    def __str__(self) -> str:
        """As it is printed after a failure."""
        return f"{self.what}({self.who}, {self.number})"


Steps = tuple[Step, ...]


def schedules() -> SearchStrategy[Steps]:
    """Schedules as hypothesis draws them, and makes them smaller: a step may become nothing."""
    names = [NOTHING, *(name for name, action in ACTIONS.items() for _ in range(action.weight))]
    drawn = st.lists(st.sampled_from(names).flatmap(_step), min_size=FEWEST, max_size=MOST)
    return drawn.map(lambda steps: tuple(step for step in steps if step is not None)).filter(bool)


def _step(name: str) -> SearchStrategy[Step | None]:
    if name == NOTHING:
        return st.none()
    return st.builds(Step, st.just(name), st.sampled_from(ACTIONS[name].who), st.integers(1, 1_000))


def play(world: World, steps: Sequence[Step]) -> None:
    """Let it happen; a step that is not possible now (nobody to kill) is passed over."""
    for step in steps:
        ACTIONS[step.what].run(world, step)
        world.tend()


def one_hub_on_a_file(folder: Path) -> World:
    """Two stations and a hub behind bad networks."""
    return World(folder, stations=STATIONS, proxied=True)


def two_hubs_on_a_database(folder: Path) -> World:
    """Two stations, two hubs that share them and a database; all behind bad networks.

    Raises:
        MissingError: there is no PostgreSQL on this machine.
    """
    return on_a_database(folder, proxied=True)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can happen to somebody."""

    run: Callable[[World, Step], None]
    who: tuple[str, ...]
    weight: int


def _station(world: World, step: Step) -> StationActor:
    return next(station for station in world.stations if station.name == step.who)


def _scan(world: World, step: Step) -> None:
    station = _station(world, step)
    if station.alive:
        station.scan(1 + step.number % 8)


def _pour(world: World, step: Step) -> None:
    station = _station(world, step)
    if station.alive:
        before = len(station.life.shown())
        station.pour(5 + step.number % 40)
        station.life.wait_shown(before + 1 + step.number % 5)


def _kill_station(world: World, step: Step) -> None:
    _station(world, step).end(signal.SIGKILL)


def _stop_station(world: World, step: Step) -> None:
    _station(world, step).end(signal.SIGTERM)


def _start_station(world: World, step: Step) -> None:
    station = _station(world, step)
    if not station.alive:
        station.start()


def _doom_station(world: World, step: Step) -> None:
    """The next life ends after a step of the protocol."""
    station = _station(world, step)
    station.end(signal.SIGKILL)
    name, times = STEPS[step.number % len(STEPS)], 1 + step.number % 7
    program = [sys.executable, "-m", "tests.faults.killed_station", name, str(times)]
    station.start(program, ready=False).wait_log_or_death("opened")


def _hub(world: World, step: Step) -> HubActor:
    return world.hubs[step.number % len(world.hubs)]


def _proxy(world: World, step: Step) -> Proxy:
    return world.proxies[_hub(world, step).name if step.who == "hub" else step.who]


def _kill_hub(world: World, step: Step) -> None:
    _hub(world, step).end(signal.SIGKILL if step.number % 3 else signal.SIGTERM)


def _start_hub(world: World, step: Step) -> None:
    hub = _hub(world, step)
    hub.resume()
    if not hub.alive:
        hub.start(ready=world.database is None or world.database.alive)


def _doom_hub(world: World, step: Step) -> None:
    """The next life ends after a step of the protocol, maybe inside a transaction."""
    hub = _hub(world, step)
    hub.end()
    hub.start(words(HUB_STEPS[step.number % len(HUB_STEPS)], 1 + step.number % 5), ready=False)


def _pause_hub(world: World, step: Step) -> None:
    _hub(world, step).pause()


def _kill_database(world: World, step: Step) -> None:
    if world.database is not None:
        world.database.stop(signal.SIGKILL if step.number % 3 else signal.SIGINT)


def _start_database(world: World, _step: Step) -> None:
    if world.database is not None and not world.database.alive:
        world.database.start()


def _kill_broker(world: World, step: Step) -> None:
    world.broker.end(signal.SIGKILL if step.number % 3 else signal.SIGTERM)


def _empty_broker(world: World, _step: Step) -> None:
    world.broker.empty()
    world.broker.start()


def _start_broker(world: World, _step: Step) -> None:
    if not world.broker.alive:
        world.broker.start()


def _cut(world: World, step: Step) -> None:
    _proxy(world, step).cut()


def _cut_later(world: World, step: Step) -> None:
    _proxy(world, step).cut_after("up" if step.number % 2 else "down", step.number)


def _refuse(world: World, step: Step) -> None:
    _proxy(world, step).refuse()


def _heal(world: World, step: Step) -> None:
    _proxy(world, step).heal()


def _deliver(world: World, _step: Step) -> None:
    """Let the hub take something, if everything is there for it."""
    seen = world.held().events
    ready = any(hub.ready for hub in world.hubs) and world.broker.alive
    if ready and any(station.alive and not station.told().recorded <= seen for station in world.stations):
        world.glance(lambda: world.held().events > seen)


_ENDS = (*STATIONS, "hub")
ACTIONS: Mapping[str, Action] = {
    "scan": Action(_scan, STATIONS, 8),
    "pour": Action(_pour, STATIONS, 6),
    "kill_station": Action(_kill_station, STATIONS, 3),
    "stop_station": Action(_stop_station, STATIONS, 1),
    "doom_station": Action(_doom_station, STATIONS, 3),
    "start_station": Action(_start_station, STATIONS, 4),
    "kill_hub": Action(_kill_hub, ("hub",), 3),
    "doom_hub": Action(_doom_hub, ("hub",), 3),
    "start_hub": Action(_start_hub, ("hub",), 3),
    "pause_hub": Action(_pause_hub, ("hub",), 1),
    "kill_database": Action(_kill_database, ("database",), 2),
    "start_database": Action(_start_database, ("database",), 2),
    "kill_broker": Action(_kill_broker, ("broker",), 2),
    "empty_broker": Action(_empty_broker, ("broker",), 2),
    "start_broker": Action(_start_broker, ("broker",), 2),
    "cut": Action(_cut, _ENDS, 3),
    "cut_later": Action(_cut_later, _ENDS, 4),
    "refuse": Action(_refuse, _ENDS, 1),
    "heal": Action(_heal, _ENDS, 2),
    "deliver": Action(_deliver, ("hub",), 4),
}
