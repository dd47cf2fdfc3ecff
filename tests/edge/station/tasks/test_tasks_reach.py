"""Everything that the tasks of a hospital can say is said in some scenario; every card has an answer everywhere."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from edge.cards import Card, CardKind, values
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks import acts, machine, use
from edge.station.tasks.effects import Light, Say, Session
from edge.station.tasks.said import Badge, Bed, Document, Patient, Shown
from hardware.phrases import spoken
from tests.support.tasks import (
    EMERGENCY,
    MOTHER,
    NURSE,
    OK,
    SECOND_NURSE,
    UNDO,
    Table,
    act,
    card,
    no_code,
    piece,
    sheet,
)

S1, S2, LOT = piece("21S1"), piece("21S2"), piece("10A1")
EXPIRED = piece("21S9", Outcome.STOP, "expired")
OPENED = card(CardKind.OVERRIDE, "OPENED")
SIGNED = (LOT, act("CLOSE"), SECOND_NURSE)
HALF_DAY_S = 12 * 3600 + 1
PACKAGE = Path(machine.__file__).parent
GOODS = {
    f"{name}.py"
    for name in (
        *("goods", "papers", "receive", "ship", "held", "lines", "cold", "readings"),
        *("kits", "tray", "settle"),
    )
}
"""What is said of documents and loaner kits has tests of its own."""


def mobile() -> Table:
    table = Table()
    table.state = replace(table.state, mobile=True)
    return table.say(NURSE)


SCENARIOS: dict[str, Callable[[], Table]] = {
    "nobody has signed on": lambda: Table().say(S1, act("WASTE")),
    "nobody is there to be treated": lambda: Table().say(NURSE, S1, act("SHEET"), act("EXPLANT")),
    "no right to release": lambda: Table().say(NURSE, act("RELEASE")),
    "used, closed": lambda: Table().say(NURSE, MOTHER, S1, S1, S1, act("CLOSE"), act("CLOSE")),
    "signed off": lambda: Table().say(NURSE).wait(HALF_DAY_S),
    "closed with one pending": lambda: Table().say(NURSE, MOTHER, S1, act("CLOSE"), act("CLOSE")),
    "a form": lambda: Table().say(NURSE, MOTHER, S1, act("SHEET"), sheet(S1)),
    "a form that lacks one": lambda: Table().say(NURSE, MOTHER, S1, S2, act("SHEET"), sheet(S1)),
    "an empty form": lambda: Table().say(NURSE, MOTHER, act("SHEET"), sheet()),
    "another patient": lambda: Table().say(NURSE, MOTHER, S1, Patient("p-next"), MOTHER),
    "suspended and gone on with": lambda: Table().say(NURSE, MOTHER, S1).wait(HALF_DAY_S).say(MOTHER),
    "used despite": lambda: Table().say(NURSE, MOTHER, EXPIRED, OPENED, SECOND_NURSE, EXPIRED, OPENED),
    "nobody saw it": lambda: Table().say(NURSE, MOTHER, EXPIRED, OPENED, NURSE),
    "an emergency, completed": lambda: Table().say(EMERGENCY, S1, MOTHER, MOTHER),
    "taken over": lambda: Table().say(NURSE, MOTHER, SECOND_NURSE),
    "taken back, and once more": lambda: Table().say(NURSE, MOTHER, S1, UNDO, UNDO),
    "practised": lambda: Table().say(NURSE, act("TRAINING"), act("PROMOTE"), act("TRAINING"), act("PROMOTE")),
    "no practice in a case": lambda: Table().say(NURSE, MOTHER, act("TRAINING")),
    "every task": lambda: Table().say(*(card(CardKind.TASK, each) for each in values(CardKind.TASK))),
    "every act": lambda: Table().say(Badge("Q7", "Q"), MOTHER, *(act(each) for each in (*acts.ACTS, acts.SHEET))),
    "every digit": lambda: Table(TaskName.RECEIVE).say(
        NURSE, *(said for each in values(CardKind.DIGIT) for said in (LOT, card(CardKind.DIGIT, each))), OK
    ),
    "a serial counts one": lambda: Table(TaskName.RECEIVE).say(NURSE, S1, card(CardKind.QUANTITY, "2"), act("MORE")),
    "too many": lambda: Table().say(NURSE, MOTHER, LOT, card(CardKind.QUANTITY, "9999")),
    "bound": lambda: Table().say(NURSE, act("BIND"), S1),
    "a document": lambda: (
        Table(TaskName.RECEIVE).say(NURSE, Document("DN-1")).wait(1_801).say(act("RESUME"), act("CLOSE"))
    ),
    "nothing to go on with": lambda: Table().say(NURSE, act("RESUME")),
    "a bed": lambda: mobile().say(Bed("B-12")),
    "a loaner kit": lambda: Table(TaskName.TRAY).say(NURSE, Document("K-9"), *SIGNED, UNDO, *SIGNED, *SIGNED, UNDO),
    "no bed at a station with a place": lambda: Table().say(Bed("B-12")),
}


def said_in_code() -> set[str]:
    """Every phrase that the modules can say, as it stands in their text."""
    found: set[str] = set()
    for file in PACKAGE.glob("*.py"):
        if file.name not in GOODS:
            found |= set(_phrases(ast.parse(file.read_text("utf-8"))))
    return found


def _phrases(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("refuses", "asks", "Say"):
            for each in node.args:
                yield from _constants(each)
        if isinstance(node, ast.FunctionDef) and node.name in (use.awaited.__name__, "_missing"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _constants(inner.value)


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=parts):
            for each in parts:
                yield from _constants(each)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)


def test_every_phrase_is_said_in_some_scenario() -> None:
    said = {
        phrase
        for scenario in SCENARIOS.values()
        for effect in scenario().effects
        if isinstance(effect, Say)
        for phrase in effect.phrases
    }
    said |= {
        reason.code
        for scenario in SCENARIOS.values()
        for record in scenario().records
        for reason in record.verdict.reasons
    }
    assert said_in_code() - said == set()
    assert {each for each in said if not spoken(each)} == set(), "said, and the speaker has no words for it"
    assert {f"task_{each.lower()}" for each in values(CardKind.TASK)} <= said
    assert {f"digit_{each.lower()}" for each in values(CardKind.DIGIT)} - said == {"digit_enter"}


POSSIBLE = {
    ("case", "opened suspended resumed closed completed"),
    ("document", "opened suspended resumed closed"),
    ("operator", "opened closed"),
    ("tray", "opened suspended resumed closed"),
    ("training", "opened closed"),
    ("place", "opened"),
}


def test_every_session_event_happens_in_some_scenario() -> None:
    happened = {
        (effect.of, effect.what)
        for scenario in SCENARIOS.values()
        for effect in scenario().effects
        if isinstance(effect, Session)
    }
    assert happened == {(of, what) for of, words in POSSIBLE for what in words.split()}
    assert {of for of, _ in POSSIBLE} == set(get_args(get_type_hints(Session)["of"]))


def test_every_light_is_shown_in_some_scenario() -> None:
    shown = {
        effect.signal.value
        for scenario in SCENARIOS.values()
        for effect in scenario().effects
        if isinstance(effect, Light)
    }
    assert shown == {"CONTEXT", "REDO", "ASK", "INCOMPLETE"}


STATES: dict[str, Callable[[], Table]] = {
    "fresh": Table,
    "fresh, receiving": lambda: Table(TaskName.RECEIVE),
    "signed on": lambda: Table().say(NURSE),
    "quality signed on": lambda: Table().say(Badge("Q7", "Q")),
    "a case": lambda: Table().say(NURSE, MOTHER),
    "a serial checked": lambda: Table().say(NURSE, MOTHER, S1),
    "a lot checked": lambda: Table().say(NURSE, MOTHER, LOT),
    "a lot used": lambda: Table().say(NURSE, MOTHER, LOT, LOT),
    "refused": lambda: Table().say(NURSE, MOTHER, EXPIRED),
    "no code": lambda: Table().say(NURSE, MOTHER, no_code()),
    "a witness is awaited": lambda: Table().say(NURSE, MOTHER, EXPIRED, OPENED),
    "used despite": lambda: Table().say(NURSE, MOTHER, EXPIRED, OPENED, SECOND_NURSE),
    "another patient asked about": lambda: Table().say(NURSE, MOTHER, S1, Patient("p-next")),
    "suspended": lambda: Table().say(NURSE, MOTHER, S1).restart(),
    "an emergency": lambda: Table().say(EMERGENCY, LOT),
    "closed": lambda: Table().say(NURSE, MOTHER, LOT, LOT, act("CLOSE")),
    "wasted": lambda: Table().say(NURSE, MOTHER, LOT, act("WASTE"), LOT),
    "an act armed": lambda: Table().say(NURSE, MOTHER, act("WASTE")),
    "a form awaited": lambda: Table().say(NURSE, MOTHER, act("SHEET")),
    "half bound": lambda: Table().say(NURSE, act("BIND"), S1),
    "digits": lambda: Table(TaskName.RECEIVE).say(NURSE, LOT, card(CardKind.DIGIT, "2"), apart_s=1),
    "practice": lambda: Table(TaskName.RECEIVE).say(NURSE, act("TRAINING"), LOT),
    "practised": lambda: Table(TaskName.RECEIVE).say(NURSE, act("TRAINING"), LOT, act("TRAINING")),
    "a document": lambda: Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), LOT),
    "a document paused": lambda: Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), LOT).restart(),
    "a kit": lambda: Table(TaskName.TRAY).say(NURSE, Document("K-9"), LOT),
    "a kit taken in": lambda: Table(TaskName.TRAY).say(NURSE, Document("K-9"), LOT, act("CLOSE"), SECOND_NURSE),
    "a kit at a patient": lambda: Table(TaskName.TRAY).say(NURSE, Document("K-9"), LOT, MOTHER),
}
NUMBERS = {CardKind.QUANTITY: ("1", "9999"), CardKind.OPERATOR: ("N7",), CardKind.PLACE: ("B-12",)}
NUMBERS |= {
    CardKind.LINE: ("0", "7"),
    CardKind.DOCUMENT: ("DN-7",),
    CardKind.CASE: ("C000123",),
    CardKind.EMERGENCY: ("E000007",),
}
KNOWN = [(kind, value) for kind in CardKind for value in values(kind)]
KNOWN += [(kind, value) for kind, numbers in NUMBERS.items() for value in numbers]


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_card_has_an_answer_in_every_state(state: Callable[[], Table]) -> None:
    table = state()
    for kind, value in KNOWN:
        step = machine.step(table.state, Shown(Card(kind, value, "K1")), table.moment())
        assert step.effects, (kind, value)
