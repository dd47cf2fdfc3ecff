from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from edge import wire
from edge.hub import tables
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all, rebuild
from edge.hub.reading import Incoming
from edge.hub.restamp import Boot
from edge.hub.trace import Question, trace

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal

TRUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ARRIVED = "2026-11-24T00:00:00.000000Z"
Stamps = dict[int, tuple[str | None, str, str]]


def iso(minutes: float) -> str:
    return wire.iso(TRUE + timedelta(minutes=minutes))


def happen(
    journal: FakeJournal, minutes: float, boot: str, begun: float, quality: str, told: str | None = None
) -> bytes:
    """An event `minutes` after `TRUE`, in a boot that began `begun` minutes after it."""
    mono_ns = int((minutes - begun) * 60e9)
    clock = {"quality": quality, "boot": boot, "mono_ns": mono_ns}
    return journal.scan(fields={"clock": clock, "at": told or iso(minutes)})


def send(store: Store, journal: FakeJournal, *lines: bytes, received: str = ARRIVED) -> None:
    store_messages(store, [Incoming(journal.topic, wire.batch(lines), {})], received)
    project_all(store, no_index)


def stamps(store: Store, journal: FakeJournal) -> Stamps:
    """By seq."""
    seqs = {json.loads(line)["event_id"]: seq for seq, line in enumerate(journal.lines, 1)}
    with store.read() as connection:
        rows = connection.execute(select(tables.restamp)).all()
    return {seqs[row.event_id]: (row.earliest, row.latest, row.basis) for row in rows}


OLD = "1970-01-01T00:02:00.000000Z"


def test_an_event_under_a_good_clock_is_left_alone(store: Store, journal: FakeJournal) -> None:
    send(store, journal, happen(journal, 0, "a", -5, "ntp"), happen(journal, 1, "a", -5, "rtc"))
    assert stamps(store, journal) == {}


@pytest.mark.parametrize("quality", ["none", "floor"])
def test_one_good_reading_dates_the_boot_before_and_after_it(store: Store, journal: FakeJournal, quality: str) -> None:
    first = happen(journal, 0, "a", -5, quality, OLD)
    send(store, journal, first)
    assert stamps(store, journal) == {1: (None, ARRIVED, "between")}
    send(store, journal, happen(journal, 10, "a", -5, "ntp"), happen(journal, 11, "a", -5, quality, OLD))
    assert stamps(store, journal) == {1: (iso(0), iso(0), "anchor"), 3: (iso(11), iso(11), "anchor")}
    with store.read() as connection:
        found = trace(connection, Question(di="06901234567892"))
    assert [(each.at, each.earliest) for each in found] == [(OLD, iso(0)), (iso(10), None), (OLD, iso(11))]


def test_a_boot_without_a_good_reading_lies_between_its_neighbours(store: Store, journal: FakeJournal) -> None:
    send(store, journal, happen(journal, 0, "a", -5, "ntp"), happen(journal, 3, "a", -5, "ntp"))
    send(store, journal, happen(journal, 10, "b", 9, "none", OLD), happen(journal, 12, "b", 9, "none", OLD))
    assert stamps(store, journal) == {n: (iso(3), ARRIVED, "between") for n in (3, 4)}
    send(store, journal, happen(journal, 30, "c", 20, "ntp"))
    assert stamps(store, journal) == {n: (iso(3), iso(30), "between") for n in (3, 4)}


def test_two_dark_boots_share_their_bounds(store: Store, journal: FakeJournal) -> None:
    happen(journal, 0, "a", -5, "https")
    happen(journal, 10, "b", 9, "none", OLD)
    happen(journal, 20, "c", 19, "floor", OLD)
    happen(journal, 30, "d", 29, "ntp")
    send(store, journal, *journal.lines)
    assert stamps(store, journal)[2][:2] == (iso(0), ARRIVED)
    assert stamps(store, journal)[3][:2] == (iso(0), iso(30))


def test_a_clock_that_is_ahead_of_the_hub_is_not_believed(store: Store, journal: FakeJournal) -> None:
    send(store, journal, happen(journal, 0, "a", -5, "rtc", iso(60 * 24 * 120)))
    assert stamps(store, journal) == {1: (None, ARRIVED, "between")}


def test_a_better_clock_dates_rather_than_a_lesser_one() -> None:
    rtc = Boot("OR-03", "a", "e", 1, 0, 1, iso(-7), 0, 1)
    ntp = Boot("OR-03", "a", "e", 9, 60_000_000_000, 3, iso(1), 60_000_000_000, 9)
    assert rtc.merged(ntp) == ntp.merged(rtc)
    assert rtc.merged(ntp).at(0) == TRUE
    assert rtc.merged(ntp).first_seq == 1


def test_a_clock_that_cannot_be_read_harms_nothing(store: Store, journal: FakeJournal) -> None:
    clocks: list[object] = [
        None, 7, {}, {"quality": "ntp", "boot": "a\0", "mono_ns": 1},
        {"quality": "ntp", "boot": "x" * 99, "mono_ns": 1}, {"quality": [], "boot": "a", "mono_ns": 1},
        {"quality": "none", "boot": "a", "mono_ns": -1}, {"quality": "none", "boot": "a", "mono_ns": 2**63},
    ]  # fmt: skip
    for clock in clocks:
        journal.scan(fields={"clock": clock})
    send(store, journal, *journal.lines)
    assert stamps(store, journal) == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject, store: Store, journal: FakeJournal) -> None:
    journal.lines.clear()
    with store.begin() as connection:
        for table in tables.METADATA.sorted_tables:
            connection.execute(table.delete())
    minute = 0.0
    truth = {}
    for boot in "abc":
        begun = minute
        for _ in range(data.draw(st.integers(1, 3))):
            minute += data.draw(st.integers(1, 50))
            quality = data.draw(st.sampled_from(["none", "ntp"]))
            happen(journal, minute, boot, begun, quality, OLD if quality == "none" else None)
            truth[len(journal.lines)] = iso(minute)
    for line in data.draw(st.permutations(journal.lines)):
        send(store, journal, line)
    as_it_came = stamps(store, journal)
    rebuild(store, no_index)
    again = stamps(store, journal)
    assert as_it_came.keys() == again.keys()
    for seq, (earliest, latest, basis) in again.items():
        assert as_it_came[seq][2] == basis
        if basis == "anchor":
            assert as_it_came[seq][:2] == (earliest, latest) == (truth[seq], truth[seq])
        for low, high, _ in (as_it_came[seq], again[seq]):
            assert (low or "") <= truth[seq] <= high
