"""A station's tasks without a station: things are said to them, and what comes of it is looked at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from edge import documents
from edge.cards import Card, CardError, CardFault, CardKind
from edge.catalog.product import Product
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.tasks import machine
from edge.station.tasks.effects import Correct, Effect, Record, Session, Step
from edge.station.tasks.keeping import keep, restore
from edge.station.tasks.said import Badge, Item, Moment, Passed, Patient, Pressed, Said, Sheet, Shown
from edge.station.tasks.state import State
from edge.udi.assemble import assemble
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.signals import Signal

SECOND = 1_000_000_000
NURSE, SECOND_NURSE = Badge("N1"), Badge("N2")
MOTHER, CHILD = Patient("p-mother"), Patient("p-child")
OK, UNDO, EMERGENCY = (Pressed(each) for each in (ButtonEvent.OK, ButtonEvent.UNDO, ButtonEvent.EMERGENCY))


def piece(content: str, outcome: Outcome = Outcome.ACCEPTED, *reasons: str, product: Product | None = None) -> Item:
    """An item with this PI, such as ``21S1`` or ``10A1``, judged like this."""
    read = Read(f"0106901234567892{content}".encode(), "]d2", "scanner", 1)
    verdict = Verdict(outcome, tuple(Reason(code, Audience.PERSON) for code in reasons))
    return Item(verdict, 1, assemble([read], today=date(2026, 11, 24)), product)


def no_code() -> Item:
    """The NO CODE gesture."""
    verdict = Verdict(Outcome.MISSING, (Reason("no_udi", Audience.PERSON),), overridable=True)
    return Item(verdict, 1, Presentation(Shape.NOTHING), gesture=True)


def card(kind: CardKind, value: str, rights: str = "") -> Shown:
    """A control card."""
    return Shown(Card(kind, value, "K1", rights))


def act(value: str) -> Shown:
    """The card of an act or answer."""
    return card(CardKind.ACT, value)


@dataclass
class Table:
    """The tasks, their clock, and everything that came of what was said."""

    home: TaskName = TaskName.USE
    mobile: bool = False
    now_ns: int = 1_000 * SECOND
    effects: list[Effect] = field(default_factory=list)
    documents: Mapping[str, documents.Document] = field(default_factory=dict)
    """Those that the station was told."""
    today: date | None = None
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.home, self.home, self.mobile, acted_ns=self.now_ns)
        self._numbers = itertools.count(1)

    def say(self, *everything: Said, apart_s: float = 4.0) -> Table:
        """Say one thing after the other, so many seconds apart."""
        for each in everything:
            self.now_ns += int(apart_s * SECOND)
            self.take(machine.step(self.state, each, self.moment()))
        return self

    def at_once(self, *everything: Said) -> Table:
        """Say one thing right after the other."""
        return self.say(*everything, apart_s=0.5)

    def wait(self, seconds: float) -> Table:
        """Let time pass, and tell it."""
        return self.say(Passed(), apart_s=seconds)

    def restart(self, *, after_power_cut: bool = False) -> Table:
        """End the process and start it again."""
        self.now_ns = 5 * SECOND if after_power_cut else self.now_ns + SECOND
        self.take(restore(keep(self.state), State(self.home, self.home, self.mobile, acted_ns=self.now_ns)))
        return self

    def take(self, step: Step) -> None:
        """What a step asks for."""
        self.state = step.state
        self.effects += step.effects

    def moment(self) -> Moment:
        """Now."""
        event, case = (lambda: f"e{next(self._numbers)}"), (lambda: f"c{next(self._numbers)}")
        return Moment(self.now_ns, event, case, self.documents.get, self.today)

    @property
    def records(self) -> list[Record]:
        """Items that were journaled."""
        return [each for each in self.effects if isinstance(each, Record)]

    @property
    def booked(self) -> list[tuple[str, str, int]]:
        """Task, key and count of what is booked and was not taken back."""
        gone = {each.corrects for each in self.effects if isinstance(each, Correct) and each.why == "undo"}
        gone |= {each.booking.corrects for each in self.records if each.booking.corrects is not None}
        return [
            (each.by.task.value, each.item.key, each.booking.count)
            for each in self.records
            if each.booking.count is not None and each.event_id not in gone
        ]

    @property
    def outcomes(self) -> list[str]:
        """The signal of every record, and of every light."""
        shown = (getattr(each, "signal", None) for each in self.effects)
        return [each.value for each in shown if isinstance(each, Signal)]

    @property
    def sessions(self) -> list[tuple[str, str, str | None]]:
        """What was opened, suspended, resumed, closed or completed, and why."""
        return [(each.of, each.what, each.why) for each in self.effects if isinstance(each, Session)]


class NoCards:
    """A station that knows no authority for cards."""

    def read(self, text: str) -> Card:
        """Refuse it."""
        raise CardError(CardFault.UNKNOWN_AUTHORITY, f"{len(text)} characters of nobody known here")


def sheet(*items: Item) -> Sheet:
    """A picture of a form."""
    return Sheet(items)
