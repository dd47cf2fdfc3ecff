"""The stock ledger: every account balances, whatever stations did and in whatever order the hub heard of it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import wire
from edge.catalog.product import Level, Product
from edge.hub.inbox import store as store_messages
from edge.hub.ledger import EFFECTS as TASK_EFFECTS
from edge.hub.ledger import Balance, Movement, StockQuestion, balances, stock
from edge.hub.patients import no_index
from edge.hub.projector import project_all, rebuild
from edge.hub.reading import Incoming
from edge.hub.store import Store
from tests.edge.hub.conftest import FakeJournal

if TYPE_CHECKING:
    from collections.abc import Callable

RECEIVED = "2026-11-24T00:00:00.000000Z"
DI, CARTON = "06901234567892", "16901234567899"
Record = dict[str, Any]


class Depot:
    """Records what is done with goods, and asks the ledger."""

    def __init__(self, store: Store, journal: FakeJournal) -> None:
        self._store = store
        self._journal = journal

    def does(self, task: str, count: int | None = 1, place: str = "DOCK", **changed: Any) -> str:
        """One scan; gives its event_id."""
        training = changed.pop("training", False)
        line = self._journal.scan(fields={"task": task, "place": place, "training": training}, count=count, **changed)
        return wire.Event.decode(line).event_id

    def corrects(self, event_id: str, reason: str = "undo") -> None:
        self._journal.add(wire.Kind.CORRECTION, {"reason": reason, "corrects": event_id})

    def stock(self, question: StockQuestion = StockQuestion(), **how: Any) -> list[Balance]:  # noqa: B008 - frozen
        send(self._store, self._journal.topic, self._journal.lines)
        with self._store.read() as connection:
            return stock(connection, question, **how)


def send(store: Store, topic: str, lines: Iterable[bytes]) -> None:
    store_messages(store, [Incoming(topic, line, {}) for line in lines], RECEIVED)
    project_all(store, no_index)


@pytest.fixture
def depot(store: Store, journal: FakeJournal) -> Depot:
    return Depot(store, journal)


ACTS: dict[str, tuple[list[tuple[str, int | None, str]], tuple[int, int, dict[str, int]]]] = {
    "received": ([("RECEIVE", 10, "DOCK")], (10, 0, {"DOCK": 10})),
    "checked, picked, verified, explanted": (
        [("RECEIVE", 10, "DOCK"), *((task, 3, "DOCK") for task in ("CHECK", "PICK", "VERIFY", "EXPLANT", "TRAY"))],
        (10, 0, {"DOCK": 10}),
    ),
    "everything that leaves": (
        [
            ("RECEIVE", 10, "DOCK"),
            *((task, 1, "DOCK") for task in ("SHIP", "DISPENSE", "USE", "WASTE", "SEND_BACK", "SAMPLE")),
        ],
        (10, 6, {"DOCK": 4}),
    ),
    "put away": ([("RECEIVE", 10, "DOCK"), ("STORE", 8, "A-01")], (10, 0, {"DOCK": 2, "A-01": 8})),
    "issued, and some brought back": (
        [("RECEIVE", 10, "DOCK"), ("STORE", 10, "A-01"), ("ISSUE", 4, "OR-03"), ("RETURN", 1, "OR-03")],
        (10, 0, {"A-01": 7, "OR-03": 3}),
    ),
    "used where it was never brought": ([("RECEIVE", 10, "DOCK"), ("USE", 4, "OR-03")], (10, 4, {"DOCK": 6})),
    "used more than came": ([("RECEIVE", 1, "DOCK"), ("USE", 3, "OR-03")], (1, 3, {"OR-03": -2})),
    "moved more than came": ([("RECEIVE", 1, "DOCK"), ("STORE", 3, "A-01")], (1, 0, {"A-01": 1})),
}


@pytest.mark.parametrize(("acts", "found"), ACTS.values(), ids=ACTS.keys())
def test_what_each_task_does_to_stock(
    acts: list[tuple[str, int | None, str]], found: tuple[int, int, dict[str, int]]
) -> None:
    rest = (None, DI, "A1", None, None)
    booked = [each for each in acts if each[0] in TASK_EFFECTS]
    (balance,) = balances(Movement("", task, n, *rest, place, None, None, None) for task, n, place in booked)
    assert (balance.came, balance.went, dict(balance.at)) == found
    assert balance.on_hand == balance.came - balance.went


def test_a_piece_of_a_loaner_kit_comes_and_goes_when_it_is_used(depot: Depot) -> None:
    depot.does("RECEIVE", 5, lot="A1")
    depot.does("TRAY", 10, lot="A1", document="K-1", line=1)
    depot.does("USE", 2, lot="A1", document="K-1", line=1)
    depot.does("WASTE", 1, lot="A1", document="K-1", line=1)
    depot.does("TRAY_BACK", 6, lot="A1", document="K-1", line=1)
    depot.does("TRAY_MISSING", 1, lot="A1", document="K-1", line=1)
    depot.does("USE", 1, lot="A1")
    (balance,) = depot.stock()
    assert (balance.came, balance.went, balance.on_hand, dict(balance.at)) == (8, 4, 4, {"DOCK": 4})


def test_accounts_are_owner_di_and_serial_else_lot(depot: Depot) -> None:
    depot.does("RECEIVE", 5, lot="A1", owner="货主甲")
    depot.does("RECEIVE", 7, lot="A1")
    depot.does("RECEIVE", 1, lot="A1", serial="S1")
    depot.does("USE", 1, lot=None, serial="S1")
    depot.does("RECEIVE", 2, lot=None)
    found = {(each.owner, each.lot, each.serial): each.on_hand for each in depot.stock()}
    assert found == {("货主甲", "A1", None): 5, (None, "A1", None): 7, (None, "A1", "S1"): 0, (None, None, None): 2}


QUESTIONS = {
    "owner": (StockQuestion(owner="B"), [("B1", 5)]),
    "lot, though the use read the serial alone": (StockQuestion(lot="A1"), [("A1", 5), ("A1", 0)]),
    "serial": (StockQuestion(serial="S1"), [("A1", 0)]),
    "place": (StockQuestion(place="A-01"), [("C1", 5)]),
    "DI of 13 digits": (StockQuestion(dis=("6901234567892",)), [("A1", 5), ("A1", 0), ("C1", 5), ("B1", 5)]),
    "another DI": (StockQuestion(dis=("06909999999995",)), []),
}


def test_questions(depot: Depot) -> None:
    depot.does("RECEIVE", 5, lot="A1")
    depot.does("RECEIVE", 1, lot="A1", serial="S1")
    depot.does("USE", 1, lot=None, serial="S1")
    depot.does("RECEIVE", 5, lot="B1", owner="B")
    depot.does("RECEIVE", 5, lot="C1")
    depot.does("STORE", 5, "A-01", lot="C1")
    found = {
        name: [(each.lot, each.on_hand) for each in depot.stock(question)] for name, (question, _) in QUESTIONS.items()
    }
    assert found == {name: answer for name, (_, answer) in QUESTIONS.items()}


def test_a_carton_and_its_pieces_are_one_account_by_a_catalogue(depot: Depot) -> None:
    def lookup(di: str) -> Product | None:
        return Product(di, DI, Level.CASE if di == CARTON else Level.SALE_UNIT, 10, "n", "m", "r")

    depot.does("RECEIVE", 200, di=CARTON)
    depot.does("USE", 1)
    assert [each.on_hand for each in depot.stock()] == [-1, 200]
    assert [(each.di, each.on_hand) for each in depot.stock(lookup=lookup)] == [(DI, 199)]
    assert [each.on_hand for each in depot.stock(StockQuestion(dis=(CARTON,)), lookup=lookup)] == [199]


def test_what_is_held_is_on_hand_and_marked_until_it_is_released(depot: Depot) -> None:
    depot.does("RECEIVE", 10)
    depot.does("QUARANTINE", None, place="Q-1", reason="DAMAGED")
    (balance,) = depot.stock()
    assert balance.on_hand == 10
    assert balance.held is not None
    assert (balance.held.place, balance.held.operator, balance.held.reason) == ("Q-1", "N1207", "DAMAGED")
    depot.does("RELEASE", None)
    assert depot.stock()[0].held is None


def test_goods_held_before_they_are_received_are_held(depot: Depot) -> None:
    depot.does("QUARANTINE", None)
    (balance,) = depot.stock()
    assert (balance.on_hand, balance.held is not None) == (0, True)


def test_a_stock_take_shows_what_was_seen_beside_what_was_expected(depot: Depot) -> None:
    depot.does("RECEIVE", 10)
    depot.does("STORE", 6, "A-01")
    depot.does("COUNT", 9, "A-01")
    depot.does("COUNT", 2, "A-01", document="PD-1")
    depot.does("COUNT", 3, "A-01", document="PD-1")
    depot.does("USE", 1, "A-01")
    depot.does("COUNT", 4, "DOCK")
    (balance,) = depot.stock()
    found = [(each.place, each.document, each.observed, each.expected) for each in balance.counted]
    assert found == [("A-01", "PD-1", 5, 6), ("DOCK", None, 4, 4)]
    assert balance.on_hand == 9, "a count moves nothing"


def test_a_piece_counts_once_in_a_stock_take(depot: Depot) -> None:
    depot.does("RECEIVE", 1, serial="S1")
    for document in ("PD-1", "PD-1", "PD-2"):
        depot.does("COUNT", 1, serial="S1", document=document)
    (balance,) = depot.stock()
    assert [(each.document, each.observed, each.expected) for each in balance.counted] == [("PD-2", 1, 1)]


COLD_STORIES: dict[str, tuple[list[dict[str, Any]], tuple[int, bool]]] = {
    "out of its range, and held": (
        [{"count": None, "outcome": "REDO"}, {"task": "QUARANTINE", "count": None, "reason": "HOLD"}],
        (0, True),
    ),
    "without a reading, and why": (
        [{"count": None, "outcome": "REDO"}, {"count": 9, "outcome": "ATTENTION", "override": {"reason": "OTHER"}}],
        (9, False),
    ),
    "with a reading": (
        [{"count": None, "outcome": "REDO"}, {"count": 9}],
        (9, False),
    ),
}


@pytest.mark.parametrize(("story", "account"), COLD_STORIES.values(), ids=COLD_STORIES.keys())
def test_cold_goods_are_stock_when_they_were_received(
    depot: Depot, story: list[dict[str, Any]], account: tuple[int, bool]
) -> None:
    former = None
    for each in story:
        said = {"task": "RECEIVE", **each}
        former = depot.does(said.pop("task"), said.pop("count"), corrects=former, **said)
    found = [(each.on_hand, each.held is not None) for each in depot.stock()]
    assert found == [account]


def test_what_came_back_from_nobody_knows_where_is_held_and_no_stock(depot: Depot) -> None:
    refused = depot.does("RETURN", None, outcome="REDO", document="RT-1")
    depot.does("QUARANTINE", None, outcome="ATTENTION", reason="OVER", document="RT-1", corrects=refused)
    (balance,) = depot.stock()
    assert (balance.came, balance.on_hand, balance.held is not None) == (0, 0, True)


def test_what_does_not_count_moves_nothing(depot: Depot) -> None:
    depot.does("RECEIVE", 10)
    depot.corrects(depot.does("USE", 1))
    depot.corrects(depot.does("QUARANTINE", None))
    depot.does("USE", 2, training=True)
    depot.corrects(depot.does("USE", 3, training=True), "promoted")
    first = depot.does("WASTE", 1)
    depot.does("WASTE", 2, corrects=first)
    (balance,) = depot.stock()
    assert (balance.came, balance.went, balance.held) == (10, 5, None)


# An independent account of the same rules, event by event, without a database.

IN = {"RECEIVE"}
OUT = {"SHIP", "USE", "WASTE", "DISPENSE", "SEND_BACK", "SAMPLE"}
TASKS = ["RECEIVE", "RECEIVE", "SHIP", "USE", "WASTE", "RETURN", "ISSUE", "STORE", "DISPENSE", "CHECK", "VERIFY"]


def expected(records: list[Record]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Account -> came and went, of every event once."""
    events = {each["event_id"]: each for each in records}
    scans = [each for each in events.values() if each["kind"] == "scan"]
    reasons: dict[str, set[str]] = defaultdict(set)
    for each in events.values():
        if each["kind"] == "correction":
            reasons[each["corrects"]].add(each["reason"])
    real = [each for each in scans if not each["training"] or "promoted" in reasons[each["event_id"]]]
    replaced = {each["corrects"] for each in real}
    found: dict[tuple[Any, ...], tuple[int, int]] = {}
    for each in real:
        stands = each["event_id"] not in replaced and "undo" not in reasons[each["event_id"]]
        udi, count = each["udi"], each["count"]
        if not stands or count is None or each["task"] in ("CHECK", "VERIFY"):
            continue
        key = (each["owner"], udi["di"], None if udi["serial"] else udi["lot"], udi["serial"])
        came, went = found.get(key, (0, 0))
        found[key] = came + count * (each["task"] in IN), went + count * (each["task"] in OUT)
    return found


