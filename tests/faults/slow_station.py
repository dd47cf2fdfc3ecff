"""A real station whose card is slow once: ``slow_station.py SECONDS AFTER_INSERTS HOME``."""

import logging
import sys
import time
from pathlib import Path

from edge.station.config import read_config
from edge.station.daemon import Station


def main() -> int:
    seconds, home = float(sys.argv[1]), Path(sys.argv[3])
    left = [int(sys.argv[2])]

    def after_step(name: str) -> None:
        if name == "inserted":
            left[0] -= 1
            if left[0] == 0:
                time.sleep(seconds)

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    return Station(read_config(home / "station.toml"), home, home, simulate=True, after_step=after_step).run()


if __name__ == "__main__":
    sys.exit(main())
