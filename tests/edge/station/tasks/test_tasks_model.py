"""Random cards, items, badges, bands, buttons, waits, restarts and refused events against laws that always hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.cards import CardKind, values
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks import machine, undo
from edge.station.tasks.acts import ACTS
from edge.station.tasks.effects import Correct, Effect, JudgeAgain, Record, Session, Step
from edge.station.tasks.keeping import keep, restore
from edge.station.tasks.said import BOOKED, Badge, Bed, Document, Item, Passed, Patient, Said, Shown
from edge.station.tasks.state import Case, State
from edge.station.tasks.times import CASE_NS
from hardware.signals import Signal
from tests.support.tasks import CHILD, EMERGENCY, MOTHER, NURSE, OK, UNDO, Table, act, card, no_code, piece, sheet

PIECES = {
    "serial": piece("21S1"),
    "another serial": piece("21S2"),
    "lot": piece("10A1"),
    "another lot": piece("10B7", Outcome.ATTENTION, "separator_missing"),
    "DI only": piece("", Outcome.ATTENTION, "pi_missing"),
    "expired serial": piece("21S9", Outcome.STOP, "expired"),
    "expired lot": piece("10X9", Outcome.STOP, "expired"),
    "half": piece("", Outcome.INCOMPLETE, "half"),
    "no code": no_code(),
    "several packages": piece("21S1", Outcome.REDO, "several_packages"),
}
BADGES = (NURSE, Badge("N2"), Badge("Q7", "Q"))
BANDS = (MOTHER, CHILD, Patient("p-third"), Patient("p-fourth"))
CARDS = [card(kind, value) for kind in CardKind for value in values(kind) if kind is not CardKind.TASK]
OTHERS = [
    card(CardKind.CASE, "C000123"),
    card(CardKind.CASE, "C000124"),
    card(CardKind.EMERGENCY, "E000007"),
    card(CardKind.OPERATOR, "N3", rights="Q"),
    card(CardKind.QUANTITY, "3"),
    card(CardKind.QUANTITY, "200"),
    card(CardKind.TASK, "USE"),
    card(CardKind.TASK, "RECEIVE"),
    card(CardKind.TASK, "CHECK"),
    Document("DN-1"),
    Document("DN-2"),
    Bed("B-12"),
    OK,
    UNDO,
    EMERGENCY,
]
WAITS_S = (1, 5, 12, 25, 300, 1_800, 12 * 3600 + 1, 24 * 3600 + 1)
CONSUMES = (TaskName.USE, TaskName.WASTE, TaskName.SEND_BACK, TaskName.SAMPLE)
CHECKS, MISSING = (Outcome.CHECKED, Outcome.ATTENTION), Outcome.MISSING
LEAVES = (*CONSUMES, TaskName.RETURN, TaskName.QUARANTINE)
WITHOUT_UDI = {each.task for each in ACTS.values() if each.without_udi}


@dataclass(frozen=True)
class Books:
    """Pieces of one case, by key."""

    pending: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)


class Station(RuleBasedStateMachine):
    """A station, and beside it what its events alone say."""

    @initialize(home=st.sampled_from([TaskName.USE, TaskName.CHECK, TaskName.RECEIVE]))
    def begin(self, home: TaskName) -> None:
        self.table = Table(home)
        self.band: dict[str, str | None] = {}
        """Whom each case is for, by the band that was accepted for it."""
        self.books: defaultdict[str, Books] = defaultdict(Books)
        """What is pending and gone of each case, by its events."""
        self.before: dict[str, Books] = {}
        """The books of its case before each event."""
        self.cuts = 0

    @rule(name=st.sampled_from(sorted(PIECES)), apart_s=st.sampled_from([0.5, 4.0]))
    def item(self, name: str, apart_s: float) -> None:
        self.say(self.judged(PIECES[name]), apart_s)

    @rule(name=st.sampled_from(["serial", "lot"]))
    def shown_twice(self, name: str) -> None:
        self.item(name, 4.0)
        self.item(name, 4.0)

    @rule(badge=st.sampled_from(BADGES))
    def badge(self, badge: Badge) -> None:
        self.say(badge)

    @rule(band=st.sampled_from(BANDS), times=st.integers(1, 2))
    def wristband(self, band: Patient, times: int) -> None:
        for _ in range(times):
            self.say(band)

    @rule(badge=st.sampled_from(BADGES), band=st.sampled_from(BANDS))
    def patient(self, badge: Badge, band: Patient) -> None:
        for each in (badge, band, band):
            self.say(each)

    @rule(shown=st.sampled_from(CARDS), apart_s=st.sampled_from([0.5, 4.0]))
    def card(self, shown: Shown, apart_s: float) -> None:
        self.say(shown, apart_s)

    @rule(said=st.sampled_from(OTHERS))
    def anything(self, said: Said) -> None:
        self.say(said)

    @rule(name=st.sampled_from(sorted(ACTS)), of=st.sampled_from(sorted(PIECES)))
    def done(self, name: str, of: str) -> None:
        self.say(act(name))
        self.item(of, 4.0)

    @rule(name=st.sampled_from(sorted(ACTS)), of=st.sampled_from(["serial", "lot"]))
    def used_and_then(self, name: str, of: str) -> None:
        self.shown_twice(of)
        self.done(name, of)

    @rule(of=st.sampled_from(["expired serial", "expired lot", "no code"]), badge=st.sampled_from(BADGES))
    def despite(self, of: str, badge: Badge) -> None:
        self.item(of, 4.0)
        self.say(card(CardKind.OVERRIDE, "OPENED"))
        self.say(badge)

    @rule(names=st.lists(st.sampled_from(sorted(PIECES)), max_size=4))
    def form(self, names: list[str]) -> None:
        self.say(act("SHEET"))
        self.say(sheet(*(self.judged(PIECES[each]) for each in names)))

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: int) -> None:
        self.table.now_ns += seconds * 1_000_000_000
        self.take(machine.step(self.table.state, Passed(), self.table.moment()))
        for case in self.table.state.cases:
            assert case.suspended or self.table.now_ns - case.touched_ns <= CASE_NS

    @rule()
    def restart(self) -> None:
        former = self.table.state
        self.table.now_ns += 1_000_000_000
        self.started(former)

    @rule()
    def power_cut(self) -> None:
        """Monotonic time starts again, and nobody can tell from the card who was there."""
        former = self.table.state
        self.table.now_ns = 5_000_000_000
        self.started(former)
        self.cuts += 1

    def started(self, former: State) -> None:
        """What is open comes back suspended; nothing else of it is lost."""
        step = restore(keep(former), State(former.home, former.home, acted_ns=self.table.now_ns))
        self.take(step)
        after = step.state
        assert all(each.suspended for each in after.cases)
        assert [_lasting(each) for each in after.cases] == [_lasting(each) for each in former.cases]
        assert after.work is None or after.work.paused
        assert (after.work is None) == (former.work is None)
        for name in ("task", "operator", "rights", "active", "practised", "emergencies", "place"):
            assert getattr(after, name) == getattr(former, name), name
        suspended = [each.ident for each in step.effects if isinstance(each, Session) and each.of == "case"]
        assert suspended == [each.ident for each in former.cases if not each.suspended]

    @rule(said=st.sampled_from([NURSE, PIECES["serial"], PIECES["lot"], MOTHER, UNDO]))
    def refused_by_the_card(self, said: Said) -> None:
        """The card took none of the events of this step: the clerk goes back to what it has for sure."""
        former = self.table.state
        step = machine.step(former, self.judged(said) if isinstance(said, Item) else said, self.table.moment())
        for each in step.effects:
            if isinstance(each, Record):
                self.table.state = undo.forgotten(self.table.state, each.event_id)
        assert _lasting_of(self.table.state) == _lasting_of(former)

    def judged(self, item: Item) -> Item:
        """As the rules judge it at the task that it is for: at a look nothing is booked, and what leaves may leave."""
        task, verdict = machine.judged_as(self.table.state), item.verdict
        leaves = task in WITHOUT_UDI and verdict.outcome is Outcome.STOP
        if task is TaskName.CHECK and verdict.outcome is Outcome.ACCEPTED:
            return replace(item, verdict=replace(verdict, outcome=Outcome.CHECKED))
        return replace(item, verdict=replace(verdict, outcome=Outcome.ACCEPTED)) if leaves else item

    def say(self, said: Said, apart_s: float = 4.0) -> None:
        self.table.now_ns += int(apart_s * 1_000_000_000)
        if isinstance(said, Patient):
            said = Patient(f"{said.who} of start {self.cuts}")
        former = self.table.state
        step = machine.step(former, said, self.table.moment())
        self.take(step)
        for each in step.effects:
            if isinstance(each, JudgeAgain):
                self.say(self.judged(replace(each.item, corrects=each.corrects)), 0)
        self.accepted(former, said, step.effects)

    def take(self, step: Step) -> None:
        former = self.table.state
        self.table.take(step)
        for effect in step.effects:
            self.law(effect, former)

    def accepted(self, former: State, said: Said, effects: tuple[Effect, ...]) -> None:
        """Keep account of the band that was accepted for a case, by the events and the light alone."""
        opened = [each for each in effects if isinstance(each, Session) and each.of == "case"]
        who = said.who if isinstance(said, Patient) else None
        if isinstance(said, Shown) and said.card.kind is CardKind.CASE:
            who = f"case card {said.card.value}"
        for each in opened:
            if each.what in ("opened", "completed") and each.ident is not None:
                assert self.band.get(each.ident) is None
                self.band[each.ident] = who
            if each.what == "resumed" and each.ident is not None and each.why is None and who is not None:
                assert self.band[each.ident] == who
        if self.table.state.active != former.active and self.table.state.active is not None:
            assert opened, "nobody is silently somebody else"

    def enter(self, record: Record) -> None:
        """Keep the books of a case."""
        case, task, key = record.booking.case, record.by.task, record.item.key
        if case is None:
            return
        books = self.before.get(record.booking.corrects or "", self.books[case])
        self.before[record.event_id] = books
        pending, gone = Counter(books.pending), Counter(books.gone)
        measured = record.booking.measurement
        if record.booking.count is None and task is TaskName.USE and record.verdict.outcome in CHECKS:
            pending[key] = measured["value"] if measured is not None else max(pending[key], 1)
        elif task in LEAVES and (record.booking.count is not None or record.verdict.outcome in (*CHECKS, MISSING)):
            count = record.booking.count or 1
            pending[key] -= min(count, pending[key])
            gone[key] += count if task in CONSUMES and record.booking.count is not None else 0
        self.books[case] = Books(+pending, +gone)

    def law(self, effect: Effect, former: State) -> None:
        if isinstance(effect, Correct) and effect.why == "undo" and effect.corrects in self.before:
            ours = next(each.booking.case for each in self.table.records if each.event_id == effect.corrects)
            self.books[str(ours)] = self.before[effect.corrects]
        if isinstance(effect, Session) and effect.of in ("case", "document"):
            assert not effect.by.training
        if isinstance(effect, Session) and effect.what == "completed":
            assert former.case is not None
            assert not former.case.suspended
        if not isinstance(effect, Record):
            return
        self.enter(effect)
        for other in self.table.records if effect.booking.corrects is not None else ():
            if other.event_id == effect.booking.corrects:
                assert (other.booking.case, other.booking.document) == (effect.booking.case, effect.booking.document)
        booking, by, verdict = effect.booking, effect.by, effect.verdict
        if effect.signal is Signal.ACCEPTED:
            assert booking.count is not None
        assert verdict.outcome is not Outcome.ACCEPTED or booking.count is not None
        assert not (by.training and (booking.case or booking.document))
        assert former.practice is not None or not by.training
        if booking.case is not None:
            self.at_patient(effect, former)
        if booking.count is not None:
            self.booked(effect)

    def at_patient(self, record: Record, former: State) -> None:
        case = next(each for each in former.cases if each.ident == record.booking.case)
        assert case.ident == former.active
        assert not case.suspended
        assert self.band[case.ident] == case.who
        if record.booking.count is not None:
            assert record.by.operator is not None or case.opening == "emergency"

    def booked(self, record: Record) -> None:
        override, by = record.booking.override, record.by
        if record.verdict.outcome in BOOKED or (record.verdict.outcome is Outcome.CHECKED and by.training):
            assert override is None
            return
        if override is None:
            assert by.task in WITHOUT_UDI, "what happened to something that shows no UDI"
            assert record.verdict.outcome is Outcome.MISSING
            return
        case = next(each for each in self.table.state.cases if each.ident == record.booking.case)
        assert record.verdict == record.item.verdict
        assert by.witness != by.operator or case.opening == "emergency"
        assert by.witness is not None or case.opening == "emergency"

    @invariant()
    def a_serial_leaves_a_case_once(self) -> None:
        if not hasattr(self, "table"):
            return
        gone = Counter(
            (each.booking.case, each.item.key)
            for each in self.standing()
            if each.item.serial and each.booking.case is not None and each.by.task in CONSUMES
        )
        assert all(count == 1 for count in gone.values()), gone

    @invariant()
    def what_was_checked_is_pending_or_gone(self) -> None:
        """What a case knows is what its events say, undone ones taken back."""
        for case in self.table.state.cases if hasattr(self, "table") else ():
            known = Books(Counter({each.key: each.count for each in case.pending}), Counter(case.used))
            assert known == self.books[case.ident]
            assert all(each.count > 0 for each in case.pending)

    def standing(self) -> list[Record]:
        """Booked, and neither taken back nor replaced."""
        gone = {each.corrects for each in self.table.effects if isinstance(each, Correct) and each.why == "undo"}
        gone |= {each.booking.corrects or "" for each in self.table.records}
        return [each for each in self.table.records if each.booking.count is not None and each.event_id not in gone]


def _lasting(case: Case) -> tuple[object, ...]:
    pending = [(each.key, each.count, each.event_id) for each in case.pending]
    return case.ident, case.opening, case.who, case.number, pending, case.used


def _lasting_of(state: State) -> tuple[object, ...]:
    return [_lasting(each) for each in state.cases], state.active, state.operator, state.work, state.practised


TestStation = Station.TestCase
TestStation.settings = settings(max_examples=500, stateful_step_count=50, deadline=None, derandomize=True)
