"""先到期先出: something of the product lies here and expires earlier. It is said, and never refused for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from edge.cards import CardKind
from edge.catalog.product import Level, Pack, Product
from edge.documents import DocumentKind
from edge.rules.verdict import TaskName
from edge.station.tasks import shelf
from edge.station.tasks.keeping import keep
from edge.station.tasks.said import Badge, Document, Item, Said
from hardware.phrases import phrases
from hardware.signals import Signal
from tests.support.documents import DI, document, line
from tests.support.tasks import UNDO, Table, act, card, piece

QUALITY = Badge("Q7", "Q")
EARLY, LATE, LATER = piece("1727013110A1"), piece("1728013110B7"), piece("1729013110C9")
UNDATED = piece("10D1")
CARTON_DI = "16901234567899"
CASE = Product(CARTON_DI, DI, Level.CASE, 5, "导管", "A", "某厂", packs=(Pack(CARTON_DI, "箱", 5, DI),))
UNIT = replace(CASE, di=DI, level=Level.SALE_UNIT, contains=1)
CARTON = replace(EARLY, product=CASE)


def task(name: str) -> Said:
    return card(CardKind.TASK, name)


RECEIVE, STORE, PICK, SHIP, ISSUE = (task(each) for each in ("RECEIVE", "STORE", "PICK", "SHIP", "ISSUE"))
TWO = card(CardKind.QUANTITY, "2")
TRAINING, RELEASE = act("TRAINING"), act("RELEASE")


@dataclass(frozen=True)
class Shown:
    before: tuple[Said, ...]
    hint: bool
    item: Item = LATE
    today: date | None = date(2026, 11, 26)


HINTS = {
    "nothing is known": Shown((), hint=False),
    "received here": Shown((RECEIVE, EARLY), hint=True),
    "put away here": Shown((STORE, EARLY), hint=True),
    "something later lies here": Shown((RECEIVE, LATER), hint=False),
    "the same lies here": Shown((RECEIVE, LATE), hint=False),
    "picked since": Shown((RECEIVE, EARLY, PICK, EARLY), hint=False),
    "received and put away, one picked": Shown((RECEIVE, EARLY, STORE, EARLY, PICK, EARLY), hint=False),
    "two received, one picked": Shown((RECEIVE, EARLY, TWO, PICK, EARLY), hint=True),
    "two received, two picked": Shown((RECEIVE, EARLY, TWO, PICK, EARLY, TWO), hint=False),
    "two received, one of them picked and shipped": Shown((RECEIVE, EARLY, TWO, PICK, EARLY, SHIP, EARLY), hint=True),
    "shipped without being picked": Shown((RECEIVE, EARLY, SHIP, EARLY), hint=False),
    "issued": Shown((RECEIVE, EARLY, ISSUE, EARLY), hint=False),
    "wasted": Shown((RECEIVE, EARLY, act("WASTE"), EARLY), hint=False),
    "sent back": Shown((RECEIVE, EARLY, act("SEND_BACK"), EARLY), hint=False),
    "one of two came back": Shown((RECEIVE, EARLY, TWO, ISSUE, EARLY, TWO, act("RETURN"), EARLY), hint=True),
    "came back and was picked": Shown(
        (RECEIVE, EARLY, TWO, ISSUE, EARLY, TWO, act("RETURN"), EARLY, PICK, EARLY), hint=False
    ),
    "the receipt was taken back": Shown((RECEIVE, EARLY, UNDO), hint=False),
    "a count was taken back": Shown((RECEIVE, EARLY, TWO, UNDO), hint=False),
    "the pick was taken back": Shown((RECEIVE, EARLY, PICK, EARLY, UNDO), hint=True),
    "a reason, and taken back": Shown((RECEIVE, EARLY, card(CardKind.REASON, "OTHER"), UNDO), hint=False),
    "in practice": Shown((TRAINING, RECEIVE, EARLY, TRAINING), hint=False),
    "picked in practice": Shown((RECEIVE, EARLY, TRAINING, PICK, EARLY, TRAINING), hint=True),
    "its lot waits": Shown((RECEIVE, EARLY, act("QUARANTINE"), EARLY), hint=False),
    "its lot was released": Shown((RECEIVE, EARLY, act("QUARANTINE"), EARLY, RELEASE, EARLY), hint=True),
    "it has expired": Shown((RECEIVE, EARLY), hint=False, today=date(2027, 2, 1)),
    "nobody knows the day": Shown((RECEIVE, EARLY), hint=True, today=None),
    "a carton of it": Shown((RECEIVE, CARTON), hint=True, item=replace(LATE, product=UNIT)),
    "all of a carton picked": Shown(
        (RECEIVE, CARTON, PICK, replace(EARLY, product=UNIT), card(CardKind.QUANTITY, "5")),
        hint=False,
        item=replace(LATE, product=UNIT),
    ),
    "without an expiry": Shown((RECEIVE, EARLY), hint=False, item=UNDATED),
    "nothing dated lies here": Shown((RECEIVE, UNDATED), hint=False),
}


@pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("shown", HINTS.values(), ids=HINTS.keys())
def test_what_expires_earlier_is_said_at_a_pick(shown: Shown, *, restart: bool) -> None:
    table = Table(TaskName.CHECK, today=shown.today).say(QUALITY, *shown.before)
    if restart:
        table.restart(after_power_cut=True)
    record = table.say(PICK, shown.item).records[-1]
    assert record.booking.count == 1, "never refused"
    assert record.signal is (Signal.ATTENTION if shown.hint else Signal.ACCEPTED)
    assert [each.code for each in record.verdict.reasons] == ([shelf.FEFO] if shown.hint else [])


def test_why_is_recorded_with_it_all_the_same() -> None:
    table = Table(TaskName.RECEIVE).say(QUALITY, EARLY, PICK, LATE, card(CardKind.REASON, "DAMAGED"))
    record = table.records[-1]
    assert (record.booking.reason, record.booking.count, record.booking.corrects) == ("DAMAGED", 1, "e2")
    assert [each.code for each in record.verdict.reasons] == [shelf.FEFO]
    assert phrases()[shelf.FEFO].zh == "先到期先出"


@pytest.mark.parametrize(("lot", "hint"), [(None, True), ("B7", False)], ids=["any lot", "this lot"])
def test_a_document_that_names_the_lot_is_followed(lot: str | None, *, hint: bool) -> None:
    known = document("SO-1", line(lot=lot), kind=DocumentKind.SHIPMENT)
    table = Table(TaskName.RECEIVE, documents={"SO-1": known}).say(QUALITY, EARLY, Document("SO-1"), LATE)
    assert (table.booked[-1][0], table.outcomes[-1]) == ("PICK", "ATTENTION" if hint else "ACCEPTED")


def test_no_other_task_asks_for_it() -> None:
    table = Table(TaskName.RECEIVE).say(QUALITY, EARLY, ISSUE, LATE, SHIP, LATE, task("VERIFY"), LATE)
    assert table.outcomes[-1] == "ACCEPTED"
    assert not [each for record in table.records for each in record.verdict.reasons]


def test_what_is_kept_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lots = [piece(f"17270131{10}L{number:03}") for number in range(shelf.MOST_LOTS)]
    table = Table(TaskName.RECEIVE).say(QUALITY, *lots)
    assert len(keep(table.state)) < shelf.MOST_LOTS * 60
    monkeypatch.setattr(shelf, "MOST_LOTS", 2)
    assert [each.lot for each in table.say(EARLY).state.shelf] == ["L199", "A1"]
