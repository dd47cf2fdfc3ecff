"""What waits leaves this station under no document, until quality releases it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from edge.cards import CardKind
from edge.catalog.product import Level, Pack, Product
from edge.documents import DocumentKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks import held
from edge.station.tasks.said import Badge, Document, Item, Said
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from tests.support.documents import DI, document, line
from tests.support.tasks import NURSE, UNDO, Table, act, card, no_code, piece

QUALITY = Badge("Q7", "Q")
QUARANTINE, RELEASE, HOLD, TRAINING = act("QUARANTINE"), act("RELEASE"), act("HOLD"), act("TRAINING")
LOT, OTHER_LOT, S1, S2 = (piece(each) for each in ("10A1", "10B7", "21S1", "21S2"))
CARTON_DI = "16901234567899"
CARTON = replace(
    LOT, product=Product(CARTON_DI, DI, Level.CASE, 5, "导管", "A", "某厂", packs=(Pack(CARTON_DI, "箱", 5, DI),))
)
READ = Read(b"BX-7", "]C0", "scanner", 1)
BOX = replace(piece("21X", Outcome.REDO, "not_a_udi"), presentation=Presentation(Shape.OTHER, reads=(READ,)))
DOCUMENTS = {
    "PO-1": document("PO-1", line(lot="A1")),
    "PO-2": document("PO-2", line(1), line(2, quantity=1, serials=("S1",))),
    "SO-1": document("SO-1", line(quantity=900), kind=DocumentKind.SHIPMENT),
    "SO-2": document("SO-2", line(lot="A1", box="BX-7"), kind=DocumentKind.SHIPMENT),
    "SO-3": document("SO-3", line(quantity=2, serials=("S1", "S2"), box="BX-7"), kind=DocumentKind.SHIPMENT),
    "IS-1": document("IS-1", line(quantity=900), kind=DocumentKind.ISSUE),
}
OUT, CLOSE, RECEIVE = Document("SO-1"), act("CLOSE"), card(CardKind.TASK, "RECEIVE")
PO_1, PO_2 = Document("PO-1"), Document("PO-2")
TWO = card(CardKind.QUANTITY, "2")


@dataclass(frozen=True)
class Shown:
    before: tuple[Said, ...]
    item: Item
    leaves: bool
    under: Said = OUT


HELD = {
    "nothing": Shown((), LOT, leaves=True),
    "its lot": Shown((QUARANTINE, LOT), LOT, leaves=False),
    "another lot": Shown((QUARANTINE, LOT), OTHER_LOT, leaves=True),
    "this piece": Shown((QUARANTINE, S1), S1, leaves=False),
    "another piece": Shown((QUARANTINE, S1), S2, leaves=True),
    "a carton of its lot": Shown((QUARANTINE, LOT), CARTON, leaves=False),
    "a piece of the carton's lot": Shown((QUARANTINE, CARTON), replace(LOT, product=CARTON.product), leaves=False),
    "released": Shown((QUARANTINE, LOT, RELEASE, LOT), LOT, leaves=True),
    "another one released": Shown((QUARANTINE, LOT, RELEASE, OTHER_LOT), LOT, leaves=False),
    "taken back": Shown((QUARANTINE, LOT, UNDO), LOT, leaves=True),
    "a release taken back": Shown((QUARANTINE, LOT, RELEASE, LOT, UNDO), LOT, leaves=False),
    "answered, and taken back": Shown((QUARANTINE, LOT, card(CardKind.REASON, "OTHER"), UNDO), LOT, leaves=True),
    "in practice": Shown((TRAINING, QUARANTINE, LOT, TRAINING), LOT, leaves=True),
    "released in practice": Shown((QUARANTINE, LOT, TRAINING, RELEASE, LOT, TRAINING), LOT, leaves=False),
    "without code, of a line with a lot": Shown((PO_1, no_code(), HOLD, CLOSE, CLOSE), LOT, leaves=False),
    "without code, of another lot": Shown((PO_1, no_code(), HOLD, CLOSE, CLOSE), OTHER_LOT, leaves=True),
    "without code, released": Shown((PO_1, no_code(), HOLD, RELEASE, no_code(), CLOSE, CLOSE), LOT, leaves=True),
    "two without code, one released": Shown(
        (PO_1, no_code(), HOLD, no_code(), HOLD, RELEASE, no_code(), CLOSE, CLOSE), LOT, leaves=False
    ),
    "without code, of a line with any lot": Shown((PO_2, no_code(), HOLD, CLOSE, CLOSE), LOT, leaves=True),
    "without code, of the line of one piece": Shown((PO_2, no_code(), TWO, HOLD, CLOSE, CLOSE), S1, leaves=False),
    "a box of its lot": Shown((QUARANTINE, LOT), BOX, False, Document("SO-2")),
    "a box with its piece": Shown((QUARANTINE, S2), BOX, False, Document("SO-3")),
    "a box of other pieces": Shown((QUARANTINE, OTHER_LOT), BOX, True, Document("SO-3")),
    "handed out": Shown((QUARANTINE, LOT), LOT, False, Document("IS-1")),
}


@pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("shown", HELD.values(), ids=HELD.keys())
def test_what_waits_leaves_under_no_document(shown: Shown, *, restart: bool) -> None:
    table = Table(TaskName.RECEIVE, documents=DOCUMENTS).say(QUALITY, *shown.before)
    if restart:
        table.restart(after_power_cut=True)
    booked = len(table.booked)
    table.say(shown.under, shown.item)
    assert (len(table.booked) > booked) is shown.leaves
    if not shown.leaves:
        assert table.records[-1].verdict.reasons[0].code == "goods_held"


@pytest.mark.parametrize("name", ["PICK", "VERIFY", "SHIP", "ISSUE", "DISPENSE"])
def test_no_task_that_lets_goods_go_takes_them(name: str) -> None:
    table = Table(TaskName(name)).say(NURSE, QUARANTINE, LOT, LOT)
    assert (table.booked, table.outcomes[-1]) == ([], "REDO")


def test_what_is_held_after_it_was_verified_is_not_shipped() -> None:
    table = Table(TaskName.PICK, documents=DOCUMENTS).say(NURSE, OUT, LOT, QUALITY, card(CardKind.TASK, "VERIFY"), LOT)
    table.say(QUARANTINE, LOT, card(CardKind.TASK, "SHIP"), LOT)
    assert [task for task, *_ in table.booked] == ["PICK", "VERIFY"]
    assert [task for task, *_ in table.say(RELEASE, LOT, LOT).booked] == ["PICK", "VERIFY", "SHIP"]


def test_a_worse_verdict_is_shown_first() -> None:
    expired = piece("10A1", Outcome.STOP, "expired")
    assert Table(TaskName.PICK).say(NURSE, QUARANTINE, LOT, expired).outcomes[-1] == "STOP"


def test_no_state_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_HELD", 2)
    table = Table(TaskName.RECEIVE).say(NURSE, *(each for item in (LOT, S1, S2, S2) for each in (QUARANTINE, item)))
    assert table.state.held == (f"{DI}|S|S1", f"{DI}|S|S2")
