"""The journal's lines read some at a time and handed out as asked: a query for each costs twice its reading."""

from __future__ import annotations

from edge import wire
from edge.station.journal.reader import JournalReader


class ReadAhead:
    """What comes next in the journal. Belongs to one thread, as its reader does."""

    def __init__(self, reader: JournalReader) -> None:
        """Read with `reader`."""
        self._reader = reader
        self._first = 1
        self._lines: list[bytes] = []
        """From event `_first` on."""

    def after(self, seq: int, limit: int, max_bytes: int) -> list[bytes]:
        """Events `seq` + 1 and on: at most `limit`, at most `max_bytes` as one batch, but at least one if it is there.

        Empty when there is none, or when that one was pruned.
        """
        if self._first != seq + 1:
            self._first, self._lines = seq + 1, []
        if len(self._lines) < limit:
            self._lines += self._reader.lines(seq + len(self._lines), wire.MAX_BATCH_EVENTS)
        count = _fitting(self._lines, limit, max_bytes)
        taken = self._lines[:count]
        del self._lines[:count]
        self._first += count
        return taken

    def forget(self) -> None:
        """The journal begins anew: what was read of it is nothing any more."""
        self._lines = []


def _fitting(lines: list[bytes], limit: int, max_bytes: int) -> int:
    size = 0
    for count, line in enumerate(lines[:limit]):
        size += len(line) + 1
        if count and size > max_bytes:
            return count
    return min(limit, len(lines))
