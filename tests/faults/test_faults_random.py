"""Random schedules of faults against stations, hubs, broker and database: ``--rounds N --seed S``."""

import itertools
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.reckoning import Reckoning
from tests.faults.schedules import one_hub_on_a_file, play, schedule, two_hubs_on_a_database
from tests.faults.table import Build, Tally, total
from tests.support.needs import MissingError

ROUNDS_IN_A_WORLD = 25
WITHIN_S = 60.0


@pytest.mark.faults
@pytest.mark.timeout(8 * 3600)
@pytest.mark.parametrize("build", [one_hub_on_a_file, two_hubs_on_a_database])
def test_random_schedules(build: Build, tmp_path: Path, tally: Tally, request: pytest.FixtureRequest) -> None:
    rounds, seed = int(request.config.getoption("--rounds")), int(request.config.getoption("--seed"))
    seeds = iter(range(seed, seed + rounds))
    outcomes: list[Reckoning] = []
    wrong: list[str] = []
    began = time.monotonic()
    for number in itertools.count():
        some = list(itertools.islice(seeds, ROUNDS_IN_A_WORLD))
        if not some:
            break
        (folder := tmp_path / str(number)).mkdir()
        try:
            outcomes.append(_world_of(build, folder, some, wrong))
        except MissingError as missing:
            tally.skipped.append((f"random schedules, {build.__name__}", str(missing)))
            pytest.skip(f"NOT TRIED: {missing}")
        print(f"schedules {some[-1] - seed + 1} of {rounds}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - takes an hour
    tally.rows.append((f"random schedules, {build.__name__} ({rounds}, seed {seed})", total(outcomes)))
    assert not wrong, "\n".join(wrong)


def _world_of(build: Build, folder: Path, seeds: list[int], wrong: list[str]) -> Reckoning:
    """Play schedules one after the other in one world, until one goes wrong."""
    world = build(folder)
    found = Reckoning()
    try:
        world.start()
        for seed in seeds:
            steps = schedule(seed)
            text = ", ".join(map(str, steps))
            told = f"--seed {seed} --rounds 1 (after {seeds.index(seed)} others from {seeds[0]}): {text}"
            try:
                play(world, steps)
                found = world.settled(WITHIN_S)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                wrong.append(f"{error}: {told}")
                break
            if not found.clean:
                wrong.append(f"{found}: {told}\n{world.diagnosis()}")
                break
    finally:
        world.close()
    return found
