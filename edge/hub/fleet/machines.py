"""What machines say of themselves, in the store: the newest of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from edge.hub import bulk
from edge.hub.fleet.tables import fleet_machine

MOST_BYTES = 16 * 1024
_NOTHING = {each.name: None for each in fleet_machine.columns}


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of one machine.

    Attributes:
        station: its station's name.
        health: as its agent said it; None: never.
        health_at: when that came, UTC.
        reported: what became of its configuration; None: never said.
        reported_at: when that came.
    """

    station: str
    health: Mapping[str, Any] | None
    health_at: str | None
    reported: Mapping[str, Any] | None
    reported_at: str | None


def read_said(payload: bytes) -> str | None:
    """What a machine said, as text to keep; None: it is no object of schema 1, or too much."""
    if len(payload) > MOST_BYTES:
        return None
    try:
        told = json.loads(payload)
        text = json.dumps(told, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        return None
    return text if isinstance(told, dict) and told.get("schema") == 1 and "\\u0000" not in text else None


def note(connection: Connection, station: str, what: str, text: str, at: str) -> None:
    """Keep what a machine said: ``health`` or ``reported``.

    What stands at the broker comes again with each connection of the hub: that is no new word of the machine.
    """
    bulk.insert_or_nothing(connection, fleet_machine, [{**_NOTHING, "station": station}])
    news = func.coalesce(fleet_machine.c[what], "") != text
    where = (fleet_machine.c.station == station) & news
    connection.execute(update(fleet_machine).where(where).values({what: text, f"{what}_at": at}))


def machines(connection: Connection) -> list[Machine]:
    """All machines that ever said something, by name."""
    rows = connection.execute(select(fleet_machine).order_by(fleet_machine.c.station))
    return [
        Machine(row.station, _object(row.health), row.health_at, _object(row.reported), row.reported_at) for row in rows
    ]


def _object(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else json.loads(text)
