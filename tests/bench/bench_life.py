"""What the journal's whole life costs the card: append with what the tasks know, watermark, pruning, restarts.

A single event's cheapest way is the floor: one page of 4096 bytes and its frame's header over what is there, and one
flush. Only the first start, which takes the file's place on the disk, is left out. All of it is counted at the disk.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from edge import wire
from edge.station.journal.store import Journal, Row
from tests.bench import fixture
from tests.bench.disk import BLOCK, Bare, Written, own, written
from tests.bench.figures import Figure

ROUNDS = 7
PER_ROUND = 1000
FRAME = 24
EVERY = {"life": 50, "live": 1}
"""Events for each watermark: a hub that answers batches, and one that answers every scan."""


def measure(folder: Path) -> list[Figure]:
    with own(folder) as disk:
        floor = _median([_floor(disk, number) for number in range(ROUNDS)])
        return [figure for name, every in EVERY.items() for figure in _figures(disk, name, every, floor)]


def _figures(folder: Path, name: str, every: int, floor: tuple[float, float]) -> Iterator[Figure]:
    file = folder / f"{name}.sqlite3"
    Journal.open(file, opening=fixture.opening).close()
    os.sync()
    flushes, size = _median([_lived(file, every, number) for number in range(ROUNDS + 1)][1:])  # the first warms up
    yield Figure(f"{name}.flushes_per_event", flushes, "flushes", 1.05, {"overwrite": floor[0]})
    rivals = {"bytes_per_event": size, "overwrite": floor[1]}
    yield Figure(f"{name}.bytes_over_floor", size / floor[1], "ratio", 1.3, rivals)


def _median(rounds: list[Written]) -> tuple[float, float]:
    """Flushes and bytes for each event; other writers of the disk spoil single rounds only."""
    return (
        statistics.median(each.flushes for each in rounds) / PER_ROUND,
        statistics.median(each.bytes for each in rounds) / PER_ROUND,
    )


def _lived(file: Path, every: int, seed: int) -> Written:
    events = list(fixture.drafts(PER_ROUND, fixture.sealer(), seed))
    before = written(file.parent)
    with closing(Journal.open(file, opening=fixture.opening)) as journal:
        for number, draft in enumerate(events, start=1):
            row = journal.append([draft], fixture.kept(number))[0]
            if number % every == 0:
                _acknowledge(journal, row)
    return written(file.parent) - before


def _acknowledge(journal: Journal, row: Row) -> None:
    assert journal.acknowledge(wire.Ack(journal.head.epoch, row.seq, wire.digest(row.line))) == "pruned"


def _floor(folder: Path, number: int) -> Written:
    with closing(Bare(folder / f"bare-{number}")) as bare:
        before = written(folder)
        for _ in range(PER_ROUND):
            bare.flush([FRAME + BLOCK])
        return written(folder) - before
