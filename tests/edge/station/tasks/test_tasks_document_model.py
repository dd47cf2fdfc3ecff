"""Random items, cards, badges, buttons, waits and restarts under documents, against what the events alone say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.cards import CardKind
from edge.documents import DocumentKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks import machine
from edge.station.tasks.effects import Correct, JudgeAgain, Record, Session, Step
from edge.station.tasks.goods import RESPONSIBLE
from edge.station.tasks.said import Badge, Document, Passed, Said
from edge.station.tasks.state import State
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from tests.support.documents import document, line
from tests.support.tasks import MOTHER, NURSE, SECOND, SECOND_NURSE, UNDO, Table, act, card, no_code, piece

DOCUMENTS = {
    "PO-1": document("PO-1", line(1, lot="A1", quantity=3), line(2, lot="B7", quantity=2)),
    "PO-2": document("PO-2", line(4, quantity=2, serials=("S1", "S2"), box="BX-7"), line(5, quantity=250)),
    "PO-3": document("PO-3", line(1, lot="A1", quantity=90, storage="2-8℃"), line(2, lot="B7", quantity=90)),
    "ST-1": document("ST-1", line(1, lot="A1"), line(2, quantity=2, serials=("S1", "S2")), kind=DocumentKind.COUNT),
    "RT-1": document("RT-1", line(1, lot="A1", quantity=2), kind=DocumentKind.RETURN),
    "SO-1": document("SO-1", line(1, lot="A1", quantity=2), line(2, quantity=1), kind=DocumentKind.SHIPMENT),
}
BOX = replace(
    piece("21X", Outcome.REDO, "not_a_udi"),
    presentation=Presentation(Shape.OTHER, reads=(Read(b"BX-7", "]C0", "scanner", 1),)),
)
ITEMS = (*(piece(each) for each in ("1727013110A1", "1728013110B7", "10C9", "21S1", "21S2", "21S9")), no_code(), BOX)
PAPERS = [Document(each) for each in (*DOCUMENTS, "DN-9")]
BADGES = (NURSE, SECOND_NURSE, Badge("Q7", "Q"))
TASKS = [card(CardKind.TASK, each) for each in ("RECEIVE", "PICK", "VERIFY", "SHIP", "CHECK", "COUNT")]
ACTS = ["CLOSE", "RESUME", "SHORT", "OVER", "MIXED", "BROKEN", "REFUSE", "HOLD", "SUPPLIER"]
ACTS += ["RELEASE", "QUARANTINE", "RETURN", "WASTE", "SEND_BACK", "MORE", "TRAINING"]
CARDS = [*(act(each) for each in ACTS), card(CardKind.QUANTITY, "2"), card(CardKind.QUANTITY, "200")]
CARDS += [card(CardKind.DIGIT, each) for each in ("3", "ENTER")]
CARDS += [card(CardKind.REASON, "OTHER")]
SHIPMENT = (TaskName.PICK, TaskName.VERIFY, TaskName.SHIP)
WAITS_S = (1, 5, 25, 300, 1_801)


class Depot(RuleBasedStateMachine):
    """A station with documents, and beside it what its events alone say."""

    @initialize(home=st.sampled_from([TaskName.CHECK, TaskName.RECEIVE, TaskName.PICK]))
    def begin(self, home: TaskName) -> None:
        self.table = Table(home, documents=DOCUMENTS)
        self.since: dict[str, int] = {}
        """Where among all effects each document was opened last."""

    @rule(said=st.sampled_from(ITEMS), apart_s=st.sampled_from([0.5, 4.0]))
    def item(self, said: Said, apart_s: float) -> None:
        self.say(said, apart_s)

    @rule(said=st.sampled_from([*PAPERS, *BADGES, *TASKS, UNDO]))
    def anything(self, said: Said) -> None:
        self.say(said)

    @rule(said=st.sampled_from(CARDS))
    def card(self, said: Said) -> None:
        self.say(said, 1.0)

    @rule(said=st.sampled_from(ITEMS), then=st.sampled_from(CARDS))
    def answered(self, said: Said, then: Said) -> None:
        self.say(said)
        self.say(then, 1.0)

    @rule(of=st.sampled_from(ITEMS[:2]), picker=st.sampled_from(BADGES), other=st.sampled_from(BADGES))
    def shipment(self, of: Said, picker: Badge, other: Badge) -> None:
        """Picked by one and verified by another, perhaps, and shipped."""
        work = self.table.state.work
        paper = () if work is not None and work.ident == "SO-1" and not work.paused else (Document("SO-1"),)
        for each in (*paper, picker, TASKS[1], of, other, TASKS[2], of, TASKS[3], of, act("CLOSE"), act("SHORT")):
            self.say(each)

    @rule()
    def patient(self) -> None:
        self.say(MOTHER)

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: int) -> None:
        self.say(Passed(), seconds)

    @rule(after_power_cut=st.booleans())
    def restart(self, *, after_power_cut: bool) -> None:
        former = self.table.state
        self.table.restart(after_power_cut=after_power_cut)
        after = self.table.state
        assert _lasting(after) == _lasting(former)
        assert after.work is None or after.work.paused

    def say(self, said: Said, apart_s: float = 4.0) -> None:
        self.table.now_ns += int(apart_s * SECOND)
        former = self.table.state
        step = machine.step(former, said, self.table.moment())
        at = len(self.table.effects)
        self.table.take(step)
        for index, effect in enumerate(step.effects):
            if isinstance(effect, Session) and effect.of == "document" and effect.what == "opened":
                self.since[str(effect.ident)] = at + index
        for effect in step.effects:
            self.law(effect, former, step, said)
        for effect in step.effects:
            if isinstance(effect, JudgeAgain):
                self.say(replace(effect.item, corrects=effect.corrects), 0)

    @rule(of=st.sampled_from(ITEMS[:2]), free=st.booleans())
    def held(self, of: Said, *, free: bool) -> None:
        """Held, released perhaps, and picked."""
        for each in (BADGES[2], act("QUARANTINE"), of, *((act("RELEASE"), of) if free else ()), TASKS[1], of):
            self.say(each)

    @rule(of=st.sampled_from(ITEMS[:2]), then=st.sampled_from([(), CARDS[-3:-1], CARDS[-1:], CARDS[-3:]]))
    def cold(self, of: Said, then: Sequence[Said]) -> None:
        """Received with a reading, with a reason, or without either."""
        for each in (Document("PO-3"), TASKS[0], of):
            self.say(each)
        for each in then:
            self.say(each, 1.0)

    def law(self, effect: object, former: State, step: Step, said: Said) -> None:
        if isinstance(effect, Session) and (effect.of, effect.what) == ("document", "closed"):
            work = former.work_of(effect.ident)
            assert work is not None
            named = {former.asked.line} if former.asked is not None else set()
            self.closed(str(effect.ident), {*work.short, *(named if said == act("SHORT") else ())})
        if not isinstance(effect, Record) or effect.booking.count is None:
            return
        booking, by = effect.booking, effect.by
        assert by.operator is not None or by.task not in RESPONSIBLE
        if by.task in RESPONSIBLE:
            assert effect.item.key not in self.waiting()
        if booking.document is None:
            return
        assert former.work is not None
        assert (former.work.ident, former.work.paused) == (booking.document, False)
        if by.task is TaskName.VERIFY and booking.line is not None:
            assert by.operator not in self.pickers(booking.document, booking.line)
        assert step.state.work is not None
        if (booking.document, booking.line, by.task) == ("PO-3", 1, TaskName.RECEIVE):
            readings = [each.booking.measurement for each in self.standing("PO-3")]
            assert booking.override is not None or any(2 <= each["value"] <= 8 for each in readings if each)

    def closed(self, ident: str, short: set[int | None]) -> None:
        known = DOCUMENTS.get(ident)
        if known is None or known.kind is not DocumentKind.SHIPMENT:
            return
        done = self.done(ident)
        for each in known.lines:
            picked, verified, shipped = (done[each.number, task] for task in SHIPMENT)
            assert picked <= verified
            assert shipped == verified >= each.quantity or each.number in short

    def standing(self, ident: str) -> list[Record]:
        """Of a document since it was opened: booked, and neither taken back nor replaced."""
        effects = self.table.effects[self.since[ident] :]
        gone = {each.corrects for each in self.table.effects if isinstance(each, Correct) and each.why == "undo"}
        gone |= {each.booking.corrects or "" for each in self.table.records}
        records = [each for each in effects if isinstance(each, Record) and each.booking.document == ident]
        return [each for each in records if each.booking.count is not None and each.event_id not in gone]

    def waiting(self) -> set[str]:
        """Lots and pieces that somebody held and quality did not release, whatever document was open."""
        gone = {each.corrects for each in self.table.effects if isinstance(each, Correct) and each.why == "undo"}
        held: set[str] = set()
        for each in self.table.records:
            if each.event_id in gone or each.by.training or not each.item.key:
                continue
            if each.by.task is TaskName.QUARANTINE:
                held.add(each.item.key)
            elif each.by.task is TaskName.RELEASE and each.item.fit:
                held.discard(each.item.key)
        return held

    def pickers(self, ident: str, number: int) -> set[str | None]:
        found = self.standing(ident)
        return {each.by.operator for each in found if (each.by.task, each.booking.line) == (TaskName.PICK, number)}

    def done(self, ident: str) -> Counter[tuple[int, TaskName]]:
        """Units by line and task."""
        units: Counter[tuple[int, TaskName]] = Counter()
        for each in self.standing(ident):
            if each.booking.line is not None:
                units[each.booking.line, each.by.task] += each.booking.count or 0
        return units

    @invariant()
    def a_document_counts_what_its_events_say(self) -> None:
        state = getattr(self, "table", Table()).state
        for work in (state.work, *state.shelved):
            if work is None or work.ident not in DOCUMENTS:
                continue
            counts = {
                (each.line, each.task): each.count for each in work.tallies if each.task is not TaskName.QUARANTINE
            }
            assert counts == self.done(work.ident)

    @invariant()
    def only_one_document_is_worked_with(self) -> None:
        state = getattr(self, "table", Table()).state
        assert all(each.paused for each in state.shelved)
        idents = [each.ident for each in (state.work, *state.shelved) if each is not None]
        assert len(idents) == len(set(idents))


def _lasting(state: State) -> tuple[object, ...]:
    works = (state.work, *state.shelved)
    return (
        state.task,
        state.operator,
        state.rights,
        [None if each is None else (each.ident, each.tallies, each.readings, each.short) for each in works],
        state.held,
        state.shelf,
    )


TestDepot = Depot.TestCase
TestDepot.settings = settings(max_examples=100, stateful_step_count=50, deadline=None, derandomize=True)
