"""Orders on a station's card: real files, torn, damaged and full."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.catalog.orders import OrderError
from edge.catalog.product import Level, Order, Pack, Product
from edge.station.order_book import FILE, OrderBook, OrderIndex
from tests.support.disk import limit_files
from tests.support.orders import AUTHORITIES, DI, altered, payload

USE_UNIT, BOX, CARTON, OTHER = "06901234567885", "16901234567899", "26901234567896", "06909999999995"
PACKS = (Pack(BOX, "盒", 10, DI), Pack(CARTON, "箱", 20, BOX))


def product(di: str, level: Level) -> Product:
    return Product(di, DI, level, 1, "n", "m", "r", packs=PACKS)


TREE = {
    USE_UNIT: product(USE_UNIT, Level.USE_UNIT),
    DI: product(DI, Level.SALE_UNIT),
    BOX: product(BOX, Level.INNER_PACK),
    CARTON: product(CARTON, Level.CASE),
}


def found(book: OrderBook, di: str, *, today: date | None = None) -> list[str]:
    index = OrderIndex(book, TREE.get)
    return [each.order for each in index.orders(di, TREE.get(di), today)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def book(file: Path) -> OrderBook:
    return OrderBook(file, AUTHORITIES)


def again(file: Path) -> OrderBook:
    return OrderBook(file, AUTHORITIES)


def test_an_order_is_in_force_at_once_and_after_a_start(book: OrderBook, file: Path) -> None:
    assert book.take("R-1", payload()) is not None
    assert found(book, DI) == ["R-1"]
    assert found(again(file), DI) == [], "not written yet"
    book.write()
    assert found(again(file), DI) == ["R-1"]
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_known_is_written_once(book: OrderBook, file: Path) -> None:
    for _ in range(3):
        book.take("R-1", payload())
        book.write()
    assert len(file.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("named", [USE_UNIT, DI, BOX, CARTON])
@pytest.mark.parametrize("scanned", [USE_UNIT, DI, BOX, CARTON])
def test_an_order_means_the_whole_packaging_tree(book: OrderBook, named: str, scanned: str) -> None:
    book.take("R-1", payload(dis=(named,)))
    assert found(book, scanned) == ["R-1"]
    assert found(book, OTHER) == []


def test_an_order_of_what_no_catalogue_knows_is_found_by_its_di(book: OrderBook) -> None:
    book.take("R-1", payload(dis=(OTHER, "EAN-AS-13", OTHER[1:])))
    assert found(book, OTHER) == ["R-1"]
    assert found(book, "EAN-AS-13") == ["R-1"]


def test_a_withdrawal_ends_it_and_a_third_version_can_begin_it_again(book: OrderBook, file: Path) -> None:
    index = OrderIndex(book, TREE.get)
    for version, withdrawn, expected in ((1, False, ["R-1"]), (2, True, []), (3, False, ["R-1"])):
        book.take("R-1", payload(version=version, withdrawn=withdrawn))
        book.write()
        for each in (index, OrderIndex(again(file), TREE.get)):
            assert [order.order for order in each.orders(DI, TREE[DI], None)] == expected


def test_a_changed_order_lets_go_of_what_it_no_longer_names(book: OrderBook) -> None:
    index = OrderIndex(book, TREE.get)
    book.take("R-1", payload(dis=(DI, OTHER)))
    assert index.orders(OTHER, None, None)
    book.take("R-1", payload(dis=(DI,), version=2))
    assert not index.orders(OTHER, None, None)
    assert index.orders(CARTON, TREE[CARTON], None)


def test_an_order_ends_only_by_a_clock_that_knows(book: OrderBook) -> None:
    book.take("R-1", payload(ends=date(2026, 11, 30)))
    assert found(book, DI, today=date(2026, 11, 30)) == ["R-1"]
    assert found(book, DI, today=date(2026, 12, 1)) == []
    assert found(book, DI) == ["R-1"]


REFUSED = {
    "one signature": (payload(by=("quality",), version=3), "alone"),
    "a stranger": (payload(by=("quality", "stranger"), version=3), "stranger"),
    "an older version": (payload(version=1), "older"),
    "the same version with another content": (payload("R-1", "B", version=2), "another content"),
    "other words around it": (altered(payload(version=3), version=4), "around"),
    "no notice": (b"{}", "schema"),
}


@pytest.mark.parametrize(("sent", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_may_not_be_taken_changes_nothing(book: OrderBook, file: Path, sent: bytes, why: str) -> None:
    book.take("R-1", payload("R-1", "A", version=2))
    book.write()
    before = dict(book.notices)
    with pytest.raises(OrderError, match=why):
        book.take("R-1", sent)
    book.write()
    assert book.notices == before == again(file).notices


def test_without_an_authority_nothing_is_taken(file: Path) -> None:
    with pytest.raises(OrderError, match=r"no \[\[authority\]\]"):
        OrderBook(file).take("R-1", payload())


def test_an_order_outlives_the_keys_that_signed_it(book: OrderBook, file: Path) -> None:
    book.take("R-1", payload())
    book.write()
    assert found(OrderBook(file), DI) == ["R-1"]


def test_a_refusal_is_new_once_also_after_a_start(book: OrderBook, file: Path) -> None:
    assert book.refuse(b"x")
    assert not book.refuse(b"x")
    book.write()
    assert not again(file).refuse(b"x")
    assert again(file).refuse(b"y")


def test_a_torn_last_line_is_cut_off_without_a_word(book: OrderBook, file: Path) -> None:
    for number in (1, 2):
        book.take(f"R-{number}", payload(f"R-{number}"))
    book.write()
    whole = file.read_bytes()
    for end in range(whole.index(b"\n") + 1, len(whole), 37):
        file.write_bytes(whole[:end])
        second = again(file)
        assert second.problem is None
        assert list(second.notices) == ["R-1"]
        second.take("R-2", payload("R-2"))
        second.write()
        assert file.read_bytes() == whole


def test_a_damaged_line_is_said_and_set_aside_and_comes_again(book: OrderBook, file: Path) -> None:
    for number in (1, 2, 3):
        book.take(f"R-{number}", payload(f"R-{number}"))
    book.write()
    lines = file.read_bytes().splitlines(keepends=True)
    damaged = b"".join([lines[0], lines[1].replace(b"NMPA", b"NMPB"), lines[2]])
    file.write_bytes(damaged)
    second = again(file)
    assert second.problem is not None
    assert "1 of 3 lines" in second.problem
    assert file.with_name(f"{FILE}.damaged-1").read_bytes() == damaged
    assert found(second, DI) == ["R-1", "R-3"]
    second.take("R-2", payload("R-2"))
    second.write()
    third = again(file)
    assert (third.problem, found(third, DI)) == (None, ["R-1", "R-2", "R-3"])


def test_nothing_but_rubbish_is_said_too(file: Path) -> None:
    file.write_bytes(os.urandom(5000) + b"\n")
    book = again(file)
    assert book.problem is not None
    assert book.notices == {}


def test_older_versions_leave_the_file_at_the_next_start(book: OrderBook, file: Path) -> None:
    for version in range(1, 8):
        book.take("R-1", payload(version=version))
        book.write()
    assert len(file.read_bytes().splitlines()) == 7
    assert again(file).notices["R-1"].said.version == 7
    assert len(file.read_bytes().splitlines()) == 1


def test_what_the_card_does_not_take_is_in_force_and_is_written_later(book: OrderBook, file: Path) -> None:
    file.symlink_to("/dev/full")
    book.take("R-1", payload())
    with pytest.raises(OSError, match="No space"):
        book.write()
    assert book.unwritten
    assert found(book, DI) == ["R-1"]
    file.unlink()
    book.write()
    assert not book.unwritten
    assert found(again(file), DI) == ["R-1"]


def test_half_a_line_that_no_longer_fits_is_taken_back(book: OrderBook, file: Path) -> None:
    book.take("R-1", payload("R-1"))
    book.write()
    whole = file.read_bytes()
    book.take("R-2", payload("R-2"))
    limit_files(os.getpid(), len(whole) + 100)
    try:
        with pytest.raises(OSError, match="too large"):
            book.write()
    finally:
        limit_files(os.getpid(), None)
    assert file.read_bytes() == whole
    book.write()
    assert found(again(file), DI) == ["R-1", "R-2"]


@pytest.fixture(scope="module")
def many() -> OrderBook:
    """10,000 orders; signing them all would take longer than all other tests together."""
    book = OrderBook(None, AUTHORITIES)
    book.take("R-1", payload())
    notice = book.notices["R-1"]
    for number in range(10_000):
        said = notice.said
        what = Order(f"R{number}", "recall", (f"{number:014d}",))
        book.notices[what.order] = type(notice)(type(said)(what, 1, said.issued, "x"), b"", ())
        book.log.append(what.order)
    return book


def test_a_scan_costs_microseconds_among_ten_thousand_orders(many: OrderBook) -> None:
    index = OrderIndex(many, TREE.get)
    took = []
    for number in range(2_000):
        began = time.perf_counter_ns()
        found = index.orders(f"{number:014d}", None, None)
        took.append(time.perf_counter_ns() - began)
        assert [each.order for each in found] == [f"R{number}"]
    assert sorted(took)[1_000] < 200_000


class Life(RuleBasedStateMachine):
    """Valid and forged notices in any order, starts in between: the highest valid version counts, always."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.book = OrderBook(Path(self.folder.name) / FILE, AUTHORITIES)
        self.highest: dict[str, int] = {}
        self.written: dict[str, int] = {}

    @rule(ident=st.sampled_from(("R-1", "R-2")), version=st.integers(1, 5))
    def hears(self, ident: str, version: int) -> None:
        known = self.highest.get(ident, 0)
        sent = payload(ident, f"A{version}", version=version)
        if version < known:
            with pytest.raises(OrderError):
                self.book.take(ident, sent)
        else:
            assert (self.book.take(ident, sent) is not None) == (version > known)
            self.highest[ident] = version

    @rule(ident=st.sampled_from(("R-1", "R-2")), version=st.integers(1, 9), by=st.sampled_from(("quality", "stranger")))
    def hears_a_forged_one(self, ident: str, version: int, by: str) -> None:
        with pytest.raises(OrderError):
            self.book.take(ident, payload(ident, "FORGED", version=version, by=(by,)))

    @rule()
    def writes(self) -> None:
        self.book.write()
        self.written = dict(self.highest)

    @rule(torn=st.integers(0, 30))
    def starts_again(self, torn: int) -> None:
        file = Path(self.folder.name) / FILE
        if torn:
            with file.open("ab") as out:
                out.write(payload("R-3")[:torn])
        self.book = OrderBook(file, AUTHORITIES)
        self.highest = dict(self.written)
        assert self.book.problem is None

    @invariant()
    def the_highest_counts(self) -> None:
        if hasattr(self, "book"):
            assert {ident: each.said.version for ident, each in self.book.notices.items()} == self.highest

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
