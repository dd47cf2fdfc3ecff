"""Opening SQLite safely: the one importer of sqlite_utils."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_numpy = sys.modules.get("numpy")
sys.modules["numpy"] = None  # type: ignore[assignment]  # sqlite_utils imports numpy wherever it is installed
try:
    from sqlite_utils import Database, Migrations
finally:
    if _numpy is None:
        del sys.modules["numpy"]
    else:
        sys.modules["numpy"] = _numpy

__all__ = ["Database", "StorageError", "grow_wal", "migrate", "open_immutable", "open_reader", "open_writer"]

PAGE_BYTES = 4096
BUSY_S = 5.0


class StorageError(OSError):
    """The database cannot be used as it has to be."""


def open_writer(path: Path) -> Database:
    """Open (or make) a database for its one writer: WAL, every commit flushed, both read back.

    Transactions are explicit: the caller says ``BEGIN IMMEDIATE`` and ``COMMIT``.

    Raises:
        StorageError: WAL or full synchronisation is not to be had here.
        sqlite3.DatabaseError: the file is no database.
    """
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    with contextlib.ExitStack() as unless_good:
        unless_good.callback(conn.close)
        conn.execute(f"PRAGMA page_size={PAGE_BYTES}")
        mode = conn.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA wal_autocheckpoint=1000")
        conn.execute("PRAGMA journal_size_limit=-1")
        _demand(path, mode, conn.execute("PRAGMA synchronous").fetchone()[0])
        unless_good.pop_all()
    return Database(conn)


def _demand(path: Path, mode: str, level: int) -> None:
    if (mode, level) != ("wal", 2):
        raise StorageError(
            f"{path}: expected journal_mode wal and synchronous 2 (FULL), found {mode} and {level}; "
            "use a local file system that supports shared memory"
        )


def open_reader(path: Path) -> Database:
    """Open a database read-only beside its writer; usable from one thread at a time."""
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_S)
    conn.execute("PRAGMA query_only=1")
    return Database(conn)


def open_immutable(path: Path) -> Database:
    """Open a database that nobody writes any more.

    Raises:
        sqlite3.OperationalError: there is no such file.
    """
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    return Database(conn)


def migrate(db: Database, name: str, steps: Sequence[Callable[[Database], None]]) -> None:
    """Apply those steps that this database has not seen yet; their function names are remembered."""
    migrations = Migrations(name)
    for step in steps:
        migrations(name=step.__name__)(step)
    migrations.apply(db)


def grow_wal(db: Database, pages: int = 1000) -> None:
    """Let the write-ahead log reach its working size now, so that later commits only overwrite it."""
    db.conn.execute("CREATE TABLE IF NOT EXISTS ballast(block BLOB)")
    db.conn.execute("INSERT INTO ballast VALUES (zeroblob(?))", (pages * PAGE_BYTES,))
    db.conn.execute("DROP TABLE ballast")
    db.conn.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
