from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from edge.hub import schema
from edge.hub import store as hub_store
from edge.hub.store import PAGE_BYTES, Store, StoreError
from edge.hub.tables import METADATA, unprojected

if TYPE_CHECKING:
    from tests.support.postgres import Postgres


def test_the_migrations_make_the_tables_that_the_code_expects(store: Store) -> None:
    with store.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert schema.version(connection) == schema.HEAD


def test_head_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert scripts.get_heads() == [schema.HEAD]


def test_a_store_of_another_version_is_refused_with_what_to_do(place: str, store: Store) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    for opening in (Store.open_writer, Store.open_reader):
        with pytest.raises(StoreError, match=r"version 9999, expected \d+: .*udi-hub db migrate"):
            opening(place)


def test_a_reader_cannot_write(place: str, store: Store) -> None:
    reader = Store.open_reader(place)
    with pytest.raises(DBAPIError, match=r"read-?only"), reader.read() as connection:
        connection.execute(text("DELETE FROM inbox"))
    reader.close()
    assert not store.is_sqlite or place.endswith("sqlite3")


def test_what_a_failed_transaction_wrote_is_gone(store: Store) -> None:
    twice = insert(unprojected).values([{"inbox_id": 1}] * 2)
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(twice)
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM unprojected")).scalar() == 0


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_sqlite_admits_one_collector(place: str, store: Store) -> None:
    with pytest.raises(StoreError, match="in use by another collector"):
        Store.open_writer(place)
    store.close()
    Store.open_writer(place).close()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_postgresql_admits_several_collectors(place: str, store: Store) -> None:
    second = Store.open_writer(place)
    for each in (store, second):
        with each.begin() as connection:
            connection.execute(text("SELECT count(*) FROM inbox"))
    second.close()


def test_postgresql_that_does_not_flush_is_refused(postgres: Postgres) -> None:
    url = postgres.database()
    store = Store.open_writer(url)
    with store.begin() as connection:
        connection.execute(text("ALTER ROLE udi SET synchronous_commit = off"))
    store.close()
    try:
        with pytest.raises(StoreError, match="synchronous_commit is off, expected on"):
            Store.open_writer(url)
    finally:
        admin = Store.open_reader(url)
        with admin.engine.begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text("ALTER ROLE udi RESET synchronous_commit"))
        admin.close()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("postgresql://udi@/nothing?host=/nowhere", "nowhere"),
        ("/proc/nothing/hub.sqlite3", "cannot be opened"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(place: str, why: str) -> None:
    with pytest.raises(StoreError, match=why):
        Store.open_writer(place)


def test_a_reader_wants_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store.open_reader(tmp_path / "hub.sqlite3")
    (tmp_path / "hub.sqlite3").write_bytes(b"no database at all, but long enough" * 10)
    with pytest.raises(StoreError, match="not a hub's store"):
        Store.open_reader(tmp_path / "hub.sqlite3")


def test_a_new_file_has_large_pages_and_an_older_one_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page_bytes(file: Path) -> object:
        with closing(Store.open_writer(file)) as store, store.read() as connection:
            return connection.exec_driver_sql("PRAGMA page_size").scalar()

    assert page_bytes(tmp_path / "new.sqlite3") == PAGE_BYTES == 8192
    monkeypatch.setattr(hub_store, "PAGE_BYTES", 4096)
    assert page_bytes(tmp_path / "old.sqlite3") == 4096
    monkeypatch.undo()
    assert page_bytes(tmp_path / "old.sqlite3") == 4096
