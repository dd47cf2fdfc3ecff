from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from edge import wire
from edge.hub import projector, tables
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all, project_some, rebuild
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.hub.watermarks import Watermarks

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"


def send(store: Store, topic: str, *lines: bytes, properties: dict[str, str] | None = None) -> None:
    store_messages(store, [Incoming(topic, wire.batch(lines), properties or {})], RECEIVED)
    project_all(store, no_index)


def rows(store: Store, name: str) -> list[dict[str, Any]]:
    table = tables.METADATA.tables[name]
    with store.read() as connection:
        query = select(table).order_by(*table.primary_key.columns)
        return [dict(row._mapping) for row in connection.execute(query)]


def projections(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows(store, table.name) for table in tables.PROJECTIONS}


def through(store: Store, journal: FakeJournal) -> wire.Ack | None:
    with store.read() as connection:
        found = Watermarks().advance(connection, [(journal.station, journal.epoch)])
    return found[0][1] if found else None


def test_a_scan_becomes_one_row_with_its_bytes_kept(store: Store, journal: FakeJournal) -> None:
    line = journal.scan(document="DN-1", reasons=[{"code": "near_expiry", "audience": "hub"}])
    send(store, journal.topic, line)
    (row,) = rows(store, "scan")
    assert (row["di"], row["lot"], row["document"], row["outcome"]) == ("06901234567892", "A1", "DN-1", "ACCEPTED")
    assert row["reasons"] == [{"code": "near_expiry", "audience": "hub"}]
    assert rows(store, "inbox")[0]["payload"] == line
    assert rows(store, "event_key")[0]["digest"] == wire.digest(line)


