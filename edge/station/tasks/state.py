"""What a task knows. Everything is frozen: a step makes a new state of the one before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from edge.documents import Document
from edge.rules.verdict import TaskName
from edge.station.record import Booking
from edge.station.tasks.said import Item

Opening = Literal["patient", "card", "emergency"]
Question = Literal["patient", "complete", "close", "witness", "short", "kit"]
Counting = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Pending:
    """Checked under a case, and neither used nor wasted nor returned."""

    key: str
    """Of the piece; see `edge.station.tasks.said.Item.key`."""
    count: int
    event_id: str
    """Of the newest check."""
    at_ns: int
    """Monotonic time of the newest check."""


@dataclass(frozen=True, slots=True)
class Case:
    """One patient at this station, from the wristband to the close."""

    ident: str
    """Random; never a patient's number."""
    opening: Opening
    """By what it was opened."""
    who: str | None
    """Names the patient or case card within this start of the machine, and nowhere else; None: an emergency."""
    number: str | None = None
    """Of the case card, or of the emergency."""
    pending: tuple[Pending, ...] = ()
    used: tuple[str, ...] = ()
    """Keys of the pieces that are no longer there, one entry for each: used, wasted, sent back."""
    touched_ns: int = 0
    suspended: bool = False
    """Nothing is booked until its wristband or card is shown again."""

    @property
    def waiting(self) -> int:
        """Pieces that are pending."""
        return sum(each.count for each in self.pending)

    def pends(self, key: str) -> Pending | None:
        """What is pending of a piece."""
        return next((each for each in self.pending if each.key == key), None)

    def checked(self, pending: Pending) -> Case:
        """With a piece checked, in the place of what was pending of it."""
        others = tuple(each for each in self.pending if each.key != pending.key)
        return replace(self, pending=(*others, pending))

    def gone(self, key: str) -> bool:
        """Whether this very piece is no longer there; only of keys that name one piece."""
        return key in self.used

    def like(self, former: Case) -> Case:
        """With what was pending and used then; who the patient is, and whether it is suspended, is as it is now."""
        return replace(self, pending=former.pending, used=former.used)

    def consumed(self, key: str, count: int = 1) -> Case:
        """With so many pieces no longer there."""
        return replace(self.settled(key, count), used=(*self.used, *[key] * count))

    def settled(self, key: str, count: int = 1) -> Case:
        """With so many pieces no longer pending; those that never were make no difference."""
        left = (replace(each, count=each.count - count) if each.key == key else each for each in self.pending)
        return replace(self, pending=tuple(each for each in left if each.count > 0))


@dataclass(frozen=True, slots=True)
class Tally:
    """What a task has done of one line of a document."""

    line: int
    """Its number; 0: goods of which nobody knows the line."""
    task: TaskName
    count: int = 0
    """Sale units."""
    by: tuple[str, ...] = ()
    """Operators who did it."""


@dataclass(frozen=True, slots=True)
class Work:
    """A document that is open at this station."""

    ident: str
    touched_ns: int = 0
    paused: bool = False
    """Scans are refused until somebody resumes or closes it."""
    known: Document | None = None
    """As it was when it was opened or resumed; None: nobody told this station (盲收), or it is paused after a start."""
    tallies: tuple[Tally, ...] = ()
    kit: Counting | None = None
    """Of a loaner kit: it is counted in; two people have, and what is counted now goes out. None: no kit."""
    readings: tuple[float, ...] = ()
    """Temperatures in ℃ that goods were received with."""
    short: tuple[int, ...] = ()
    """Lines of a shipment of which somebody said that no more will leave."""

    def tally(self, line: int, task: TaskName) -> Tally:
        """What this task has done of a line."""
        return next((each for each in self.tallies if (each.line, each.task) == (line, task)), Tally(line, task))

    def done(self, line: int, task: TaskName) -> int:
        """Sale units of a line that this task has done."""
        return self.tally(line, task).count

    def total(self, task: TaskName) -> int:
        """Sale units that this task has done, of all lines."""
        return sum(each.count for each in self.tallies if each.task is task)

    def with_tally(self, tally: Tally) -> Work:
        """With this tally in the place of the one of its line and task."""
        others = (each for each in self.tallies if (each.line, each.task) != (tally.line, tally.task))
        return replace(self, tallies=(*others, tally) if tally.count > 0 else tuple(others))


@dataclass(frozen=True, slots=True)
class Armed:
    """An act that waits for its item, or for the picture of a sheet."""

    act: str
    until_ns: int
    code: Item | None = None
    """Of BIND: the house code or the item that was shown first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that takes effect when the same thing is said again in time."""

    what: Question
    until_ns: int
    who: str | None = None
    """Of ``patient`` and ``complete``: who was shown."""
    reason: str | None = None
    """Of ``witness``: why it was used despite its verdict."""
    line: int | None = None
    """Of ``short``: the line of a shipment that was named."""


