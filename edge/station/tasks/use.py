"""Items at a patient: checked before they are opened, used when shown again (facts of the operating room).

The first showing of a piece is its check; it books nothing and leaves the piece pending. The next one, at least
`LOOK_NS` later, is its use. In an emergency the first showing is the use. What a verdict forbids and was used all the
same is booked by an override: a reason card, then a second person's badge; the verdict stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import held, kits
from edge.station.tasks.cases import ASK_NS
from edge.station.tasks.effects import Record, Say, Step, asks, by, refuses
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import Asked, Case, Last, Pending, State, Undoable, Work
from hardware.signals import Signal

LOOK_NS = 3_000_000_000
"""A piece that is shown again so soon after its check is still being looked at."""
ANSWER_NS = 20_000_000_000
"""How long an answer may follow its item."""
MOST_UNDOABLE = 20


def item(state: State, shown: Item, moment: Moment) -> Step:
    """An item while the task is USE."""
    missing = awaited(state)
    case, shown = state.case, held.warned(state, shown)
    if missing is not None and (shown.fit or shown.line is not None):
        return refused(state, shown, missing, moment)
    if shown.line is not None and case is not None:  # of a loaner kit, and nobody read it: nothing to check first
        return _used(state, case, shown, moment)
    if not shown.fit or case is None:
        return seen(state, shown, shown.verdict, moment, refused=True)
    if shown.serial and case.gone(shown.key):
        return refused(state, shown, "serial_seen", moment)
    pending = case.pends(shown.key)
    if case.opening == "emergency" or (pending is not None and moment.now_ns - pending.at_ns >= LOOK_NS):
        return _used(state, case, shown, moment)
    return _checked(state, case, shown, pending, moment)


def awaited(state: State) -> str | None:
    """Who has to be shown before anything can be booked at a patient; None: nobody."""
    case = state.case
    if case is not None and case.opening == "emergency" and not case.suspended:
        return None
    if state.operator is None:
        return "operator_missing"
    return "patient_missing" if case is None or case.suspended else None


def despite(state: State, witness: str | None, moment: Moment) -> Step:
    """The last item was used despite its verdict; the reason was shown before."""
    last, asked, case = state.last, state.asked, state.case
    state = replace(state, asked=None)
    if last is None or asked is None or case is None:
        return Step(state, refuses("nothing_to_answer"))
    booking = Booking(count=1, case=case.ident, override={"reason": asked.reason}, corrects=last.item.corrects)
    return _book(state, case, last.item, booking, moment, witness)


def ask_witness(state: State, reason: str, moment: Moment) -> Step:
    """A reason was shown why the last item was used despite its verdict: who else saw it?"""
    last, case = state.last, state.case
    recent = last is not None and last.refused and moment.now_ns - last.at_ns <= ANSWER_NS
    ours = last is not None and case is not None and last.booking.case == case.ident
    if last is None or case is None or not (recent and ours) or awaited(state) is not None:
        return Step(state, refuses("nothing_to_answer"))
    if last.item.serial and case.gone(last.item.key):
        return Step(state, refuses("serial_seen"))
    asked = replace(state, asked=Asked("witness", moment.now_ns + ASK_NS, reason=reason))
    if case.opening == "emergency":
        return despite(asked, None, moment)
    return Step(asked, asks("witness_missing"))


def refused(state: State, shown: Item, why: str, moment: Moment) -> Step:
    """Nothing is booked, and a person can mend why."""
    verdict = Verdict(Outcome.REDO, (Reason(why, Audience.PERSON), *shown.verdict.reasons))
    return seen(state, shown, verdict, moment)


def seen(state: State, shown: Item, verdict: Verdict, moment: Moment, *, refused: bool = False) -> Step:
    """Record an item that books nothing, and never looks as if it did."""
    case, document = state.case, None if state.work is None else state.work.ident
    if verdict.outcome is Outcome.ACCEPTED:
        verdict = replace(verdict, outcome=Outcome.CHECKED)
    event = moment.new_event()
    at_patient = case is not None and not case.suspended and state.task is TaskName.USE
    ident = case.ident if case is not None and at_patient else None
    booking = Booking(document=document, case=ident, measurement=shown.measurement)
    former = state.last if state.last is not None and state.last.event_id == shown.corrects else None
    booking = replace(booking, line=None if former is None else former.booking.line, corrects=shown.corrects)
    record = Record(event, shown, verdict, booking, by(state), Signal(verdict.outcome.value))
    last = Last(shown, event, moment.now_ns, state.task, None, refused=refused, booking=booking)
    return Step(replace(state, last=last), (record,))


def remembered(
    state: State,
    events: tuple[str, ...],
    moment: Moment,
    case: Case | None,
    work: Work | None = None,
    also: tuple[Work, ...] = (),
    instead: Undoable | None = None,
) -> State:
    """With an act that can be taken back; `case`, `work` and the kits `also` are as they were before.

    So is the rest of `state`. `instead` is the act whose place it takes: then what it found counts.
    """
    if not events:
        return state
    before = state if instead is None else instead
    act = Undoable(events, moment.now_ns, case, work, also, held=before.held, shelf=before.shelf)
    acts = (*state.undoable, act)
    return replace(state, undoable=acts[-MOST_UNDOABLE:])


def shown_as(verdict: Verdict, booking: Booking) -> tuple[Verdict, Signal]:
    """How an act's verdict is recorded and shown: what moves no units never looks as if it did."""
    if verdict.outcome not in (Outcome.ACCEPTED, Outcome.CHECKED):
        return verdict, Signal.ATTENTION
    outcome = Outcome.CHECKED if booking.count is None else Outcome.ACCEPTED
    return replace(verdict, outcome=outcome), Signal(outcome.value)


def _checked(state: State, case: Case, shown: Item, former: Pending | None, moment: Moment) -> Step:
    """Valid and not opened yet. What a person can act on keeps its light: now is the time."""
    event, count = moment.new_event(), 1 if former is None else former.count
    booking = Booking(case=case.ident, corrects=shown.corrects)
    verdict, signal = shown_as(shown.verdict, booking)
    record = Record(event, shown, verdict, booking, by(state), signal)
    pending = Pending(shown.key, count, event, moment.now_ns)
    after = replace(case.checked(pending), touched_ns=moment.now_ns)
    state = remembered(state.with_case(after), (event,), moment, case)
    last = Last(shown, event, moment.now_ns, TaskName.USE, None, booking=booking)
    return Step(replace(state, last=last), (record,))


def _used(state: State, case: Case, shown: Item, moment: Moment) -> Step:
    booking = Booking(count=1, case=case.ident, corrects=shown.corrects)
    return _book(state, case, shown, booking, moment)


def _book(state: State, case: Case, shown: Item, booking: Booking, moment: Moment, witness: str | None = None) -> Step:
    event, counted = moment.new_event(), kits.at_patient(state, shown, TaskName.USE, booking, moment)
    state, booking = counted.state, counted.booking
    verdict, signal = shown_as(shown.verdict, booking)
    record = Record(event, shown, verdict, booking, by(state, TaskName.USE, witness), signal)
    after = replace(case.consumed(shown.key), touched_ns=moment.now_ns)
    state = remembered(state.with_case(after), (event,), moment, case, also=counted.before)
    last = Last(shown, event, moment.now_ns, TaskName.USE, booking.count, booking=booking, witness=witness)
    said = (Say(("used_despite",)),) if booking.override is not None else ()
    return Step(replace(state, last=last), (record, *said))