def test_a_transaction_takes_the_oldest_messages_of_so_many_bytes(
    store: Store, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [wire.batch([journal.scan() for _ in range(count)]) for count in (1, 3, 2, 4)]
    store_messages(store, [Incoming(journal.topic, each, {}) for each in batches], RECEIVED)
    monkeypatch.setattr(projector, "BYTES", len(batches[0]) + 1)
    assert [project_some(store, no_index) for _ in range(4)] == [4, 2, 4, 0]
    assert len(rows(store, "scan")) == 10


@pytest.mark.parametrize("step", ["begun", "keyed", "kept"])
def test_an_end_inside_the_transaction_leaves_nothing(store: Store, journal: FakeJournal, step: str) -> None:
    def end(name: str) -> None:
        if name == step:
            raise InterruptedError(name)

    message = Incoming(journal.topic, journal.scan(), {})
    with pytest.raises(InterruptedError):
        store_messages(store, [message], RECEIVED, end)
    assert [rows(store, name) for name in ("inbox", "event_key", "unprojected")] == [[], [], []]
    send(store, journal.topic, message.payload)
    assert len(rows(store, "scan")) == 1


def test_what_comes_again_passes_the_same_steps_the_careful_way(store: Store, journal: FakeJournal) -> None:
    message, steps = Incoming(journal.topic, journal.scan(), {}), list[str]()
    store_messages(store, [message], RECEIVED, steps.append)
    assert steps == ["begun", "keyed", "kept", "committed"]
    store_messages(store, [message], RECEIVED, steps.append)
    assert steps[4:] == ["begun", "begun", "keyed", "kept", "committed"]


def test_other_kinds_have_rows_too(store: Store, journal: FakeJournal) -> None:
    first = json.loads(journal.scan())["event_id"]
    journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": first})
    journal.add(wire.Kind.SESSION, wire.session_change("case", "opened", "c7"))
    journal.add(wire.Kind.DOCUMENT, {"document": "DN-1", "change": {"what": "opened", "lines": 3}})
    journal.add(wire.Kind.CLOCK, wire.clock_change("boot", quality_before=None, step_ns=None))
    send(store, journal.topic, *journal.lines)
    assert rows(store, "correction")[0]["corrects"] == first
    told = {(row["kind"], row["subject"], row["what"], row["ident"]) for row in rows(store, "change")}
    assert told == {
        ("session", "case", "opened", "c7"),
        ("document", "document", "opened", "DN-1"),
        ("clock", None, None, None),
    }


def test_the_same_message_again_leaves_no_trace(store: Store, journal: FakeJournal) -> None:
    journal.scan()
    for _ in range(3):
        send(store, journal.topic, *journal.lines)
    assert [len(rows(store, name)) for name in ("inbox", "event_key", "scan", "key_conflict")] == [1, 1, 1, 0]


def test_a_known_event_in_a_new_epoch_is_a_repeat(store: Store, journal: FakeJournal) -> None:
    old = type(journal)(epoch="00000000000000aa")
    line = old.scan()
    journal.again(line)
    send(store, old.topic, line)
    send(store, journal.topic, *journal.lines)
    assert {row["epoch"] for row in rows(store, "event_key")} == {old.epoch, journal.epoch}
    assert [(row["digest"], row["same"]) for row in rows(store, "repeat")] == [(wire.digest(journal.lines[0]), True)]
    assert len(rows(store, "scan")) == 1
    assert through(store, journal) == wire.Ack(journal.epoch, 1, wire.digest(journal.lines[0]))


def test_an_event_id_with_other_content_is_not_taken_for_a_repeat(store: Store, journal: FakeJournal) -> None:
    first = journal.scan(fields={"event_id": "same"}, lot="A1")
    journal.scan(fields={"event_id": "same"}, lot="B2")
    send(store, journal.topic, *journal.lines)
    assert [row["same"] for row in rows(store, "repeat")] == [False]
    assert [row["lot"] for row in rows(store, "scan")] == ["A1"]
    assert first in rows(store, "inbox")[0]["payload"]


def test_other_bytes_for_a_taken_key_are_set_aside_and_kept(store: Store, journal: FakeJournal) -> None:
    clone = type(journal)()
    first = journal.scan(lot="A1")
    other = clone.scan(lot="B2", fields={"event_id": "of the clone"})
    send(store, journal.topic, first)
    for _ in range(2):
        send(store, clone.topic, other)
    (conflict,) = rows(store, "key_conflict")
    assert (conflict["event_id"], conflict["digest"]) == ("of the clone", wire.digest(other))
    assert sorted(row["lot"] for row in rows(store, "scan")) == ["A1", "B2"]
    assert [row["payload"] for row in rows(store, "inbox")] == [first, other]
    assert through(store, journal) == wire.Ack(journal.epoch, 1, wire.digest(first))


def clones(journal: FakeJournal, common: int, one: int, two: int) -> FakeJournal:
    """A second card with the same first events; both go on with events of their own."""
    for _ in range(common):
        journal.scan(lot="BOTH")
    clone = type(journal)(lines=list(journal.lines))
    for each, count, lot in ((journal, one, "A1"), (clone, two, "B2")):
        for number in range(count):
            each.scan(lot=lot, fields={"event_id": f"{lot} {number}"})
    return clone


def test_the_watermark_does_not_pass_into_another_cards_events(store: Store, journal: FakeJournal) -> None:
    """A card that was put back and went on for longer must not find its own last digest confirmed."""
    clone = clones(journal, common=3, one=2, two=6)
    send(store, journal.topic, *journal.lines)
    send(store, clone.topic, *clone.lines)
    assert through(store, journal) == wire.Ack(journal.epoch, 5, wire.digest(journal.lines[4]))
    assert len(rows(store, "key_conflict")) == 2
    fork = type(journal)(epoch="00000000000000ff")
    for line in clone.lines[3:]:
        fork.again(line)
    send(store, fork.topic, *fork.lines)
    assert through(store, fork) == wire.Ack(fork.epoch, 6, wire.digest(fork.lines[5]))
    assert sorted(row["lot"] for row in rows(store, "scan")) == ["A1"] * 2 + ["B2"] * 6 + ["BOTH"] * 3


def test_a_key_belongs_to_the_event_that_follows(store: Store, journal: FakeJournal) -> None:
    """The first card goes on although the copy was at its next keys before."""
    clone = clones(journal, common=3, one=9, two=6)
    send(store, journal.topic, *journal.lines[:5])
    send(store, clone.topic, *clone.lines)
    for _ in range(2):
        send(store, journal.topic, *journal.lines[5:])
        assert through(store, journal) == wire.Ack(journal.epoch, 12, wire.digest(journal.lines[11]))
    assert [row["event_id"] for row in rows(store, "key_conflict")] == [f"B2 {number}" for number in range(6)]
    counted = sorted(row["lot"] for row in rows(store, "scan"))
    assert counted == ["A1"] * 9 + ["B2"] * 6 + ["BOTH"] * 3
    before = projections(store)
    rebuild(store, no_index)
    assert projections(store) == before


def of_this_card(card: FakeJournal, ack: wire.Ack) -> bool:
    known = ack.through <= len(card.lines)
    return known and wire.digest(card.lines[ack.through - 1]) == ack.chain_at_through


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_two_cards_of_one_name_both_come_through(data: st.DataObject, journal: FakeJournal, store: Store) -> None:
    """In any interleaving: each sends from its watermark on, and forks when that is not its own."""
    journal.lines.clear()
    empty(store)
    common, one, two = (data.draw(st.integers(0, 4)), data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6)))
    clone = clones(journal, common, one, two)
    cards = {"A": journal, "B": clone}
    acked = dict.fromkeys(cards, 0)
    forks = 0
    for turn in range(60):
        name = data.draw(st.sampled_from("AB")) if turn < 20 else "AB"[turn % 2]
        card = cards[name]
        ack = through(store, card)
        if ack is not None and (
            ack.through > len(card.lines) or wire.digest(card.lines[ack.through - 1]) != ack.chain_at_through
        ):
            forks += 1
            fork = type(journal)(epoch=f"{forks:016x}")
            for line in card.lines[acked[name] :]:
                fork.again(line)
            cards[name], acked[name] = fork, 0
            continue
        acked[name] = acked[name] if ack is None else max(acked[name], ack.through)
        size = data.draw(st.integers(1, 4)) if turn < 20 else 9
        send(store, card.topic, *card.lines[acked[name] : acked[name] + size])
    assert forks <= 1
    for card in cards.values():
        assert through(store, card) == wire.Ack(card.epoch, len(card.lines), card.chain or "")
    assert len(rows(store, "scan")) == common + one + two


