"""What can still be read of a damaged journal: by SQL where SQLite can, else event by event from the raw bytes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edge import wire
from edge.station.journal.carve import carve
from hardware.host.files import sync_folder
from hardware.host.sqlite import open_reader


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Events read from a damaged journal, in the order of their sequence."""

    lines: list[bytes] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    previous: dict[str, object] | None = None
    """``{epoch, seq, chain}`` of the last readable event."""
    lost: list[list[int]] = field(default_factory=list)
    """Gaps between the readable events."""
    damaged: bool = False


def quarantine(path: Path) -> Path:
    """Set the file and its log aside under a new name; nothing is deleted."""
    number = 1
    while (aside := path.with_name(f"{path.name}.quarantine-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    sync_folder(path.parent)
    return aside


def salvage(aside: Path) -> Salvaged:
    """Every event that can be read from a set-aside journal and that the hub may not have yet."""
    events: dict[tuple[str, int], wire.Event] = {}
    for line in carve(aside):
        _keep(events, line)
    epoch, acked = "", 0
    with contextlib.suppress(sqlite3.DatabaseError):
        epoch, acked = _by_sql(aside, events)
    by_epoch: dict[str, list[wire.Event]] = {}
    for event in sorted(events.values(), key=lambda event: event.seq):
        by_epoch.setdefault(event.epoch, []).append(event)
    if not by_epoch:
        return Salvaged(damaged=True)
    if epoch not in by_epoch:  # after a fork the same events stand in two epochs: the one opened last has the latest id
        epoch, acked = max(by_epoch, key=lambda name: max(event.event_id for event in by_epoch[name])), 0
    latest = by_epoch[epoch]
    unsent = [event for event in latest if event.seq > acked]
    last = latest[-1]
    return Salvaged(
        lines=[event.line for event in unsent],
        seqs=[event.seq for event in unsent],
        previous={"epoch": last.epoch, "seq": last.seq, "chain": wire.digest(last.line)},
        lost=_gaps([event.seq for event in unsent], acked),
        damaged=True,
    )


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted numbers as closed ranges: 1 2 3 7 gives [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _gaps(seqs: list[int], acked: int) -> list[list[int]]:
    if not seqs:
        return []
    first = acked + 1 if acked else seqs[0]
    return ranges(set(range(first, seqs[-1] + 1)) - set(seqs))


def _by_sql(aside: Path, events: dict[tuple[str, int], wire.Event]) -> tuple[str, int]:
    """Add what SQLite can read, and return the epoch and the hub's watermark in it if that can be read."""
    db = open_reader(aside)
    try:
        with contextlib.suppress(sqlite3.DatabaseError):
            for (line,) in db.conn.execute("SELECT line FROM outbox ORDER BY seq"):
                _keep(events, line)
        with contextlib.suppress(sqlite3.DatabaseError):
            for (line,) in db.conn.execute("SELECT line FROM outbox ORDER BY seq DESC"):
                _keep(events, line)
        row = db.conn.execute("SELECT epoch, acked_seq FROM cursor").fetchone()
        return ("", 0) if row is None else (str(row[0]), int(row[1]))
    finally:
        db.conn.close()


def _keep(events: dict[tuple[str, int], wire.Event], line: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        event = wire.Event.decode(bytes(line))
        events[event.epoch, event.seq] = event