def agrees(store: Store, records: list[Record]) -> None:
    found = all_stock(store)
    assert {
        (each.owner, each.di, None if each.serial else each.lot, each.serial): (each.came, each.went) for each in found
    } == expected(records)
    for each in found:
        assert each.came - each.went == each.on_hand == sum(each.at.values())


def life(chance: random.Random, stations: list[FakeJournal], count: int) -> None:
    """So many events at some stations: movements, answers in their place, undo, practice, promotions."""
    scans: list[str] = []
    for _ in range(count):
        journal, draw = chance.choice(stations), chance.random()
        if scans and draw < 0.12:
            body = {"reason": chance.choice(["undo", "undo", "promoted"]), "corrects": chance.choice(scans[-50:])}
            journal.add(wire.Kind.CORRECTION, body)
            continue
        serial = chance.choice([None, None, f"S{chance.randrange(60)}"])
        line = journal.scan(
            fields={
                "task": chance.choice(TASKS),
                "place": chance.choice(["DOCK", "A-01", "OR-03"]),
                "training": chance.random() < 0.1,
            },
            di=chance.choice([DI, CARTON]),
            lot=chance.choice(["A1", "B2", "C3"]),
            serial=serial,
            owner=chance.choice([None, None, "B"]),
            count=chance.choice([None, 1, 1, 2, 200]) if serial is None else 1,
            corrects=chance.choice(scans[-20:]) if scans and draw < 0.2 else None,
        )
        scans.append(wire.Event.decode(line).event_id)


