"""A real hub that kills itself with SIGKILL after a named step: ``killed_hub.py STEP TIMES run --config FILE``."""

import logging
import os
import signal
import sys
from pathlib import Path

from edge.hub import daemon
from edge.hub.config import read_config


def main() -> int:
    step, times, file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[5])
    left = [times]

    def after_step(name: str) -> None:
        if name == step:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return daemon.run(read_config(file), after_step=after_step)


if __name__ == "__main__":
    sys.exit(main())
