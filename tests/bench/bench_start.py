"""How long a station needs to be ready, and how much memory it keeps, without a camera."""

from __future__ import annotations

import os
import re
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
        taken = [_ready_s(site) for _ in range(STARTS)]
        station = site.start_station(NAME, _program(site))
        resident_mb = _resident_mb(station, terminal)
        assert station.stop() == 0
    finally:
        site.close()
    spread = {"fastest_s": min(taken), "slowest_s": max(taken)}
    return [
        Figure("start.ready_s", statistics.median(taken), "s", 1.0, spread),
        Figure("start.resident_mb", resident_mb, "MB", 60),
    ]


def _program(site: Site) -> list[str]:
    """The installed command; `Site.start_station` adds the folder at the end."""
    home = site.station_home(NAME)
    words = [str(Path(sys.executable).with_name("udi-station")), "run", "--simulate"]
    return [*words, "--config", str(home / "station.toml"), "--state-dir", str(home), "--run-dir"]


def _ready_s(site: Site) -> float:
    """From exec to READY=1, as systemd sees it."""
    where = site.folder / "notify"
    where.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(where))
        told.settimeout(30)
        os.environ["NOTIFY_SOCKET"] = str(where)
        try:
            began = time.perf_counter()
            station = site.start_station(NAME, _program(site), ready=False)
        finally:
            del os.environ["NOTIFY_SOCKET"]
        while not told.recv(4096).startswith(b"READY=1"):
            pass
        seconds = time.perf_counter() - began
        station.wait_log("state=ready")
        assert station.stop() == 0
    return seconds


def _resident_mb(station: Running, terminal: Terminal) -> float:
    """Megabytes (10^6 bytes) after some scans; no numpy may be among them."""
    for count in range(1, SCANS + 1):
        terminal.send(udi(f"R{count}"))
        station.wait_shown(count)
    if len(station.shown()) != SCANS:
        raise VoidError(f"the station ended after {len(station.shown())} scans: {station.logs[-1:]}")
    proc = Path("/proc") / str(station.process.pid)
    if "numpy" in (proc / "maps").read_text(encoding="utf-8"):
        raise VoidError("a station without camera has numpy in its memory")
    found = re.search(r"^VmRSS:\s+(\d+) kB", (proc / "status").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6
