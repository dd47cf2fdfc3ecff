"""The journal's file at a start: opened if it is good, and brought to its full size."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from edge.station.journal.check import broken_links, look_at_headers
from edge.station.journal.reader import JournalDamaged, read_head
from hardware.host.sqlite import Database, disk_free, is_full, migrate, open_writer, pregrow

log = logging.getLogger(__name__)

CHECKED_LINKS = 100
"""Chain links that are checked at every start; the full check runs behind."""

A_LITTLE = 4096
"""Bytes: with less than this the disk is full, whatever the error says."""


def reserve(db: Database, path: Path, size: int) -> None:
    """Take what the promised capacity needs from the disk; a disk too full for that is no reason not to start."""
    try:
        found = pregrow(db, path, size)
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
        log.warning("journal=%s nothing reserved: %s; %s", path, error, what_to_do(path, error))
        return
    if found < size:
        log.warning("journal=%s reserved %d of %d bytes: free the disk, then restart", path, found, size)


def what_to_do(path: Path, error: sqlite3.Error) -> str:
    """Advice for a person, after SQLite could not do its work."""
    if is_full(error) or disk_free(path.parent) < A_LITTLE:
        return f"delete what is not needed on the disk that holds {path.parent}"
    return "check the card's health (udi-firmware health)"


def _create(db: Database) -> None:
    db.conn.execute("CREATE TABLE outbox(seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
    db.conn.execute("CREATE TABLE cursor(epoch TEXT NOT NULL, acked_seq INTEGER NOT NULL, acked_chain TEXT)")


def _keep_tasks(db: Database) -> None:
    db.conn.execute("CREATE TABLE kept(id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL)")


def open_checked(path: Path) -> Database:
    """Open or make the file for its writer; its headers and newest links are good.

    Raises:
        JournalDamaged: they are not.
        sqlite3.DatabaseError: nor is it a database, or the system refuses (`hardware.host.sqlite.is_refusal`).
    """
    look_at_headers(path)
    db = open_writer(path)
    with contextlib.ExitStack() as unless_good:
        unless_good.callback(db.conn.close)
        migrate(db, "journal", [_create, _keep_tasks])
        newest = db.conn.execute("SELECT seq, line FROM outbox ORDER BY seq DESC LIMIT ?", (CHECKED_LINKS,)).fetchall()
        broken = broken_links(reversed(newest))
        head = read_head(db.conn)
        if newest and head.epoch == "":
            broken.append("events without a cursor")
        if broken:
            raise JournalDamaged("; ".join(broken))
        unless_good.pop_all()
    return db
