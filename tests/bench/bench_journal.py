"""One event at a time into the journal, as a station appends it, against a bare flush of as many pieces as large."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from edge import wire
from edge.station.journal.store import Journal
from hardware.host.sqlite import FRAME_BYTES, PAGE_BYTES
from tests.bench import fixture
from tests.bench.disk import BLOCK, Bare
from tests.bench.figures import Figure, percentile

ROUNDS = 30
PER_ROUND = 40
SAME, PLAIN = "same_writes_p50_ms", "overwrite_4096_p50_ms"


def measure(folder: Path) -> list[Figure]:
    appended, same, plain = list[float](), list[float](), list[float]()
    with (
        closing(Journal.open(folder / "journal.sqlite3", opening=fixture.opening)) as journal,
        closing(Bare(folder / "bare")) as bare,
    ):
        for number in range(ROUNDS + 1):
            found = _round(journal, bare, folder / "journal.sqlite3-shm", number)
            if number > 0:  # the first round warms up all
                for kept, new in zip((appended, same, plain), found, strict=True):
                    kept.extend(new)
        assert journal.verify() == []
    p50, p99 = percentile(appended, 0.5), percentile(appended, 0.99)
    rivals = {SAME: percentile(same, 0.5), PLAIN: percentile(plain, 0.5)}
    return [
        Figure("journal.append_over_flush", p50 / rivals[SAME], "ratio", 1.3),
        Figure("journal.append_over_block", p50 / rivals[PLAIN], "ratio"),
        Figure("journal.append_p50_ms", p50, "ms", rivals=rivals),
        Figure("journal.append_p99_ms", p99, "ms", rivals={"same_writes_p99_ms": percentile(same, 0.99)}),
    ]


def _round(journal: Journal, bare: Bare, index: Path, seed: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of appends, of the same writes, and of one block; each event has just been made, as in a station."""
    appended, frames, before = list[float](), list[int](), _frames(index)
    for number, draft in enumerate(_made(seed), start=1):
        appended.append(_append(journal, draft, fixture.kept(number)))
        now = _frames(index)
        frames.append(now - before if now > before else now)
        before = now
    same = [bare.flush([FRAME_BYTES, PAGE_BYTES] * count) for count, _ in zip(frames, _made(seed), strict=True)]
    return appended, same, [bare.flush([BLOCK], aligned=True) for _ in _made(seed)]


def _made(seed: int) -> Iterator[wire.Draft]:
    return fixture.drafts(PER_ROUND, fixture.sealer(), seed)


def _frames(index: Path) -> int:
    """Frames in the log, by the header of its index (SQLite, "WAL-mode file format", section 2.1)."""
    with index.open("rb") as file:
        return int.from_bytes(file.read(20)[16:], "little")


def _append(journal: Journal, draft: wire.Draft, kept: bytes) -> float:
    began = time.perf_counter_ns()
    journal.append([draft], kept)
    return (time.perf_counter_ns() - began) / 1e6
