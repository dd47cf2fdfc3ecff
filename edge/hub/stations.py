"""What stations say about themselves: the last status of each, and each change of state."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, insert, select

from edge import wire
from edge.hub import bulk, tables
from edge.hub.inbox import poison_row
from edge.hub.reading import Incoming, station_of

_FIELDS: dict[str, type] = {
    "session": str,
    "state": str,
    "since": str,
    "version": str,
    "epoch": str,
    "unacknowledged": int,
    "capacity": int,
    "notices_missing_by": list,
}
_STATES = ("ready", "lost", "stopped", "fault")


def store_status(connection: Connection, message: Incoming, received: str) -> None:
    """Keep a status message within the caller's transaction; one that cannot be read is set aside."""
    station = station_of(message.topic)
    if station is None:
        _set_aside(connection, message, received, f"{message.topic!r} names no station")
        return
    try:
        values = _read(message.payload)
    except wire.WireError as error:
        _set_aside(connection, message, received, str(error))
        return
    _note_change(connection, station, values["state"], received)
    bulk.upsert(connection, tables.station_status, [{"station": station, **values, "seen": received}])


def _read(payload: bytes) -> dict[str, Any]:
    try:
        data = json.loads(payload)
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise wire.WireError(f"not a status: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != wire.SCHEMA:
        raise wire.WireError(f"not a status of schema {wire.SCHEMA}")
    wrong = [name for name, kind in _FIELDS.items() if not isinstance(data.get(name), kind) or "\0" in str(data[name])]
    if wrong or data["state"] not in _STATES or not all(0 <= data[n] < 2**53 for n in ("unacknowledged", "capacity")):
        raise wire.WireError(f"not a status: wrong {', '.join(wrong) or 'state or number'}")
    waiting, capacity = data["unacknowledged"], data["capacity"]
    return {
        **{name: data[name] for name in _FIELDS},
        "notices_missing_by": json.dumps(data["notices_missing_by"]),
        "pressure": wire.pressure(waiting, capacity),
    }


def _note_change(connection: Connection, station: str, state: str, received: str) -> None:
    table = tables.station_state
    query = select(table.c.state).where(table.c.station == station).order_by(table.c.id.desc()).limit(1)
    if connection.execute(query).scalar() != state:
        connection.execute(insert(table).values(station=station, state=state, received=received))


def _set_aside(connection: Connection, message: Incoming, received: str, why: str) -> None:
    bulk.insert_or_nothing(connection, tables.poison, [poison_row(received, message.topic, message.payload, why)])
