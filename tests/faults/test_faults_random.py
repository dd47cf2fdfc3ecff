"""Random schedules of faults against stations, hubs, broker and database: ``--rounds N --seed S``."""

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.hunting import Budget, Hunt, listed
from tests.faults.reckoning import Reckoning
from tests.faults.schedules import Steps, one_hub_on_a_file, play, two_hubs_on_a_database
from tests.faults.table import Build, Tally, total
from tests.faults.world import World
from tests.support.needs import MissingError

ROUNDS_IN_A_WORLD = 25
WITHIN_S = 60.0
"""A link that was cut again and again waits up to 30 s."""
TRIES = 100
SMALLER_S, SMALLER_QUICKLY_S = 1_200.0, 120.0
"""So long what went wrong is made smaller, with `make faults` and with `make test`."""


@pytest.mark.faults
@pytest.mark.timeout(8 * 3600)
@pytest.mark.parametrize("build", [one_hub_on_a_file, two_hubs_on_a_database])
def test_random_schedules(build: Build, tmp_path: Path, tally: Tally, request: pytest.FixtureRequest) -> None:
    rounds, seed = int(request.config.getoption("--rounds")), int(request.config.getoption("--seed"))
    budget = Budget(TRIES, SMALLER_S if request.config.getoption("--all-faults") else SMALLER_QUICKLY_S)
    outcomes: list[Reckoning] = []
    wrong: list[str] = []
    began = time.monotonic()
    for first in range(0, rounds, ROUNDS_IN_A_WORLD):
        seeds = range(seed + first, seed + min(rounds, first + ROUNDS_IN_A_WORLD))
        try:
            stage = Stage(build, tmp_path)
        except MissingError as missing:
            tally.skipped.append((f"random schedules, {build.__name__}", str(missing)))
            pytest.skip(f"NOT TRIED: {missing}")
        try:
            found = Hunt(seeds, stage.together, stage.alone, budget).run()
        finally:
            stage.close()
        outcomes.append(stage.found)
        wrong += [] if found is None else [str(found)]
        print(f"schedules {first + len(seeds)} of {rounds}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - takes an hour
    tally.rows.append((f"random schedules, {build.__name__} ({rounds}, seed {seed})", total(outcomes)))
    assert not wrong, "\n".join(wrong)


@dataclass(slots=True)
class Stage:
    """A world for many schedules one after the other, until one goes wrong; and new worlds for one alone."""

    build: Build
    folder: Path
    found: Reckoning = field(default_factory=Reckoning)
    """After the last of them."""
    _world: World | None = None

    def __post_init__(self) -> None:
        self._world = self._new()

    def together(self, steps: Steps) -> str:
        assert self._world is not None, "one went wrong in the shared world"
        self.found, wrong = _settled(self._world, steps)
        if wrong:
            self.close()
        return wrong

    def alone(self, steps: Steps) -> str:
        world = self._new()
        try:
            wrong = _settled(world, steps)[1]
        finally:
            _end(world)
        print(f"alone {'goes wrong' if wrong else 'goes well'}: {listed(steps)}", flush=True)  # noqa: T201 - takes long
        return wrong

    def close(self) -> None:
        if self._world is not None:
            _end(self._world)
            self._world = None

    def _new(self) -> World:
        (folder := self.folder / f"{time.monotonic_ns()}").mkdir()
        world = self.build(folder)
        try:
            world.start()
        except AssertionError:
            world.close()
            raise
        return world


def _settled(world: World, steps: Steps) -> tuple[Reckoning, str]:
    """What came of it, and what is wrong with that; nothing if all is well."""
    try:
        play(world, steps)
        found = world.settled(WITHIN_S)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return world.reckon(), str(error)
    return found, "" if found.clean else f"{found}\n{world.diagnosis()}"


def _end(world: World) -> None:
    world.close()
    shutil.rmtree(world.site.folder)
