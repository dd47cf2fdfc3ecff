"""The hub's store: opening it, and transactions. SQLite for one collector, PostgreSQL for several.

Everything goes through SQLAlchemy Core; what the two databases do differently stands in this module, in
`edge.hub.bulk` and in the migrations.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError

from edge.hub.schema import HEAD, create

BUSY_TIMEOUT_MS = 5_000
PAGE_BYTES = 8192
"""SQLite: a batch of 64 KiB takes half as many as of its own 4096, and a commit a tenth less time."""
CHECKPOINT_PAGES = 2_000
"""16 MiB of the log go into the file at once."""
POSTGRESQL = ("postgresql://", "postgres://")
FLUSHED = {"fsync": ("on",), "synchronous_commit": ("on", "remote_write", "remote_apply", "local")}
"""PostgreSQL's settings that make a commit last, and the values that do."""


class StoreError(OSError):
    """The store cannot be used: missing, of another version, or held by another collector."""


@dataclass(slots=True)
class Store:
    """An opened store. `begin` and `read` may be called from any thread."""

    engine: Engine
    reader: Engine
    name: str
    """How messages name it; never with a password."""
    _lock: int | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open_writer(cls, place: str | Path) -> Store:
        """Open for a collector; an empty store gets its tables.

        Args:
            place: the SQLite file, or a URL ``postgresql://...``.

        Raises:
            StoreError: another collector holds the file, or it cannot be created, reached, or is of another version.
        """
        store = _open(place, writer=True)
        try:
            with store.begin() as connection:
                _demand_flushing(connection, store.name)
                if not inspect(connection).get_table_names():
                    create(connection)
                _demand_version(connection, store.name)
        except (DBAPIError, StoreError) as error:
            store.close()
            raise StoreError(f"{store.name} cannot be opened as a hub's store: {error}") from error
        return store

    @classmethod
    def open_reader(cls, place: str | Path) -> Store:
        """Open for questions; collectors may be writing at the same time.

        Raises:
            StoreError: there is no store yet, or it is of another version.
        """
        store = _open(place, writer=False)
        try:
            with store.read() as connection:
                _demand_version(connection, store.name)
        except DBAPIError as error:
            store.close()
            raise StoreError(f"{store.name} is not a hub's store: {error}") from error
        except StoreError:
            store.close()
            raise
        return store

    @classmethod
    def open_beside(cls, place: str | Path) -> Store:
        """Open to write a row that no collector writes, also while one runs: it waits for the moment this takes.

        Raises:
            StoreError: as `open_reader`.
        """
        cls.open_reader(place).close()
        return _open(place, writer=True, alone=False)

    @classmethod
    def open_for_migration(cls, place: str | Path) -> Store:
        """Open a store of any version; on SQLite no collector may run.

        Raises:
            StoreError: as `open_writer`, but for the version.
        """
        return _open(place, writer=True)

    @property
    def is_sqlite(self) -> bool:
        """One file, one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction; committed and flushed to disk when the block ends without an exception."""
        with contextlib.ExitStack() as stack:
            if self.is_sqlite:  # waiting here is quicker than in SQLite, which sleeps and looks again
                stack.enter_context(self._turn)
            yield stack.enter_context(self.engine.begin())

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads: sees everything that was committed before it began."""
        with self.reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections and let go of the lock."""
        self.engine.dispose()
        self.reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _open(place: str | Path, *, writer: bool, alone: bool = True) -> Store:
    if isinstance(place, str) and place.startswith(POSTGRESQL):
        return _open_postgresql(place, writer=writer)
    path = Path(place)
    if not writer:
        if not path.is_file():
            raise StoreError(f"{path} does not exist: expected a hub's store; has `udi-hub run` been started once?")
        reader = _sqlite(path, writer=False)
        return Store(reader, reader, str(path))
    lock = _take_lock(path) if alone else None
    return Store(_sqlite(path, writer=True), _sqlite(path, writer=False), str(path), lock)


def _open_postgresql(url: str, *, writer: bool) -> Store:
    # A plan that was made while a table was small would be kept when it is large, and read all of it.
    # Compiling one for a year of partitions takes seconds, and running it a twentieth of that.
    options = "-c timezone=UTC -c plan_cache_mode=force_custom_plan -c jit=off"
    if not writer:
        options += " -c default_transaction_read_only=on"
    address = "postgresql+psycopg://" + url.split("://", 1)[1]
    engine = create_engine(address, connect_args={"options": options}, pool_pre_ping=True)
    return Store(engine, engine, engine.url.render_as_string(hide_password=True))


def _sqlite(path: Path, *, writer: bool) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # this module begins transactions itself
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if writer:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


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


def _demand_flushing(connection: Connection, name: str) -> None:
    """Nothing is acknowledged that a power cut could still take."""
    if connection.dialect.name == "sqlite":
        found = (
            connection.exec_driver_sql("PRAGMA journal_mode").scalar(),
            connection.exec_driver_sql("PRAGMA synchronous").scalar(),
        )
        if found != ("wal", 2):
            raise StoreError(f"{name}: expected journal_mode wal and synchronous 2 (FULL), found {found}")
        return
    for setting, good in FLUSHED.items():
        value = connection.execute(text(f"SHOW {setting}")).scalar()
        if value not in good:
            raise StoreError(f"{name}: {setting} is {value}, expected {good[0]}: set it in postgresql.conf")


def _demand_version(connection: Connection, name: str) -> None:
    tables = inspect(connection).get_table_names()
    found = None
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found != HEAD:
        raise StoreError(
            f"{name} has store version {found}, expected {HEAD}: with a copy of it at hand run `udi-hub db migrate`, "
            "or start the hub that made it"
        )
