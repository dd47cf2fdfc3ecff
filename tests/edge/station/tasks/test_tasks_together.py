"""Kits, held goods, the shelf, cold goods, stock-takes, shipments and bindings beside each other, in tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from edge.cards import CardKind
from edge.documents import DocumentKind
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.tasks import kits
from edge.station.tasks.effects import Correct, DocumentDone, Say
from edge.station.tasks.said import Badge, Document, Item, Said
from edge.station.tasks.state import State
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from hardware.signals import Signal
from tests.support.documents import document, line
from tests.support.tasks import EMERGENCY, MOTHER, NURSE, SECOND_NURSE, UNDO, Table, act, card, no_code, piece, sheet

TODAY = date(2026, 11, 26)
KIT = document(
    "K-1",
    line(1, lot="A1", quantity=2),
    line(2, di=None, item="SCREW-35", quantity=10),
    kind=DocumentKind.KIT,
    owner="某器械商",
)
DOCUMENTS = {
    "K-1": KIT,
    "K-C": replace(KIT, ident="K-C", lines=(line(1, lot="A1", quantity=2, storage="2-8℃"),)),
    "PO-1": document("PO-1", line(lot="A1", quantity=1)),
    "PO-2": document("PO-2", line(lot="A1", storage="2-8℃")),
    "ST-1": document("ST-1", line(lot="A1", quantity=1), kind=DocumentKind.COUNT),
    "SO-1": document("SO-1", line(lot="A1", quantity=2), kind=DocumentKind.SHIPMENT),
}
LABEL, RECEIPT, COLD, STOCKTAKE, SHIPMENT = (Document(each) for each in ("K-1", "PO-1", "PO-2", "ST-1", "SO-1"))
QUALITY = Badge("Q7", "Q")
A1, S1, PIECE = piece("1727123110A1"), piece("21S1"), piece("10A1\x1d21S1")
SHOWS, COUNTS = Outcome.REDO, Outcome.ACCEPTED
CLOSE, SHORT, QUARANTINE, RELEASE, HOLD = (act(each) for each in ("CLOSE", "SHORT", "QUARANTINE", "RELEASE", "HOLD"))
TRAINING, BIND, WASTE, REST, SHEET = (act(each) for each in ("TRAINING", "BIND", "WASTE", "TRAY_REST", "SHEET"))
TAKEN = (NURSE, LABEL, REST, CLOSE, SECOND_NURSE)
"""Two nails and ten screws were counted in by two people."""
THREE = card(CardKind.QUANTITY, "3")
FIVE = (card(CardKind.DIGIT, "5"), card(CardKind.DIGIT, "ENTER"))


def task(name: str) -> Said:
    return card(CardKind.TASK, name)


def house_code(code: str = "HV1") -> Item:
    """A house code alone that is bound to nothing yet."""
    read = Read(code.encode(), "]C0", "scanner", 1, printed=Read(code.encode(), "]C0", "scanner", 1))
    return Item(
        Verdict(Outcome.REDO, (Reason("house_code_unbound", Audience.PERSON),)),
        1,
        Presentation(Shape.OTHER, reads=(read,)),
    )


def table(*said: Said, home: TaskName = TaskName.USE) -> Table:
    return Table(home, documents=DOCUMENTS, today=TODAY).say(*said)


def phrases(of: Table) -> list[str]:
    return [phrase for each in of.effects if isinstance(each, Say) for phrase in each.phrases]


def nails(state: State) -> str:
    """Of the first line of the kit what came, was used, went back and is missing."""
    kit = kits.open_here(state)[0]
    parts = ((kits.COMES,), kits.USED, (kits.BACK,), (kits.GONE,))
    return "/".join(str(sum(kit.done(1, each) for each in tasks)) for tasks in parts)


def lies_here(state: State) -> int:
    return sum(each.there for each in state.shelf)


@dataclass(frozen=True)
class Shown:
    """What comes of the last thing that is said."""

    said: tuple[Said, ...]
    signal: Signal
    why: str = ""
    count: int | None = 1
    under: str | None = None


TOGETHER = {
    # goods that wait, at a patient
    "a piece that waits is not opened": Shown((QUALITY, QUARANTINE, S1, MOTHER, S1), Signal.STOP, "goods_held", None),
    "of a lot that waits one may be meant": Shown(
        (QUALITY, QUARANTINE, A1, MOTHER, A1), Signal.ATTENTION, "goods_held", None
    ),
    "it is used all the same": Shown((QUALITY, QUARANTINE, A1, MOTHER, A1, A1), Signal.ATTENTION, "goods_held"),
    "a piece that waits was used despite": Shown(
        (QUALITY, QUARANTINE, S1, MOTHER, S1, card(CardKind.OVERRIDE, "OPENED"), SECOND_NURSE),
        Signal.ATTENTION,
        "goods_held",
    ),
    "released before it is opened": Shown((QUALITY, QUARANTINE, S1, RELEASE, S1, MOTHER, S1), Signal.CHECKED, "", None),
    "in an emergency": Shown((QUALITY, QUARANTINE, A1, EMERGENCY, A1), Signal.ATTENTION, "goods_held"),
    "only looked at": Shown((QUALITY, QUARANTINE, S1, task("CHECK"), S1), Signal.STOP, "goods_held", None),
    "on a sheet": Shown(
        (QUALITY, QUARANTINE, S1, MOTHER, SHEET, sheet(S1)), Signal.STOP, "goods_held", None
    ),
    # goods that wait, of a lot and with a serial
    "a piece of a lot that waits": Shown(
        (QUALITY, QUARANTINE, A1, task("PICK"), PIECE), Signal.REDO, "goods_held", None
    ),
    "a piece of a lot that was released": Shown(
        (QUALITY, QUARANTINE, A1, RELEASE, PIECE, task("PICK"), PIECE), Signal.ACCEPTED
    ),
    "the lot of one piece that waits": Shown((QUALITY, QUARANTINE, PIECE, task("PICK"), A1), Signal.ACCEPTED),
    "a piece that waits, of a lot that waits, released once": Shown(
        (QUALITY, QUARANTINE, A1, QUARANTINE, PIECE, RELEASE, PIECE, task("PICK"), PIECE),
        Signal.REDO,
        "goods_held",
        None,
    ),
    "a lot that waits is counted": Shown((QUALITY, QUARANTINE, A1, STOCKTAKE, A1), Signal.ACCEPTED, "", 1, "ST-1"),
    # a loaner kit
    "a kit's piece waits, and goes back": Shown((*TAKEN, QUARANTINE, A1, A1), Signal.ACCEPTED, "", 1, "K-1"),
    "a kit's piece waits, and is used": Shown(
        (*TAKEN, QUARANTINE, A1, MOTHER, A1, A1), Signal.ATTENTION, "goods_held", 1, "K-1"
    ),
    "other goods are not of the kit": Shown((*TAKEN, task("RECEIVE"), A1), Signal.ACCEPTED),
    "other goods, and something over": Shown((*TAKEN, task("RECEIVE"), A1, THREE), Signal.ACCEPTED, "", 3),
    "other goods without a code": Shown(
        (*TAKEN, task("RECEIVE"), no_code(), HOLD), Signal.ATTENTION, "no_udi", None
    ),
    "a picked piece is not of the kit": Shown((*TAKEN, task("PICK"), A1), Signal.ACCEPTED),
    "the kit's list demands no temperature": Shown(
        (NURSE, Document("K-C"), A1), Signal.ACCEPTED, "", 1, "K-C"
    ),
    "a receipt for the kit's piece": Shown((*TAKEN, RECEIPT, task("RECEIVE"), A1), Signal.ACCEPTED, "", 1, "PO-1"),
    "bound beside a kit": Shown((*TAKEN, BIND, house_code(), A1), Signal.CHECKED, "", None),
    "bound beside a kit at a patient": Shown((*TAKEN, MOTHER, BIND, A1, house_code()), Signal.CHECKED, "", None),
    # practice
    "practice with goods that wait": Shown(
        (QUALITY, QUARANTINE, A1, TRAINING, task("PICK"), A1), Signal.REDO, "goods_held", None
    ),
    "a stock-take in practice": Shown((NURSE, TRAINING, task("COUNT"), A1), Signal.CHECKED),
    "bound in practice": Shown((NURSE, TRAINING, BIND, house_code(), A1), Signal.CHECKED, "", None),
    "a kit ends practice": Shown((NURSE, TRAINING, LABEL, A1), Signal.ACCEPTED, "", 1, "K-1"),
    "a cold receipt ends practice": Shown(
        (NURSE, TRAINING, COLD, task("RECEIVE"), A1), Signal.REDO, "storage_reading", None, "PO-2"
    ),
    # cold goods that wait
    "a temperature, and the lot waits": Shown(
        (QUALITY, COLD, task("RECEIVE"), A1, *FIVE, QUARANTINE, A1, task("PICK"), A1),
        Signal.REDO,
        "goods_held",
        None,
        "PO-2",
    ),
    "held for its temperature, then received": Shown(
        (QUALITY, COLD, task("RECEIVE"), A1, HOLD, A1, *FIVE), Signal.ACCEPTED, "", 1, "PO-2"
    ),
}  # fmt: skip


@pytest.mark.parametrize("each", TOGETHER.values(), ids=TOGETHER.keys())
def test_what_one_part_says_holds_for_the_others(each: Shown) -> None:
    record = table(*each.said).records[-1]
    reason = record.verdict.reasons[0].code if record.verdict.reasons else ""
    assert (record.signal, reason) == (each.signal, each.why)
    assert (record.booking.count, record.booking.document) == (each.count, each.under)


BACK = {
    "a kit's piece that waits": (TAKEN, (QUARANTINE, A1)),
    "used of the kit": ((*TAKEN, MOTHER, A1), (A1,)),
    "wasted of the kit, three": ((*TAKEN, MOTHER), (WASTE, A1, THREE)),
    "received beside the kit": (TAKEN, (task("RECEIVE"), A1)),
    "released beside the kit": ((*TAKEN, QUALITY, QUARANTINE, A1), (RELEASE, A1)),
    "wasted of the store": ((NURSE, task("RECEIVE"), A1, THREE), (WASTE, A1)),
    "a count": ((NURSE, STOCKTAKE), (A1, THREE)),
    "a temperature": ((NURSE, COLD, task("RECEIVE")), (A1, *FIVE)),
    "held for its temperature": ((NURSE, COLD, task("RECEIVE")), (A1, HOLD)),
    "the last of a receipt, closed": ((NURSE, RECEIPT, task("RECEIVE")), (A1, CLOSE)),
    "the last of a kit, closed": ((*TAKEN, REST, UNDO), (REST, CLOSE, SECOND_NURSE)),
}


def lasting(state: State) -> object:
    works = [
        (each.ident, {(x.line, x.task, x.count) for x in each.tallies}, each.readings, each.kit)
        for each in (state.work, *state.shelved)
        if each is not None
    ]
    return works, state.held, [(each.lot, each.there) for each in state.shelf]


@pytest.mark.parametrize(("before", "acts"), BACK.values(), ids=BACK.keys())
def test_an_undo_leaves_nothing_of_its_act_anywhere(before: tuple[Said, ...], acts: tuple[Said, ...]) -> None:
    told = table(*before)
    former = lasting(told.state)
    told.say(*acts)
    assert lasting(told.state) != former
    assert lasting(told.say(UNDO).state) == former


@pytest.mark.parametrize(("before", "acts"), BACK.values(), ids=BACK.keys())
@pytest.mark.parametrize("power_cut", [False, True], ids=["", "power cut"])
def test_a_restart_leaves_everything(before: tuple[Said, ...], acts: tuple[Said, ...], *, power_cut: bool) -> None:
    told = table(*before, *acts)
    former = lasting(told.state)
    assert lasting(told.restart(after_power_cut=power_cut).state) == former


def test_acts_of_every_part_are_taken_back_one_after_the_other() -> None:
    told = table(NURSE, task("RECEIVE"), A1, THREE, *TAKEN, QUALITY)
    acts = ((QUARANTINE, A1), (MOTHER, A1), (A1,), (WASTE, A1), (RELEASE, A1))
    states = [lasting(told.state), *(lasting(told.say(*each).state) for each in acts)]
    for former in states[-2::-1]:
        assert lasting(told.say(UNDO).state) == former


def test_a_kits_piece_is_never_of_the_store() -> None:
    told = table(NURSE, task("RECEIVE"), A1, THREE, *TAKEN, MOTHER, WASTE, A1, THREE)
    assert (lies_here(told.state), nails(told.state)) == (3, "2/3/0/0")


def test_a_kit_that_is_paused_keeps_nobody_from_other_goods() -> None:
    told = table(*TAKEN).restart().say(task("RECEIVE"), A1)
    assert told.booked[-1] == ("RECEIVE", A1.key, 1)
    assert told.say(task("TRAY"), A1).records[-1].verdict.reasons[0].code == "resume_or_close"


def test_goods_beside_a_kit_that_was_closed_never_open_it_again() -> None:
    told = table(*TAKEN, REST, task("RECEIVE"), A1, LABEL, CLOSE, SECOND_NURSE)
    assert told.state.work is None
    told.say(UNDO)
    assert (told.state.work, lies_here(told.state)) == (None, 0)


SHORTS = {
    "of the shipment": ((NURSE, SHIPMENT, CLOSE, SHORT), None, "document_closed"),
    "of the kit": ((NURSE, LABEL, A1, SHORT, SECOND_NURSE), "K-1", "kit_taken"),
    "asked at the shipment, said at the kit": (
        (NURSE, SHIPMENT, CLOSE, LABEL, A1, SHORT, SECOND_NURSE), "K-1", "kit_taken"
    ),
    "asked at the kit, said at the shipment": ((NURSE, LABEL, A1, CLOSE, SHIPMENT, SHORT), "SO-1", "line_short"),
    "a kit that does not add up is not short": ((*TAKEN, CLOSE, SHORT), "K-1", "kit_unsettled"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "open_", "phrase"), SHORTS.values(), ids=SHORTS.keys())
def test_short_is_said_of_what_is_open(said: tuple[Said, ...], open_: str | None, phrase: str) -> None:
    told = table(*said)
    assert (None if told.state.work is None else told.state.work.ident) == open_
    assert phrases(told)[-1] == phrase
    assert all(each.short == () for each in told.state.shelved)


SHIPPED = (
    NURSE, SHIPMENT, A1, card(CardKind.QUANTITY, "2"), QUALITY, task("VERIFY"), A1, card(CardKind.QUANTITY, "2"),
    task("SHIP"), A1, A1,
)  # fmt: skip


def test_a_shipment_whose_last_piece_did_not_leave_is_open_again_for_everybody() -> None:
    told = table(*SHIPPED, CLOSE)
    ends = [each.event_id for each in told.effects if isinstance(each, DocumentDone)]
    assert (len(ends), told.state.work) == (1, None)
    told.say(UNDO)
    work = told.state.work
    assert work is not None
    assert (work.done(1, TaskName.SHIP), work.done(1, TaskName.VERIFY), work.paused) == (1, 2, False)
    assert ends[0] in [each.corrects for each in told.effects if isinstance(each, Correct)]
    assert ("document", "resumed", "undo") in told.sessions
    told.say(CLOSE)
    assert phrases(told)[-2:] == ["line_1", "not_shipped"]
    told.say(A1, CLOSE)
    assert [each.ident for each in told.effects if isinstance(each, DocumentDone)] == ["SO-1", "SO-1"]


def test_a_document_that_is_open_again_waits_beside_another_one() -> None:
    told = table(NURSE, RECEIPT, task("RECEIVE"), A1, COLD).say(UNDO)
    assert [(each.ident, each.paused) for each in told.state.shelved] == [("PO-1", True)]
    assert told.state.work is not None
    assert told.state.work.ident == "PO-2"
    assert told.say(RECEIPT, A1).records[-1].booking.document == "PO-1"


def test_what_was_done_before_a_document_was_opened_anew_is_not_of_its_counts() -> None:
    told = table(NURSE, COLD, task("RECEIVE"), A1, *FIVE, A1, CLOSE, CLOSE, COLD, UNDO)
    assert told.state.work is not None
    assert (told.state.work.tallies, told.state.work.readings) == ((), ())
    assert told.booked == [("RECEIVE", A1.key, 1)], "the act itself is taken back all the same"


def test_a_blind_receipt_stays_closed() -> None:
    told = table(NURSE, Document("DN-9"), task("RECEIVE"), A1, CLOSE, UNDO)
    assert (told.state.work, told.booked) == (None, [])
