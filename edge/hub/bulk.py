"""Many rows at once, as quick as each database can: at 40,000 events a second SQLAlchemy's own way is felt.

SQLite is quickest when each row is bound to one prepared statement. For PostgreSQL all rows go in one JSON text as one
value: its driver needs a microsecond for each value of an array, and a round of messages for each row.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from edge.hub.tables import NUMBER, inbox

KeyRow = tuple[str, str, int, str, str, str | None, int]
"""A row of `edge.hub.tables.event_key`."""

_KEYS_SQLITE = "INSERT INTO event_key VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_KEYS_POSTGRESQL = text(
    "INSERT INTO event_key SELECT * FROM unnest("
    "CAST(:a AS text[]), CAST(:b AS text[]), CAST(:c AS bigint[]), CAST(:d AS text[]), CAST(:e AS text[]), "
    "CAST(:f AS text[]), CAST(:g AS bigint[])) ON CONFLICT DO NOTHING"
)


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
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are not there yet. They have all columns, of text and numbers; JSON is given as text."""
    _write(connection, table, rows, replacing=False)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `insert`, but a row with the same primary key is brought to these values; each key comes once."""
    _write(connection, table, rows, replacing=True)


def _write(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, replacing: bool) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_statement("sqlite", table, replacing=replacing), list(rows))
    else:
        connection.exec_driver_sql(
            _statement("postgresql", table, replacing=replacing), {"rows": msgspec.json.encode(rows).decode()}
        )


@functools.cache
def _statement(dialect: str, table: Table, *, replacing: bool) -> str:
    names = [each.name for each in table.columns]
    if dialect == "sqlite":
        insertion: Any = sqlite_insert(table)
    else:
        insertion = postgresql_insert(table).from_select(names, _given(table))
    if replacing:
        key = [each.name for each in table.primary_key.columns]
        values = {name: insertion.excluded[name] for name in names if name not in key}
        insertion = insertion.on_conflict_do_update(index_elements=key, set_=values)
    return str(insertion.compile(dialect=_DIALECTS[dialect]))


_DIALECTS = {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": postgresql.psycopg.dialect()}


def _given(table: Table) -> Select[Any]:
    """PostgreSQL: the rows of a JSON text. What is JSON in them stays unread, it may hold what no text may."""
    columns = [column(each.name, Text() if isinstance(each.type, JSON) else each.type) for each in table.columns]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), postgresql.JSON))
    given = rows.table_valued(*columns, name="given").render_derived(with_types=True)
    return select(*(cast(x, JSON) if isinstance(each.type, JSON) else x for each, x in zip(table.columns, given.c, strict=True)))


def _insert(connection: Connection, table: Table) -> Any:
    return sqlite_insert(table) if connection.dialect.name == "sqlite" else postgresql_insert(table)


Place = tuple[str, str, int]
"""station, epoch, seq."""


def listed(dialect: str) -> CTE:
    """Rows ``station, epoch, seq`` to join with, whose values `listing` gives: a statement is made and read once."""
    if dialect == "sqlite":
        each = func.json_each(bindparam("listed", type_=Text)).table_valued("value")
        columns: list[ColumnElement[Any]] = [
            func.json_extract(each.c.value, literal_column(f"'$[{index}]'")) for index in range(3)
        ]
    else:
        arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in (("a", Text()), ("b", Text()), ("c", NUMBER))]
        each = func.unnest(*arrays).table_valued("a", "b", "c", name="each").render_derived()
        columns = [each.c[name] for name in "abc"]
    names = ("station", "epoch", "seq")
    labelled = [column.label(name) for column, name in zip(columns, names, strict=True)]
    return select(*labelled).select_from(each).cte("listed")


def listing(dialect: str, places: Sequence[Place]) -> dict[str, Any]:
    """The values of a statement with `listed`; at least one place."""
    if dialect == "sqlite":
        return {"listed": json.dumps(places)}
    return dict(zip("abc", map(list, zip(*places, strict=True)), strict=True))
