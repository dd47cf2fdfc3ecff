"""TRAY 外来器械: a loaner kit from its label to the second signature, in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest

from edge.cards import CardKind
from edge.documents import DocumentKind
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.tasks import kits, machine
from edge.station.tasks.effects import Record, Say, Session
from edge.station.tasks.said import Document, Item, Said
from edge.udi.assemble import assemble
from edge.udi.read import Read
from hardware.signals import Signal
from tests.support.documents import document, line
from tests.support.tasks import (
    EMERGENCY,
    MOTHER,
    NURSE,
    SECOND_NURSE,
    UNDO,
    Table,
    act,
    card,
    no_code,
    piece,
    sheet,
)

GIAI = "6901234X17"
KIT = document(
    "K-1",
    line(1, lot="A1", quantity=2),
    line(2, di=None, item="SCREW-35", quantity=10),
    line(3, di=None, item="SCREW-40", quantity=6),
    kind=DocumentKind.KIT,
    owner="某器械商",
)
LABELLED = replace(KIT, ident=GIAI)
DOCUMENTS = {"K-1": KIT, GIAI: LABELLED, "K-2": replace(KIT, ident="K-2"), "PO-1": document()}
LABEL, TRAY, USE = Document("K-1"), card(CardKind.TASK, "TRAY"), card(CardKind.TASK, "USE")
NAIL, OTHER, STRANGE = piece("10A1"), piece("10B7"), piece("21S1")
CLOSE, REST = act("CLOSE"), act("TRAY_REST")
TAKEN = (NURSE, LABEL, REST, CLOSE, SECOND_NURSE)
"""Counted in as the list says, by two people."""


def row(number: int) -> Said:
    return card(CardKind.LINE, str(number))


def count(number: int) -> Said:
    return card(CardKind.QUANTITY, str(number))


def asset(number: str = GIAI) -> Item:
    """The kit's own code, judged as a station does."""
    read = Read(f"8004{number}".encode(), "]C1", "scanner", 1)
    verdict = Verdict(Outcome.REDO, (Reason("not_a_udi", Audience.PERSON),))
    return Item(verdict, 1, assemble([read], today=date(2026, 11, 24)))


def table(*said: Said, home: TaskName = TaskName.USE) -> Table:
    return Table(home, documents=DOCUMENTS).say(*said)


def counts(of: Table) -> dict[int, str]:
    """Of each line what came, was used, went back and is missing."""
    work = next(iter(kits.open_here(of.state)))
    parts = ((kits.COMES,), kits.USED, (kits.BACK,), (kits.GONE,))
    lines = sorted({each.line for each in work.tallies})
    return {n: "/".join(str(sum(work.done(n, task) for task in tasks)) for tasks in parts) for n in lines}


def phrases(of: Table) -> list[str]:
    return [phrase for each in of.effects if isinstance(each, Say) for phrase in each.phrases]


@dataclass(frozen=True)
class Row:
    said: Sequence[Said]
    counts: dict[int, str]
    phrase: str | None = None
    signal: Signal = Signal.ACCEPTED
    """Of the last event."""


