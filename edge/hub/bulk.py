"""Many rows at once, as quick as each database can: at 40,000 events a second SQLAlchemy's own way is felt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, CTE, ColumnElement, Connection, Table, Text, bindparam, func, literal_column, select, text
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


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert, or bring the row with the same primary key to these values; all rows have the same columns."""
    if not rows:
        return
    statement = _insert(connection, table)
    key = [column.name for column in table.primary_key.columns]
    values = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values), list(rows))


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
