"""Records of cases and documents, what waits, and serials that are there twice: asked, printed and shown on pages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from edge import wire
from edge.documents import Document, DocumentKind, Line
from edge.hub.case_record import CaseRecord, case_record
from edge.hub.cli import main
from edge.hub.documents import keeping as documents
from edge.hub.duplicates import duplicates
from edge.hub.goods_record import Announced, GoodsRecord, compare, goods_record
from edge.hub.goods_record import Line as Booked
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.record_text import goods_text, waiting_text
from edge.hub.sessions import waiting
from tests.edge.hub.conftest import START, FakeJournal
from tests.edge.hub.test_hub_questions import get

if TYPE_CHECKING:
    from edge.hub.store import Store

DI = "06901234567892"
RECEIVED = "2026-11-24T00:00:00.000000Z"
SCHEMA = json.loads((Path(wire.__file__).with_name("schema") / "record.schema.json").read_text(encoding="utf-8"))
EXPIRED = [{"code": "expired", "audience": "person"}, {"code": "near_expiry", "audience": "hub"}]


class Room:
    """Tells what happened at one station."""

    def __init__(self, journal: FakeJournal, case: str | None = "c7") -> None:
        self.journal = journal
        self._case = case

    def session(self, what: str, why: str | None = None, *, of: str = "case", ident: str = "c7", **fields: Any) -> str:
        body = wire.session_change(of, what, ident, why)
        return wire.Event.decode(self.journal.add(wire.Kind.SESSION, body, **{"operator": "N1", **fields})).event_id

    def does(
        self, task: str, count: int | None = 1, *, by: str = "N1", witness: str | None = None, **changed: Any
    ) -> str:
        fields = {"task": task, "operator": by, "witness": witness, **changed.pop("fields", {})}
        body = {"case": self._case, "count": count, **changed}
        return wire.Event.decode(self.journal.scan(fields=fields, **body)).event_id

    def checks(self, **changed: Any) -> str:
        return self.does("USE", None, outcome="CHECKED", **changed)

    def undoes(self, event_id: str) -> str:
        line = self.journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": event_id})
        return wire.Event.decode(line).event_id


@pytest.fixture
def room(journal: FakeJournal) -> Room:
    return Room(journal)


def keep(store: Store, *journals: FakeJournal) -> None:
    for journal in journals:
        store_messages(store, [Incoming(journal.topic, line, {}) for line in journal.lines], RECEIVED)
    project_all(store, no_index)


def case_of(store: Store, room: Room) -> CaseRecord:
    keep(store, room.journal)
    with store.read() as connection:
        found = case_record(connection, "c7")
    assert found is not None
    return found


def states(record: CaseRecord) -> list[tuple[str, str | None, int, bool]]:
    return [(each.state, each.lot, each.units, each.checked) for each in record.items]


def implant_case(room: Room) -> None:
    """One of everything, with a handover in between."""
    room.session("opened")
    for lot in ("L1", "L2", "L3", "L4"):
        room.checks(lot=lot)
    room.does("USE", lot="L1")
    room.does("WASTE", lot="L2", reason="NOT-NEEDED")
    room.does("RETURN", None, lot="L3")
    room.does("USE", None, lot="L5", outcome="STOP", reasons=EXPIRED)
    room.session("opened", of="operator", ident="N2", operator="N2")
    room.does("USE", lot="L5", by="N2", witness="N9", outcome="STOP", reasons=EXPIRED, override={"reason": "OPENED"})
    room.does("EXPLANT", lot="L6", by="N2")
    room.undoes(room.does("USE", lot="L7", by="N2"))
    room.does("USE", None, lot="L8", by="N2", outcome="STOP", reasons=EXPIRED)
    room.does("USE", None, lot="L9", by="N2", outcome="REDO")
    room.session("closed", "pending 1", operator="N2")


CASE = [
    ("used", "L1", 1, True),
    ("wasted", "L2", 1, True),
    ("returned", "L3", 1, True),
    ("used_despite", "L5", 1, False),
    ("explanted", "L6", 1, False),
    ("undone", "L7", 1, False),
    ("stopped", "L8", 1, False),
    ("pending", "L4", 1, True),
]


def test_a_case_says_what_became_of_every_item(store: Store, room: Room) -> None:
    implant_case(room)
    record = case_of(store, room)
    assert states(record) == CASE
    assert (record.pending, record.opening, record.number, record.patient_indexed) == (1, "patient", None, False)
    assert [each.operator for each in record.people] == ["N1", "N2"]
    assert record.people[0].last < record.people[1].first
    assert (record.witnesses, record.places, record.stations) == (("N9",), ("OR-03",), ("OR-03",))
    despite = record.items[3]
    assert (despite.override, despite.witness, despite.outcome) == ("OPENED", "N9", "STOP")
    assert despite.reasons == (("expired", "person"), ("near_expiry", "hub"))
    assert record.items[1].reason == "NOT-NEEDED"
    assert [(each.what, each.why) for each in record.steps] == [("opened", None), ("closed", "pending 1")]


PENDING: dict[str, tuple[Callable[[Room], object], int]] = {
    "checked twice": (lambda room: [room.checks(lot="A"), room.checks(lot="A")], 1),
    "so many by digits": (
        lambda room: room.checks(lot="A", measurement={"quantity": "count", "value": 3}, corrects=room.checks(lot="A")),
        3,
    ),
    "looked at again after the digits": (
        lambda room: [room.checks(lot="A", measurement={"quantity": "count", "value": 3}), room.checks(lot="A")],
        3,
    ),
    "some of them used": (
        lambda room: [
            room.checks(lot="A", measurement={"quantity": "count", "value": 3}),
            room.does("USE", 2, lot="A"),
        ],
        1,
    ),
    "the use undone": (lambda room: [room.checks(lot="A"), room.undoes(room.does("USE", lot="A"))], 1),
    "the check undone": (lambda room: room.undoes(room.checks(lot="A")), 0),
    "used, and another one checked": (
        lambda room: [room.checks(lot="A"), room.does("USE", lot="A"), room.checks(lot="A")],
        1,
    ),
    "stopped after its check": (
        lambda room: [room.checks(lot="A"), room.does("USE", None, lot="A", outcome="STOP")],
        1,
    ),
    "the serial known, the lot not": (
        lambda room: [room.checks(lot="A", serial="S"), room.does("USE", lot=None, serial="S")],
        0,
    ),
}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("story", "pending"), PENDING.values(), ids=PENDING.keys())
def test_what_is_pending(store: Store, room: Room, story: Callable[[Room], object], pending: int) -> None:
    room.session("opened")
    story(room)
    assert case_of(store, room).pending == pending


def test_what_was_stopped_is_not_listed_beside_what_was_done_of_it_later(store: Store, room: Room) -> None:
    room.session("opened")
    room.does("USE", None, lot="A", outcome="STOP")
    room.does("USE", None, lot="A", outcome="STOP")
    room.does("USE", None, lot="B", outcome="STOP")
    room.does("QUARANTINE", None, lot="B")
    found = case_of(store, room)
    assert states(found) == [("stopped", "A", 1, False), ("other", "B", 1, False)]


def test_a_check_that_was_taken_back_is_not_listed_but_a_return_is(store: Store, room: Room) -> None:
    room.session("opened")
    room.undoes(room.checks(lot="A"))
    room.checks(lot="B")
    room.undoes(room.does("RETURN", None, lot="B"))
    assert states(case_of(store, room)) == [("undone", "B", 1, False), ("pending", "B", 1, True)]


def test_an_item_without_a_code_is_listed_each_time(store: Store, room: Room) -> None:
    room.session("opened")
    for _ in range(2):
        room.does("USE", None, udi=None, outcome="MISSING")
    assert [each.state for each in case_of(store, room).items] == ["without_code"] * 2


def test_an_emergency_is_completed_later(store: Store, room: Room) -> None:
    room.session("opened", "emergency E000007")
    room.does("USE")
    first = case_of(store, room)
    assert (first.opening, first.number, first.completed) == ("emergency", "E000007", None)
    room.session("completed", "emergency E000007")
    assert case_of(store, room).completed is not None


def test_nothing_is_known_of_another_case_or_document(store: Store, room: Room) -> None:
    room.session("opened")
    keep(store, room.journal)
    with store.read() as connection:
        assert case_record(connection, "c8") is None
        assert goods_record(connection, "c7") is None


def test_what_waits_for_somebody(store: Store, room: Room) -> None:
    late = wire.iso(START + timedelta(hours=13))
    room.session("opened", ident="closed")
    room.session("closed", ident="closed")
    room.session("opened", ident="left")
    room.session("suspended", "12 h", ident="left")
    room.session("opened", ident="busy")
    room.journal.scan(case="busy", fields={"at": late})
    room.session("opened", "emergency E-1", ident="unknown")
    room.session("closed", ident="unknown")
    room.session("opened", "emergency E-2", ident="known")
    room.session("completed", "emergency E-2", ident="known")
    room.session("closed", ident="known")
    room.session("opened", of="document", ident="DN-1")
    room.undoes(room.session("closed", of="document", ident="DN-1"))
    keep(store, room.journal)
    with store.read() as connection:
        found = waiting(connection, START + timedelta(hours=14))
        later = waiting(connection, START + timedelta(hours=30))
    marks = {each.ident: (each.state, each.suspended, each.to_complete, each.alert) for each in found}
    assert marks == {
        "left": ("suspended", True, False, False),
        "busy": ("opened", False, False, False),
        "unknown": ("closed", False, True, False),
        "DN-1": ("opened", False, False, False),
    }
    assert [each.ident for each in later if each.alert] == ["unknown"]
    assert later[0].ident == "unknown"
    assert later[0].number == "E-1"
    assert {each.ident for each in later if each.suspended} == {"left", "busy"}


def test_what_waits_too_long_is_said(store: Store, room: Room) -> None:
    room.session("opened", "emergency E-1")
    keep(store, room.journal)
    with store.read() as connection:
        found = waiting(connection, START + timedelta(hours=24))
    (zh,), (en,) = waiting_text(found, "zh"), waiting_text(found, "en")
    assert zh.endswith("24.0 小时  挂起(12 小时以上未动) 待补录 超过 24 小时!")
    assert en.endswith("24.0 h  suspended: untouched for 12 h and more patient to be said for more than 24 h!")


def shipment(room: Room) -> None:
    """Three lines told of, two booked; one of them held; picked by one person, verified by another."""
    document = {"document": "DN-1"}

    def changes(what: str, lines: int | None = None, by: str = "N1") -> None:
        room.journal.add(wire.Kind.DOCUMENT, wire.document_change("DN-1", what, lines), operator=by)

    changes("opened", 3)
    room.does("PICK", 10, line=2, lot="A", owner="货主甲", **document)
    room.does("PICK", 5, line=10, lot="B", **document)
    room.does("QUARANTINE", None, lot="B", by="Q1")
    room.does("PICK", None, udi=None, outcome="MISSING", line=3, **document)
    room.does("PICK", 1, line=2, lot="A", owner="货主甲", reason="SHORT", **document)
    room.does("VERIFY", 11, line=2, lot="A", owner="货主甲", by="N2", **document)
    room.does("SHIP", 11, line=2, lot="A", owner="货主甲", by="N3", **document)
    changes("verified", by="N2")
    changes("released", by="Q1")
    changes("shipped", by="N3")


def goods_of(store: Store, room: Room) -> GoodsRecord:
    keep(store, room.journal)
    with store.read() as connection:
        found = goods_record(connection, "DN-1")
    assert found is not None
    return found


@pytest.fixture
def depot(journal: FakeJournal) -> Room:
    return Room(journal, case=None)


def test_a_document_says_what_was_booked_line_by_line(store: Store, depot: Room) -> None:
    shipment(depot)
    record = goods_of(store, depot)
    assert [(each.line, each.lot, each.owner, dict(each.units), each.held) for each in record.lines] == [
        ("2", "A", "货主甲", {"PICK": 11, "VERIFY": 11, "SHIP": 11}, False),
        ("10", "B", None, {"PICK": 5}, True),
    ]
    assert (record.lines_booked, record.lines_expected, record.state) == (2, 3, "shipped")
    assert [(each.what, each.line) for each in record.remarks] == [("MISSING", "3"), ("SHORT", "2")]
    assert (record.picked_by, record.verified_by, record.verified_alone) == (("N1",), ("N2",), False)
    assert (record.released_by, record.shipped_by, record.refused) == (("Q1",), ("N3",), False)


ANNOUNCED = ((2, 12), (3, 1), (10, 5))


def test_what_a_document_announced_is_compared_with_what_was_booked(store: Store, depot: Room) -> None:
    shipment(depot)
    depot.does("SHIP", 5, lot="B", line=10, document="DN-1")
    depot.does("SHIP", 2, lot="C", document="DN-1")
    keep(store, depot.journal)
    announced = (Line(number, "Lens", units, di=DI) for number, units in ANNOUNCED)
    with store.begin() as connection:
        document = Document("DN-1", DocumentKind.SHIPMENT, None, None, tuple(announced))
        documents.keep(connection, document, "DN-1.csv", "2026-11-26T08:00:00.000000Z")
        record = goods_record(connection, "DN-1")
    assert record is not None
    assert record.lines_expected == 3
    assert [(each.line, each.announced, each.booked, each.difference) for each in record.compared] == [
        ("2", 12, 11, -1), ("3", 1, 0, -1), ("10", 5, 5, 0), ("", 0, 2, 2),
    ]  # fmt: skip
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(dataclasses.asdict(record))))
    text = "\n".join(goods_text(record, "zh"))
    assert f"!   2  短少 1  11 / 12  {DI}" in text
    assert "!   –  多货 2  2 / 0" in text


def test_a_delivery_is_compared_by_what_was_received() -> None:
    line = Booked("1", None, DI, "A", None, None, {"RECEIVE": 200}, held=False)
    assert [each.difference for each in compare((Announced("1", DI, 200),), [line])] == [0]
    assert [each.difference for each in compare((Announced("1", DI, 200),), [])] == [-200]
    assert list(compare((), [line])) == []
    back = [dataclasses.replace(line, units=units) for units in ({"RETURN": 120}, {"SEND_BACK": 30})]
    assert [each.difference for each in compare((Announced("1", DI, 200),), back)] == [-50]


def test_picked_and_verified_by_one_person_is_said(store: Store, depot: Room) -> None:
    shipment(depot)
    depot.does("VERIFY", 1, document="DN-1", line=2, by="N1")
    assert goods_of(store, depot).verified_alone


def test_two_who_verify_each_others_lines_are_two(store: Store, depot: Room) -> None:
    shipment(depot)
    depot.does("PICK", 1, document="DN-1", line=7, by="N5")
    depot.does("VERIFY", 1, document="DN-1", line=7, by="N1")
    assert not goods_of(store, depot).verified_alone


def at_station(name: str) -> Room:
    return Room(FakeJournal(station=name))


def test_a_serial_that_two_stations_saw_is_found_when_both_have_delivered(store: Store) -> None:
    first, second = at_station("OR-03"), at_station("OR-04")
    for room, case in ((first, "c1"), (second, "c2")):
        room.does("USE", serial="S1", case=case)
        room.does("USE", serial=f"own {case}", case=case)
    keep(store, first.journal)
    with store.read() as connection:
        assert duplicates(connection) == []
    keep(store, second.journal)
    with store.read() as connection:
        (found,) = duplicates(connection)
    assert (found.serial, found.what, found.times) == ("S1", "used", 2)
    assert [(each["station"], each["case"]) for each in found.events] == [("OR-03", "c1"), ("OR-04", "c2")]


TWICE: dict[str, tuple[list[str], list[tuple[str, int]]]] = {
    "received in two deliveries": (["RECEIVE", "RECEIVE"], [("received", 2)]),
    "shipped between them": (["RECEIVE", "SHIP", "RECEIVE"], []),
    "received twice, used once": (["RECEIVE", "RECEIVE", "USE"], [("received", 2)]),
    "used and wasted": (["RECEIVE", "USE", "WASTE"], []),
    "used and dispensed": (["RECEIVE", "USE", "DISPENSE"], [("used", 2)]),
}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("tasks", "found"), TWICE.values(), ids=TWICE.keys())
def test_which_serials_are_there_twice(
    store: Store, depot: Room, tasks: list[str], found: list[tuple[str, int]]
) -> None:
    for task in tasks:
        depot.does(task, serial="S1")
    depot.undoes(depot.does("USE", serial="S2"))
    depot.does("USE", serial="S2")
    keep(store, depot.journal)
    with store.read() as connection:
        assert [(each.what, each.times) for each in duplicates(connection)] == found


# What people and machines see of it.


@pytest.fixture
def ask(tmp_path: Path, place: str, store: Store, room: Room) -> Callable[..., Result]:
    """Commands on a store with a case, a shipment and a serial that was used twice."""
    implant_case(room)
    room.session("opened", "emergency E-1", ident="c9")
    goods = Room(FakeJournal(station="DEPOT-1"), case=None)
    shipment(goods)
    for _ in range(2):
        goods.does("USE", serial="S1", fields={"place": "WARD"})
    keep(store, room.journal, goods.journal)
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstore = "{place}"\n[link]\nhost = "x"\nport = 1\nbench = true\n', encoding="utf-8")

    def run(*words: str, status: int = 0) -> Result:
        done = CliRunner().invoke(main, [*words, "--config", str(config)])
        assert done.exit_code == status, done.output
        return done

    return run


SAID: dict[str, tuple[list[str], list[str]]] = {
    "case": (
        ["record", "--case", "c7"],
        [
            "使用登记 / 植入登记 c7",
            "强制登记(已使用)",
            "已过期:勿用,放不合格区",
            "已开封  见证人 N9",
            "未用未退: 1",
            "未用上",
            "开封前已核对",
        ],
    ),
    "case in English": (
        ["record", "--case", "c7", "--lang", "en"],
        ["used despite the verdict", "expired: do not use", "witness N9", "taken back", "checked, neither used nor"],
    ),
    "document": (
        ["record", "--document", "DN-1"],
        ["单据 DN-1 出库", "行数: 2 / 3", "复核人: N2", "放行人: Q1", "出库人: N3", "短少", "缺码", "隔离!", "货主甲"],
    ),
    "document in English": (["record", "--document", "DN-1", "--lang", "en"], ["verified by: N2", "short", "held!"]),
    "open": (["record", "open"], ["c9", "E-1", "待补录"]),
    "duplicates": (["record", "duplicates"], ["S1: 使用 2 次", "DEPOT-1"]),
    "stock": (["stock", "--lot", "B"], ["库存 0", "隔离"]),
    "stock below 0": (["stock", "--serial", "S1", "--lang", "en"], ["on hand -2 ! more went than came", "WARD: -2"]),
}


def test_people_read_it_and_programs_too(ask: Callable[..., Result]) -> None:
    """One store for all: making it takes longer than asking."""
    for name, (words, said) in SAID.items():
        text = ask(*words).output
        assert [each for each in said if each not in text] == [], f"{name}:\n{text}"
        found = json.loads(ask(*words, "--json").output)
        Draft202012Validator(SCHEMA).validate(found)
        assert found, name
    for words, status in (
        (["record", "--case", "none"], 1),
        (["record", "--document", "none", "--json"], 1),
        (["stock", "--lot", "none"], 1),
        (["record"], 2),
        (["record", "--case", "c7", "--document", "DN-1"], 2),
        (["stock", "--catalogue", "/nowhere"], 2),
    ):
        ask(*words, status=status)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_pages_show_it(store: Store, ask: Callable[..., Result]) -> None:
    assert ask("status").output
    pages = {
        path: get(store, path) for path in ("/case/c7", "/document/DN-1", "/open", "/duplicates", "/station/OR-03")
    }
    for path, (status, headers, text) in pages.items():
        assert status == 200, path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "//" not in text.replace("<!doctype html>", ""), f"{path}: nothing comes from elsewhere"
    said = {
        "/case/c7": ["强制登记(已使用)", "已过期:勿用", "N9", "未用未退", "→", "开封前已核对"],
        "/document/DN-1": ["2 / 3", "货主甲", "隔离", "短少", "缺码", "复核人"],
        "/open": ["/case/c9", "待补录", "E-1", "/duplicates"],
        "/duplicates": ["S1", "使用", "DEPOT-1"],
        "/station/OR-03": ["最近一次", "/case/c7"],
    }
    for path, words in said.items():
        text = pages[path][2]
        assert [each for each in words if each not in text] == [], path


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/case/none", "/document/none", "/case/<script>"])
def test_a_page_of_nothing_says_so(store: Store, path: str) -> None:
    status, _, text = get(store, path)
    assert status == 404
    assert "没有这个" in text
    assert "<script>" not in text


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_station_page_says_why_in_words(store: Store, room: Room) -> None:
    room.does("USE", None, outcome="STOP", reasons=EXPIRED)
    keep(store, room.journal)
    _, _, text = get(store, "/station/OR-03")
    assert text.index("最近一次") < text.index("已过期:勿用") < text.index("最近扫码")
