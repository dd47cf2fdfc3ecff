"""A real hub with a death at a named step: ``killed_hub.py STEP TIMES SERVER run --config FILE``.

SERVER 0: kill -9 of the hub itself; else of the PostgreSQL server with this process id, and of its children.
"""

import functools
import logging
import sys
from pathlib import Path

from edge.hub import daemon
from edge.hub.config import read_config
from tests.faults.killing import itself, killer
from tests.support.postgres import kill_server

COLLECTING = (
    "received", "begun", "keyed", "kept", "committed", "noted", "stored", "acknowledged", "answered",
)  # fmt: skip
PROJECTING = ("written", "projected")
STEPS = (*COLLECTING, *PROJECTING)


def words(step: str, times: int, server: int = 0) -> list[str]:
    """The command for a `HubActor`."""
    return [sys.executable, "-m", "tests.faults.killed_hub", step, str(times), str(server)]


def main() -> int:
    step, times, server, file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[6])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    kill = functools.partial(kill_server, server) if server else itself
    return daemon.run(read_config(file), after_step=killer(step, times, kill))


if __name__ == "__main__":
    sys.exit(main())
