"""What is wrong in the store, and what a person should know of it. Only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, select, union_all

from edge.hub.db.gaps import gaps
from edge.hub.tables import PROJECTIONS, event, event_key, inbox, key_conflict, poison, repeat, scan, unprojected


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    wrong: bool
    """The store contradicts itself; else something that happened outside and is kept safely."""
    what: str
    count: int
    do: str
    """What to do."""


def check(connection: Connection) -> list[Finding]:
    """Everything that is not as it should be; empty when all is well."""
    return [*_damage(connection), *_contradictions(connection), *_notes(connection)]


def _damage(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL: pg_amcheck, by whoever runs the server
    said = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    if said:
        yield Finding(True, f"SQLite: {said[0]}", len(said), "restore the newest good copy: stations send the rest")


def _contradictions(connection: Connection) -> Iterator[Finding]:
    messages, known = select(inbox.c.id), select(event.c.event_id)
    k, waiting = event_key.c, unprojected.c.inbox_id
    hidden = (k.event_id != "", k.event_id.not_in(known), k.inbox_id.not_in(select(waiting)))
    shown = union_all(*(select(table.c.event_id) for table in PROJECTIONS)).subquery()
    twice = select(scan.c.event_id).group_by(scan.c.event_id).having(func.count() > 1).subquery()
    rebuild = "stop the hub, run udi-hub db rebuild"
    restore = "restore a copy, or import the stations' exported journals; then look into how it came about"
    questions = (
        ("keys whose message is not there", _count(event_key, k.inbox_id.not_in(messages)), restore),
        ("messages listed for projecting that are not there", _count(unprojected, waiting.not_in(messages)), restore),
        ("events that no answer shows", _count(event_key, *hidden), rebuild),
        ("rows of answers without an event", _count(shown, shown.c.event_id.not_in(known)), rebuild),
        ("scans counted twice", _count(twice), rebuild),
    )
    for what, query, todo in questions:
        count = connection.execute(query).scalar_one()
        if count:
            yield Finding(True, what, count, todo)


def _notes(connection: Connection) -> Iterator[Finding]:
    for each in gaps(connection):
        what = f"{each.station} epoch {each.epoch}: seq {each.first} to {each.last} are missing"
        todo = (
            "on its way, if the station is sending; else import an exported journal or an older copy of the store "
            f"that has them, or accept the loss: udi-hub db close-gap {each.station} --why TEXT"
        )
        yield Finding(False, what, each.behind, todo)
    questions = (
        ("messages that no answer shows yet", _count(unprojected), "nothing: the hub works them off"),
        (
            "quarantined: events for a key that others have (a cloned or rolled back card); they are counted",
            _count(key_conflict),
            "find the second card of that station, see column station of table key_conflict",
        ),
        ("events that came twice with different content", _count(repeat, ~repeat.c.same), "compare them: table repeat"),
        ("bytes set aside that cannot be read", _count(poison), "see column why of table poison"),
    )
    for what, query, todo in questions:
        count = connection.execute(query).scalar_one()
        if count:
            yield Finding(False, what, count, todo)


def _count(rows: FromClause, *where: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(rows).where(*where)
