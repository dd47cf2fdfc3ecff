from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import BIN, Postgres
from tests.support.site import MOSQUITTO, Site

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # how long an example takes says more of the machine than of the code

LONG = ("tests/faults/", "tests/journeys/", "tests/systemd/", "tests/firmware_service/update/")
"""What one process is busy with for minutes: begun last, it would leave the others with nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this run."""
    if BIN is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    server = Postgres()
    server.start()
    yield server
    server.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A broker and a hub that run; stations are started by the test."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    site = Site(tmp_path)
    try:
        site.broker.start()
        site.start_hub()
        yield site
    finally:
        site.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=5, help="random schedules of faults in tests/faults")
    parser.addoption("--all-faults", action="store_true", help="the long faults of tests/faults too")
    parser.addoption("--backlog", type=int, default=20_000, help="events that a hub missed, in tests/faults")
    parser.addoption("--seed", type=int, default=20261124, help="of the random schedules of tests/faults")
