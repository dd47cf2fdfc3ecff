"""The journal's file: append, acknowledge, prune (architecture sections 6 to 8).

One table of exact event bytes keyed by ``seq``, one row that says up to where the hub has them. An append is one
transaction, flushed when it returns. Pruning never deletes the newest row, and happens only when the hub's chain
value at its watermark equals our own; if not, a new epoch is opened and everything unsent is journaled again there
under its old event id.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge import wire
from edge.station.journal.check import broken_links
from edge.station.journal.file import open_checked, reserve, what_to_do
from edge.station.journal.reader import Head, JournalDamaged, JournalReader, Row, read_head
from edge.station.journal.room import CAPACITY, Room, measure
from edge.station.journal.salvage import Salvaged, quarantine, ranges, salvage
from hardware.host.sqlite import Database, StorageError, close_keeping_log, is_full, is_refusal, restart_log

__all__ = ["Head", "Journal", "JournalDamaged", "JournalError", "JournalFull", "JournalReader", "OpenedEpoch", "Row"]

log = logging.getLogger(__name__)

PRUNE_MOST = 250
"""Rows deleted in one transaction: a scan may be waiting for it."""
PRUNE_EVENTS = 50
"""Rows are deleted in ranges of at least this many, and the cursor is written with them: a watermark costs no flush."""

KEPT_STEP = 1024
"""Bytes. What the tasks know is filled up with spaces to a multiple of this: while its size stands, SQLite overwrites
only those of its pages that differ."""

Acknowledged = Literal["pruned", "same", "fork", "foreign"]


class JournalError(OSError):
    """An event could not be written. Nothing of it was recorded; the journal may recover."""


class JournalFull(JournalError):  # noqa: N818 - reads as what it is
    """The promised capacity is used up. Nothing is overwritten."""


@dataclass(frozen=True, slots=True)
class OpenedEpoch:
    """Why a new epoch begins, and what came before it."""

    why: str
    """``new``, ``damaged`` or ``fork``."""
    previous: dict[str, object] | None
    """``{epoch, seq, chain}`` of the epoch before; None if unknown."""
    lost: list[list[int]]
    """Ranges of the epoch before that can no longer be read."""
    salvaged: list[list[int]]
    """Ranges of the epoch before that were read from a damaged file."""


Opening = Callable[[OpenedEpoch], wire.Draft]


class Journal:
    """The one writer of a journal file. Not thread-safe: it belongs to one worker."""

    capacity = CAPACITY

    def __init__(self, db: Database, path: Path, opening: Opening, after_step: Callable[[str], None]) -> None:
        """Use an opened database; see `open`."""
        self._db = db
        self._path = path
        self._conn = db.conn
        self._opening = opening
        self._after_step = after_step
        self._head = read_head(self._conn)
        self._settled = self._head.acked_seq
        self._kept: bytes | None = None
        """What the tasks know as it was last written in this life."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        opening: Opening,
        reserve_bytes: int = 0,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> Journal:
        """Open the journal, or make it; a damaged one is set aside and its readable events journaled again.

        Args:
            path: the SQLite file.
            opening: makes the first event of a new epoch.
            reserve_bytes: the size that the file is brought to now, so that a disk filled by others later
                takes nothing from the journal. Writes as many bytes twice, once in the life of a journal.
            after_step: told after ``begun``, ``inserted`` and ``committed``; for tests that kill the process there.

        Raises:
            StorageError: the place cannot hold a journal at all.
        """
        saved = Salvaged()
        try:
            db = open_checked(path)
        except (JournalDamaged, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.Error) and is_refusal(error):
                raise StorageError(f"{path}: {error}; {what_to_do(path, error)}") from error
            aside = quarantine(path)
            log.error("journal=%s damaged: %s; set aside as %s", path, error, aside)  # noqa: TRY400 - no traceback
            saved = salvage(aside)
            db = open_checked(path)
        try:
            journal = cls(db, path, opening, after_step)
            if journal.head.last_seq == 0:
                journal._begin_first_epoch(saved)
            reserve(db, path, reserve_bytes)
        except sqlite3.Error as error:
            raise StorageError(f"{path}: {error}; {what_to_do(path, error)}") from error
        return journal

    @property
    def head(self) -> Head:
        """Where the journal stands."""
        return self._head

    @property
    def unacknowledged(self) -> int:
        """Events that the hub has not confirmed."""
        return self._head.last_seq - self._head.acked_seq

    @property
    def prunable(self) -> bool:
        """There is a range to delete, and no backlog drains that would be stopped by it."""
        return self.unacknowledged < wire.WINDOW_EVENTS and self._prunable() > 0

    @property
    def settled(self) -> bool:
        """Whether the file's cursor says what `head` says."""
        return self._settled == self._head.acked_seq

    def append(self, drafts: Sequence[wire.Draft], kept: bytes | None = None) -> list[Row]:
        """Write events in one transaction; they are on the card when this returns.

        Args:
            drafts: the events.
            kept: what the tasks know after them, see `edge.station.tasks.keeping`; None leaves it as it is. It costs
                the card nothing where it is what was kept before. Spaces at its end do not last.

        Raises:
            JournalFull: the capacity is used up; nothing was written.
            JournalError: the card refused; nothing was written.
            WireError: a draft is too large; nothing was written.
        """
        if self.unacknowledged + len(drafts) > self.capacity:
            raise JournalFull(
                f"{self.unacknowledged} of {self.capacity} events wait for the hub: no more is taken, nothing is "
                "overwritten; bring the network or the hub back (udi-station status says what is missing)"
            )
        rows, chain = self._encode(drafts)
        news = None if kept == self._kept else kept
        try:
            self._transaction(lambda: self._insert(rows, news))
        except sqlite3.Error as error:
            raise JournalError(f"the journal could not be written: {error}; {what_to_do(self._path, error)}") from error
        head = self._head
        self._head = Head(head.epoch, rows[-1].seq, chain, head.acked_seq, head.acked_chain)
        self._kept = self._kept if news is None else news
        return rows

    def acknowledge(self, ack: wire.Ack) -> Acknowledged:
        """Take the hub's watermark: prune what is worth it, or notice that this card is not the one the hub knows.

        Raises:
            JournalError: the card refused; the file is as it was.
        """
        head = self._head
        if ack.epoch != head.epoch:
            return "foreign"
        if ack.through == head.acked_seq and ack.chain_at_through == head.acked_chain:
            return "same"
        if ack.through < head.acked_seq:
            return "same"
        try:
            if ack.through > head.last_seq or self._digest_at(ack.through) != ack.chain_at_through:
                self._fork()
                return "fork"
        except sqlite3.Error as error:
            raise JournalError(f"the journal could not be read or begun anew: {error}") from error
        self._head = Head(head.epoch, head.last_seq, head.last_digest, ack.through, ack.chain_at_through)
        if self.prunable:
            self.settle()
        return "pruned"

    def settle(self) -> None:
        """Write the cursor, and delete what the hub has if that is a range worth it.

        Raises:
            JournalError: the card refused; the file is as it was.
        """
        try:
            self._transaction(self._move_cursor)
        except sqlite3.Error as error:
            raise JournalError(f"the cursor could not be written: {error}") from error
        self._settled = self._head.acked_seq

    def verify(self) -> list[str]:
        """The full check: SQLite's own and every chain link. Empty when all is well."""
        problems = [str(row[0]) for row in self._conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return problems + broken_links(self._conn.execute("SELECT seq, line FROM outbox ORDER BY seq"))

    def room(self) -> Room:
        """What the file takes, and what it has place for.

        Raises:
            JournalError: it cannot be measured.
        """
        try:
            return measure(self._conn, self._path)
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"the journal's room cannot be measured: {error}") from error

    def close(self) -> None:
        """Close the file; its log stays, and with it the log's place on the disk."""
        if not self.settled:
            with contextlib.suppress(JournalError):  # the hub's retained watermark says it again
                self.settle()
        close_keeping_log(self._db, self._path)

    def _encode(self, drafts: Sequence[wire.Draft]) -> tuple[list[Row], str | None]:
        """The events as they follow the newest one, and the chain value for the next."""
        rows, chain, seq = [], self._head.last_digest, self._head.last_seq
        for draft in drafts:
            seq += 1
            line = draft.encode(self._head.epoch, seq, chain)
            chain = wire.digest(line)
            rows.append(Row(seq, line))
        return rows, chain

    def _insert(self, rows: Sequence[Row], kept: bytes | None = None) -> None:
        self._conn.executemany("INSERT INTO outbox(seq, line) VALUES (?, ?)", [(row.seq, row.line) for row in rows])
        if kept is not None:
            self._keep(kept)
        self._after_step("inserted")

    def _keep(self, kept: bytes) -> None:
        filled = (kept.ljust(-(-len(kept) // KEPT_STEP) * KEPT_STEP),)
        if self._conn.execute("UPDATE kept SET state = ? WHERE id = 1", filled).rowcount == 0:
            self._conn.execute("INSERT INTO kept(id, state) VALUES (1, ?)", filled)

    def _transaction(self, work: Callable[[], None]) -> None:
        try:
            self._commit(work)
        except sqlite3.Error as error:
            if not is_full(error):
                raise
            restart_log(self._db)  # a log that cannot grow any more has place at its beginning
            self._commit(work)

    def _commit(self, work: Callable[[], None]) -> None:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            self._after_step("begun")
            work()
            self._conn.execute("COMMIT")
        finally:
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
        self._after_step("committed")

    def _digest_at(self, seq: int) -> str | None:
        if seq == self._head.acked_seq:
            return self._head.acked_chain
        row = self._conn.execute("SELECT line FROM outbox WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else wire.digest(row[0])

    def _prunable(self) -> int:
        """The last event that may be deleted, never the newest; 0 where that is no range worth it."""
        through = min(self._head.acked_seq, self._head.last_seq - 1)
        oldest = self._conn.execute("SELECT min(seq) FROM outbox").fetchone()[0]
        return min(through, oldest + PRUNE_MOST - 1) if through - oldest + 1 >= PRUNE_EVENTS else 0

    def _move_cursor(self) -> None:
        head = self._head
        self._conn.execute("UPDATE cursor SET acked_seq = ?, acked_chain = ?", (head.acked_seq, head.acked_chain))
        if through := self._prunable():
            self._conn.execute("DELETE FROM outbox WHERE seq <= ?", (through,))

    def _begin_first_epoch(self, saved: Salvaged) -> None:
        opened = OpenedEpoch(
            why="damaged" if saved.damaged else "new",
            previous=saved.previous,
            lost=saved.lost,
            salvaged=ranges(saved.seqs),
        )
        self._open_epoch(opened, saved.lines)

    def _fork(self) -> None:
        head = self._head
        log.error("journal fork: epoch=%s last_seq=%d differs from the hub", head.epoch, head.last_seq)
        unsent = [
            row[0]
            for row in self._conn.execute("SELECT line FROM outbox WHERE seq > ? ORDER BY seq", (head.acked_seq,))
        ]
        previous = {"epoch": head.epoch, "seq": head.last_seq, "chain": head.last_digest}
        self._open_epoch(OpenedEpoch("fork", dict(previous), [], []), unsent)

    def _open_epoch(self, opened: OpenedEpoch, lines: Iterable[bytes]) -> None:
        self._transaction(lambda: self._begin_epoch(opened, lines))
        self._head, self._settled = read_head(self._conn), 0

    def _begin_epoch(self, opened: OpenedEpoch, lines: Iterable[bytes]) -> None:
        epoch = secrets.token_hex(8)
        first = self._opening(opened).encode(epoch, 1, None)
        rows, chain = [Row(1, first)], wire.digest(first)
        for seq, line in enumerate(lines, start=2):
            moved = wire.replace_place(line, epoch=epoch, seq=seq, chain=chain)
            chain = wire.digest(moved)
            rows.append(Row(seq, moved))
        self._conn.execute("DELETE FROM outbox")
        self._conn.execute("DELETE FROM cursor")
        self._conn.execute("INSERT INTO cursor(epoch, acked_seq, acked_chain) VALUES (?, 0, NULL)", (epoch,))
        self._insert(rows)
