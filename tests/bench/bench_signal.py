"""From the scanner's last byte to the light, in a real station process, without the card's share."""

from __future__ import annotations

import re
from pathlib import Path

from edge.demo.world import _write_catalogue
from tests.bench.figures import Figure, VoidError, percentile
from tests.support.site import Running, Site, udi

SCANS = 500
WARM_UP = 10
_JUDGED = re.compile(r"event_id=(\S+) t0_ns=(\d+) outcome=ACCEPTED")
_FLUSHED = re.compile(r"event_id=(\S+) seq=\d+ flush_ms=(\S+)")


def measure(folder: Path) -> list[Figure]:
    site = Site(folder)
    try:
        station = _scan_all(site)
        assert station.stop() == 0
    finally:
        site.close()
    shown, flushes = _joined(station)
    over = [signal - flush for signal, flush in zip(shown, flushes, strict=True)]
    p50, p99 = percentile(shown, 0.5), percentile(shown, 0.99)
    return [
        Figure("signal.p50_over_flush_ms", percentile(over, 0.5), "ms", 3),
        Figure("signal.p99_over_flush_ms", percentile(over, 0.99), "ms", 10),
        Figure("signal.p50_ms", p50, "ms", rivals={"flush_p50_ms": percentile(flushes, 0.5)}),
        Figure("signal.p99_ms", p99, "ms", rivals={"flush_p99_ms": percentile(flushes, 0.99)}),
    ]


def with_catalogue(folder: Path) -> str:
    """A catalogue, and what the configuration says of it."""
    file = folder / "catalogue.sqlite3"
    _write_catalogue(folder, file)
    return f'\n[catalogue]\nfile = "{file}"\n'


def _scan_all(site: Site) -> Running:
    """The broker is never started: its port is closed."""
    terminal = site.prepare("BENCH-01", extra=with_catalogue(site.folder))
    station = site.start_station("BENCH-01")
    for count in range(1, WARM_UP + SCANS + 1):
        terminal.send(udi(f"S{count}"))
        station.wait_shown(count)
    return station


def _joined(station: Running) -> tuple[list[float], list[float]]:
    """Milliseconds to the signal, and of the same event's flush."""
    said = "\n".join(station.logs)
    flush_ms = {event_id: float(ms) for event_id, ms in _FLUSHED.findall(said)}
    by_t0 = {int(t0_ns): flush_ms[event_id] for event_id, t0_ns in _JUDGED.findall(said)}
    lit = [entry for entry in station.signals if entry["signal"] == "ACCEPTED"][WARM_UP:]
    if len(lit) != SCANS or any(entry["t0_ns"] not in by_t0 for entry in lit):
        raise VoidError(f"{len(lit)} of {SCANS} scans showed ACCEPTED and were recorded: {station.shown()[-5:]}")
    shown = [(entry["at_ns"] - entry["t0_ns"]) / 1e6 for entry in lit]
    return shown, [by_t0[entry["t0_ns"]] for entry in lit]