def delivered(chance: random.Random, stations: list[FakeJournal]) -> list[tuple[str, bytes]]:
    """Messages of one to twenty events in any order, some of them twice; and a card that came back in a new epoch."""
    again = FakeJournal(station=stations[0].station, epoch="00000000000000aa")
    for line in stations[0].lines[-30:]:
        again.again(line)
    messages = []
    for journal in (*stations, again):
        lines = list(journal.lines)
        while lines:
            size = chance.randint(1, 20)
            messages.append((journal.topic, wire.batch(lines[:size])))
            del lines[:size]
    messages += chance.sample(messages, len(messages) // 5)
    chance.shuffle(messages)
    return messages


def balanced(store: Store, seed: int, count: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same life each time
    stations = [
        FakeJournal(station=name, epoch=f"{seed & (1 << 60) - 1:016x}") for name in ("DEPOT-1", "OR-03", "OR-04")
    ]
    life(chance, stations, count)
    for number, (topic, payload) in enumerate(delivered(chance, stations)):
        store_messages(store, [Incoming(topic, payload, {})], RECEIVED)
        if number % 50 == 0:
            project_all(store, no_index)
    project_all(store, no_index)
    agrees(store, [dict(wire.Event.decode(line).data) for journal in stations for line in journal.lines])


def all_stock(store: Store) -> list[Balance]:
    with store.read() as connection:
        return stock(connection, StockQuestion())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    return lambda: tmp_path_factory.mktemp("ledger") / "hub.sqlite3"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), count=st.integers(1, 60))
def test_in_is_out_and_on_hand(fresh: Callable[[], Path], seed: int, count: int) -> None:
    opened = Store.open_writer(fresh())
    balanced(opened, seed, count)
    before = all_stock(opened)
    rebuild(opened, no_index)
    assert all_stock(opened) == before
    opened.close()


def test_in_is_out_and_on_hand_after_ten_thousand_events(store: Store) -> None:
    balanced(store, 7, 10_000)
