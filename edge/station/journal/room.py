"""How many events a journal has place for: in the pages that are its own already, and on the disk."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hardware.host.sqlite import disk_free, page_bytes

CAPACITY = 100_000
"""Unacknowledged events that a station promises to hold; more are refused."""
EVENT_BYTES = 2048
"""What an event is planned with, its share of pages and tree included."""
RESERVED_BYTES = 200 * 1024 * 1024
"""What a station takes of the disk at its first start: `CAPACITY` events of `EVENT_BYTES`."""
ENOUGH_EVENTS = 1000
"""From this many on the file itself says what an event takes."""


@dataclass(frozen=True, slots=True)
class Room:
    """A journal's file, measured."""

    file_bytes: int
    log_bytes: int
    events: int
    event_bytes: int
    """Bytes of the file for each event, with what is left over in its page; `EVENT_BYTES` while there are few."""
    free_bytes: int
    """In pages of the file that hold nothing: nobody else can take them."""
    disk_bytes: int
    """Of the disk, that this user may still fill."""

    @property
    def reserved(self) -> int:
        """Events that fit whatever others do to the disk."""
        return self.free_bytes // self.event_bytes

    @property
    def fits(self) -> int:
        """Events that fit if nobody else takes the disk."""
        return (self.free_bytes + self.disk_bytes) // self.event_bytes

    def capacity(self, unacknowledged: int, quota: int = CAPACITY) -> int:
        """Events that can wait for the hub, those that wait already among them."""
        return min(quota, unacknowledged + self.fits)


def measure(conn: sqlite3.Connection, path: Path) -> Room:
    """Measure; a few system calls.

    Raises:
        sqlite3.Error: the file cannot be read.
        OSError: nor the folder.
    """
    size = page_bytes(conn)
    pages, free = (int(conn.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count"))
    first, last = conn.execute("SELECT (SELECT min(seq) FROM outbox), (SELECT max(seq) FROM outbox)").fetchone()
    events = 0 if first is None else last - first + 1
    log = path.with_name(path.name + "-wal")
    return Room(
        file_bytes=pages * size,
        log_bytes=log.stat().st_size if log.exists() else 0,
        events=events,
        event_bytes=EVENT_BYTES if events < ENOUGH_EVENTS else -(-(pages - free) * size // events),
        free_bytes=free * size,
        disk_bytes=disk_free(path),
    )
