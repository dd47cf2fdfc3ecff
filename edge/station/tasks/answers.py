"""Answers: cards that follow an item and say more of it. A quantity, a reason, a date, "one more".

An answer never changes an event. It makes another one that takes its place and names it (`corrects`).
"""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import Declared, Made, TaskName
from edge.station.record import Booking
from edge.station.tasks.effects import UNDERSTOOD, JudgeAgain, Record, Say, Step, by, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Case, Digits, Last, State
from edge.station.tasks.use import ANSWER_NS, remembered
from hardware.signals import Signal

DIGIT_NS = 4_000_000_000
"""A number is whole when its last digit was so long ago, or at ENTER."""
MOST_DIGITS = 6
_MARKS = {"POINT": ".", "MINUS": "-"}


def recent(state: State, moment: Moment) -> Last | None:
    """The item that an answer speaks of."""
    last = state.last
    return None if last is None or moment.now_ns - last.at_ns > ANSWER_NS else last


def digit(state: State, value: str, moment: Moment) -> Step:
    """One more digit of a number."""
    former = "" if state.digits is None else state.digits.text
    if value == "ENTER":
        return number(replace(state, digits=None), former, moment)
    text = former + _MARKS.get(value, value)
    last = recent(state, moment)
    if last is None or len(text) > MOST_DIGITS:
        return Step(replace(state, digits=None), refuses("nothing_to_answer"))
    kept = replace(last, at_ns=moment.now_ns)
    after = replace(state, digits=Digits(text, moment.now_ns + DIGIT_NS), last=kept)
    return Step(after, (UNDERSTOOD, Say((f"digit_{value.lower()}",))))


def number(state: State, text: str, moment: Moment) -> Step:
    """A number is whole: how many there are of the last item, or its temperature."""
    last = recent(state, moment)
    if last is None:
        return Step(state, refuses("nothing_to_answer"))
    if text.isdecimal() and int(text) > 0 and not last.item.serial:
        return _count(state, last, int(text), moment)
    return Step(state, refuses("serial_counts_one" if last.item.serial else "not_a_number"))


def more(state: State, moment: Moment) -> Step:
    """One more of the last item, which has no serial."""
    last, case = recent(state, moment), state.case
    if last is None or last.item.serial:
        return Step(state, refuses("serial_counts_one" if last is not None else "nothing_to_answer"))
    pending = None if case is None else case.pends(last.item.key)
    former = pending.count if pending is not None and last.count is None else last.count
    return Step(state, refuses("nothing_to_answer")) if former is None else _count(state, last, former + 1, moment)


def reason(state: State, value: str, moment: Moment) -> Step:
    """Why the last act was done."""
    last = recent(state, moment)
    if last is None or last.count is None:
        return Step(state, refuses("nothing_to_answer"))
    return _instead(state, last, _booking(state, last, last.count, reason=value), state.case, moment)


def made(state: State, value: str, moment: Moment) -> Step:
    """When the last item, which shows no UDI, was made (前、后、不明): it is judged again."""
    last = recent(state, moment)
    if last is None or not last.refused:
        return Step(state, refuses("nothing_to_answer"))
    return Step(state, (JudgeAgain(last.item, Declared(made=Made[value]), last.event_id),))


def resume(state: State, moment: Moment) -> Step:
    """Go on with what was paused. A patient's case needs the wristband."""
    work, now = state.work, moment.now_ns
    if work is not None and work.paused:
        after = replace(state, work=replace(work, paused=False, touched_ns=now))
        return Step(after, (session(after, "document", "resumed", work.ident), UNDERSTOOD))
    case = next((each for each in reversed(state.cases) if each.suspended and each.who is None), None)
    if case is None:
        return Step(state, refuses("nothing_open"))
    after = replace(
        state.with_case(replace(case, suspended=False, touched_ns=now)), active=case.ident, task=TaskName.USE
    )
    return Step(after, (session(after, "case", "resumed", case.ident), UNDERSTOOD))


def _count(state: State, last: Last, count: int, moment: Moment) -> Step:
    case = state.case
    pending = None if case is None else case.pends(last.item.key)
    if last.count is not None:
        return _counted(state, last, count, moment)
    if case is None or pending is None or last.event_id != pending.event_id:
        return Step(state, refuses("nothing_to_answer"))
    booking = replace(_booking(state, last, None), measurement={"quantity": "count", "value": count, "unit": "1"})
    step = _instead(state, last, booking, case, moment)
    event = step.state.last.event_id if step.state.last is not None else pending.event_id
    checked = replace(pending, count=count, event_id=event, at_ns=moment.now_ns)
    return Step(step.state.with_case(case.checked(checked)), step.effects)


def _counted(state: State, last: Last, count: int, moment: Moment) -> Step:
    """So many were booked; under a case so many fewer are pending."""
    before, more_of_it = state.case, count - (last.count or 0)
    step = _instead(state, last, _booking(state, last, count), before, moment)
    if before is None or last.task is not TaskName.USE:
        return step
    kept = list(before.used)
    for _ in range(-more_of_it):
        kept.remove(last.item.key)
    after = replace(before.settled(last.item.key, max(0, more_of_it)), used=(*kept, *[last.item.key] * more_of_it))
    return Step(step.state.with_case(after), step.effects)


def _booking(state: State, last: Last, count: int | None, reason: str | None = None) -> Booking:
    at_patient = state.case if last.task is not TaskName.RECEIVE else None
    return Booking(
        count=count,
        case=None if at_patient is None else at_patient.ident,
        document=None if state.work is None else state.work.ident,
        reason=reason,
        corrects=last.event_id,
    )


def _instead(state: State, last: Last, booking: Booking, before: Case | None, moment: Moment) -> Step:
    """Another event in the place of the last item's."""
    event = moment.new_event()
    signal = Signal(last.item.verdict.outcome.value) if booking.count is not None else Signal.CHECKED
    record = Record(event, last.item, last.item.verdict, booking, by(state, last.task), signal)
    replaced = replace(last, event_id=event, at_ns=moment.now_ns, count=booking.count)
    former = state.undoable[-1:] if state.undoable and last.event_id in state.undoable[-1].events else ()
    state = replace(state, undoable=state.undoable[: len(state.undoable) - len(former)], last=replaced)
    case = former[0].case if former else before
    return Step(remembered(state, (event,), moment, case), (record,))
