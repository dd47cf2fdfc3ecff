"""A real station that kills itself with SIGKILL after a named step: ``killed_station.py STEP TIMES HOME``."""

import logging
import sys
from pathlib import Path

from edge.station.config import read_config
from edge.station.daemon import Station
from tests.faults.killing import WRITING, killer, within_the_transaction


def main() -> int:
    step, times, home = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    hook = killer("begun", times, within_the_transaction) if step == WRITING else killer(step, times)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return Station(read_config(home / "station.toml"), home, home, simulate=True, after_step=hook).run()


if __name__ == "__main__":
    sys.exit(main())
