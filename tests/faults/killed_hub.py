"""A real hub that kills itself with SIGKILL after a named step: ``killed_hub.py STEP TIMES run --config FILE``."""

import logging
import sys
from pathlib import Path

from edge.hub import daemon
from edge.hub.config import read_config
from tests.faults.killing import killer


def main() -> int:
    step, times, file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[5])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return daemon.run(read_config(file), after_step=killer(step, times))


if __name__ == "__main__":
    sys.exit(main())
