"""Many stations live: one event after the other from each, one real mosquitto, one real hub, reconciled event by event.

``make bench ONLY=fleet`` runs the moderate load of `MODERATE`. Others are named by the environment, one after the
other, each ``STATIONS`` or ``STATIONS@EVENTS_PER_SECOND`` (without it one event a second from each), and how long::

    FLEET="1000 2000 5000 10000 10000@2000" FLEET_SECONDS=30 make bench ONLY=fleet

The time of an event runs from just before it is handed to the station's socket until the hub's commit that holds it is
over, on one clock. The broker has the limits and the persistence of the shipped configuration, without TLS and rights.
Memory is resident growth. The simulators' CPU is told apart. Each station takes a file descriptor here and one in the
broker: `ulimit -n` must be above that, root raises it by itself.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from sqlalchemy import func, select

from edge.hub.daemon import utc_now
from edge.hub.db.chains import verify_chains
from edge.hub.store import Store
from edge.hub.tables import event_key, inbox, key_conflict, poison, scan, unprojected, watermark
from tests.bench.figures import Figure, MissingError, VoidError, percentile
from tests.bench.fleet_hub import THREADS, read_commits
from tests.bench.fleet_stations import Sent, Task, event_id, read_sent, station_name
from tests.bench.shipped import ShippedBroker
from tests.support.site import MOSQUITTO, ROOT, Site, wait_for

MODERATE = "1000"
SECONDS = 30.0
WARM_S = 5.0
CONNECTS_PER_S = 500
PER_PROCESS = 5_000
SPARE_FILES = 256
MOST_S = 200.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
HUB = (sys.executable, "-m", "tests.bench.fleet_hub")
STATIONS = (sys.executable, "-m", "tests.bench.fleet_stations")


@dataclass(frozen=True, slots=True)
class Load:
    """How many stations, and how many events a second they send together."""

    stations: int
    per_s: float

    @classmethod
    def read(cls, word: str) -> Load:
        stations, _, per_s = word.partition("@")
        return cls(int(stations), float(per_s or stations))

    @property
    def name(self) -> str:
        return f"fleet.{self.stations}" + (f"_at_{self.per_s:g}" if self.per_s != self.stations else "")


@dataclass(slots=True)
class _Run:
    """One load: the processes, and what was seen of them."""

    load: Load
    folder: Path
    site: Site
    broker: ShippedBroker
    hub: subprocess.Popen[bytes] | None = None
    simulators: list[subprocess.Popen[str]] = field(default_factory=list)
    sent_files: list[Path] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=lambda: {"broker": [], "hub": []})
    """KiB before the first connection, with all connected, and after the load."""
    cpu: list[dict[str, float]] = field(default_factory=list)
    """Seconds at the begin and at the end of the measured time."""
    lags: list[float] = field(default_factory=list)
    window_ns: tuple[int, int] = (0, 0)
    connecting_s: float = 0.0
    load_average: float = 0.0
    uncovered: int = 0


def measure(folder: Path) -> list[Figure]:
    if MOSQUITTO is None:
        raise MissingError("mosquitto is not installed: apt-get install mosquitto")
    loads = [Load.read(word) for word in os.environ.get("FLEET", MODERATE).split()]
    _raise_files(max(load.stations for load in loads) + SPARE_FILES)
    figures = []
    for load in loads:
        figures += _measure(load, folder / load.name)
    return figures


def _raise_files(least: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= least:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, max(least, hard)))
    except (ValueError, OSError) as error:
        raise MissingError(f"{least} open files are needed, {hard} are allowed (ulimit -n): fewer in FLEET") from error


def _measure(load: Load, folder: Path) -> list[Figure]:
    folder.mkdir()
    broker = ShippedBroker(folder, [station_name(number) for number in range(load.stations)])
    site = Site(folder, broker)
    run = _Run(load, folder, site, broker)
    try:
        broker.start()
        _start_hub(run)
        _connect(run)
        _send(run)
        problems = _part(run)
        site.wait_projected(MOST_S)
        problems += _stop(run)
        problems += _reconcile(run)
    finally:
        for process in (*run.simulators, run.hub):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        site.close()
    figures = _figures(run)
    for file in folder.glob("hub.sqlite3*"):
        file.unlink()
    if problems:
        for figure in figures:
            print(figure.line())  # noqa: T201
        void = [Figure(figure.name, None, figure.unit) for figure in figures]
        raise VoidError(f"{load.name}: {'; '.join(problems)}", void)
    return figures


def _start_hub(run: _Run) -> None:
    with (run.folder / "hub.log").open("ab") as log:
        run.hub = subprocess.Popen([*HUB, str(run.site.hub_file), str(run.folder)], stdout=log, stderr=log, cwd=ROOT)
    wait_for(lambda: b"broker=connected" in (run.folder / "hub.log").read_bytes(), "the hub at the broker")
    _weigh(run)


def _connect(run: _Run) -> None:
    load = run.load
    ramp_s = load.stations / CONNECTS_PER_S
    began = time.monotonic()
    for first in range(0, load.stations, PER_PROCESS):
        count, file = min(PER_PROCESS, load.stations - first), run.folder / f"sent-{first}"
        task = Task(run.broker.port, first, count, ramp_s, load.stations / load.per_s, str(file))
        run.sent_files.append(file)
        process = subprocess.Popen(
            [*STATIONS, task.encode()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        run.simulators.append(process)
    for process in run.simulators:
        _hear(process, "connected")
    run.connecting_s = time.monotonic() - began
    _weigh(run)


def _send(run: _Run) -> None:
    """The load, and each second of its measured part a look at the projections."""
    seconds = float(os.environ.get("FLEET_SECONDS", SECONDS))
    start_ns = time.monotonic_ns() + 500_000_000
    run.window_ns = (start_ns + int(WARM_S * 1e9), start_ns + int((WARM_S + seconds) * 1e9))
    _say(run, f"send {start_ns} {WARM_S + seconds + run.load.stations / run.load.per_s}")
    _sleep_until(run.window_ns[0])
    run.cpu.append(_cpu(run))
    with closing(Store.open_reader(run.site.store)) as store:
        for second in range(1, int(seconds) + 1):
            _sleep_until(run.window_ns[0] + second * 1_000_000_000)
            run.lags.append(_lag(store))
    run.cpu.append(_cpu(run))
    run.load_average = os.getloadavg()[0]
    _weigh(run)
    run.uncovered = sum(int(_hear(process, "covered")[0]) for process in run.simulators)


def _part(run: _Run) -> list[str]:
    _say(run, "end")
    problems = [f"{run.uncovered} stations without their last watermark"] if run.uncovered else []
    return problems + ["a simulator failed" for process in run.simulators if process.wait(30) != 0]


def _stop(run: _Run) -> list[str]:
    assert run.hub is not None
    run.hub.terminate()
    return ["the hub failed"] if run.hub.wait(30) != 0 else []


def _say(run: _Run, words: str) -> None:
    for process in run.simulators:
        assert process.stdin is not None
        process.stdin.write(f"{words}\n")
        process.stdin.flush()


def _hear(process: subprocess.Popen[str], word: str) -> Sequence[str]:
    assert process.stdout is not None
    line = process.stdout.readline().split()
    if not line or line[0] != word:
        raise VoidError(f"a simulator ended before it was {word}: what it wrote stands above")
    return line[1:]


def _sleep_until(at_ns: int) -> None:
    time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))


def _weigh(run: _Run) -> None:
    assert run.hub is not None
    for name, pid in (("broker", run.broker.pid), ("hub", run.hub.pid)):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        run.memory[name].append(float(status.split("VmRSS:")[1].split()[0]))


def _cpu(run: _Run) -> dict[str, float]:
    """Seconds of CPU so far, of processes and of the hub's threads."""
    assert run.hub is not None
    hub = Path(f"/proc/{run.hub.pid}")
    threads = dict(line.split() for line in (run.folder / THREADS).read_text(encoding="ascii").splitlines())
    return {
        "broker": _seconds(Path(f"/proc/{run.broker.pid}")),
        "hub": _seconds(hub),
        **{name: _seconds(hub / "task" / threads[name]) for name in ("collector", "projector") if name in threads},
        "simulators": sum(_seconds(Path(f"/proc/{process.pid}")) for process in run.simulators),
    }


