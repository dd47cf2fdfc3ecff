"""Every named fault, each with the same check at its end: nothing lost, doubled, foreign, every chain intact."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.faults import (
    cases_broker,
    cases_card,
    cases_certificates,
    cases_clock,
    cases_database,
    cases_disk,
    cases_hostile,
    cases_hub,
    cases_kill,
    cases_network,
    cases_steps,
)
from tests.faults.reckoning import Reckoning
from tests.faults.table import FAULTS, Fault, Tally
from tests.faults.world import World
from tests.support.needs import MissingError

MODULES = (
    cases_kill, cases_hub, cases_steps, cases_database, cases_broker, cases_network, cases_disk, cases_clock,
    cases_card, cases_certificates, cases_hostile,
)  # fmt: skip
"""Each adds its own to the table."""


def _param(case: Fault) -> ParameterSet:
    known = [pytest.mark.xfail(reason=case.known, strict=True)] if case.known else []
    return pytest.param(case, id=case.name, marks=known)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", [_param(case) for case in FAULTS.values()])
def test_nothing_is_lost_and_nothing_counts_twice(
    case: Fault, tmp_path: Path, tally: Tally, request: pytest.FixtureRequest
) -> None:
    if not (case.quick or request.config.getoption("--all-faults")):
        pytest.skip("takes long: make faults, or --all-faults")
    try:
        world = case.build(tmp_path)
        world.backlog = int(request.config.getoption("--backlog"))
        found = _run(case, world)
    except MissingError as missing:
        tally.skipped.append((case.name, str(missing)))
        pytest.skip(f"NOT TRIED: {missing}")
    tally.rows.append((case.name, found))
    assert found.events > 0
    assert found.clean, str(found)


def _run(case: Fault, world: World) -> Reckoning:
    try:
        if case.running:
            world.start()
        case.run(world)
        found = world.settled(case.within_s)
        if not found.clean:
            print(found, world.diagnosis(), sep="\n")  # noqa: T201 - pytest shows it with the failure
        return found
    finally:
        world.close()
