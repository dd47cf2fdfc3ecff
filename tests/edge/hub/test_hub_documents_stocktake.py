"""盘点差异: expected and found, line by line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.documents import Document, DocumentKind, Line
from edge.hub.documents.keeping import keep
from edge.hub.documents.moves import Move, moves
from edge.hub.documents.stocktake import StocktakeError, differences
from edge.hub.goods_record import goods_record
from edge.hub.store import Store
from tests.edge.hub.conftest import FakeJournal
from tests.edge.hub.test_hub_documents_moves import left, projected
from tests.support.documents import DI, document, line


def count(*lines: Line) -> Document:
    return document("SO-1", *lines, kind=DocumentKind.COUNT)


def seen(number: int | None, units: int = 1, **changed: object) -> Move:
    return left(number, units, "COUNT", **changed)


def serial(number: int | None, value: str) -> Move:
    return seen(number, lot=None, serial=value)


LOT, SERIALS = line(1, quantity=10, lot="A1"), line(2, quantity=3, serials=("S1", "S2", "S3"))


@dataclass(frozen=True)
class Counted:
    of: Document
    moves: tuple[Move, ...]
    rows: list[tuple[int | None, str | None, int, int]]
    """Line, serial, expected, found."""


COUNTS = {
    "all there": Counted(count(LOT), (seen(1, 10),), [(1, None, 10, 10)]),
    "some missing": Counted(count(LOT), (seen(1, 7),), [(1, None, 10, 7)]),
    "none seen": Counted(count(LOT), (), [(1, None, 10, 0)]),
    "too many": Counted(count(LOT), (seen(1, 7), seen(1, 4, place="A-02")), [(1, None, 10, 11)]),
    "every serial": Counted(count(SERIALS), tuple(serial(2, f"S{n}") for n in (1, 2, 3)), [(2, None, 3, 3)]),
    "a serial is missing": Counted(
        count(SERIALS), (serial(2, "S1"), serial(2, "S3")), [(2, None, 2, 2), (2, "S2", 1, 0)]
    ),
    "a serial at two stations": Counted(
        count(SERIALS),
        (serial(2, "S1"), seen(2, 2, lot=None, serial="S1", place="B"), serial(2, "S2"), serial(2, "S3")),
        [(2, None, 3, 3)],
    ),
    "a serial that nobody expects": Counted(
        count(LOT), (seen(1, 10), serial(None, "S9")), [(1, None, 10, 10), (None, "S9", 0, 1)]
    ),
    "another serial on the line": Counted(
        count(SERIALS),
        (*(serial(2, f"S{n}") for n in (1, 2, 3)), serial(2, "S9")),
        [(2, None, 3, 3), (2, "S9", 0, 1)],
    ),
    "a closed box": Counted(count(SERIALS), (seen(2, 2, di=None, lot=None),), [(2, None, 3, 2)]),
    "another lot": Counted(count(LOT), (seen(None, 4, lot="B7"),), [(1, None, 10, 0), (None, None, 0, 4)]),
    "what else was done": Counted(count(LOT), (left(1, 10, "PICK"),), [(1, None, 10, 0)]),
}


@pytest.mark.parametrize("counted", COUNTS.values(), ids=COUNTS.keys())
def test_every_line_as_expected_and_as_found(counted: Counted) -> None:
    found = differences(counted.of, counted.moves)
    assert [(each.line, each.serial, each.expected, each.found) for each in found] == counted.rows
    announced = sum(each.quantity for each in counted.of.lines)
    assert sum(each.expected for each in found) == announced


def test_a_row_says_who_counted_and_what_is_missing() -> None:
    (found,) = differences(count(LOT), [seen(1, 7)])
    row = found.row("SO-1")
    assert (row["document"], row["difference"], row["operators"], row["di"]) == ("SO-1", -3, "N1", DI)


def test_only_a_stock_take_has_differences() -> None:
    with pytest.raises(StocktakeError, match="SO-1 is a receipt"):
        differences(document("SO-1"), [])


def test_from_scans_to_the_record_and_the_differences(store: Store, journal: FakeJournal) -> None:
    said = document("ST-1", line(1, lot="A1"), line(2, quantity=2, serials=("S1", "S2")), kind=DocumentKind.COUNT)
    with store.begin() as connection:
        keep(connection, said, "st.csv", "2026-11-26T08:00:00.000000Z")
    counting = {"task": "COUNT"}
    journal.scan(document="ST-1", line=1, count=9, outcome="CHECKED", fields=counting)
    journal.scan(document="ST-1", line=1, count=2, outcome="STOP", fields=counting)
    for _ in range(2):
        journal.scan(document="ST-1", line=2, lot=None, serial="S1", outcome="CHECKED", fields=counting)
    projected(store, journal)
    with store.read() as connection:
        record = goods_record(connection, "ST-1")
        rows = differences(said, moves(connection, document="ST-1"))
    assert record is not None
    assert [(each.line, each.announced, each.booked, each.difference) for each in record.compared] == [
        ("1", 10, 11, 1),
        ("2", 2, 1, -1),
    ]
    assert [(each.line, each.serial, each.difference) for each in rows] == [(1, None, 1), (2, None, 0), (2, "S2", -1)]
