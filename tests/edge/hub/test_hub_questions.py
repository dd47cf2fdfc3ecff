from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert
from starlette.applications import Starlette

from edge import wire
from edge.hub import tables
from edge.hub.inbox import store as store_messages
from edge.hub.page import application
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.sessions import Opened, open_sessions
from edge.hub.stations import store_status
from edge.hub.store import Store
from edge.hub.trace import Question, trace
from edge.hub.week import Missing, Offline, Share, Week, week

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

START = datetime(2026, 11, 23, tzinfo=UTC)
RECEIVED = "2026-11-24T00:00:00.000000Z"


def keep(store: Store, journal: FakeJournal) -> None:
    store_messages(store, [Incoming(journal.topic, wire.batch(journal.lines), {})], RECEIVED)
    project_all(store, no_index)


def ask(store: Store, **parts: str) -> list[str | None]:
    with store.begin() as connection:
        return [found.lot for found in trace(connection, Question(**parts))]


def test_trace_finds_by_each_part_and_by_all_together(store: Store, journal: FakeJournal) -> None:
    journal.scan(lot="A1", document="DN-1")
    journal.scan(lot="B2", case="c7", fields={"place": "OR-04"})
    journal.scan(lot="C3", serial="S1", case="c7")
    keep(store, journal)
    assert ask(store, di="06901234567892") == ["A1", "B2", "C3"]
    assert ask(store, lot="A1") == ["A1"]
    assert ask(store, serial="S1") == ["C3"]
    assert ask(store, document="DN-1") == ["A1"]
    assert ask(store, case="c7") == ["B2", "C3"]
    assert ask(store, place="OR-04", case="c7") == ["B2"]
    assert ask(store, lot="a1") == []


def test_a_correction_shows_on_what_it_corrects(store: Store, journal: FakeJournal) -> None:
    first = json.loads(journal.scan())["event_id"]
    undo = json.loads(journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": first}))["event_id"]
    journal.scan(lot="B2")
    keep(store, journal)
    with store.begin() as connection:
        found = trace(connection, Question(di="06901234567892"))
    assert [each.corrected_by for each in found] == [undo, None]


def test_open_sessions_are_those_not_closed(store: Store, journal: FakeJournal) -> None:
    for of, what, ident in (
        ("case", "opened", "c1"),
        ("case", "closed", "c1"),
        ("case", "opened", "c2"),
        ("document", "opened", "DN-1"),
        ("operator", "opened", "N1207"),
        ("case", "suspended", "c2"),
    ):
        journal.add(wire.Kind.SESSION, wire.session_change(of, what, ident))
    keep(store, journal)
    with store.begin() as connection:
        found = open_sessions(connection, journal.station)
    assert [(each.subject, each.ident, each.state) for each in found] == [
        ("case", "c2", "suspended"),
        ("document", "DN-1", "opened"),
    ]
    assert isinstance(found[0], Opened)


def figures(store: Store) -> Week:
    with store.begin() as connection:
        return week(connection, START, START + timedelta(days=7))


def test_a_week_is_counted_with_its_denominators(store: Store, journal: FakeJournal) -> None:
    journal.scan(case="c1")
    journal.scan(case="c1", outcome="REDO")
    journal.scan(case="c1", outcome="ATTENTION")
    journal.scan(outcome="MISSING", udi=None, counterparty="Supplier A")
    journal.scan(outcome="MISSING", udi=None)
    journal.scan(case="c1", outcome="STOP", after_s=12)
    journal.scan(case="c1", fields={"training": True})
    journal.scan(fields={"at": "2026-12-24T00:00:00.000000Z"})
    keep(store, journal)
    found = figures(store)
    assert found.scans == 6
    assert found.first_read == Share(2, 3)
    assert found.median_s == 30.0
    assert found.median_of == 2
    assert found.stopped == Share(1, 6)
    assert found.missing == (Missing("", 1), Missing("Supplier A", 1))
    assert found.lost == Share(0, 8)
    assert found.doubled == Share(0, 8)


def test_gaps_count_as_lost(store: Store, journal: FakeJournal) -> None:
    for _ in range(5):
        journal.scan()
    del journal.lines[1]
    del journal.lines[2]
    keep(store, journal)
    assert figures(store).lost == Share(2, 5)


def test_hours_offline_are_counted_within_the_period(store: Store) -> None:
    changes = (("ready", -24), ("lost", -2), ("ready", 3), ("stopped", 5), ("ready", 6))
    with store.begin() as connection:
        for state, hours in changes:
            received = wire.iso(START + timedelta(hours=hours))
            connection.execute(insert(tables.station_state).values(station="A", state=state, received=received))
    assert figures(store).offline == (Offline("A", 4.0, 168.0),)


def test_an_empty_store_has_no_percentages(store: Store) -> None:
    found = figures(store)
    assert (found.scans, found.median_s, found.first_read.percent) == (0, None, None)


def get(store: Store, path: str) -> tuple[int, dict[str, str], str]:
    """One GET of the pages of this store."""
    return get_from(application(store, lambda: START + timedelta(days=1), Path("/nonexistent")), path)


def get_from(app: Starlette, path: str) -> tuple[int, dict[str, str], str]:
    """One GET straight through the ASGI interface."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.fixture
def shown(store: Store, journal: FakeJournal) -> Store:
    journal.add(wire.Kind.SESSION, wire.session_change("case", "opened", "c7"))
    for number in range(25):
        journal.scan(lot=f"L{number:02}", case="c7")
    journal.scan(outcome="STOP", lot="<b>&", reasons=[{"code": "expired", "audience": "person"}])
    keep(store, journal)
    status = wire.Status("b6", "ready", RECEIVED, "0.1.0", journal.epoch, 3, 100_000, ("camera",))
    with store.begin() as connection:
        store_status(connection, Incoming(wire.topic(journal.station, "status"), status.encode(), {}), RECEIVED)
    return store


def test_the_list_of_stations(shown: Store) -> None:
    status, headers, text = get(shown, "/")
    assert status == 200
    assert '<a href="/station/OR-03">' in text
    assert "3 / 100000" in text
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_station_shows_its_last_twenty_scans_and_why(shown: Store) -> None:
    status, _, text = get(shown, "/station/OR-03")
    assert status == 200
    assert "L24" in text
    assert "L05" not in text
    assert text.index("L24") < text.index("L10")
    assert "停用!(勿用)" in text
    assert "过期" in text or "expired" in text
    assert "c7" in text
    assert "&lt;b&gt;&amp;" in text
    assert 'http-equiv="refresh"' in text


@pytest.mark.parametrize("path", ["/station/NOBODY", "/station/<script>"])
def test_an_unknown_station_is_said_and_escaped(shown: Store, path: str) -> None:
    status, _, text = get(shown, path)
    assert status == 404
    assert "<script>" not in text


def test_nothing_on_the_pages_comes_from_elsewhere(shown: Store) -> None:
    for path in ("/", "/station/OR-03", "/week", "/machines"):
        status, _, text = get(shown, path)
        assert status == 200
        assert "//" not in text.replace("<!doctype html>", "")


def test_pages_of_an_empty_store(store: Store) -> None:
    assert [get(store, path)[0] for path in ("/", "/week", "/machines", "/nowhere")] == [200, 200, 200, 404]
