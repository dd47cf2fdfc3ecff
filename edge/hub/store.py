"""The hub's store on SQLite through SQLAlchemy Core: opening, locking, transactions."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from edge.hub.tables import METADATA

SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 5_000


class StoreError(OSError):
    """The store cannot be used: missing, of another version, or held by another collector."""


@dataclass(slots=True)
class Store:
    """An opened store; connections are made for each transaction's thread."""

    engine: Engine
    path: Path
    _lock: int | None = None

    @classmethod
    def open_writer(cls, path: Path) -> Store:
        """Open for the collector; creates what is missing.

        Raises:
            StoreError: another collector holds it, or it cannot be created or is of another version.
        """
        lock = _take_lock(path)
        store = cls(_engine(path, writer=True), path, lock)
        try:
            with store.begin() as connection:
                _check_version(connection, path)
                METADATA.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except (DBAPIError, StoreError) as error:
            store.close()
            raise StoreError(f"{path} cannot be opened as a hub's store: {error}") from error
        return store

    @classmethod
    def open_reader(cls, path: Path) -> Store:
        """Open for questions; a collector may be writing at the same time.

        Raises:
            StoreError: there is no store yet, or it is of another version.
        """
        if not path.is_file():
            raise StoreError(f"{path} does not exist: expected a hub's store; has `udi-hub run` been started once?")
        store = cls(_engine(path, writer=False), path)
        try:
            with store.begin() as connection:
                _check_version(connection, path)
        except DBAPIError as error:
            store.close()
            raise StoreError(f"{path} is not a hub's store: {error}") from error
        return store

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction; committed and flushed to disk when the block ends without an exception."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections and let go of the lock."""
        self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _take_lock(path: Path) -> int:
    name = path.with_name(f"{path.name}.lock")
    try:
        name.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{name} cannot be opened: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreError(f"{path} is in use by another collector: stop it first, SQLite admits one") from error
    return descriptor


def _engine(path: Path, *, writer: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=None if writer else NullPool, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # this module begins transactions itself
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if writer:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _check_version(connection: Connection, path: Path) -> None:
    found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if found not in (0, SCHEMA_VERSION):
        raise StoreError(f"{path} has store version {found}, expected {SCHEMA_VERSION}: start the hub that made it")
