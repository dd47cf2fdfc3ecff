"""Items against the lines of a document: received, held, picked, verified, shipped, closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from edge.cards import CardKind
from edge.catalog.product import Level, Pack, Product
from edge.documents import Document as Known
from edge.documents import DocumentKind, Line
from edge.rules.verdict import Declared, Made, Outcome, TaskName
from edge.station.tasks.effects import DocumentDone, JudgeAgain, Record, Say
from edge.station.tasks.said import Badge, Document, Item, Said
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from hardware.phrases import phrases, spoken
from hardware.signals import Signal
from tests.support.documents import DI, document, line
from tests.support.tasks import NURSE, SECOND_NURSE, UNDO, Table, act, card, no_code, piece

NOTE, OTHER, OUT = Document("PO-1"), Document("PO-2"), Document("SO-1")
PACKS = (Pack("16901234567899", "箱", 200, DI),)
CARTON = Product("16901234567899", DI, Level.CASE, 200, "导管", "A", "某厂", packs=PACKS)
LOT_A, LOT_B, S1, S2, S9 = (piece(each) for each in ("10A1", "10B7", "21S1", "21S2", "21S9"))
QUALITY = Badge("Q7", "Q")
CLOSE, HOLD, REFUSE = act("CLOSE"), act("HOLD"), act("REFUSE")
DIGITS = tuple(card(CardKind.DIGIT, each) for each in ("1", "1", "ENTER"))


def box(code: str) -> Item:
    """A carton that shows a code of its own, and no UDI."""
    read = Read(code.encode(), "]C0", "scanner", 1)
    return replace(piece("21X", Outcome.REDO, "not_a_udi"), presentation=Presentation(Shape.OTHER, reads=(read,)))


def receiving(*lines: Line, task: TaskName = TaskName.RECEIVE, **changed: object) -> Table:
    known = document("PO-1", *lines, owner="货主甲", **changed)
    return Table(task, documents={"PO-1": known, "PO-2": document("PO-2")}).say(NURSE, NOTE)


def shipping(*lines: Line) -> Table:
    known = document("SO-1", *lines, kind=DocumentKind.SHIPMENT)
    return Table(TaskName.PICK, documents={"SO-1": known}).say(NURSE, OUT)


def task(name: str) -> Said:
    return card(CardKind.TASK, name)


def on_lines(table: Table) -> list[tuple[int | None, int | None]]:
    """Line and count of what stands."""
    gone = {each.booking.corrects for each in table.records}
    gone |= {getattr(each, "corrects", None) for each in table.effects if not isinstance(each, Record)}
    standing = [each for each in table.records if each.event_id not in gone and each.booking.count is not None]
    return [(each.booking.line, each.booking.count) for each in standing]


def said(table: Table) -> tuple[str, ...]:
    return [each.phrases for each in table.effects if isinstance(each, Say)][-1]


def why(table: Table) -> str:
    return table.records[-1].verdict.reasons[0].code


ANNOUNCED = line(3, quantity=2, serials=("S1", "S2"), sscc="106141412345678908", box="BX-7")


@dataclass(frozen=True)
class Shown:
    lines: tuple[Line, ...]
    said: tuple[Said, ...]
    books: list[tuple[int | None, int | None]]
    light: Signal
    why: str = ""


RECEIPTS = {
    "its line": Shown((line(),), (LOT_A,), [(1, 1)], Signal.ACCEPTED),
    "the line of its lot": Shown((line(1, lot="B7"), line(2, lot="A1")), (LOT_A,), [(2, 1)], Signal.ACCEPTED),
    "the line with room": Shown((line(1, quantity=1), line(2)), (LOT_A, LOT_A), [(1, 1), (2, 1)], Signal.ACCEPTED),
    "the line that announced it": Shown((line(1), ANNOUNCED), (S1,), [(3, 1)], Signal.ACCEPTED),
    "by its item code": Shown(
        (line(di=None, item="H7"),), (piece("10A1", product=replace(CARTON, item="H7")),), [], Signal.REDO, "over"
    ),
    "a carton of sale units": Shown(
        (line(quantity=400),), (piece("10A1", product=CARTON),), [(1, 200)], Signal.ACCEPTED
    ),
    "too much": Shown((line(quantity=1),), (LOT_A, LOT_A), [(1, 1)], Signal.REDO, "over"),
    "too much, and so it is": Shown(
        (line(quantity=1),), (LOT_A, LOT_A, act("OVER")), [(1, 1), (1, 1)], Signal.ATTENTION, "over"
    ),
    "not on it": Shown((line(di="10614141543219"),), (LOT_A,), [], Signal.REDO, "not_on_document"),
    "not on it, and so it is": Shown(
        (line(di="10614141543219"),), (LOT_A, act("OVER")), [(None, 1)], Signal.ATTENTION, "not_on_document"
    ),
    "another lot": Shown((line(lot="B7"),), (LOT_A,), [], Signal.REDO, "other_lot"),
    "another lot, and so it is": Shown(
        (line(lot="B7"),), (LOT_A, act("MIXED")), [(1, 1)], Signal.ATTENTION, "other_lot"
    ),
    "the wrong card for it": Shown((line(lot="B7"),), (LOT_A, act("OVER")), [], Signal.REDO, "other_lot"),
    "not announced": Shown((ANNOUNCED,), (S9,), [], Signal.REDO, "serial_not_announced"),
    "counted by hand": Shown((line(quantity=11),), (LOT_A, *DIGITS), [(1, 11)], Signal.ACCEPTED),
    "counted by hand, too much": Shown((line(),), (LOT_A, *DIGITS), [(1, 11)], Signal.ATTENTION, "over"),
    "a box": Shown((ANNOUNCED,), (box("BX-7"),), [(3, 2)], Signal.ATTENTION, "box_announced"),
    "a logistic unit": Shown((ANNOUNCED,), (box("00106141412345678908"),), [(3, 2)], Signal.ATTENTION, "box_announced"),
    "what is left of a box": Shown(
        (ANNOUNCED,), (S1, box("BX-7")), [(3, 1), (3, 1)], Signal.ATTENTION, "box_announced"
    ),
    "a box twice": Shown((ANNOUNCED,), (box("BX-7"), box("BX-7")), [(3, 2)], Signal.REDO, "over"),
    "a box nobody announced": Shown((ANNOUNCED,), (box("BX-8"),), [], Signal.REDO, "not_a_udi"),
    "taken back": Shown((line(quantity=1),), (LOT_A, UNDO, LOT_B), [(1, 1)], Signal.ACCEPTED),
    "a number taken back": Shown((line(),), (LOT_A, *DIGITS, UNDO, LOT_A), [(1, 1)], Signal.ACCEPTED),
}


@pytest.mark.parametrize("shown", RECEIPTS.values(), ids=RECEIPTS.keys())
def test_an_item_finds_its_line(shown: Shown) -> None:
    table = receiving(*shown.lines).say(*shown.said, apart_s=2)
    assert on_lines(table) == shown.books
    assert table.records[-1].signal is shown.light
    assert [each.code for each in table.records[-1].verdict.reasons][:1] == ([shown.why] if shown.why else [])


def test_what_does_not_fit_is_said_with_its_line() -> None:
    assert said(receiving(line(7, lot="B7")).say(LOT_A)) == ("line_7", "other_lot")


def test_an_event_says_whose_goods_they_are_and_from_whom() -> None:
    booking = receiving().say(LOT_A).records[-1].booking
    assert (booking.document, booking.owner, booking.counterparty) == ("PO-1", "货主甲", "某某医疗")


def test_a_document_that_is_short_asks_once() -> None:
    table = receiving(line(quantity=2), line(2, di="10614141543219")).say(LOT_A, CLOSE)
    assert (table.outcomes[-1], said(table)) == (Signal.ASK.value, ("line_1", "line_short", "close_again"))
    assert table.say(CLOSE).sessions[-1] == ("document", "closed", "short 2 of 2 lines")


def test_short_says_so_at_once() -> None:
    assert receiving().say(act("SHORT")).sessions[-1] == ("document", "closed", "short 1 of 1 lines")


def test_what_came_after_the_question_asks_again() -> None:
    assert receiving().say(CLOSE, LOT_A, CLOSE).state.work is not None


def test_a_document_that_is_complete_closes_at_once() -> None:
    assert receiving(line(quantity=1)).say(LOT_A, CLOSE).sessions[-1] == ("document", "closed", None)


def test_a_blind_receipt_asks_nothing() -> None:
    table = Table(TaskName.RECEIVE).say(Document("DN-9"), LOT_A, CLOSE)
    assert table.records[-1].booking.line is None
    assert table.sessions[-1] == ("document", "closed", None)


def test_a_document_left_for_another_one_comes_back_with_what_was_booked() -> None:
    table = receiving(line(quantity=2)).say(LOT_A, OTHER, LOT_A)
    assert ("document", "suspended", "another document") in table.sessions
    table.restart(after_power_cut=True).say(NURSE, NOTE, LOT_A, LOT_A)
    assert (table.state.work is not None, why(table)) == (True, "over")
    assert [each.ident for each in table.state.shelved] == ["PO-2"]


def test_an_undo_reaches_a_document_that_was_left() -> None:
    table = receiving(line(quantity=1), line(2, di="10614141543219")).say(LOT_A, OTHER, UNDO, NOTE, LOT_A)
    assert on_lines(table) == [(1, 1)]


@pytest.mark.parametrize("value", ["HOLD", "SUPPLIER"])
def test_what_is_held_is_no_stock_and_is_released_by_quality(value: str) -> None:
    table = receiving().say(no_code(), act(value))
    record = table.records[-1]
    assert (record.by.task, record.booking.count, record.booking.reason) == (TaskName.QUARANTINE, None, value)
    assert table.state.work is not None
    assert table.state.work.done(1, TaskName.QUARANTINE) == 1
    assert table.say(act("RELEASE"), no_code()).state.work == table.state.work
    work = table.say(QUALITY, act("RELEASE"), no_code()).state.work
    assert work is not None
    assert work.done(1, TaskName.QUARANTINE) == 0


def test_what_is_refused_never_came() -> None:
    table = receiving().say(no_code(), REFUSE)
    assert (table.records[-1].booking.reason, table.booked) == ("REFUSE", [])


def test_a_hold_that_is_taken_back_holds_nothing() -> None:
    work = receiving().say(no_code(), HOLD, UNDO).state.work
    assert work is not None
    assert work.tallies == ()


@pytest.mark.parametrize("before", [(), (S1,), (no_code(), HOLD)], ids=["nothing", "booked", "held already"])
def test_only_what_lacks_its_code_is_held(before: tuple[Said, ...]) -> None:
    table = receiving().say(*before)
    events = len(table.records)
    assert len(table.say(HOLD).records) == events


def test_a_shipment_is_verified_by_somebody_else_and_closes_then() -> None:
    table = shipping(line(quantity=1)).say(LOT_A, CLOSE)
    assert said(table) == ("line_1", "not_verified")
    table.say(task("VERIFY"), LOT_A)
    assert why(table) == "picker_verifies"
    assert said(table.say(SECOND_NURSE, LOT_A, CLOSE)) == ("line_1", "not_shipped")
    table.say(task("SHIP"), LOT_A, CLOSE)
    assert table.sessions[-1] == ("document", "closed", None)


BOTH = (line(1, lot="A1", quantity=1), line(2, lot="B7", quantity=2))
SHORT, SHIP, VERIFY = act("SHORT"), task("SHIP"), task("VERIFY")
CLOSES: dict[str, tuple[tuple[Said, ...], tuple[str, ...]]] = {
    "nothing was done": ((CLOSE,), ("line_1", "line_short")),
    "picked": ((LOT_A, CLOSE), ("line_1", "not_verified")),
    "picked, and short": ((LOT_A, CLOSE, SHORT), ("line_1", "not_verified")),
    "verified": ((LOT_A, SECOND_NURSE, VERIFY, LOT_A, CLOSE), ("line_1", "not_shipped")),
    "verified, and short": ((LOT_A, SECOND_NURSE, VERIFY, LOT_A, CLOSE, SHORT), ("line_2", "line_short")),
    "what was not verified comes first": (
        (LOT_A, LOT_B, SECOND_NURSE, VERIFY, LOT_A, CLOSE),
        ("line_2", "not_verified"),
    ),
    "one line left": ((LOT_A, SECOND_NURSE, VERIFY, LOT_A, SHIP, LOT_A, CLOSE), ("line_2", "line_short")),
    "short before anybody asked": (
        (LOT_A, SECOND_NURSE, VERIFY, LOT_A, SHIP, LOT_A, SHORT),
        ("line_2", "line_short"),
    ),
    "closed twice": ((LOT_A, SECOND_NURSE, VERIFY, LOT_A, SHIP, LOT_A, CLOSE, CLOSE), ("line_2", "line_short")),
    "short, said of what was named": (
        (LOT_A, SECOND_NURSE, VERIFY, LOT_A, SHIP, LOT_A, CLOSE, SHORT),
        ("document_closed",),
    ),
    "short, said of each line": ((CLOSE, SHORT, SHORT), ("document_closed",)),
    "short, said of the first alone": ((CLOSE, SHORT), ("line_2", "line_short")),
    "half a line": (
        (LOT_B, SECOND_NURSE, VERIFY, LOT_B, SHIP, LOT_B, CLOSE, SHORT, SHORT),
        ("document_closed",),
    ),
    "an item between": ((CLOSE, LOT_A, SHORT), ("line_1", "not_verified")),
}


@pytest.mark.parametrize(("shown", "answer"), CLOSES.values(), ids=CLOSES.keys())
def test_a_shipment_closes_when_each_line_has_left_or_is_said_to_be_short(
    shown: tuple[Said, ...], answer: tuple[str, ...]
) -> None:
    table = shipping(*BOTH).say(*shown)
    assert said(table) == answer
    assert (table.state.work is None) is (answer == ("document_closed",))
    assert {part for each in answer for part in spoken(each)} <= phrases().keys()


def test_what_was_said_to_be_short_outlasts_a_restart_and_stands_in_the_close() -> None:
    table = shipping(*BOTH).say(CLOSE, SHORT).restart(after_power_cut=True).say(OUT, CLOSE, SHORT)
    assert table.sessions[-1] == ("document", "closed", "short 2 of 2 lines")


def test_the_card_short_speaks_of_what_was_just_named() -> None:
    table = shipping(*BOTH).say(CLOSE).wait(30).say(SHORT)
    assert (said(table), table.state.work is not None and table.state.work.short) == (("line_1", "line_short"), ())


def test_somebody_says_that_it_is_short() -> None:
    known = document("SO-1", *BOTH, kind=DocumentKind.SHIPMENT)
    table = Table(TaskName.PICK, documents={"SO-1": known}).say(OUT, CLOSE, SHORT)
    assert (said(table), table.state.work is not None) == (("operator_missing",), True)


def test_no_more_is_verified_than_was_picked() -> None:
    assert why(shipping().say(LOT_A, SECOND_NURSE, task("VERIFY"), LOT_A, LOT_A)) == "not_picked"


def test_nothing_is_shipped_unverified() -> None:
    table = shipping(line(quantity=1)).say(LOT_A, task("SHIP"), LOT_A)
    assert (why(table), said(table)) == ("not_verified", ("line_1", "not_verified"))
    table.say(SECOND_NURSE, task("VERIFY"), LOT_A, task("SHIP"), LOT_A)
    assert table.booked[-1] == ("SHIP", LOT_A.key, 1)


def test_goods_that_wait_keep_a_shipment() -> None:
    table = shipping(line(quantity=1)).say(task("RECEIVE"), no_code(), HOLD, task("PICK"), LOT_A)
    assert said(table.say(CLOSE)) == ("line_1", "not_verified")
    table.say(SECOND_NURSE, task("VERIFY"), LOT_A, CLOSE)
    assert said(table) == ("line_1", "goods_held")
    assert why(table.say(task("SHIP"), LOT_A)) == "goods_held"
    table.say(QUALITY, act("RELEASE"), no_code(), LOT_A, CLOSE)
    assert table.sessions[-1] == ("document", "closed", None)


COUNTED_LINES = (
    line(1, lot="A1", quantity=20),
    line(2, quantity=2, serials=("S1", "S2"), box="BX-7"),
    line(3, di="10614141543219", quantity=5),
)
EXPIRED_A = piece("10A1", Outcome.STOP, "expired")
COUNTS = {
    "a lot": ((piece("10A1", Outcome.CHECKED),), [(1, 1)], Signal.ACCEPTED, ""),
    "a lot, by digits": ((LOT_A, *DIGITS), [(1, 11)], Signal.ACCEPTED, ""),
    "a lot on two shelves": ((LOT_A, *DIGITS, LOT_A), [(1, 11), (1, 1)], Signal.ACCEPTED, ""),
    "more of a lot than expected": ((LOT_A, card(CardKind.QUANTITY, "21")), [(1, 21)], Signal.ATTENTION, "over"),
    "a serial": ((S1,), [(2, 1)], Signal.ACCEPTED, ""),
    "a closed box": ((box("BX-7"),), [(2, 2)], Signal.ATTENTION, "box_announced"),
    "a serial that nobody expects": ((S9,), [(None, 1)], Signal.ATTENTION, "serial_not_announced"),
    "expired goods are there, too": ((EXPIRED_A,), [(1, 1)], Signal.STOP, "expired"),
    "expired goods, by digits": ((EXPIRED_A, *DIGITS), [(1, 11)], Signal.ATTENTION, "expired"),
    "no code": ((no_code(),), [], Signal.MISSING, "no_udi"),
    "no UDI": ((box("BX-8"),), [], Signal.REDO, "not_a_udi"),
    "seen before": ((piece("21S1", Outcome.REDO, "counted_before"),), [], Signal.REDO, "counted_before"),
    "taken back": ((S1, UNDO), [], Signal.ACCEPTED, ""),
}


@pytest.mark.parametrize(("shown", "books", "light", "why_"), COUNTS.values(), ids=COUNTS.keys())
def test_a_stock_take_counts_what_is_there(
    shown: tuple[Said, ...], books: list[tuple[int | None, int | None]], light: Signal, why_: str
) -> None:
    table = receiving(*COUNTED_LINES, task=TaskName.CHECK, kind=DocumentKind.COUNT).say(*shown, apart_s=2)
    assert on_lines(table) == books
    assert table.records[-1].signal is light
    assert [each.code for each in table.records[-1].verdict.reasons][:1] == ([why_] if why_ else [])
    assert {each.by.task for each in table.records} == {TaskName.COUNT}


def test_a_lot_that_nobody_expects_is_on_no_line() -> None:
    table = receiving(line(lot="A1"), task=TaskName.COUNT, kind=DocumentKind.COUNT).say(LOT_B)
    assert (on_lines(table), why(table), table.outcomes[-1]) == ([(None, 1)], "other_lot", Signal.ATTENTION.value)


def test_what_a_stock_take_did_not_find_is_asked_about_once() -> None:
    table = receiving(*COUNTED_LINES, task=TaskName.CHECK, kind=DocumentKind.COUNT).say(LOT_A, S1, S2, CLOSE)
    assert (table.outcomes[-1], said(table)) == (Signal.ASK.value, ("line_1", "line_short", "close_again"))
    assert table.say(CLOSE).sessions[-1] == ("document", "closed", "short 2 of 3 lines")


@pytest.mark.parametrize("name", ["PICK", "VERIFY", "SHIP", "ISSUE", "DISPENSE"])
def test_somebody_is_responsible(name: str) -> None:
    assert why(Table(TaskName(name)).say(LOT_A)) == "operator_missing"


def test_a_document_begins_its_own_task() -> None:
    kinds = {"a": DocumentKind.RECEIPT, "b": DocumentKind.SHIPMENT, "c": DocumentKind.ISSUE, "d": DocumentKind.RETURN}
    kinds["e"] = DocumentKind.COUNT
    known: dict[str, Known] = {ident: document(ident, kind=kind) for ident, kind in kinds.items()}
    table = Table(TaskName.CHECK, documents=known)
    begun = [table.say(Document(each)).state.task.value for each in kinds]
    assert begun == ["RECEIVE", "PICK", "ISSUE", "RETURN", "COUNT"]


READINGS = {
    "degrees of a lot": ("10A1", ("4", "POINT", "5"), 4.5),
    "below zero": ("10A1", ("MINUS", "2", "POINT", "0"), -2.0),
    "whole degrees of a serial": ("21S1", ("5",), 5.0),
    "a count, and no degrees": ("10A1", ("5",), None),
    "no number": ("10A1", ("4", "POINT", "POINT", "5"), None),
    "no storage": ("10A1", ("9", "0", "0", "POINT", "5"), None),
}


@pytest.mark.parametrize(("content", "digits", "degrees"), READINGS.values(), ids=READINGS.keys())
def test_a_reading_follows_cold_goods(content: str, digits: tuple[str, ...], degrees: float | None) -> None:
    cold = piece(content, Outcome.ATTENTION, "reading_due")
    table = shipping(line(quantity=9)).say(cold).at_once(*(card(CardKind.DIGIT, each) for each in (*digits, "ENTER")))
    measured = table.records[-1].booking.measurement
    assert measured == (None if degrees is None else {"quantity": "temperature", "value": degrees, "unit": "Cel"})
    assert len(on_lines(table)) == 1


def test_no_reading_is_taken_that_nobody_asked_for() -> None:
    table = receiving().say(LOT_A).at_once(*(card(CardKind.DIGIT, each) for each in ("4", "POINT", "5", "ENTER")))
    assert (table.outcomes[-1], table.records[-1].booking.measurement) == (Signal.REDO.value, None)


def test_digits_name_the_line_of_what_shows_no_code() -> None:
    table = receiving(line(4), line(12)).say(no_code(), card(CardKind.QUANTITY, "12"), HOLD)
    assert table.records[-1].booking.line == 12
    work = table.state.work
    assert work is not None
    assert work.done(12, TaskName.QUARANTINE) == 1


SAYS = {
    "that it has to carry one, made since": (
        line(3, in_scope=True, made=date(2024, 7, 1)),
        Declared(True, date(2024, 7, 1)),
    ),
    "that it has to carry one": (line(3, in_scope=True), Declared(True)),
    "nothing": (line(3), None),
}


@pytest.mark.parametrize(("named", "declared"), SAYS.values(), ids=SAYS.keys())
def test_the_line_says_whether_what_shows_no_code_has_to_carry_one(named: Line, declared: Declared | None) -> None:
    table = receiving(named).say(no_code(), card(CardKind.QUANTITY, "3"))
    again = [each.declared for each in table.effects if isinstance(each, JudgeAgain)]
    assert again == ([] if declared is None else [declared])
    table.say(card(CardKind.MADE, "BEFORE"))
    (judged,) = (each.declared for each in table.effects[-1:] if isinstance(each, JudgeAgain))
    assert judged == Declared(named.in_scope, Made.BEFORE)


def test_a_line_that_the_document_lacks_is_no_line() -> None:
    table = receiving(line(4), line(12)).say(no_code(), card(CardKind.QUANTITY, "7"))
    assert table.outcomes[-1] == Signal.REDO.value
    assert table.say(HOLD).records[-1].booking.line is None


def test_what_is_put_away_lies_where_the_card_says() -> None:
    shelf, other = card(CardKind.PLACE, "A-01"), card(CardKind.PLACE, "A-02")
    table = Table(TaskName.CHECK).say(task("STORE"), LOT_A, shelf, LOT_A, S1, other, S2, task("RECEIVE"), S1)
    assert [each.by.place for each in table.records] == [None, "A-01", "A-01", "A-02", None]
    assert table.say(task("STORE"), LOT_A).records[-1].by.place is None


SHIPPED = (LOT_A, SECOND_NURSE, task("VERIFY"), LOT_A)
ENDS: dict[str, tuple[Table, tuple[Said, ...], list[tuple[str, str, int]]]] = {
    "all of a receipt": (receiving(line(quantity=1)), (LOT_A, CLOSE), [("PO-1", "closed", 1)]),
    "a receipt that is short": (receiving(line(quantity=2)), (LOT_A, CLOSE, CLOSE), []),
    "a receipt left for another one": (receiving(line(quantity=1)), (LOT_A, OTHER), [("PO-1", "closed", 1)]),
    "a blind receipt": (Table(TaskName.RECEIVE), (NURSE, Document("DN-9"), LOT_A, CLOSE), []),
    "a shipment that left": (
        shipping(line(quantity=1)), (*SHIPPED, task("SHIP"), LOT_A, CLOSE), [("SO-1", "shipped", 1)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_what_became_of_a_document_is_said_when_it_lacks_nothing(name: str) -> None:
    table, everything, expected = ENDS[name]
    table.say(*everything)
    ends = [each for each in table.effects if isinstance(each, DocumentDone)]
    assert [(each.ident, each.what, each.lines) for each in ends] == expected
    closed = [of for of, what, _ in table.sessions if (of, what) == ("document", "closed")]
    assert closed == ["document"], "and that the work ended, once"
