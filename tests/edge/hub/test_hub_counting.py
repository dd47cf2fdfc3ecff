"""What counts, by every question, whatever arrives first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge import wire
from edge.catalog.product import Order
from edge.hub.inbox import store as store_messages
from edge.hub.ledger import StockQuestion, stock
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.recall_hits import hits
from edge.hub.trace import Question, trace
from edge.hub.week import week

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"
START = datetime(2026, 11, 23, tzinfo=UTC)
DI = "06901234567892"
ORDER = Order("R-1", "recall", (DI,))


class Told:
    """Makes events of one DI; each has a lot of its own, by which it is known in the answers."""

    def __init__(self, journal: FakeJournal) -> None:
        self._journal = journal

    def use(self, lot: str, *, training: bool = False, corrects: str | None = None) -> str:
        line = self._journal.scan(fields={"task": "USE", "training": training}, lot=lot, corrects=corrects)
        return wire.Event.decode(line).event_id

    def correct(self, event_id: str, reason: str | None) -> str:
        line = self._journal.add(wire.Kind.CORRECTION, {"reason": reason, "corrects": event_id})
        return wire.Event.decode(line).event_id


def nothing_else(_told: Told) -> None:
    return


def undone(told: Told) -> None:
    told.correct(told.use("undone"), "undo")


def taken_back_without_a_reason(told: Told) -> None:
    told.correct(told.use("undone"), None)


def practised(told: Told) -> None:
    told.use("training", training=True)


def promoted(told: Told) -> None:
    told.correct(told.use("counts", training=True), "promoted")


def promoted_and_undone(told: Told) -> None:
    event = told.use("undone", training=True)
    told.correct(event, "promoted")
    told.correct(event, "undo")


def replaced(told: Told) -> None:
    told.use("counts", corrects=told.use("replaced"))


def replaced_twice(told: Told) -> None:
    told.use("counts", corrects=told.use("replaced", corrects=told.use("replaced")))


def replaced_and_all_of_it_undone(told: Told) -> None:
    told.correct(told.use("undone", corrects=told.use("replaced")), "undo")


def replaced_in_practice_only(told: Told) -> None:
    told.use("training", training=True, corrects=told.use("counts"))


def replaced_in_practice_and_promoted(told: Told) -> None:
    first = told.use("replaced", training=True)
    second = told.use("counts", training=True, corrects=first)
    told.correct(first, "promoted")
    told.correct(second, "promoted")


STORIES = [
    nothing_else,
    undone,
    taken_back_without_a_reason,
    practised,
    promoted,
    promoted_and_undone,
    replaced,
    replaced_twice,
    replaced_and_all_of_it_undone,
    replaced_in_practice_only,
    replaced_in_practice_and_promoted,
]


def keep(store: Store, topic: str, lines: Iterable[bytes]) -> None:
    for line in lines:
        store_messages(store, [Incoming(topic, line, {})], RECEIVED)
        project_all(store, no_index)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_question_counts_the_same_in_every_order_of_arrival(
    store: Store, journal: FakeJournal, story: Any
) -> None:
    """Each order is told of a station of its own, so that one store has them all."""
    told = Told(journal)
    told.use("counts")
    story(told)
    first, *others = journal.lines
    orders = [(first, *order) for order in itertools.permutations(others)]
    for number, lines in enumerate(orders):
        station = f"{journal.station}-{number}"
        renamed = [line.replace(b'"OR-03"', f'"{station}"'.encode()) for line in lines]
        ids = [wire.Event.decode(line).event_id for line in lines]
        for name in ids:
            fresh = f"{number:08x}{name[8:]}".encode()
            renamed = [line.replace(name.encode(), fresh) for line in renamed]
        keep(store, wire.topic(station, "scan"), renamed)
    with store.read() as connection:
        found = trace(connection, Question(di=DI))
        assert all(each.standing == each.lot for each in found), "each lot is called as it should stand"
        standing = [each for each in found if each.standing == "counts"]
        assert len(standing) % len(orders) == 0
        assert week(connection, START, START + timedelta(days=7)).scans == len(standing)
        assert sum(each.went for each in stock(connection, StockQuestion())) == len(standing)
        assert {each.event_id for each in hits(connection, ORDER)} == {each.event_id for each in standing}


def test_a_trace_names_what_took_a_scan_back_or_its_place(store: Store, journal: FakeJournal) -> None:
    told = Told(journal)
    first, second, third = (told.use(lot) for lot in "ABC")
    undo = told.correct(second, "undo")
    later = told.use("D", corrects=third)
    told.correct(first, "promoted")
    keep(store, journal.topic, journal.lines)
    with store.read() as connection:
        found = {each.lot: (each.standing, each.corrected_by) for each in trace(connection, Question(di=DI))}
    assert found == {
        "A": ("counts", None),
        "B": ("undone", undo),
        "C": ("replaced", later),
        "D": ("counts", None),
    }