def mutate(line: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(line), **changes}).encode()


POISON: dict[str, Any] = {
    "not JSON": lambda _line: b"\x00\xff not JSON",
    "half a line": lambda line: line[:200],
    "deep": lambda _line: b"[" * 12_000,
    "of another station": lambda line: mutate(line, station="OR-04"),
    "seq of 2**70": lambda line: mutate(line, seq=2**70),
    "half a surrogate": lambda line: mutate(line, event_id="\ud800"),
    "NUL": lambda line: mutate(line, operator="a\0b"),
    "half a surrogate in the body": lambda line: mutate(line, place="\udfff"),
    "no verdict": lambda line: mutate(line, verdict=None),
    "unknown kind": lambda line: mutate(line, kind="gossip"),
    "count of 2**70": lambda line: mutate(line, count=2**70),
    "no such day": lambda line: mutate(line, at="2026-02-30T08:00:00.000000Z"),
    "time without zone": lambda line: mutate(line, at="2026-11-24 08:00"),
}


@pytest.mark.parametrize("spoil", POISON.values(), ids=POISON.keys())
def test_poison_is_set_aside_and_the_watermark_passes_it(store: Store, journal: FakeJournal, spoil: Any) -> None:
    first, middle = journal.scan(), journal.scan()
    bad = journal.lines[1] = spoil(middle)
    last = journal.scan()
    for _ in range(2):
        send(store, journal.topic, first, bad, last, properties=journal.properties(1, 3))
    assert [row["payload"] for row in rows(store, "poison")] == [bad]
    assert len(rows(store, "event_key")) == 3
    assert len(rows(store, "scan")) == 2
    assert through(store, journal) == wire.Ack(journal.epoch, 3, wire.digest(last))


def test_poison_between_two_events_needs_no_properties(store: Store, journal: FakeJournal) -> None:
    journal.scan()
    journal.put(b"spoilt")
    last = journal.scan()
    send(store, journal.topic, *journal.lines)
    assert through(store, journal) == wire.Ack(journal.epoch, 3, wire.digest(last))
    assert [row["payload"] for row in rows(store, "poison")] == [b"spoilt"]


def test_poison_without_a_place_is_kept_and_answered_by_nothing(store: Store, journal: FakeJournal) -> None:
    send(store, journal.topic, b"nonsense", properties={"station": "OR-04", "first_seq": "1", "count": "1"})
    send(store, "udi/site/scan", journal.scan())
    assert sorted(row["payload"] for row in rows(store, "poison")) == sorted([b"nonsense", journal.lines[0]])
    assert rows(store, "event_key") == []


