"""Opening SQLite safely: the one importer of sqlite_utils."""

from __future__ import annotations

import contextlib
import os
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

__all__ = [
    "FRAME_BYTES",
    "PAGE_BYTES",
    "Database",
    "StorageError",
    "close_keeping_log",
    "disk_free",
    "file_bytes",
    "is_full",
    "is_refusal",
    "migrate",
    "open_immutable",
    "open_reader",
    "open_writer",
    "page_bytes",
    "pregrow",
    "restart_log",
]

PAGE_BYTES = 512
"""Of a new file; one that exists keeps its own. A commit writes every page it touches, however little of it changed:
with small ones an append touches about half as many blocks of the disk as with pages of 4096 bytes."""
CHECKPOINT_BYTES = 1_500_000
LOG_BYTES = 2_000_000
"""The log's working size: it is written from its beginning again once `CHECKPOINT_BYTES` were passed by a commit.
Its index (4062 pages in the first 32 KiB of -shm) then never needs more place, which a full disk would refuse."""
FRAME_BYTES = 24
"""What the log adds to each page."""
LEFT_FREE = 256 * 1024 * 1024
"""Bytes of the disk that pre-growing leaves to everybody else."""
BUSY_S = 5.0
_REFUSALS = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
    )
)


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
        conn.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_BYTES // page_bytes(conn)}")
        conn.execute("PRAGMA journal_size_limit=-1")
        conn.execute("PRAGMA secure_delete=ON")  # what was pruned is zeros: no salvage finds it again
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


def page_bytes(conn: sqlite3.Connection) -> int:
    """The page size of this file."""
    return int(conn.execute("PRAGMA page_size").fetchone()[0])


def file_bytes(conn: sqlite3.Connection) -> int:
    """The size of the file once everything in the log has been brought into it."""
    return int(conn.execute("PRAGMA page_count").fetchone()[0]) * page_bytes(conn)


def pregrow(db: Database, path: Path, size: int = 0) -> int:
    """Let the log reach its working size and the file `size` bytes now: later commits only overwrite what is theirs.

    The file's unused pages stand on its free list, so nobody else can take their place on the disk. It stops early
    rather than leave others less than `LEFT_FREE` bytes. What was begun before a kill is gone on with.

    Returns:
        The bytes that the file has.

    Raises:
        sqlite3.Error: the disk is full or refuses; the database is as it was.
    """
    db.conn.execute("PRAGMA secure_delete=OFF")  # ballast is zeros already: zeroing it when freed would swell the log
    try:
        db.conn.execute("DROP TABLE IF EXISTS ballast")
        if _log_bytes(path) < LOG_BYTES or _wants(db.conn, path, size):
            _fill(db.conn, path, size)
            restart_log(db)
    finally:
        db.conn.execute("PRAGMA secure_delete=ON")
    return file_bytes(db.conn)


def _fill(conn: sqlite3.Connection, path: Path, size: int) -> None:
    conn.execute("CREATE TABLE ballast(block BLOB)")
    try:
        _insert_block(conn)
        while _wants(conn, path, size):
            _insert_block(conn)
    finally:
        conn.execute("DROP TABLE ballast")


def _insert_block(conn: sqlite3.Connection) -> None:
    conn.execute("INSERT INTO ballast VALUES (zeroblob(?))", (LOG_BYTES,))


def _wants(conn: sqlite3.Connection, path: Path, size: int) -> bool:
    return file_bytes(conn) < size and disk_free(path) > LEFT_FREE


def _log_bytes(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk was full, and nothing worse."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def is_refusal(error: sqlite3.Error) -> bool:
    """Whether the system refused (disk full, not allowed, in use, failed): that says nothing of the file's content."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _REFUSALS


def restart_log(db: Database) -> None:
    """Bring everything in the log into the file, so that the next commit writes the log from its beginning."""
    db.conn.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()


def disk_free(path: Path) -> int:
    """Bytes of the file system of `path` that this user may still fill."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def close_keeping_log(db: Database, path: Path) -> None:
    """Close a writer, but leave its log as it is: the next start finds its place on the disk still taken.

    SQLite deletes the log when the last connection closes, unless that one cannot write.
    """
    with contextlib.ExitStack() as closing:
        with contextlib.suppress(sqlite3.Error):  # a file that cannot be read any more: its log is of no use
            last = open_reader(path)
            closing.callback(last.conn.close)
            last.conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        closing.callback(db.conn.close)
