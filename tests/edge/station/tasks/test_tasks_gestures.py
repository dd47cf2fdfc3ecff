"""Every act that truly happened can be recorded in two gestures, a carton of pieces without serials in four.

A gesture is one thing that a person does: show a package, card, badge or band, press a button. What came before the act
(badge, wristband, the look at a package that was refused) belongs to the work itself and is not counted. An act that
nobody may record alone has its second person, whose badge is the last gesture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from edge import documents
from edge.cards import CardKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.effects import Correct, Effect, JudgeAgain, Record, Session
from edge.station.tasks.said import Badge, Document, Patient, Said
from tests.support.tasks import EMERGENCY, MOTHER, NURSE, SECOND_NURSE, UNDO, Table, act, card, no_code, piece, sheet

MOST, MOST_FOR_A_CARTON = 2, 4
S1, S2, LOT = piece("21S1"), piece("21S2"), piece("10A1")
EXPIRED = piece("21S9", Outcome.STOP, "expired")
QUALITY = Badge("Q7", "Q")
OPENED = card(CardKind.OVERRIDE, "OPENED")
DIGITS = [card(CardKind.DIGIT, each) for each in "200"]


@dataclass(frozen=True)
class Act:
    given: Sequence[Said]
    gestures: Sequence[Said]
    recorded: str
    """By the last event: what was done, how many, under a case or not, and what belongs to it."""
    home: TaskName = TaskName.USE
    most: int = MOST


AT_PATIENT = (NURSE, MOTHER)
SCREWS = documents.Line(2, "皮质骨螺钉", 10, item="SCREW-35")
DOCUMENTS = {
    ident: documents.Document(ident, documents.DocumentKind.KIT, "某器械商", None, (SCREWS,))
    for ident in ("K-1", "K-2")
}
KIT, ROW = (NURSE, Document("K-1")), card(CardKind.LINE, "2")
TAKEN = (*KIT, act("TRAY_REST"), act("CLOSE"), SECOND_NURSE)
ACTS = {
    "an implant was used": Act(AT_PATIENT, [S1, S1], "USE 1 case"),
    "used, checked long before": Act([*AT_PATIENT, S1], [S1], "USE 1 case"),
    "four screws of a lot were used": Act([*AT_PATIENT, LOT, LOT], [card(CardKind.QUANTITY, "4")], "USE 4 case"),
    "all stickers of the form were used": Act([*AT_PATIENT, S1, S2], [act("SHEET"), sheet(S1, S2)], "case closed"),
    "the same without a check": Act(AT_PATIENT, [act("SHEET"), sheet(S1)], "case closed"),
    "wasted": Act([*AT_PATIENT, S1], [act("WASTE"), S1], "WASTE 1 case"),
    "wasted, and why": Act(
        [*AT_PATIENT, S1, act("WASTE"), S1], [card(CardKind.REASON, "DROPPED")], "WASTE 1 case DROPPED"
    ),
    "wasted, no code left": Act(AT_PATIENT, [act("WASTE"), no_code()], "WASTE 1 case"),
    "wasted on the ward": Act([NURSE], [act("WASTE"), S1], "WASTE 1", TaskName.CHECK),
    "wasted in an emergency": Act([EMERGENCY], [act("WASTE"), S1], "WASTE 1 case"),
    "returned, never opened": Act([*AT_PATIENT, S1], [act("RETURN"), S1], "RETURN None case"),
    "returned from a shelf": Act([NURSE], [act("RETURN"), S1], "RETURN 1", TaskName.CHECK),
    "returned without a code": Act([NURSE], [act("RETURN"), no_code()], "RETURN 1", TaskName.CHECK),
    "back to the supplier without a code": Act([NURSE], [act("SEND_BACK"), no_code()], "SEND_BACK 1", TaskName.CHECK),
    "drawn as a sample": Act([NURSE], [act("SAMPLE"), S1], "SAMPLE 1", TaskName.CHECK),
    "explanted": Act(AT_PATIENT, [act("EXPLANT"), S1], "EXPLANT 1 case"),
    "explanted without a code": Act(AT_PATIENT, [act("EXPLANT"), no_code()], "EXPLANT 1 case"),
    "explanted again at once": Act([*AT_PATIENT, S1, S1], [act("EXPLANT"), S1], "EXPLANT 1 case"),
    "used though expired": Act([*AT_PATIENT, EXPIRED], [OPENED, SECOND_NURSE], "USE 1 case OPENED N2"),
    "used without a code": Act([*AT_PATIENT, no_code()], [OPENED, SECOND_NURSE], "USE 1 case OPENED N2"),
    "used, no badge and no patient": Act([], [EMERGENCY, S1], "USE 1 case", TaskName.CHECK),
    "the next one in the emergency": Act([EMERGENCY, S1], [S2], "USE 1 case", TaskName.CHECK),
    "used though expired in an emergency": Act([EMERGENCY], [EXPIRED, OPENED], "USE 1 case OPENED"),
    "used without a code in an emergency": Act([EMERGENCY], [no_code(), OPENED], "USE 1 case OPENED"),
    "who the emergency was": Act([EMERGENCY, S1], [MOTHER, MOTHER], "case completed"),
    "received, 200 of a lot": Act([NURSE], [LOT, card(CardKind.QUANTITY, "200")], "RECEIVE 200", TaskName.RECEIVE),
    "received, 200 of a lot by digits": Act(
        [NURSE], [LOT, *DIGITS], "RECEIVE 200", TaskName.RECEIVE, most=MOST_FOR_A_CARTON
    ),
    "received under a note": Act([NURSE], [Document("DN-1"), S1], "RECEIVE 1 DN-1", TaskName.RECEIVE),
    "received without a code": Act(
        [NURSE], [no_code(), card(CardKind.MADE, "BEFORE")], "judged again", TaskName.RECEIVE
    ),
    "set apart": Act([NURSE], [act("QUARANTINE"), S1], "QUARANTINE None", TaskName.CHECK),
    "released": Act([QUALITY], [act("RELEASE"), S1], "RELEASE None", TaskName.CHECK),
    "a kit came": Act([NURSE], [card(CardKind.TASK, "TRAY"), Document("K-1")], "document opened"),
    "ten screws of a kit came": Act(KIT, [ROW, card(CardKind.QUANTITY, "10")], "TRAY 10 K-1"),
    "a screw of a kit came, no card at hand": Act(KIT, [no_code(), card(CardKind.QUANTITY, "2")], "TRAY 1 K-1"),
    "all of a kit came": Act(KIT, [act("TRAY_REST")], "TRAY 10 K-1"),
    "two people took it in": Act([*KIT, act("TRAY_REST")], [act("CLOSE"), SECOND_NURSE], "tray opened"),
    "less came than listed": Act([*KIT, ROW], [act("SHORT"), SECOND_NURSE], "tray opened"),
    "a screw of a kit was used": Act([*TAKEN, MOTHER], [ROW], "USE 1 case K-1"),
    "four of them": Act([*TAKEN, MOTHER], [ROW, card(CardKind.QUANTITY, "4")], "USE 4 case K-1"),
    "dropped": Act([*TAKEN, MOTHER], [act("WASTE"), ROW], "WASTE 1 case K-1"),
    "a piece of a kit, not on its list": Act([*TAKEN, MOTHER], [act("TRAY_PIECE"), S1], "USE 1 case K-1"),
    "a screw without a card": Act([*TAKEN, MOTHER], [no_code(), card(CardKind.QUANTITY, "2")], "USE 1 case K-1"),
    "used from another kit": Act(
        [*TAKEN, Document("K-2"), act("TRAY_REST"), act("CLOSE"), SECOND_NURSE, MOTHER],
        [Document("K-1"), ROW],
        "USE 1 case K-1",
    ),
    "screws went back": Act(TAKEN, [ROW, card(CardKind.QUANTITY, "9")], "TRAY_BACK 9 K-1"),
    "the rest went back": Act(TAKEN, [act("TRAY_REST")], "TRAY_BACK 10 K-1"),
    "one is missing": Act(TAKEN, [act("TRAY_MISSING"), ROW], "TRAY_MISSING 1 K-1 NOT_FOUND"),
    "one more had come": Act(TAKEN, [act("OVER"), ROW], "TRAY 1 K-1 OVER"),
    "the kit went": Act([*TAKEN, act("TRAY_REST")], [act("CLOSE"), SECOND_NURSE], "document closed"),
    "taken back": Act([*AT_PATIENT, S1, S1], [UNDO], "undo"),
    "taken back after the close": Act([*AT_PATIENT, S1, S1, act("CLOSE")], [UNDO], "case resumed"),
    "handed over": Act([*AT_PATIENT, S1], [SECOND_NURSE], "operator opened"),
    "closed": Act([*AT_PATIENT, S1, S1], [act("CLOSE")], "case closed"),
    "closed with one that nobody found": Act([*AT_PATIENT, S1], [act("CLOSE"), act("CLOSE")], "case closed"),
    "the next patient": Act([*AT_PATIENT, S1], [Patient("p-next")] * 2, "case opened"),
}


@pytest.mark.parametrize("each", ACTS.values(), ids=ACTS.keys())
def test_an_act_is_recorded_in_few_gestures(each: Act) -> None:
    table = Table(each.home, documents=DOCUMENTS).say(*each.given)
    before = len(table.effects)
    table.say(*each.gestures, apart_s=3.5).wait(5)
    assert len(each.gestures) <= each.most
    told = [_told(effect) for effect in table.effects[before:]]
    assert [said for said in told if said][-1] == each.recorded


def test_a_number_that_follows_speaks_of_its_own_item() -> None:
    table = Table(TaskName.RECEIVE).say(NURSE, LOT).at_once(*DIGITS, piece("10B7"))
    assert table.wait(5).booked == [("RECEIVE", LOT.key, 200), ("RECEIVE", piece("10B7").key, 1)]


def _told(effect: Effect) -> str:
    match effect:
        case Record(booking=booking, by=by):
            override = None if booking.override is None else booking.override["reason"]
            parts = (booking.case and "case", booking.document, booking.reason, override, by.witness)
            return " ".join([by.task.value, str(booking.count), *(part for part in parts if part)])
        case Correct(why=why):
            return why
        case Session(of=of, what=what):
            return f"{of} {what}"
        case JudgeAgain():
            return "judged again"
        case _:
            return ""