def _seconds(process: Path) -> float:
    fields = (process / "stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _lag(store: Store) -> float:
    """Seconds since the oldest message that is not projected yet was stored."""
    oldest = (
        select(inbox.c.received)
        .join(unprojected, unprojected.c.inbox_id == inbox.c.id)
        .order_by(unprojected.c.inbox_id)
        .limit(1)
    )
    with store.read() as connection:
        received = connection.execute(oldest).scalar()
    return 0.0 if received is None else (utc_now() - datetime.fromisoformat(received)).total_seconds()


def _sent(run: _Run) -> Iterator[Sent]:
    for file in run.sent_files:
        yield from read_sent(file)


def _reconcile(run: _Run) -> list[str]:
    """What is wrong with what the hub has; empty when every event sent is there once, and nothing else."""
    sent = {(each.number, each.seq): event_id(each.number, each.seq, each.ms) for each in _sent(run)}
    last: dict[str, int] = {}
    wrong = dict.fromkeys(("events missing", "events that nobody sent"), 0)
    with closing(Store.open_reader(run.site.store)) as store, store.read() as connection:
        k = event_key.c
        for station, epoch, seq, ident in connection.execute(select(k.station, k.epoch, k.seq, k.event_id)):
            number = int(epoch, 16)
            good = sent.pop((number, seq), None) == ident and station == station_name(number)
            wrong["events that nobody sent"] += not good
            last[station] = max(seq, last.get(station, 0))
        wrong["events missing"] = len(sent)
        kept = {row.station: row.through for row in connection.execute(select(watermark))}
        wrong["watermarks not kept"] = sum(kept.get(station) != seq for station, seq in last.items())
        counted, distinct, messages = connection.execute(
            select(
                func.count(),
                func.count(scan.c.event_id.distinct()),
                select(func.count()).select_from(inbox).scalar_subquery(),
            )
        ).one()
        wrong["scans counted twice"] = counted - distinct
        wrong["scans not counted"] = sum(last.values()) - distinct
        wrong["messages stored twice"] = messages - sum(last.values())
        for table in (key_conflict, poison):
            wrong[f"rows of {table.name}"] = connection.execute(select(func.count()).select_from(table)).scalar_one()
        wrong["links of chains"] = sum(chain.wrong for chain in verify_chains(connection))
    return [f"{count} {what}" for what, count in wrong.items() if count]


def _times(run: _Run) -> tuple[list[float], list[float]]:
    """Of the events sent in the measured time: seconds until committed, and seconds sent behind their time."""
    over_ns, last_ids = read_commits(run.folder)
    with closing(Store.open_reader(run.site.store)) as store, store.read() as connection:
        k = event_key.c
        rows = connection.execute(select(k.epoch, k.seq, k.inbox_id))
        stored = {(int(epoch, 16), seq): inbox_id for epoch, seq, inbox_id in rows}
    took, late = [], []
    for each in _sent(run):
        inbox_id = stored.get((each.number, each.seq))
        if inbox_id is not None and run.window_ns[0] <= each.sent_ns < run.window_ns[1]:
            took.append((over_ns[bisect_left(last_ids, inbox_id)] - each.sent_ns) / 1e9)
            late.append(each.late_ns / 1e9)
    return took, late


def _figures(run: _Run) -> list[Figure]:
    load, (took, late) = run.load, _times(run)
    seconds = (run.window_ns[1] - run.window_ns[0]) / 1e9
    used = {name: run.cpu[1][name] - first for name, first in run.cpu[0].items()}
    events = len(took)
    us = {f"{name}_us": seconds_used / events * 1e6 for name, seconds_used in used.items()}
    grown = {name: [(b - a) / load.stations for a, b in pairwise(weights)] for name, weights in run.memory.items()}
    times = {"p50_s": percentile(took, 0.5), "max_s": max(took), "late_p99_s": percentile(late, 0.99)}
    around = {"load_average": run.load_average, "connecting_s": run.connecting_s}
    lags = {"median": percentile(run.lags, 0.5), "last": run.lags[-1]}
    return [
        Figure(f"{load.name}.p99", percentile(took, 0.99), "s", 1.0, times | around),
        Figure(f"{load.name}.events", events / seconds, "events/s", load.per_s * 0.99, floor=True),
        Figure(f"{load.name}.lag", max(run.lags), "s", 5.0, lags),
        Figure(f"{load.name}.cpu", us["broker_us"] + us["hub_us"], "us/event", None, us),
        Figure(f"{load.name}.broker_memory", sum(grown["broker"]), "KiB/st.", None, {"connecting": grown["broker"][0]}),
        Figure(f"{load.name}.hub_memory", sum(grown["hub"]), "KiB/st.", None, {"connecting": grown["hub"][0]}),
    ]  # fmt: skip
