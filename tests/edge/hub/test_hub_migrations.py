"""Stores of earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from edge import wire
from edge.hub import schema, tables
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.store import Store

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal


def test_answers_of_before_the_records_are_made_again(place: str, journal: FakeJournal) -> None:
    line = journal.scan(line=7, owner="B", reason="DROPPED", override={"reason": "LIFE_SAVING"})
    event = wire.Event.decode(line)
    store = Store.open_for_migration(place)
    with store.begin() as connection:
        schema.create(connection, "0003")
        kept = {"id": 1, "received": "2026-11-24T00:00:00.000000Z", "topic": journal.topic, "payload": line}
        connection.execute(insert(tables.inbox).values(**kept, station=event.station))
        row = {"event_id": event.event_id, "digest": wire.digest(line), "inbox_id": 1}
        connection.execute(insert(tables.event).values(row))
        schema.create(connection)
    assert project_all(store, no_index) == 1
    with store.read() as connection:
        found = connection.execute(select(tables.scan)).one()
    store.close()
    assert (found.line, found.owner, found.reason, found.override_code) == ("7", "B", "DROPPED", "LIFE_SAVING")
