"""Whatever a station's certificate lets in, the hub goes on: nothing sent stops its collector or projector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from edge import wire
from edge.hub.case_record import case_record
from edge.hub.duplicates import duplicates
from edge.hub.goods_record import goods_record
from edge.hub.inbox import store as store_messages
from edge.hub.ledger import StockQuestion, stock
from edge.hub.overview import site, stations
from edge.hub.patients import no_index
from edge.hub.projector import project_all, rebuild
from edge.hub.reading import Incoming
from edge.hub.reconcile import held
from edge.hub.sessions import waiting
from edge.hub.stations import store_status
from edge.hub.tables import change
from edge.hub.trace import last_scans
from edge.hub.watermarks import Watermarks

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"
START = datetime(2026, 11, 23, tzinfo=UTC)
TEXTS = st.text(max_size=8) | st.sampled_from(["\0", "a\0b", "2026-02-30", "9" * 400, "0001-01-01T00:00:00.000000Z"])
NUMBERS = st.integers() | st.floats(allow_nan=False) | st.sampled_from([2**31, 2**53, 2**63, -1, 1e308])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [path for key, each in inner for path in paths(each, (*at, key))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_event_stops_the_hub(data: st.DataObject, store: Store, journal: FakeJournal) -> None:
    kinds = [wire.Kind.SCAN, wire.Kind.CORRECTION, wire.Kind.SESSION, wire.Kind.DOCUMENT, wire.Kind.CLOCK]
    sealed = {"kid": "hub", "enc": "", "ct": ""}
    bodies: dict[wire.Kind, dict[str, Any]] = {
        wire.Kind.CORRECTION: {"reason": "undo", "corrects": "x"},
        wire.Kind.SESSION: wire.session_change("case", "completed", "c7", "emergency E-1", sealed),
        wire.Kind.DOCUMENT: wire.document_change("DN-1", "opened", 3),
        wire.Kind.CLOCK: wire.clock_change("boot", quality_before=None, step_ns=None),
    }
    kind = data.draw(st.sampled_from(kinds))
    said: dict[str, Any] = {"measurement": {"quantity": "count", "value": 3}, "override": {"reason": "OPENED"}}
    scanned = {"task": data.draw(st.sampled_from(["USE", "RECEIVE", "COUNT", "QUARANTINE"]))}
    line = journal.scan(line=2, fields=scanned, **said) if kind is wire.Kind.SCAN else journal.add(kind, bodies[kind])
    event = json.loads(line)
    for _ in range(data.draw(st.integers(1, 3))):
        every = paths(event)
        put(event, data.draw(st.sampled_from(every)), data.draw(VALUES))
    spoilt = json.dumps(event, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    messages = [Incoming(journal.topic, wire.batch([spoilt, journal.scan()]), {})]
    touched = store_messages(store, messages, RECEIVED)
    project_all(store, no_index)
    with store.read() as connection:
        Watermarks().advance(connection, list(dict.fromkeys((each.station, each.epoch) for each in touched)))
        last_scans(connection, journal.station)
        assert held(connection).waiting == 0
        opened = [each.ident for each in waiting(connection, START)]
        stock(connection, StockQuestion())
        duplicates(connection)
        for ident in ("c7", "DN-1", *opened[-3:]):
            case_record(connection, ident)
            goods_record(connection, ident)


HOSTILE: dict[str, tuple[str, bytes]] = {
    "a NUL in what is kept whole": ("change", b'{"what":"opened","x":"\\u0000"}'),
    "half a surrogate in what is kept whole": ("change", b'{"what":"opened","x":"\\ud800"}'),
    "a number of no database in what is kept whole": ("change", b'{"what":"opened","x":%s}' % (b"9" * 40)),
    "as deep as Python reads": ("change", b'{"what":"opened","x":%s}' % (b"[" * 900 + b"]" * 900)),
    "a truth for a count of nanoseconds": ("clock", b'{"quality":"ntp","boot":"b","mono_ns":true}'),
    "quotes and backslashes": ("change", rb'{"what":"\"\\","id":"\\u0000 {","x":["\\\"}"]}'),
}


@pytest.mark.parametrize(("name", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_no_value_stops_the_projector(store: Store, journal: FakeJournal, name: str, value: bytes) -> None:
    line = journal.add(wire.Kind.SESSION, wire.session_change("case", "opened", "c7"))
    parts = json.loads(line)
    spoilt = line.replace(json.dumps(parts[name], separators=(",", ":")).encode(), value)
    assert spoilt != line
    store_messages(store, [Incoming(journal.topic, wire.batch([spoilt, journal.scan()]), {})], RECEIVED)
    assert project_all(store, no_index) == 2
    with store.read() as connection:
        assert held(connection).waiting == 0
        assert len(last_scans(connection, journal.station)) == 1
        kept = connection.execute(select(change.c.what, change.c.ident, change.c.detail)).all()
    if name == "change" and kept:
        detail = json.loads(value)
        assert kept == [(detail["what"], detail.get("id"), detail)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()), name=TEXTS)
def test_no_status_and_no_bytes_stop_the_hub(payload: bytes, name: str, store: Store) -> None:
    for topic in ("udi/OR-03/status", f"udi/{name}/status"):
        with store.begin() as connection:
            store_status(connection, Incoming(topic.replace("\0", ""), payload, {}), RECEIVED)
    status = json.loads(wire.Status("b6", "ready", RECEIVED, "0.1.0", "e", 3, 9, ("camera",)).encode())
    status["version"] = name
    with store.begin() as connection:
        store_status(connection, Incoming("udi/OR-04/status", json.dumps(status).encode(), {}), RECEIVED)
    store_messages(store, [Incoming("udi/OR-03/scan", payload, {name: name, "first_seq": name})], RECEIVED)
    project_all(store, no_index)
    with store.read() as connection:
        stations(connection)
        assert site(connection).waiting == 0


def test_a_rebuild_takes_all_of_it_again(store: Store, journal: FakeJournal) -> None:
    event = json.loads(journal.scan())
    values: list[object] = [{}, [], None, "\0", 2**63, -1, True]
    for value in values:
        for name in ("at", "clock", "reads", "verdict", "udi", "count", "case", "patient", "schema", "training"):
            spoilt = json.dumps({**event, name: value, "event_id": f"{name} {value!r}", "seq": 1 + len(journal.lines)})
            journal.put(spoilt.encode())
    store_messages(store, [Incoming(journal.topic, line, {}) for line in journal.lines], RECEIVED)
    project_all(store, no_index)
    with store.read() as connection:
        before = held(connection)
    rebuild(store, no_index)
    with store.read() as connection:
        assert held(connection) == before
