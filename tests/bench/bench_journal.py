"""One event at a time into the journal, against the cheapest flush that the same folder allows."""

from __future__ import annotations

import os
import time
from pathlib import Path

from edge import wire
from edge.station.journal.store import Journal
from tests.bench import fixture
from tests.bench.figures import Figure, percentile

ROUNDS = 30
PER_ROUND = 40
BLOCK = 4096
BLOCKS = 1000
"""As many blocks as the journal's write-ahead log has pages."""


def measure(folder: Path) -> list[Figure]:
    journal = Journal.open(folder / "journal.sqlite3", opening=fixture.opening)
    events = list(fixture.drafts((ROUNDS + 1) * PER_ROUND, fixture.sealer()))
    bare, appended = _Bare(folder / "bare"), list[float]()
    flushed = list[float]()
    try:
        for number in range(ROUNDS + 1):
            part = events[number * PER_ROUND : (number + 1) * PER_ROUND]
            found, rival = [_append(journal, draft) for draft in part], [bare.flush() for _ in part]
            if number > 0:  # the first round warms up both
                appended += found
                flushed += rival
        assert journal.verify() == []
    finally:
        bare.close()
        journal.close()
    p50, flush_p50 = percentile(appended, 0.5), percentile(flushed, 0.5)
    p99, flush_p99 = percentile(appended, 0.99), percentile(flushed, 0.99)
    return [
        Figure("journal.append_over_flush", p50 / flush_p50, "ratio", 1.3),
        Figure("journal.append_p50_ms", p50, "ms", rivals={"overwrite_fdatasync_p50_ms": flush_p50}),
        Figure("journal.append_p99_ms", p99, "ms", rivals={"overwrite_fdatasync_p99_ms": flush_p99}),
    ]


def _append(journal: Journal, draft: wire.Draft) -> float:
    began = time.perf_counter_ns()
    journal.append([draft])
    return (time.perf_counter_ns() - began) / 1e6


class _Bare:
    """Overwrites blocks of a file that has its full size already."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._block = os.urandom(BLOCK)
        self._at = 0
        for _ in range(BLOCKS):
            os.write(self._fd, self._block)
        os.fsync(self._fd)

    def flush(self) -> float:
        self._at = (self._at + 1) % BLOCKS
        began = time.perf_counter_ns()
        os.pwrite(self._fd, self._block, self._at * BLOCK)
        os.fdatasync(self._fd)
        return (time.perf_counter_ns() - began) / 1e6

    def close(self) -> None:
        os.close(self._fd)
