"""Random pieces, lines, cards, badges, waits and power cuts around loaner kits, against what the events alone say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.cards import CardKind
from edge.documents import DocumentKind
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks import machine
from edge.station.tasks.effects import Correct, JudgeAgain, Record, Session
from edge.station.tasks.said import Document, Passed, Said
from edge.station.tasks.state import State, Work
from tests.support.documents import document, line
from tests.support.tasks import (
    EMERGENCY,
    MOTHER,
    NURSE,
    SECOND,
    SECOND_NURSE,
    UNDO,
    Table,
    act,
    card,
    no_code,
    piece,
    sheet,
)

LINES = (line(1, lot="A1", quantity=2), line(2, di=None, item="SCREW-35", quantity=4))
KITS = {ident: document(ident, *LINES, kind=DocumentKind.KIT) for ident in ("K-1", "K-2")}
DOCUMENTS = KITS | {"PO-1": document()}
NAMES = (*KITS, "K-9")
"""The last one came without a list: it is a kit where the task TRAY runs, and else a delivery."""
LABELS = [Document(each) for each in (*NAMES, "PO-1")]
NAIL = piece("10A1")
PIECES = (NAIL, piece("10B7"), piece("21S1"), no_code(), piece("10A1", Outcome.STOP, "expired"))
ROWS = [card(CardKind.LINE, each) for each in ("0", "1", "2", "7")]
NUMBERS = [card(CardKind.QUANTITY, each) for each in ("1", "2", "4")] + [card(CardKind.DIGIT, "2")]
TASKS = [card(CardKind.TASK, each) for each in ("TRAY", "USE", "CHECK", "RECEIVE")]
ACTS: list[Said] = [
    act(each) for each in ("CLOSE", "SHORT", "RESUME", "TRAY_REST", "TRAY_MISSING", "TRAY_PIECE", "OVER", "WASTE")
]
ACTS += [act(each) for each in ("RETURN", "MORE", "LOT_UNKNOWN", "SHEET", "TRAINING", "PROMOTE")]
ACTS += [sheet(NAIL, NAIL), card(CardKind.REASON, "DROPPED"), card(CardKind.OVERRIDE, "OPENED")]
BADGES = (NURSE, SECOND_NURSE)
WAITS_S = (1, 5, 25, 300, 1_801)
TRAY, IN, OUT = TASKS[0], TaskName.TRAY, (TaskName.USE, TaskName.WASTE, TaskName.TRAY_BACK, TaskName.TRAY_MISSING)


class Kits(RuleBasedStateMachine):
    """A station with loaner kits, and beside it what its events alone say."""

    @initialize(home=st.sampled_from([TaskName.USE, TaskName.TRAY]), signed_on=st.booleans())
    def begin(self, home: TaskName, *, signed_on: bool) -> None:
        self.table = Table(home, documents=DOCUMENTS)
        self.since: dict[str, int] = {}
        """Where among all effects each kit was opened last."""
        if signed_on:
            self.say(NURSE)

    @rule(said=st.sampled_from([*PIECES, *ROWS]), apart_s=st.sampled_from([0.5, 4.0]))
    def piece(self, said: Said, apart_s: float) -> None:
        self.say(said, apart_s)

    @rule(said=st.sampled_from([*LABELS, *BADGES, *TASKS, MOTHER, EMERGENCY, UNDO]))
    def anything(self, said: Said) -> None:
        self.say(said)

    @rule(said=st.sampled_from([*ACTS, *NUMBERS]))
    def card(self, said: Said) -> None:
        self.say(said, 1.0)

    @rule(first=st.sampled_from([*ROWS, *ACTS, no_code()]), then=st.sampled_from([*ROWS, *NUMBERS, *PIECES]))
    def answered(self, first: Said, then: Said) -> None:
        self.say(first)
        self.say(then, 1.0)

    @rule(label=st.sampled_from(LABELS[:2]), missing=st.booleans())
    def whole(self, label: Document, *, missing: bool) -> None:
        """A kit as it should be, from its label to the second signature, if it is not open yet."""
        fresh = self.table.state.work_of(label.ident) is None
        came = (NURSE, label, act("TRAY_REST"), act("CLOSE"), SECOND_NURSE) if fresh else ()
        lost = (act("TRAY_MISSING"), ROWS[2]) if missing else ()
        for each in (*came, MOTHER, ROWS[2], TRAY, *lost, act("TRAY_REST"), act("CLOSE"), NURSE, SECOND_NURSE):
            self.say(each)

    @rule(times=st.integers(1, 4))
    def undo(self, times: int) -> None:
        for _ in range(times):
            self.say(UNDO, 1.0)

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: int) -> None:
        self.say(Passed(), seconds)

    @rule(after_power_cut=st.booleans())
    def restart(self, *, after_power_cut: bool) -> None:
        former = self.table.state
        self.table.restart(after_power_cut=after_power_cut)
        assert _lasting(self.table.state) == _lasting(former)
        assert all(each.paused for each in _works(self.table.state))

    def say(self, said: Said, apart_s: float = 4.0) -> None:
        self.table.now_ns += int(apart_s * SECOND)
        former, at = self.table.state, len(self.table.effects)
        step = machine.step(former, said, self.table.moment())
        self.table.take(step)
        for index, effect in enumerate(step.effects, at):
            if isinstance(effect, Session) and (effect.of, effect.what) == ("document", "opened"):
                self.since[str(effect.ident)] = index
        for effect in step.effects:
            if isinstance(effect, Session) and effect.of == "tray":
                self.signed(effect)
            if isinstance(effect, Record) and effect.booking.document in KITS and effect.booking.count is not None:
                self.counted(effect)
        for effect in step.effects:
            if isinstance(effect, JudgeAgain):
                self.say(replace(effect.item, corrects=effect.corrects), 0)

    def signed(self, effect: Session) -> None:
        if effect.what in ("opened", "closed"):
            assert None not in (effect.by.operator, effect.by.witness)
            assert effect.by.operator != effect.by.witness
        if effect.what == "closed":
            done = self.done(str(effect.ident))
            for each in {number for number, _ in done}:
                assert done[each, IN] == sum(done[each, task] for task in OUT), "in = used + returned + missing"

    def counted(self, effect: Record) -> None:
        emergency = any(each.opening == "emergency" for each in self.table.state.cases)
        assert effect.by.operator is not None or (emergency and effect.by.task in OUT[:2])
        assert not effect.by.training
        assert effect.by.task is not TaskName.TRAY_MISSING or effect.booking.reason is not None

    def done(self, ident: str) -> Counter[tuple[int, TaskName]]:
        """Of a kit since it was opened: what stands by line and task."""
        gone = {each.corrects for each in self.table.effects if isinstance(each, Correct) and each.why == "undo"}
        gone |= {each.booking.corrects or "" for each in self.table.records}
        units: Counter[tuple[int, TaskName]] = Counter()
        records = [each for each in self.table.effects[self.since[ident] :] if isinstance(each, Record)]
        for each in records:
            ours = each.booking.document == ident and each.event_id not in gone
            if ours and each.booking.line is not None and each.booking.count is not None:
                units[each.booking.line, each.by.task] += each.booking.count
        return units

    @invariant()
    def a_kit_counts_what_its_events_say(self) -> None:
        for work in _works(getattr(self, "table", Table()).state):
            if work.kit is not None:
                assert {(each.line, each.task): each.count for each in work.tallies} == self.done(work.ident)

    @invariant()
    def a_kit_is_open_until_two_people_have_closed_it(self) -> None:
        table = getattr(self, "table", Table())
        changes = [each for each in table.effects if isinstance(each, Session) and each.of == "document"]
        last = {each.ident: each.what for each in changes if each.ident in KITS}
        assert {each.ident for each in _works(table.state)} & KITS.keys() == {
            ident for ident, what in last.items() if what != "closed"
        }


def _works(state: State) -> list[Work]:
    return [each for each in (state.work, *state.shelved) if each is not None]


def _lasting(state: State) -> tuple[object, ...]:
    return state.task, state.operator, [(each.ident, each.tallies, each.kit) for each in _works(state)]


TestKits = Kits.TestCase
TestKits.settings = settings(max_examples=100, stateful_step_count=50, deadline=None, derandomize=True)
