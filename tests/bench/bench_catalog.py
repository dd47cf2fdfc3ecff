"""A catalogue of ``RECORDS`` products (200,000 if not said; UDID has 5,500,000): import, size, look-ups, an overlay.

Beside it the same release in one table of sqlite-utils, a row for each DI.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from edge.catalog.udid_zip import open_release
from hardware.host.sqlite import open_writer
from tests.bench.figures import Figure, VoidError, percentile
from tests.support.site import ROOT
from tests.support.udid_release import RELEASED, Made, dis, write_day, write_full

RECORDS = int(os.environ.get("RECORDS", "200000"))
KEPT = Path(os.environ["RELEASES"]) if "RELEASES" in os.environ else None
"""A folder that has the release already: making one takes longer than its import."""
WHOLE = 5_500_000
CHANGES = 10_000
ASKED = 4_000
"""DIs that are looked up, warm and cold each."""
LOOKS = 3
MOST_PLAIN = 100_000
"""Records of the rival, whose cost is said for each record."""
MIB = 1 << 20


def measure(folder: Path) -> list[Figure]:
    made = Made(RECORDS)
    release = folder if KEPT is None else KEPT
    release = release / f"UDID_FULL_RELEASE_{RELEASED:%Y%m%d}.zip"
    if not release.exists():
        write_full(made, release.parent)
    catalogue = folder / "catalogue"
    ran = _run("import", release, "--folder", catalogue)
    (base,) = catalogue.glob("*.sqlite3")
    size = base.stat().st_size
    plain = _plain(release, folder / "plain.sqlite3")
    wanted = _wanted(made)
    with closing(Catalog.open(catalogue)) as catalog:
        cold = _look_up(catalog, wanted, before=lambda: _drop(base))
        warm = _look_up(catalog, wanted)
    swapped = _swap(made, folder, catalogue, wanted)
    share = RECORDS / WHOLE
    return [
        Figure("catalog.import_s", ran.seconds, "s", 360.0 if RECORDS == WHOLE else None),
        Figure("catalog.import_cpu_us", ran.cpu_s / RECORDS * 1e6, "us/record", rivals={"plain_us": plain.cpu_us}),
        Figure("catalog.import_mib", ran.mib, "MiB", 200 * 1e6 / MIB),
        Figure("catalog.bytes_each", size / RECORDS, "B/record", 800e6 / WHOLE, rivals={"plain_bytes": plain.bytes}),
        Figure("catalog.file_mb", size / 1e6, "MB", 800 * share),
        Figure("catalog.cold_p50_ms", percentile(cold, 0.5), "ms"),
        Figure("catalog.cold_p99_ms", percentile(cold, 0.99), "ms", 1.0),
        Figure("catalog.warm_p50_ms", percentile(warm, 0.5), "ms", rivals={"plain_ms": plain.look_up_ms}),
        Figure("catalog.warm_p99_ms", percentile(warm, 0.99), "ms", 0.1),
        Figure("catalog.overlay_s", swapped.seconds, "s", 5.0),
        Figure("catalog.overlay_slowest_ms", max(swapped.took_ms), "ms"),
        Figure("catalog.overlay_failures", float(swapped.failures), "look-ups", 0.0),
    ]


@dataclass(frozen=True, slots=True)
class Ran:
    seconds: float
    cpu_s: float
    mib: float


def _run(*words: object) -> Ran:
    """``udi-station catalog`` in a process of its own, with what it and its children cost."""
    command = [sys.executable, "-c", "from edge.cli import main; main()", "catalog", *map(str, words)]
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = [0.0]
    threading.Thread(target=_watch, args=(process.pid, peak), daemon=True).start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise VoidError(f"catalog {words[0]} ended with {process.returncode}")
    return Ran(time.monotonic() - began, usage.ru_utime + usage.ru_stime, peak[0])


def _watch(pid: int, peak: list[float]) -> None:
    """The most that a process and its children have in memory at a time; pages they share count once."""
    with contextlib.suppress(OSError):
        while True:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            peak[0] = max(peak[0], _resident(str(pid)) + sum(map(_resident, children)))
            time.sleep(0.1)


def _resident(pid: str) -> float:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")) / 1024


def _wanted(made: Made) -> list[tuple[str, str]]:
    """Random DIs of every level, each with its sale unit."""
    chosen, found = random.Random(5), list[tuple[str, str]]()  # noqa: S311 - no secret
    while len(found) < ASKED:
        record = made.record(chosen.randrange(RECORDS))
        if record is not None:
            found.append((chosen.choice(dis(record)), record.sale_unit))
    return found


def _look_up(
    catalog: Catalog, wanted: Sequence[tuple[str, str]], before: Callable[[], None] = lambda: None
) -> list[float]:
    """Milliseconds of each: the least of some looks, because whatever else runs here takes the processor away."""
    took = [1e9] * len(wanted)
    for _ in range(LOOKS):
        for at, (di, sale_unit) in enumerate(wanted):
            before()
            began = time.perf_counter_ns()
            product = catalog.lookup(di)
            took[at] = min(took[at], (time.perf_counter_ns() - began) / 1e6)
            if product is None or product.sale_unit != sale_unit:
                raise VoidError(f"DI {di}: expected {sale_unit}, found {product}")
    return took


def _drop(file: Path) -> None:
    """Out of the machine's memory; SQLite keeps the upper pages, as it does in a station that runs."""
    fd = os.open(file, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


@dataclass(slots=True)
class Swapped:
    seconds: float = 0.0
    failures: int = 0
    took_ms: list[float] = field(default_factory=list)


def _swap(made: Made, folder: Path, catalogue: Path, wanted: Sequence[tuple[str, str]]) -> Swapped:
    """A day's delta comes into service while another thread looks up as a station does, and refreshes between."""
    delta = write_day(made, folder, 1, CHANGES)
    found, began, in_service = Swapped(), time.monotonic(), threading.Event()

    def look_up() -> None:
        catalog, at = Catalog.open(catalogue), 0
        while catalog.release == RELEASED:
            started = time.perf_counter_ns()
            if catalog.stale():
                former, catalog = catalog, catalog.refresh()
                former.close()
            product = catalog.lookup(wanted[at][0])
            found.took_ms.append((time.perf_counter_ns() - started) / 1e6)
            found.failures += product is None
            at = (at + 1) % len(wanted)
        found.seconds = time.monotonic() - began
        catalog.close()
        in_service.set()

    threading.Thread(target=look_up, daemon=True).start()
    _run("update", catalogue, delta)
    if not in_service.wait(30):
        raise VoidError("the overlay was not taken into service")
    return found


@dataclass(frozen=True, slots=True)
class Plain:
    cpu_us: float
    bytes: float
    look_up_ms: float


def _plain(release: Path, out: Path) -> Plain:
    """What it costs to put each DI of each record into one table, as sqlite-utils does it."""
    began, count = time.process_time(), 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal count
        for record in islice(_records(release), MOST_PLAIN):
            count += 1
            yield from ({"di": di, **_row(record)} for di in dis(record))

    db = open_writer(out)
    db.table("product").insert_all(rows(), pk="di", batch_size=5_000)
    cpu = time.process_time() - began
    wanted = [di for (di,) in db.conn.execute("SELECT di FROM product ORDER BY random() LIMIT 2000").fetchall()]
    took = []
    for di in wanted:
        began_ns = time.perf_counter_ns()
        db.conn.execute("SELECT * FROM product WHERE di = ?", (di,)).fetchone()
        took.append((time.perf_counter_ns() - began_ns) / 1e6)
    db.conn.close()
    return Plain(cpu / count * 1e6, out.stat().st_size / count, percentile(took, 0.5))


def _records(path: Path) -> Iterator[DeviceRecord]:
    with open_release(path) as release:
        for part in release.parts:
            yield from release.read(part, lambda _problem: None)


def _row(record: DeviceRecord) -> dict[str, object]:
    return {name: value if isinstance(value, int | None) else str(value) for name, value in asdict(record).items()}
