"""A real station that kills itself with SIGKILL after a named step: ``killed_station.py STEP TIMES HOME``."""

import logging
import os
import signal
import sys
from pathlib import Path

from edge.station.config import read_config
from edge.station.daemon import Station


def main() -> int:
    step, times, home = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    left = [times]

    def after_step(name: str) -> None:
        if name == step:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return Station(read_config(home / "station.toml"), home, home, simulate=True, after_step=after_step).run()


if __name__ == "__main__":
    sys.exit(main())
