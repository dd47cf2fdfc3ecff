"""What is wanted of machines, in the store: a configuration, signed; a command with its expiry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, insert, select, update

from edge import sign, wire
from edge.hub.fleet.tables import fleet_command, fleet_wanted

SCHEMA = 1
Status = Literal["init", "executing", "successful", "failed", "expired"]
OPEN = ("init", "executing")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and how far it has come.

    Attributes:
        ident: its own name.
        station: of whose machine.
        kind: what is asked.
        payload: as it stands at the broker while it waits.
        expires: UTC, ISO 8601.
        status: ``init`` while the machine has not begun.
        said: by the machine, for people.
        asked_at: when it was asked.
        changed_at: when that changed last.
    """

    ident: str
    station: str
    kind: str
    payload: bytes
    expires: str
    status: str
    said: str
    asked_at: str
    changed_at: str


def want(connection: Connection, station: str, body: str, at: datetime, *, by: str, key: bytes) -> int:
    """Want this configuration of a station; gives its revision.

    It is above all before, also after the store was restored from an older copy: never lower than the time in seconds.

    Args:
        connection: of the store.
        station: whose.
        body: the text of its file.
        at: now.
        by: name of whose key it is.
        key: Ed25519 private key, 32 bytes.
    """
    last = connection.execute(select(func.max(fleet_wanted.c.rev)).where(fleet_wanted.c.station == station)).scalar()
    rev = max((last or 0) + 1, int(at.timestamp()))
    made = sign.sign("configuration", f"{station}\n{rev}\n{body}".encode(), by=by, key=key)
    told = {"schema": SCHEMA, "rev": rev, "body": body, "by": made.by, "sig": made.sig}
    payload = json.dumps(told, ensure_ascii=False).encode()
    connection.execute(insert(fleet_wanted).values(station=station, rev=rev, payload=payload, wanted_at=wire.iso(at)))
    return rev


def revision(connection: Connection) -> tuple[int, int]:
    """Changes with every configuration that is wanted."""
    row = connection.execute(select(func.count(), func.max(fleet_wanted.c.rev)).select_from(fleet_wanted)).one()
    return row[0], row[1] or 0


def revisions(connection: Connection) -> dict[str, int]:
    """The revision that each station shall have."""
    return {row.station: row.rev for row in connection.execute(_newest())}


def wanted(connection: Connection) -> dict[str, bytes]:
    """The configuration that each station shall have, as it goes to its agent."""
    rows = _newest().subquery()
    query = select(fleet_wanted.c.station, fleet_wanted.c.payload).join(
        rows, (rows.c.station == fleet_wanted.c.station) & (rows.c.rev == fleet_wanted.c.rev)
    )
    return {station: bytes(payload) for station, payload in connection.execute(query)}


def ask(
    connection: Connection, station: str, kind: str, args: Mapping[str, str], *, at: datetime, expires: datetime
) -> str:
    """Ask a machine to do something; gives the command's name."""
    ident = wire.uuid7(at)
    told = {"schema": SCHEMA, "status": "init", "expires": wire.iso(expires), "args": dict(args)}
    connection.execute(
        insert(fleet_command).values(
            ident=ident,
            station=station,
            kind=kind,
            payload=json.dumps(told, ensure_ascii=False).encode(),
            asked_at=wire.iso(at),
            expires=wire.iso(expires),
            status="init",
            said="",
            changed_at=wire.iso(at),
        )
    )
    return ident


def commands(connection: Connection, station: str | None = None, *, most: int = 1000) -> list[Asked]:
    """Commands, the newest first."""
    query = select(fleet_command).order_by(fleet_command.c.asked_at.desc(), fleet_command.c.ident.desc()).limit(most)
    if station is not None:
        query = query.where(fleet_command.c.station == station)
    return [_asked(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def waiting(connection: Connection) -> list[Asked]:
    """Commands that are not done, the oldest first."""
    query = select(fleet_command).where(fleet_command.c.status.in_(OPEN)).order_by(fleet_command.c.asked_at)
    return [_asked(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def answered(connection: Connection, ident: str, status: str, said: str, at: str) -> bool:
    """A machine said how far a command has come; whether that was news. What is done stays done."""
    changed = connection.execute(
        update(fleet_command)
        .where(fleet_command.c.ident == ident, fleet_command.c.status.in_(OPEN), fleet_command.c.status != status)
        .values(status=status, said=said, changed_at=at)
    )
    return changed.rowcount > 0


def _newest() -> Select[tuple[str, int]]:
    return select(fleet_wanted.c.station, func.max(fleet_wanted.c.rev).label("rev")).group_by(fleet_wanted.c.station)


def _asked(row: Mapping[Any, Any]) -> Asked:
    return Asked(**{**row, "payload": bytes(row["payload"])})
