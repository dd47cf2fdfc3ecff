"""What is to be done about something that was said: the desk does it, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edge.rules.verdict import TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks.said import Item
from edge.station.tasks.state import State
from hardware.signals import Signal

if TYPE_CHECKING:
    from edge.rules.verdict import Declared


@dataclass(frozen=True, slots=True)
class By:
    """Who did it, at what, where: the same for every event of one act."""

    operator: str | None
    task: TaskName
    witness: str | None = None
    training: bool = False
    place: str | None = None
    """None: the station's own."""


@dataclass(frozen=True, slots=True)
class Record:
    """Journal an item."""

    event_id: str
    item: Item
    verdict: Verdict
    booking: Booking
    by: By
    signal: Signal | None
    """Shown for it, once that is safe; None: an event of several that one signal answers together."""


@dataclass(frozen=True, slots=True)
class Correct:
    """Journal that an earlier event is taken back, or made to count."""

    corrects: str
    why: Literal["undo", "promoted"]
    by: By


@dataclass(frozen=True, slots=True)
class Session:
    """Journal that something was opened, suspended, resumed, closed or completed."""

    of: Literal["case", "document", "operator", "tray", "training", "place"]
    what: Literal["opened", "suspended", "resumed", "closed", "completed"]
    ident: str | None
    by: By
    why: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentDone:
    """Journal what became of a document, wherever it is worked with: all its lines are done."""

    event_id: str
    ident: str
    what: Literal["closed", "shipped"]
    lines: int
    """That it has."""
    by: By


@dataclass(frozen=True, slots=True)
class Light:
    """Show a signal that no event stands behind."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class Say:
    """Speak: keys of the table of phrases."""

    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Show and say the last answer again, or take a STOP as read."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody who was shown is the patient of a case: seal the number for it."""

    case: str
    who: str


@dataclass(frozen=True, slots=True)
class JudgeAgain:
    """Judge an item anew, with what was declared of it, and say it again in the place of an event."""

    item: Item
    declared: Declared
    corrects: str


Effect = Record | Correct | Session | DocumentDone | Light | Say | Repeat | Hold | JudgeAgain


@dataclass(frozen=True, slots=True)
class Step:
    """What comes of something that was said."""

    state: State
    effects: tuple[Effect, ...] = ()

    def then(self, *effects: Effect) -> Step:
        """With more effects at the end."""
        return Step(self.state, (*self.effects, *effects))

    def after(self, *effects: Effect) -> Step:
        """With more effects before these."""
        return Step(self.state, (*effects, *self.effects))


def by(state: State, task: TaskName | None = None, witness: str | None = None) -> By:
    """Who acts now, at the running task or another one."""
    placed = state.mobile or state.task is TaskName.STORE
    return By(state.operator, task or state.task, witness, state.practice is not None, state.place if placed else None)


def session(
    state: State,
    of: Literal["case", "document", "operator", "tray", "training", "place"],
    what: Literal["opened", "suspended", "resumed", "closed", "completed"],
    ident: str | None,
    why: str | None = None,
    witness: str | None = None,
) -> Session:
    """A session event of this moment."""
    return Session(of, what, ident, by(state, witness=witness), why)


UNDERSTOOD = Light(Signal.CONTEXT)
NOT_NOW = Light(Signal.REDO)
"""What was shown means nothing now."""
QUESTION = Light(Signal.ASK)


def asks(*phrases: str) -> tuple[Effect, ...]:
    """A question: nothing was booked."""
    return QUESTION, Say(phrases)


def refuses(*phrases: str) -> tuple[Effect, ...]:
    """What was shown means nothing now, and why."""
    return NOT_NOW, Say(phrases)