@dataclass(frozen=True, slots=True)
class Digits:
    """A number that is being shown digit by digit."""

    text: str
    until_ns: int


@dataclass(frozen=True, slots=True)
class Last:
    """The last item and what became of it: what an answer speaks of."""

    item: Item
    event_id: str
    at_ns: int
    task: TaskName
    count: int | None
    """Units booked; None: nothing."""
    refused: bool = False
    """Its verdict booked nothing, and an override may."""
    booking: Booking = field(default_factory=Booking)
    """As journaled: what takes its place differs from it in what was answered, and in nothing else."""
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class Undoable:
    """An act that can be taken back."""

    events: tuple[str, ...]
    at_ns: int
    case: Case | None = None
    """As it was before the act."""
    work: Work | None = None
    """The document that it was done under, as it was before the act."""
    also: tuple[Work, ...] = ()
    """Loaner kits that pieces of it are of, as they were before."""
    held: tuple[str, ...] | None = None
    """`State.held` before the act."""
    shelf: tuple[Stock, ...] | None = None
    """`State.shelf` before the act."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Sale units of one lot that this station booked, since it knows of the lot."""

    di: str
    """Of the sale unit, where a catalogue says so."""
    lot: str | None
    expires: str
    """ISO 8601."""
    received: int = 0
    stored: int = 0
    picked: int = 0
    shipped: int = 0
    otherwise: int = 0
    """Issued, dispensed, wasted, sent back or sampled; less what came back."""

    @property
    def there(self) -> int:
        """What lies here: what is received is put away, and what is picked is shipped, so each pair counts once."""
        return max(self.received, self.stored) - max(self.picked, self.shipped) - self.otherwise


@dataclass(frozen=True, slots=True)
class Practice:
    """The training mode, while it lasts."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the tasks of one station know."""

    home: TaskName
    task: TaskName
    mobile: bool = False
    """Its place is the bed whose label was shown last."""
    operator: str | None = None
    rights: str = ""
    place: str | None = None
    """Of a mobile station: the bed whose label was shown last; at STORE, the bin. None: its own place."""
    placed_ns: int = 0
    """When that was."""
    cases: tuple[Case, ...] = ()
    """Open or suspended, the oldest first."""
    active: str | None = None
    """The case that items are booked to."""
    work: Work | None = None
    shelved: tuple[Work, ...] = ()
    """Documents that were left for another one before they could be closed, all of them paused."""
    armed: Armed | None = None
    asked: Asked | None = None
    digits: Digits | None = None
    last: Last | None = None
    undoable: tuple[Undoable, ...] = ()
    """The newest last."""
    practice: Practice | None = None
    practised: tuple[str, ...] = ()
    """Events of the last practice that would have booked something, and may be made to count."""
    practised_ns: int = 0
    held: tuple[str, ...] = ()
    """Lots and pieces that wait to be released, as `edge.station.tasks.held` names them."""
    shelf: tuple[Stock, ...] = ()
    """What lies here, as far as this station knows; what was touched last stands last."""
    emergencies: int = 0
    """Opened by button so far: gives the next one its number."""
    acted_ns: int = 0
    """When anybody last did anything."""

    @property
    def case(self) -> Case | None:
        """The case that items are booked to."""
        return None if self.active is None else next((c for c in self.cases if c.ident == self.active), None)

    @property
    def busy(self) -> bool:
        """Something is open and goes on: nobody is signed off in the midst of it."""
        working = self.work is not None and not self.work.paused
        return working or any(not each.suspended for each in self.cases)

    def work_of(self, ident: str | None) -> Work | None:
        """A document that is open here, or was left for another one."""
        found = (each for each in (self.work, *self.shelved) if each is not None and each.ident == ident)
        return next(found, None)

    def with_work(self, work: Work) -> State:
        """With this document in the place of the one of its number."""
        if self.work is not None and self.work.ident == work.ident:
            return replace(self, work=work)
        return replace(self, shelved=tuple(work if each.ident == work.ident else each for each in self.shelved))

    def with_case(self, case: Case) -> State:
        """With this case in the place of the one of its name, or as a new one."""
        known = any(each.ident == case.ident for each in self.cases)
        others = tuple(case if each.ident == case.ident else each for each in self.cases)
        return replace(self, cases=others if known else (*others, case))

    def without_case(self, ident: str) -> State:
        """With this case closed."""
        left = tuple(each for each in self.cases if each.ident != ident)
        return replace(self, cases=left, active=None if self.active == ident else self.active)
