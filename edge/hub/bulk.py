"""Many rows at once, as quick as each database can: at 40,000 events a second SQLAlchemy's own way is felt.

SQLite is quickest when each row is bound to one prepared statement. For PostgreSQL all rows go in one JSON text as one
value: its driver needs a microsecond for each value of an array, and a round of messages for each row.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from edge.hub.reading import encode
from edge.hub.tables import inbox

KeyRow = tuple[str, str, int, str, str, str | None, int]
"""A row of `edge.hub.tables.event_key`."""

_KEYS_SQLITE = "INSERT INTO event_key VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_KEYS_POSTGRESQL = text(
    "INSERT INTO event_key SELECT * FROM unnest("
    "CAST(:a AS text[]), CAST(:b AS text[]), CAST(:c AS bigint[]), CAST(:d AS text[]), CAST(:e AS text[]), "
    "CAST(:f AS text[]), CAST(:g AS bigint[])) ON CONFLICT DO NOTHING"
)
_DIALECTS = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": make_url("postgresql+psycopg://").get_dialect()(),
}


def insert_keys(connection: Connection, rows: Sequence[KeyRow]) -> int:
    """Insert those whose key is free; gives their number.

    Rows come in the order of their keys, so that two collectors wait for each other instead of both for ever.
    """
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql(_KEYS_SQLITE, list(rows)).rowcount
    columns = dict(zip("abcdefg", map(list, zip(*rows, strict=True)), strict=True))
    return connection.execute(_KEYS_POSTGRESQL, columns).rowcount


def next_inbox_ids(connection: Connection, count: int) -> Sequence[int]:
    """Numbers for so many messages, rising."""
    if connection.dialect.name == "sqlite":  # there is one writer, and nothing is ever deleted
        first = (connection.execute(select(func.max(inbox.c.id))).scalar() or 0) + 1
        return range(first, first + count)
    drawn = select(func.nextval("inbox_id_seq")).select_from(func.generate_series(1, count))
    return sorted(connection.execute(drawn).scalars())


def insert_or_nothing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those that no unique key forbids."""
    if rows:
        dialect_insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        connection.execute(dialect_insert(table).on_conflict_do_nothing(), list(rows))


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are not there yet. They have all columns, of text and numbers; JSON is given as text."""
    _write(connection, table, rows, replacing=False)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `insert`, but a row with the same primary key is brought to these values; each key comes once."""
    _write(connection, table, rows, replacing=True)


def _write(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, replacing: bool) -> None:
    if rows:
        dialect = connection.dialect.name
        statement = _insertion(dialect, table, replacing=replacing)
        connection.exec_driver_sql(statement, list(rows) if dialect == "sqlite" else listing(rows))


@functools.cache
def _insertion(dialect: str, table: Table, *, replacing: bool) -> str:
    names = [each.name for each in table.columns]
    statement: Any = sqlite_insert(table)
    if dialect == "postgresql":
        statement = postgresql_insert(table).from_select(names, _rows(table))
    if replacing:
        key = [each.name for each in table.primary_key.columns]
        values = {name: statement.excluded[name] for name in names if name not in key}
        statement = statement.on_conflict_do_update(index_elements=key, set_=values)
    return str(statement.compile(dialect=_DIALECTS[dialect]))


def _rows(table: Table) -> Select[Any]:
    """PostgreSQL: what is JSON in the rows is text until then, for it may hold what no text may, such as a NUL."""
    texts = [Column(each.name, Text if isinstance(each.type, JSON) else each.type) for each in table.columns]
    rows = listed("postgresql", *texts)
    return select(*(cast(rows.c[each.name], each.type) for each in table.columns))


def listed(dialect: str, *columns: Column[Any]) -> Subquery:
    """Rows of such columns to join with, whose values `listing` gives: a statement is made and read once."""
    rows = bindparam("rows", type_=Text)
    if dialect == "sqlite":
        value = func.json_each(rows).table_valued("value").c.value
        fields = (func.json_extract(value, literal_column(f"'$.{each.name}'")).label(each.name) for each in columns)
        return select(*fields).subquery("listed")
    each = func.json_to_recordset(cast(rows, JSON)).table_valued(
        *(column(each.name, each.type) for each in columns), name="each"
    )
    return select(each.render_derived(with_types=True)).subquery("listed")


def listing(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The values of a statement with `listed`."""
    return {"rows": encode(rows)}
