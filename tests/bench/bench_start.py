"""How long a station needs to be ready, and how much memory it keeps, without a camera."""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import sys
import time
from pathlib import Path

from tests.bench.bench_signal import with_catalogue
from tests.bench.figures import Figure, VoidError
from tests.support.site import Running, Site, Terminal, udi

STARTS = 5
SCANS = 50
NAME = "BENCH-01"


def measure(folder: Path) -> list[Figure]:
    site = Site(folder)
    try:
        terminal = site.prepare(NAME, extra=with_catalogue(folder))
        taken, station = [], None
        for _ in range(STARTS):
            if station is not None:
                station.stop(signal.SIGTERM)
            seconds, station = _start(site)
            taken.append(seconds)
        assert station is not None
        resident_mb = _resident(station, terminal)
        station.stop()
    finally:
        site.close()
    spread = {"fastest_s": min(taken), "slowest_s": max(taken)}
    return [
        Figure("start.ready_s", statistics.median(taken), "s", 1.0, spread),
        Figure("start.resident_mb", resident_mb, "MB", 60),
    ]


def _start(site: Site) -> tuple[float, Running]:
    """From exec to READY=1, as systemd sees it."""
    home = site.station_home(NAME)
    where = site.folder / "notify"
    where.unlink(missing_ok=True)
    program = [str(Path(sys.executable).with_name("udi-station")), "run", "--simulate"]
    program += ["--config", str(home / "station.toml"), "--state-dir", str(home), "--run-dir"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(where))
        told.settimeout(30)
        os.environ["NOTIFY_SOCKET"] = str(where)
        try:
            began = time.perf_counter()
            station = site.start_station(NAME, program, ready=False)
        finally:
            del os.environ["NOTIFY_SOCKET"]
        while not told.recv(4096).startswith(b"READY=1"):
            pass
        seconds = time.perf_counter() - began
    station.wait_log("opened")
    return seconds, station


def _resident(station: Running, terminal: Terminal) -> float:
    """Megabytes (10^6 bytes) after some scans; no numpy may be among them."""
    for count in range(1, SCANS + 1):
        terminal.send(udi(f"R{count}"))
        station.wait_shown(count)
    proc = Path("/proc") / str(station.process.pid)
    if "numpy" in (proc / "maps").read_text(encoding="utf-8"):
        raise VoidError("a station without camera has numpy in its memory")
    found = re.search(r"^VmRSS:\s+(\d+) kB", (proc / "status").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6
