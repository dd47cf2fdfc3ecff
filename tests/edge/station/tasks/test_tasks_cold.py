"""Cold goods at a receipt: a temperature within the range first, or a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards import CardKind
from edge.catalog.product import Level, Product, Storage
from edge.documents import Line
from edge.rules.verdict import COLD_UP_TO, Audience, Outcome, Reason, TaskName, Verdict
from edge.station.tasks import cold
from edge.station.tasks.effects import Say
from edge.station.tasks.said import Document, Item, Said
from edge.station.tasks.state import Work
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from hardware.signals import Signal
from tests.support.documents import DI, document, line
from tests.support.tasks import NURSE, UNDO, Table, act, card, piece

NOTE = Document("PO-1")
REASON, CLOSE, HOLD, REFUSE = card(CardKind.REASON, "OTHER"), act("CLOSE"), act("HOLD"), act("REFUSE")


def product(low: float | None, high: float, words: str = "冷藏2-8℃") -> Product:
    """Of the catalogue, kept cold."""
    return Product(DI, DI, Level.SALE_UNIT, 1, "试剂", "A", "某厂", storage=(Storage(words, low, high, "℃"),))


def chilled(content: str = "10A1", of: Product | None = None, *others: str) -> Item:
    """As it is judged at a receipt without a reading."""
    of = of or product(2, 8)
    reasons = (Reason("storage_reading", Audience.PERSON, of.storage[0].condition),)
    verdict = Verdict(Outcome.REDO, (*reasons, *(Reason(each, Audience.PERSON) for each in others)), overridable=True)
    return replace(piece(content, product=of), verdict=verdict)


def keyed(*digits: str) -> tuple[Said, ...]:
    return tuple(card(CardKind.DIGIT, each) for each in (*digits, "ENTER"))


def box(code: str) -> Item:
    read = Read(code.encode(), "]C0", "scanner", 1)
    return replace(piece("21X", Outcome.REDO, "not_a_udi"), presentation=Presentation(Shape.OTHER, reads=(read,)))


def receiving(*lines: Line) -> Table:
    return Table(TaskName.RECEIVE, documents={"PO-1": document("PO-1", *lines)}).say(NURSE, NOTE)


FIVE, TWELVE = keyed("5"), keyed("1", "2")
A1, PLAIN, FROZEN = chilled(), piece("10A1"), piece("10B7")
LINE = line(storage="2-8℃")
FROZEN_LINE = line(2, lot="B7", storage="-25~-15℃")


@dataclass(frozen=True)
class Shown:
    said: tuple[Said, ...]
    books: int
    light: Signal
    why: str = ""
    lines: tuple[Line, ...] = (line(),)
    readings: tuple[float, ...] = ()


COLD = {
    "no reading": Shown((A1,), 0, Signal.REDO, "storage_reading"),
    "a reading": Shown((A1, *FIVE), 1, Signal.ACCEPTED, readings=(5.0,)),
    "a reading with a fraction": Shown((A1, *keyed("7", "POINT", "9")), 1, Signal.ACCEPTED, readings=(7.9,)),
    "at the very end": Shown((A1, *keyed("8")), 1, Signal.ACCEPTED, readings=(8.0,)),
    "too warm": Shown((A1, *TWELVE), 0, Signal.REDO, "temperature_out"),
    "too cold": Shown((A1, *keyed("MINUS", "1")), 0, Signal.REDO, "temperature_out"),
    "too warm, and measured again": Shown((A1, *TWELVE, *FIVE), 1, Signal.ACCEPTED, readings=(5.0,)),
    "too warm, and held": Shown((A1, *TWELVE, HOLD), 0, Signal.ATTENTION, "temperature_out"),
    "too warm, and refused": Shown((A1, *TWELVE, REFUSE), 0, Signal.ATTENTION, "temperature_out"),
    "too warm, and taken": Shown((A1, *TWELVE, REASON), 1, Signal.ATTENTION, "temperature_out"),
    "no thermometer": Shown((A1, REASON), 1, Signal.ATTENTION, "storage_reading"),
    "no thermometer, and held": Shown((A1, HOLD), 0, Signal.ATTENTION, "storage_reading"),
    "a supplier supplies no temperature": Shown((A1, act("SUPPLIER")), 0, Signal.REDO, "storage_reading"),
    "a broken carton is no reason": Shown((A1, act("BROKEN")), 0, Signal.REDO, "storage_reading"),
    "a quantity is no temperature": Shown((A1, card(CardKind.QUANTITY, "5")), 0, Signal.REDO, "storage_reading"),
    "no number": Shown((A1, *keyed("5", "POINT", "POINT")), 0, Signal.REDO, "storage_reading"),
    "three digits": Shown((A1, *keyed("2", "0", "0")), 0, Signal.REDO, "storage_reading"),
    "what else is amber stays": Shown(
        (chilled("10A1", None, "near_expiry"), *FIVE), 1, Signal.ATTENTION, "near_expiry", readings=(5.0,)
    ),
    "a reading, then a count": Shown((A1, *FIVE, card(CardKind.QUANTITY, "9")), 9, Signal.ACCEPTED, readings=(5.0,)),
    "a reason, then a count": Shown((A1, REASON, card(CardKind.QUANTITY, "9")), 9, Signal.ATTENTION, "storage_reading"),
    "taken back": Shown((A1, *FIVE, UNDO), 0, Signal.ACCEPTED),
    "of another lot, too": Shown((A1, *FIVE), 0, Signal.REDO, "other_lot", (line(lot="B7"),)),
    "the line says so": Shown((PLAIN,), 0, Signal.REDO, "storage_reading", (LINE,)),
    "the line says so, a reading": Shown((PLAIN, *FIVE), 1, Signal.ACCEPTED, "", (LINE,), (5.0,)),
    "the line says so, too warm": Shown((PLAIN, *TWELVE), 0, Signal.REDO, "temperature_out", (LINE,)),
    "the line says so, no thermometer": Shown((PLAIN, REASON), 1, Signal.ATTENTION, "storage_reading", (LINE,)),
    "the line says so, the next one": Shown((PLAIN, *FIVE, PLAIN), 2, Signal.ACCEPTED, "", (LINE,), (5.0,)),
    "a reason speaks for one item": Shown((PLAIN, REASON, PLAIN), 1, Signal.REDO, "storage_reading", (LINE,)),
    "cold, nobody knows how cold": Shown(
        (PLAIN, *TWELVE), 1, Signal.ACCEPTED, "", (line(storage="冷链运输"),), (12.0,)
    ),
    "not cold": Shown((PLAIN,), 1, Signal.ACCEPTED, "", (line(storage="常温 10-30℃"),)),
    "another lot of a cold line": Shown((PLAIN,), 0, Signal.REDO, "storage_reading", (replace(LINE, lot="B7"),)),
    "another lot of a cold line, a reading": Shown(
        (PLAIN, *FIVE), 0, Signal.REDO, "other_lot", (replace(LINE, lot="B7"),)
    ),
    "another lot of a cold line, and so it is": Shown(
        (PLAIN, *FIVE, act("MIXED")), 1, Signal.ATTENTION, "other_lot", (replace(LINE, lot="B7"),), (5.0,)
    ),
    "a box": Shown((box("BX-7"),), 0, Signal.REDO, "storage_reading", (replace(LINE, box="BX-7"),)),
    "a box with a reading": Shown(
        (box("BX-7"), *FIVE), 10, Signal.ATTENTION, "box_announced", (replace(LINE, box="BX-7"),), (5.0,)
    ),
    "a box that is too warm, and held": Shown(
        (box("BX-7"), *TWELVE, HOLD), 0, Signal.ATTENTION, "temperature_out", (replace(LINE, box="BX-7"),)
    ),
}


@pytest.mark.parametrize("shown", COLD.values(), ids=COLD.keys())
def test_cold_goods_are_received_with_a_temperature_or_a_reason(shown: Shown) -> None:
    table = receiving(*shown.lines).say(*shown.said, apart_s=1)
    assert sum(count for _, _, count in table.booked) == shown.books
    assert table.records[-1].signal is shown.light
    assert [each.code for each in table.records[-1].verdict.reasons][:1] == ([shown.why] if shown.why else [])
    assert table.state.work is not None
    assert table.state.work.readings == shown.readings


def test_what_is_known_of_the_temperature_stands_in_the_event() -> None:
    warm = {"quantity": "temperature", "value": 12.0, "unit": "Cel"}
    table = receiving().say(A1).at_once(*TWELVE)
    assert table.records[-1].booking.measurement == warm
    assert not [each for each in table.effects if isinstance(each, Say) and "reading_taken" in each.phrases]
    booking = table.say(REASON).records[-1].booking
    assert (booking.measurement, booking.override, booking.count) == (warm, {"reason": "OTHER"}, 1)
    assert [each.booking.corrects for each in table.records] == [None, "e1", "e2"]


def test_a_blind_receipt_and_none_at_all_take_a_reading_too() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, A1).at_once(*FIVE)
    assert table.booked == [("RECEIVE", A1.key, 1)]
    assert [each.phrases for each in table.effects if isinstance(each, Say)][-1] == ("reading_taken",)
    table.say(Document("DN-9"), A1).at_once(*FIVE)
    assert (len(table.booked), table.state.work is not None and table.state.work.readings) == (2, (5.0,))


def test_a_reading_outlasts_a_restart_and_ends_with_its_document() -> None:
    table = receiving(LINE).say(PLAIN).at_once(*FIVE).restart(after_power_cut=True).say(NOTE, PLAIN)
    assert len(table.booked) == 2
    table.say(CLOSE, CLOSE, NOTE, PLAIN)
    assert table.outcomes[-1] == Signal.REDO.value


def test_a_reading_counts_within_its_range() -> None:
    table = receiving(replace(LINE, lot="A1"), FROZEN_LINE).say(PLAIN).at_once(*FIVE).say(FROZEN)
    assert len(table.booked) == 1
    assert table.at_once(*keyed("MINUS", "1", "8")).booked[1:] == [("RECEIVE", FROZEN.key, 1)]


MEASURED = {
    "no document": (None, product(2, 8), False),
    "no reading": (Work("PO-1"), product(2, 8), False),
    "within": (Work("PO-1", readings=(20.0, 5.0)), product(2, 8), True),
    "outside": (Work("PO-1", readings=(9.0,)), product(2, 8), False),
    "not cold": (Work("PO-1", readings=(9.0,)), product(0, 30), False),
    "unknown": (Work("PO-1", readings=(9.0,)), None, False),
}


@pytest.mark.parametrize(("work", "of", "so"), MEASURED.values(), ids=MEASURED.keys())
def test_one_reading_serves_a_range_of_one_document(work: Work | None, of: Product | None, *, so: bool) -> None:
    assert cold.measured(work, of, COLD_UP_TO) is so


SAYS = {
    "2-8℃": (2.0, 8.0),
    "2~8 ℃": (2.0, 8.0),
    "2℃-8℃": (2.0, 8.0),
    "冷藏(2–8℃)": (2.0, 8.0),
    "-25℃~-15℃": (-25.0, -15.0),
    "-25至-15摄氏度": (-25.0, -15.0),
    "≤-20℃": (None, -20.0),
    "-18℃以下": (None, -18.0),
    "不超过10°C": (None, 10.0),
    "冷链运输": (None, None),
}
WARM = ("常温", "10-30℃", "0~30 ℃", "不超过20℃", "阴凉干燥", "相对湿度2-8%", "避光")


@pytest.mark.parametrize(("text", "limits"), SAYS.items(), ids=SAYS.keys())
def test_a_line_says_how_cold(text: str, limits: tuple[float | None, float | None]) -> None:
    said = cold.storage_of(text)
    assert said is not None
    assert (said.low, said.high) == limits


@pytest.mark.parametrize("text", WARM)
def test_a_line_that_says_nothing_of_cold(text: str) -> None:
    assert cold.storage_of(text) is None


@given(st.text())
def test_any_text_of_a_line_is_understood_or_left(text: str) -> None:
    said = cold.storage_of(text)
    assert said is None or said.high is None or said.high <= COLD_UP_TO


@given(st.integers(-80, 10), st.integers(-80, 10), st.sampled_from(["-", "~", "–", "至"]))
def test_two_figures_are_a_range_in_any_order(one: int, other: int, between: str) -> None:
    said = cold.storage_of(f"{one}℃{between}{other}℃")
    assert said is not None
    assert (said.low, said.high) == (min(one, other), max(one, other))


def test_cold_goods_that_are_held_leave_under_no_document() -> None:
    table = receiving().say(A1).at_once(*TWELVE).say(HOLD, CLOSE, CLOSE, card(CardKind.TASK, "PICK"), PLAIN)
    assert table.booked == []
    assert table.records[-1].verdict.reasons[0].code == "goods_held"
