import pytest

from tests.faults.table import Tally, total
from tests.support.site import MOSQUITTO

TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """The table that is printed at the end."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return request.config.stash[TALLY]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With every fault tried, a known loss is a failure as well."""
    found = total([row for _, row in session.config.stash[TALLY].rows])
    if session.config.getoption("--all-faults") and not found.clean and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash[TALLY]
    if found.rows or found.skipped:
        terminalreporter.section("faults")
        for line in found.lines() if found.rows else []:
            terminalreporter.write_line(line)
