"""What was booked under a document: from events to rows, and to the papers of a shipment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from edge import wire
from edge.catalog.product import Certificate, Level, NhsaCode, Product
from edge.documents import Document, DocumentKind
from edge.hub import inbox
from edge.hub.documents.keeping import keep
from edge.hub.documents.moves import Move, Thing, moves
from edge.hub.documents.shipping import ShippingError, papers
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.udi.recover import PiFlags
from tests.edge.hub.conftest import START, FakeJournal
from tests.support.documents import DI, document, line

TODAY = date(2026, 11, 26)
NHSA = "C" + "1" * 19


def projected(store: Store, journal: FakeJournal) -> None:
    """In messages of two events, as stations send them."""
    for first in range(0, len(journal.lines), 2):
        lines = journal.lines[first : first + 2]
        message = Incoming(journal.topic, wire.batch(lines), journal.properties(first + 1, len(lines)))
        inbox.store(store, [message], "2026-11-26T08:00:00.000000Z")
    project_all(store, no_index)


def asked(store: Store, **of: str) -> list[Move]:
    with store.read() as connection:
        return moves(connection, **of)


def id_of(event: bytes) -> str:
    return wire.Event.decode(event).event_id


def undo(journal: FakeJournal, event: bytes, reason: str = "undo") -> None:
    journal.add(wire.Kind.CORRECTION, {"corrects": id_of(event), "reason": reason})


def test_a_row_for_each_line_and_udi(store: Store, journal: FakeJournal) -> None:
    receive = {"task": "RECEIVE"}
    with store.begin() as connection:
        keep(connection, document("PO-1", line(2, item="K-7", name="导丝")), "d.csv", wire.iso(START))
    journal.scan(document="PO-1", line=2, count=200, owner="某某", fields=receive)
    journal.scan(document="PO-1", line=1, lot="B2", fields={**receive, "operator": "N1"})
    journal.scan(document="PO-1", line=1, lot="B2", fields={**receive, "operator": "N2"})
    journal.scan(document="PO-1", line=1, lot="B2", count=None, outcome="CHECKED", fields=receive)
    journal.scan(document="PO-2", fields=receive)
    journal.scan(fields=receive)
    projected(store, journal)
    found = asked(store, document="PO-1")
    assert [(each.thing.line, each.thing.lot, each.count, each.operators) for each in found] == [
        (1, "B2", 2, ("N1", "N2")),
        (2, "A1", 200, ("N1207",)),
    ]
    row = found[1].row()
    assert (row["item"], row["name"], found[0].row()["item"]) == ("K-7", "导丝", None)
    assert (row["di"], row["expires"], row["owner"], row["task"]) == (DI, date(2027, 12, 31), "某某", "RECEIVE")
    assert len(asked(store)) == 3
    assert [each.thing.document for each in asked(store, since=found[0].last_at)] == ["PO-1", "PO-2"]


def test_undone_replaced_and_training_scans_do_not_count(store: Store, journal: FakeJournal) -> None:
    undo(journal, journal.scan(document="PO-1", line=1))
    replaced = journal.scan(document="PO-1", line=2)
    journal.scan(document="PO-1", line=3, corrects=id_of(replaced))
    journal.scan(document="PO-1", line=4, fields={"training": True})
    undo(journal, journal.scan(document="PO-1", line=5, fields={"training": True}), "promoted")
    undo(journal, journal.scan(document="PO-1", line=6), "completed")
    projected(store, journal)
    assert [each.thing.line for each in asked(store)] == [3, 5, 6]


def left(number: int | None = 1, count: int = 10, task: str = "SHIP", **changed: Any) -> Move:
    nothing: dict[str, Any] = dict.fromkeys(Thing.__slots__)
    said = {"document": "SO-1", "line": number, "task": task, "issuer": "GS1", "di": DI, "lot": "A1"}
    thing = Thing(**{**nothing, **said, "expires": date(2027, 12, 31)})
    at = "2026-11-26T08:00:00.000000Z"
    return Move(replace(thing, **changed), count, ("N1",), at, at)


def shipment(*lines: Any) -> Document:
    return document("SO-1", *lines, kind=DocumentKind.SHIPMENT, counterparty="某某医院")


PRODUCT = Product(
    DI,
    DI,
    Level.SALE_UNIT,
    1,
    "一次性使用无菌导管",
    "F6",
    "某某公司",
    pi=PiFlags(lot=True),
    certificate=Certificate("国械注准20243030001"),
    nhsa=(NhsaCode(NHSA, "table"), NhsaCode("C" + "2" * 19, "table", valid_to=date(2025, 1, 1))),
)


def test_the_papers_name_everything() -> None:
    said = shipment(line(1), line(2, di=None, item="K-7", name="导丝", in_scope=False, quantity=1))
    found = [left(count=4), left(count=6, lot="B2"), left(task="PICK", count=10), left(2, 1, di=None, lot=None)]
    made = papers(said, found, {DI: PRODUCT}.get, TODAY, "某某医药")
    first, second, third = made.rows
    assert first == {
        "document": "SO-1",
        "supplier": "某某医药",
        "counterparty": "某某医院",
        "owner": None,
        "shipped": left().day,
        "line": 1,
        "name": "一次性使用无菌导管",
        "model": "F6",
        "registrant": "某某公司",
        "certificate": "国械注准20243030001",
        "di": DI,
        "lot": "A1",
        "serial": None,
        "made": None,
        "expires": date(2027, 12, 31),
        "quantity": 4,
        "nhsa": NHSA,
        "storage": "",
        "operators": "N1",
    }
    assert (second["lot"], second["quantity"]) == ("B2", 6)
    assert (third["name"], third["di"], third["quantity"]) == ("导丝", None, 1)
    assert made.short == ()


UNKNOWN: dict[str, Product] = {}
TWENTY = [line(number, name=f"产品{number}") for number in range(1, 21)]


def test_twenty_lines_and_one_without_udi() -> None:
    found = [left(number) for number in range(1, 21)]
    assert len(papers(shipment(*TWENTY), found, UNKNOWN.get, TODAY).rows) == 20
    found[16] = left(17, di=None, lot=None)
    with pytest.raises(ShippingError, match=f"line 17, 产品17 .{DI}.: 10 of 10 have no UDI"):
        papers(shipment(*TWENTY), found, UNKNOWN.get, TODAY)
    del found[16]
    with pytest.raises(ShippingError, match=f"line 17, 产品17 .{DI}.: no UDI of it was scanned; expected 10"):
        papers(shipment(*TWENTY), found, UNKNOWN.get, TODAY)


REFUSED = [
    (document("SO-1"), [left()], "is a receipt: expected a shipment"),
    (shipment(), [], "nothing was scanned under it in SHIP, VERIFY, PICK"),
    (shipment(), [left(), left(None, di="06901234567908")], "no line for DI 06901234567908"),
    (shipment(), [left(), left(9)], f"no line for DI {DI}, line 9"),
    (shipment(line(1, lot="A1"), line(2, lot="B2")), [left(1), left(None, lot="C3")], "no line for DI"),
    (shipment(), [left(lot=None)], "10 of 10 have no UDI, or half of one"),
]


@pytest.mark.parametrize(("said", "found", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_go_on_paper_is_named(said: Document, found: list[Move], why: str) -> None:
    with pytest.raises(ShippingError, match=why):
        papers(said, found, {DI: PRODUCT}.get, TODAY)


def test_a_scan_without_line_finds_its_product_and_less_is_told() -> None:
    made = papers(shipment(line(1, lot="A1"), line(2, lot="B2")), [left(None, 3), left(2)], UNKNOWN.get, TODAY)
    assert [row["line"] for row in made.rows] == [1, 2]
    assert made.short == ("document SO-1, line 1, 一次性使用导管: 3 of 10",)


def test_before_the_goods_leave_the_second_check_counts() -> None:
    found = [left(task="PICK", count=9), replace(left(task="VERIFY", count=8), operators=("N2",))]
    assert [row["quantity"] for row in papers(shipment(), found, UNKNOWN.get, TODAY).rows] == [8]


def by(who: str, number: int, task: str) -> Move:
    return replace(left(number, task=task), operators=(who,))


HANDS = {
    "two persons": ([by("N1", 1, "PICK"), by("N2", 1, "VERIFY")], None),
    "one person": ([by("N1", 1, "PICK"), by("N1", 1, "VERIFY")], "line 1, .*verified by the same person, N1"),
    "one of two": ([by("N1", 1, "PICK"), by("N1", 1, "VERIFY"), by("N2", 1, "VERIFY")], "the same person, N1"),
    "one person, shipped by another": (
        [by("N1", 1, "PICK"), by("N1", 1, "VERIFY"), by("N2", 1, "SHIP")],
        "line 1, .*the same person, N1",
    ),
    "each other's lines": (
        [by("N1", 1, "PICK"), by("N2", 1, "VERIFY"), by("N2", 2, "PICK"), by("N1", 2, "VERIFY")],
        None,
    ),
    "one person, where the second station had not got the document": (
        [by("N1", 1, "PICK"), replace(left(None, task="VERIFY"), operators=("N1",))],
        "line 1, .*the same person, N1",
    ),
    "nobody verified": ([by("N1", 1, "PICK")], None),
}


@pytest.mark.parametrize(("found", "why"), HANDS.values(), ids=HANDS.keys())
def test_no_paper_is_made_of_what_one_person_picked_and_verified(found: list[Move], why: str | None) -> None:
    numbers = sorted({move.thing.line for move in found if isinstance(move.thing.line, int)})
    said = shipment(*(line(number) for number in numbers))
    if why is not None:
        with pytest.raises(ShippingError, match=why):
            papers(said, found, UNKNOWN.get, TODAY)
    made = papers(said, found, UNKNOWN.get, TODAY, one_person=True)
    assert sorted({row["line"] for row in made.rows}) == numbers