AMBER = Signal.ATTENTION
OPEN = (NURSE, LABEL)
ROWS = {
    "a piece that can be read": Row([*OPEN, NAIL], {1: "1/0/0/0"}),
    "a piece by the card of its line": Row([*OPEN, row(2)], {2: "1/0/0/0"}, signal=AMBER),
    "and how many": Row([*OPEN, row(2), count(10)], {2: "10/0/0/0"}, signal=AMBER),
    "by digits": Row(
        [*OPEN, row(2), card(CardKind.DIGIT, "1"), card(CardKind.DIGIT, "0"), card(CardKind.DIGIT, "ENTER")],
        {2: "10/0/0/0"},
        signal=AMBER,
    ),
    "without a card of the line": Row([*OPEN, no_code(), count(2), count(9)], {2: "9/0/0/0"}, signal=AMBER),
    "all as listed": Row([*OPEN, REST], {1: "2/0/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}, signal=AMBER),
    "all but what was counted": Row(
        [*OPEN, row(2), count(9), REST], {1: "2/0/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "more than listed": Row([*OPEN, row(3), count(6), row(3)], {3: "7/0/0/0"}, "over", AMBER),
    "of another lot": Row([*OPEN, OTHER], {1: "1/0/0/0"}, "other_lot", AMBER),
    "not on the list": Row(
        [*OPEN, replace(NAIL, presentation=piece("10A1").presentation, product=None), row(0)],
        {0: "1/0/0/0", 1: "1/0/0/0"},
        "off_list",
        AMBER,
    ),
    "used at a patient": Row([*TAKEN, MOTHER, NAIL, NAIL], {1: "2/1/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}),
    "a screw used at a patient": Row(
        [*TAKEN, MOTHER, row(2), count(4)], {1: "2/0/0/0", 2: "10/4/0/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "a screw used, no card of its line": Row(
        [*TAKEN, MOTHER, no_code(), count(2)], {1: "2/0/0/0", 2: "10/1/0/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "dropped": Row([*TAKEN, MOTHER, act("WASTE"), row(2)], {1: "2/0/0/0", 2: "10/1/0/0", 3: "6/0/0/0"}, signal=AMBER),
    "used by the form": Row(
        [*TAKEN, MOTHER, NAIL, act("SHEET"), sheet(NAIL)], {1: "2/1/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}
    ),
    "used in an emergency": Row([*TAKEN, EMERGENCY, NAIL], {1: "2/1/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}),
    "another lot is the hospital's own": Row(
        [*TAKEN, MOTHER, OTHER, OTHER], {1: "2/0/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}
    ),
    "unless somebody says it is the kit's": Row(
        [*TAKEN, MOTHER, act("TRAY_PIECE"), OTHER], {1: "2/1/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}
    ),
    "used beyond what came": Row(
        [*TAKEN, MOTHER, NAIL, NAIL, count(2), NAIL, NAIL], {1: "2/2/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}
    ),
    "used though the list is paused": Row(
        [*OPEN, row(2), count(10), CLOSE, CLOSE, SECOND_NURSE, Document("PO-1"), MOTHER, row(2)],
        {2: "10/1/0/0"},
        signal=AMBER,
    ),
    "one went back": Row([*TAKEN, NAIL], {1: "2/0/1/0", 2: "10/0/0/0", 3: "6/0/0/0"}),
    "all went back": Row([*TAKEN, REST], {1: "2/0/2/0", 2: "10/0/10/0", 3: "6/0/6/0"}, signal=AMBER),
    "more went back than came": Row(
        [*TAKEN, row(3), count(6), row(3)], {1: "2/0/0/0", 2: "10/0/0/0", 3: "6/0/7/0"}, "over", AMBER
    ),
    "more went back than came, by number": Row(
        [*TAKEN, NAIL, count(3)], {1: "2/0/3/0", 2: "10/0/0/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "more came than listed, by number": Row([*OPEN, NAIL, count(3)], {1: "3/0/0/0"}, signal=AMBER),
    "for one more had come": Row(
        [*TAKEN, row(3), count(6), row(3), act("OVER"), row(3)],
        {1: "2/0/0/0", 2: "10/0/0/0", 3: "7/0/7/0"},
        signal=AMBER,
    ),
    "missing": Row([*TAKEN, act("TRAY_MISSING"), row(2)], {1: "2/0/0/0", 2: "10/0/0/1", 3: "6/0/0/0"}, signal=AMBER),
    "back from a patient": Row(
        [*TAKEN, MOTHER, row(2), TRAY, row(2)], {1: "2/0/0/0", 2: "10/1/1/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "back by the label": Row(
        [*TAKEN, MOTHER, row(2), LABEL, row(2)], {1: "2/0/0/0", 2: "10/1/1/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "taken back": Row([*OPEN, row(2), count(4), UNDO], {}, signal=AMBER),
    "taken back at the patient": Row(
        [*TAKEN, MOTHER, row(2), count(4), UNDO], {1: "2/0/0/0", 2: "10/0/0/0", 3: "6/0/0/0"}, signal=AMBER
    ),
    "all the rest taken back": Row([*OPEN, NAIL, REST, UNDO], {1: "1/0/0/0"}, signal=AMBER),
    "without a list": Row([NURSE, TRAY, Document("K-9"), no_code(), count(48)], {0: "48/0/0/0"}, signal=AMBER),
    "without a list, by rows of the picture": Row(
        [NURSE, TRAY, Document("K-9"), no_code(), row(7), count(12)], {7: "12/0/0/0"}, signal=AMBER
    ),
    "without a list, a piece that was used": Row(
        [NURSE, TRAY, Document("K-9"), no_code(), count(48), CLOSE, SECOND_NURSE, MOTHER, act("TRAY_PIECE"), STRANGE],
        {0: "48/1/0/0"},
    ),
    "without a list, a screw that was used": Row(
        [NURSE, TRAY, Document("K-9"), no_code(), count(48), CLOSE, SECOND_NURSE, MOTHER, row(0)],
        {0: "48/1/0/0"},
        signal=AMBER,
    ),
    "a kit by its own code": Row([NURSE, TRAY, asset(), row(2)], {2: "1/0/0/0"}, signal=AMBER),
    "a known kit by its own code, whatever runs": Row([NURSE, asset(), row(2)], {2: "1/0/0/0"}, signal=AMBER),
}


@pytest.mark.parametrize("each", ROWS.values(), ids=ROWS.keys())
def test_every_piece_is_counted_on_its_line(each: Row) -> None:
    told = table(*each.said)
    assert counts(told) == each.counts
    assert each.phrase is None or each.phrase in phrases(told)
    assert [record.signal for record in told.records if record.signal][-1] == each.signal


REFUSED = {
    "nobody has signed on": ([LABEL, row(2)], "operator_missing"),
    "no kit is open": ([NURSE, TRAY, row(2)], "kit_missing_first"),
    "a piece, and no kit is open": ([NURSE, TRAY, NAIL], "kit_missing_first"),
    "no piece of a kit without a kit": ([NURSE, MOTHER, act("TRAY_PIECE")], "kit_missing_first"),
    "no such line": ([*OPEN, row(9)], "not_on_document"),
    "missing before it was counted in": ([*OPEN, act("TRAY_MISSING")], "kit_not_taken"),
    "nothing is left to be counted": ([*OPEN, REST, REST], "nothing_to_answer"),
    "nothing may be listed": ([NURSE, TRAY, Document("K-9"), REST], "nothing_to_answer"),
    "paused": ([*TAKEN, Document("PO-1"), act("RESUME"), TRAY, row(2)], "kit_missing_first"),
    "a line in another task": ([*TAKEN, card(CardKind.TASK, "CHECK"), row(2)], "nothing_to_answer"),
    "less came than listed": ([*OPEN, NAIL, CLOSE], "line_short"),
    "a second person": ([*OPEN, REST, CLOSE], "witness_missing"),
    "not the same person": ([*OPEN, REST, CLOSE, NURSE], "witness_missing"),
    "it does not add up": ([*TAKEN, CLOSE], "kit_unsettled"),
    "more went than came": ([*TAKEN, REST, row(2), CLOSE], "over"),
}


@pytest.mark.parametrize(("said", "phrase"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_said(said: Sequence[Said], phrase: str) -> None:
    told = table(*said)
    assert phrase in phrases(told)
    assert ("tray", "closed", None) not in told.sessions


def test_two_people_take_it_in_and_two_let_it_go() -> None:
    told = table(*TAKEN, MOTHER, row(2), count(4), TRAY, act("TRAY_MISSING"), row(3), REST, CLOSE)
    assert told.state.work is not None
    told.say(SECOND_NURSE)
    signed = [each for each in told.effects if isinstance(each, Session) and each.of == "tray"]
    assert [(each.what, each.by.operator, each.by.witness) for each in signed] == [
        ("opened", "N1", "N2"),
        ("closed", "N1", "N2"),
    ]
    assert told.state.work is None
    assert ("document", "closed", None) in told.sessions
    missing = next(each for each in told.records if each.by.task is TaskName.TRAY_MISSING)
    assert (missing.booking.line, missing.booking.count, missing.booking.reason) == (3, 1, "NOT_FOUND")
    assert missing.booking.owner == "某器械商"


def test_a_reason_card_says_why_one_is_missing() -> None:
    told = table(*TAKEN, act("TRAY_MISSING"), row(3), card(CardKind.REASON, "DROPPED"))
    assert (told.records[-1].booking.reason, told.records[-1].booking.count) == ("DROPPED", 1)
    assert counts(told)[3] == "6/0/0/1"


def test_what_differs_from_the_list_is_put_down_with_the_signatures() -> None:
    told = table(*OPEN, row(2), count(9), row(3), count(6), act("SHORT"), SECOND_NURSE)
    assert ("tray", "opened", "differs 1:-2 2:-1") in told.sessions


def test_what_does_not_add_up_is_put_down() -> None:
    told = table(*TAKEN, row(2), count(9), row(3), count(7), CLOSE)
    assert ("tray", "suspended", "unsettled 1:+2 2:+1 3:-1") in told.sessions
    assert phrases(told)[-2:] == ["line_1", "kit_unsettled"]


def test_a_kit_opened_by_mistake_goes_again_by_two_badges() -> None:
    told = table(*OPEN, CLOSE, SECOND_NURSE)
    assert told.state.work is None


def test_an_undo_of_what_came_opens_the_counting_in_again() -> None:
    told = table(*OPEN, REST, NAIL, CLOSE, CLOSE, SECOND_NURSE).say(UNDO)
    assert told.state.work is not None
    assert told.state.work.kit == "in"
    assert ("tray", "suspended", "undo") in told.sessions
    assert counts(told)[1] == "2/0/0/0"


def test_an_undo_after_the_close_opens_the_kit_again() -> None:
    told = table(*TAKEN, MOTHER, row(2), TRAY, REST, CLOSE, SECOND_NURSE).say(UNDO)
    assert told.sessions[-2:] == [("tray", "resumed", "undo"), ("document", "resumed", "undo")]
    assert counts(told) == {1: "2/0/0/0", 2: "10/1/0/0", 3: "6/0/0/0"}
    told.say(CLOSE)
    assert phrases(told)[-1] == "kit_unsettled"


def test_a_kit_that_comes_again_is_another_one() -> None:
    told = table(*TAKEN, REST, CLOSE, SECOND_NURSE, LABEL, row(2), UNDO, UNDO)
    assert counts(told) == {}
    assert phrases(told)[-1] == "nothing_to_undo"


def test_a_power_cut_leaves_the_counts() -> None:
    told = table(*TAKEN, MOTHER, row(2), count(4))
    before = counts(told)
    told.restart(after_power_cut=True)
    assert counts(told) == before
    told.say(MOTHER, row(2))
    assert counts(told)[2] == "10/5/0/0", "a patient's screw is counted, whether the list was resumed or not"
    told.say(LABEL)
    assert (told.state.task, told.state.work and told.state.work.kit) == (TaskName.USE, "out")
    told.say(LABEL, row(2))
    assert counts(told)[2] == "10/5/1/0"


def test_a_kit_pauses_and_says_so() -> None:
    told = table(*TAKEN).wait(31 * 60).say(row(2))
    assert phrases(told)[-1] == "resume_or_close"
    told.say(NURSE, act("RESUME"), row(2))
    assert counts(told)[2] == "10/0/1/0"


def test_another_document_never_ends_a_kit() -> None:
    told = table(NURSE, LABEL, Document("K-2"), row(2), LABEL, row(3))
    assert [(each.ident, each.paused) for each in kits.open_here(told.state)] == [("K-1", False), ("K-2", True)]


def test_pieces_of_two_kits_are_taken_back_together() -> None:
    second = (Document("K-2"), REST, CLOSE, SECOND_NURSE)
    told = table(*TAKEN, NURSE, *second, MOTHER, act("SHEET"), sheet(*[NAIL] * 4))
    assert [each.done(1, TaskName.USE) for each in kits.open_here(told.state)] == [2, 2]
    told.say(UNDO)
    assert [each.done(1, TaskName.USE) for each in kits.open_here(told.state)] == [0, 0]


def test_a_piece_is_judged_as_what_it_is_counted_as() -> None:
    told = table(*OPEN)
    assert machine.judged_as(told.state) is TaskName.TRAY
    told.say(REST, CLOSE, SECOND_NURSE)
    assert machine.judged_as(told.state) is TaskName.TRAY_BACK
    told.say(act("TRAY_MISSING"))
    assert machine.judged_as(told.state) is TaskName.TRAY_MISSING


def test_the_picture_of_the_tray_stays_with_the_kit() -> None:
    told = table(NURSE, TRAY, Document("K-9"), no_code(), count(48))
    picture, counted = told.records[-2:]
    assert (picture.item.gesture, picture.booking.document) == (True, "K-9")
    assert (counted.booking.corrects, counted.booking.count) == (None, 48)


def test_what_is_said_of_a_stop_books_nothing() -> None:
    told = table(*OPEN, piece("10A1", Outcome.STOP, "expired"))
    assert isinstance(told.effects[-1], Record)
    assert (told.records[-1].signal, counts(told)) == (Signal.STOP, {})
