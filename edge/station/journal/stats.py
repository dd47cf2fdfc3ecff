"""How a journal stands, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge import wire
from edge.station.journal.check import opening_of
from edge.station.journal.reader import JournalReader, Row

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Stats:
    """For ``udi-station journal stats``."""

    epochs: list[str]
    """The present one, and the one before as far as the journal still says."""
    first_seq: int
    last_seq: int
    acknowledged_through: int
    unsent: int
    file_bytes: int
    log_bytes: int
    event_bytes: int
    """Bytes of the file for each event; the planned size while there are few."""
    capacity: int
    """Events that can wait for the hub."""
    can_still_take: int
    reserved: int
    """Events of `can_still_take` that fit even if others fill the disk."""
    pressure: float
    events_per_day: float | None
    """From the events in the file; None where they span no time."""
    days_left: float | None
    """Until scans are refused, if nothing is delivered."""
    opened_because: str | None
    """``new``, ``fork`` or ``damaged``; None when the epoch's first event was pruned."""
    lost: list[list[int]]
    """Ranges of the epoch before that could not be read."""
    salvaged: list[list[int]]
    set_aside: list[str]
    """Damaged journals that lie beside this one."""


def stats_of(reader: JournalReader, path: Path) -> Stats:
    """Measure a journal that holds at least one event."""
    head, room = reader.head(), reader.room(path)
    oldest, newest = reader.after(0, 1)[0], reader.newest(1, 1)[0]
    unsent = head.last_seq - head.acked_seq
    capacity = room.capacity(unsent)
    left = max(0, capacity - unsent)
    rate = _per_day(oldest, newest)
    opening = opening_of(wire.Event.decode(oldest.line)) or {}
    before = opening.get("previous") or {}
    return Stats(
        epochs=[*([before["epoch"]] if "epoch" in before else []), head.epoch],
        first_seq=oldest.seq,
        last_seq=head.last_seq,
        acknowledged_through=head.acked_seq,
        unsent=unsent,
        file_bytes=room.file_bytes,
        log_bytes=room.log_bytes,
        event_bytes=room.event_bytes,
        capacity=capacity,
        can_still_take=left,
        reserved=min(left, room.reserved),
        pressure=wire.pressure(unsent, capacity),
        events_per_day=None if rate is None else round(rate, 1),
        days_left=None if rate is None else round(left / rate, 1),
        opened_because=opening.get("why"),
        lost=opening.get("lost", []),
        salvaged=opening.get("salvaged", []),
        set_aside=sorted(
            each.name for each in path.parent.glob(f"{path.name}.quarantine-*") if each.suffix[-1].isdigit()
        ),
    )


def _per_day(oldest: Row, newest: Row) -> float | None:
    seconds = (_at(newest) - _at(oldest)).total_seconds()
    return (newest.seq - oldest.seq) * DAY_S / seconds if seconds > 0 else None


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(wire.Event.decode(row.line).data["at"])
