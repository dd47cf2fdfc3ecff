"""A real station whose time a test can set: ``stepped_station.py HOME``.

``HOME/ahead`` holds the seconds that its clock is ahead of this machine's; ``HOME/root`` stands for ``/`` where the
quality of the clock is looked up.
"""

import logging
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from edge.station import daemon
from edge.station.config import read_config
from hardware.host.clock import Clock, ClockReading


class SetClock(Clock):
    """This machine's clock, and what the test adds."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "root")
        self._ahead = home / "ahead"

    def now(self) -> ClockReading:
        reading = super().now()
        ahead = float(self._ahead.read_text(encoding="ascii")) if self._ahead.exists() else 0.0
        return replace(reading, at=reading.at + timedelta(seconds=ahead))


def main() -> int:
    home = Path(sys.argv[1])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    setattr(daemon, "Clock", lambda: SetClock(home))  # noqa: B010 - the one part that is not real
    return daemon.Station(read_config(home / "station.toml"), home, home, simulate=True).run()


if __name__ == "__main__":
    sys.exit(main())
