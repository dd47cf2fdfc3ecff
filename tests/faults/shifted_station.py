"""A real station whose clock is wrong by the seconds that stand in a file: ``shifted_station.py FILE HOME``.

The file is read again and again, so that the clock can step while the station runs. The wall time of the process
stays what it is.
"""

import logging
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from edge.station.config import read_config
from edge.station.daemon import Station
from hardware.host.clock import Clock, ClockReading


class ShiftedClock(Clock):
    """The system's clock, wrong by what the file says."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def now(self) -> ClockReading:
        reading = super().now()
        at = reading.at + timedelta(seconds=float(self._file.read_text(encoding="ascii")))
        return replace(reading, at=at, quality=reading.quality if at >= self.floor else "none")


def main() -> int:
    file, home = Path(sys.argv[1]), Path(sys.argv[2])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    config = read_config(home / "station.toml")
    return Station(config, home, home, simulate=True, clock=ShiftedClock(file)).run()


if __name__ == "__main__":
    sys.exit(main())