def test_a_readable_event_takes_the_place_of_poison(store: Store, journal: FakeJournal) -> None:
    line = journal.scan()
    send(store, journal.topic, b"spoilt", properties=journal.properties(1, 1))
    send(store, journal.topic, line)
    assert [row["digest"] for row in rows(store, "event_key")] == [wire.digest(line)]
    assert len(rows(store, "scan")) == 1
    assert through(store, journal) == wire.Ack(journal.epoch, 1, wire.digest(line))


def test_an_unknown_schema_is_kept_for_a_later_hub(store: Store, journal: FakeJournal) -> None:
    line = journal.put(mutate(journal.scan(), schema=2))
    journal.lines = [line]
    send(store, journal.topic, line)
    assert rows(store, "scan") == []
    assert rows(store, "poison") == []
    assert through(store, journal) == wire.Ack(journal.epoch, 1, wire.digest(line))


def test_the_watermark_stops_at_the_first_gap(store: Store, journal: FakeJournal) -> None:
    lines = [journal.scan() for _ in range(6)]
    send(store, journal.topic, lines[2], lines[4])
    assert through(store, journal) is None
    send(store, journal.topic, lines[0], lines[1])
    assert through(store, journal) == wire.Ack(journal.epoch, 3, wire.digest(lines[2]))
    assert through(store, journal) == wire.Ack(journal.epoch, 3, wire.digest(lines[2]))
    send(store, journal.topic, lines[5], lines[3])
    assert through(store, journal) == wire.Ack(journal.epoch, 6, wire.digest(lines[5]))


def mixed(journal: FakeJournal) -> list[tuple[FakeJournal, bytes]]:
    """Two epochs of one station with events journaled twice, and another station."""
    other, fork = type(journal)(station="DEPOT-01"), type(journal)(epoch="00000000000000bb")
    first = json.loads(journal.scan())["event_id"]
    journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": first})
    journal.scan(outcome="STOP", lot="B2")
    journal.add(wire.Kind.SESSION, wire.session_change("document", "opened", "DN-1"))
    fork.again(journal.lines[0])
    fork.scan(lot="C3")
    fork.again(journal.lines[2])
    other.scan(place="DEPOT")
    other.add(wire.Kind.CLOCK, wire.clock_change("boot", quality_before=None, step_ns=None))
    return [(each, line) for each in (journal, fork, other) for line in each.lines]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_cutting_and_repetition_do_not_matter(
    data: st.DataObject, journal: FakeJournal, store: Store, second_store: Store
) -> None:
    journal.lines.clear()
    events = mixed(journal)
    for each in (store, second_store):
        empty(each)
    for source, line in events:
        send(second_store, source.topic, line)
    for transaction in deliveries(data, events):
        store_messages(store, transaction, RECEIVED)
        if data.draw(st.booleans()):
            project_all(store, no_index)
    project_all(store, no_index)
    assert projections(store) == projections(second_store)
    for source, _ in events:
        assert through(store, source) == wire.Ack(source.epoch, len(source.lines), source.chain or "")
    before = projections(store)
    rebuild(store, no_index)
    assert projections(store) == before


def empty(store: Store) -> None:
    with store.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())


def deliveries(data: st.DataObject, events: list[tuple[FakeJournal, bytes]]) -> list[list[Incoming]]:
    """Every event twice, in any order, cut into any messages and transactions."""
    order = data.draw(st.permutations(events * 2))
    messages: list[Incoming] = []
    while order:
        source = order[0][0]
        most = data.draw(st.integers(1, 4))
        run: list[bytes] = []
        while order and order[0][0].topic == source.topic and len(run) < most:
            run.append(order.pop(0)[1])
        messages.append(Incoming(source.topic, wire.batch(run), {}))
    transactions = []
    while messages:
        size = data.draw(st.integers(1, 6))
        transactions.append(messages[:size])
        messages = messages[size:]
    return transactions


def test_several_events_of_one_id_in_one_transaction(store: Store, journal: FakeJournal) -> None:
    line = journal.scan()
    again = journal.again(line)
    send(store, journal.topic, line, line, again)
    assert len(rows(store, "event_key")) == 2
    assert len(rows(store, "repeat")) == 1
    assert len(rows(store, "scan")) == 1
