"""Answers: cards that follow an item and say more of it. A quantity, a reason, a date, "one more".

An answer never changes an event. It makes another one that takes its place and names it (`corrects`).
"""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import Declared, Made, Outcome, TaskName
from edge.station.record import Booking
from edge.station.tasks import acts, cold, kits, lines, papers, readings, shelf, tray
from edge.station.tasks.effects import UNDERSTOOD, JudgeAgain, Record, Say, Step, by, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Digits, Last, State, Undoable
from edge.station.tasks.use import ANSWER_NS, remembered, shown_as

DIGIT_NS = 4_000_000_000
"""A number is whole when its last digit was so long ago, or at ENTER."""
MOST_DIGITS = 6
MOST_AT_PATIENT = 500
"""Pieces of one kind in one answer: more is a slip of the digits."""
READING = "reading_due"
_MARKS = {"POINT": ".", "MINUS": "-"}


def recent(state: State, moment: Moment) -> Last | None:
    """The item that an answer speaks of."""
    last = state.last
    return None if last is None or moment.now_ns - last.at_ns > ANSWER_NS else last


def digit(state: State, value: str, moment: Moment) -> Step:
    """One more digit of a number."""
    former = "" if state.digits is None else state.digits.text
    if value == "ENTER" and former:
        return whole(state, moment)
    text = former + _MARKS.get(value, value)
    last = recent(state, moment)
    if last is None or value == "ENTER" or len(text) > MOST_DIGITS:
        return Step(replace(state, digits=None), refuses("nothing_to_answer"))
    kept = replace(last, at_ns=moment.now_ns)
    after = replace(state, digits=Digits(text, moment.now_ns + DIGIT_NS), last=kept)
    return Step(after, (UNDERSTOOD, Say((f"digit_{value.lower()}",))))


def number(state: State, text: str, moment: Moment) -> Step:
    """A number is whole: how many there are of the last item, or its temperature."""
    last = recent(state, moment)
    if last is None:
        return Step(state, refuses("nothing_to_answer"))
    kit_line = tray.line_of(state, last, text)
    if kit_line is not None:
        return tray.numbered(state, last, kit_line, int(text), moment)
    if _names_line(state, last, text):
        return _of_line(state, last, int(text), moment)
    if _is_reading(last, text):
        return _instead(state, last, replace(last.booking, measurement=cold.degrees(text)), moment)
    if last.item.serial:
        return Step(state, refuses("serial_counts_one"))
    if not text.isdecimal() or int(text) == 0:
        return Step(state, refuses("not_a_number"))
    return _count(state, last, int(text), moment)


def _of_line(state: State, last: Last, number: int, moment: Moment) -> Step:
    """What shows no code belongs to this line: it is judged again by what the line says of scope and date."""
    told = replace(last, booking=replace(last.booking, line=number), at_ns=moment.now_ns)
    after = Step(replace(state, last=told), (UNDERSTOOD, Say((f"line_{number}",))))
    says = _declared(after.state, told)
    return after if says == Declared() else after.then(JudgeAgain(last.item, says, last.event_id))


def _declared(state: State, last: Last, made: Made | None = None) -> Declared:
    """What a card and the line that was named say of an item without UDI; the card's word on the date comes first."""
    known = None if state.work is None else state.work.known
    line = None if known is None or last.booking.line is None else known.line(last.booking.line)
    if line is None:
        return Declared(made=made or Made.UNKNOWN)
    return Declared(line.in_scope, made or line.made or Made.UNKNOWN)


def _names_line(state: State, last: Last, text: str) -> bool:
    """Of what shows no code: the line of the open document that it belongs to."""
    known = None if state.work is None or state.work.paused else state.work.known
    nameless = last.refused and not last.item.key and last.item.verdict.outcome is Outcome.MISSING
    ours = nameless and known is not None and last.booking.document == known.ident
    return ours and text.isdecimal() and known is not None and known.line(int(text)) is not None


def _is_reading(last: Last, text: str) -> bool:
    """A temperature in ℃, of booked goods that a reading was asked for; whole degrees of a lot would be its count."""
    asked = last.count is not None and any(each.code == READING for each in last.item.verdict.reasons)
    told = cold.degrees(text) is not None and (last.item.serial or not text.isdecimal())
    return asked and told


def whole(state: State, moment: Moment) -> Step:
    """The number whose digits were shown is whole."""
    if state.digits is None:
        return Step(state)
    text, last, state = state.digits.text, recent(state, moment), replace(state, digits=None)
    if last is not None and readings.awaited(state, last):
        return readings.taken(state, last, text, moment)
    return number(state, text, moment)


def more(state: State, moment: Moment) -> Step:
    """One more of the last item, which has no serial."""
    last, case = recent(state, moment), state.case
    if last is None or last.item.serial:
        return Step(state, refuses("serial_counts_one" if last is not None else "nothing_to_answer"))
    pending = None if case is None else case.pends(last.item.key)
    former = pending.count if pending is not None and last.count is None else last.count
    return Step(state, refuses("nothing_to_answer")) if former is None else _count(state, last, former + 1, moment)


def because(state: State, value: str, moment: Moment) -> Step:
    """A reason card: why cold goods are received without their reading, else why the last act was done."""
    last = recent(state, moment)
    if last is not None and readings.awaited(state, last):
        return readings.despite(state, last, value, moment)
    return reason(state, value, moment)


def reason(state: State, value: str, moment: Moment) -> Step:
    """Why the last act was done."""
    last = recent(state, moment)
    if last is None or last.count is None:
        return Step(state, refuses("nothing_to_answer"))
    return _instead(state, last, replace(last.booking, reason=value), moment)


def made(state: State, value: str, moment: Moment) -> Step:
    """When the last item, which shows no UDI, was made (前、后、不明): it is judged again."""
    last = recent(state, moment)
    if last is None or not last.refused:
        return Step(state, refuses("nothing_to_answer"))
    return Step(
        replace(state, armed=None), (JudgeAgain(last.item, _declared(state, last, Made[value]), last.event_id),)
    )


def resume(state: State, moment: Moment) -> Step:
    """Go on with what was paused. A patient's case needs the wristband."""
    work, now = state.work, moment.now_ns
    if work is not None and work.paused:
        return papers.resumed(state, work, moment)
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
    if last.booking.case is not None and count > MOST_AT_PATIENT:
        return Step(state, refuses("too_many"))
    if last.count is not None:
        return _counted(state, last, count, moment)
    if case is None or pending is None or last.event_id != pending.event_id:
        return Step(state, refuses("nothing_to_answer"))
    booking = replace(last.booking, measurement={"quantity": "count", "value": count, "unit": "1"})
    step = _instead(state, last, booking, moment)
    event = step.state.last.event_id if step.state.last is not None else pending.event_id
    checked = replace(pending, count=count, event_id=event, at_ns=moment.now_ns)
    return Step(step.state.with_case(case.checked(checked)), step.effects)


def _counted(state: State, last: Last, count: int, moment: Moment) -> Step:
    """So many were booked; of the case as it was before it, so many are no longer pending."""
    before, case = _before(state, last).case, state.case
    more_of_it = count - (last.count or 0)
    of_kit = kits.of(state, last.booking) is not None
    told = kits.told if of_kit else lines.told
    item = told(state, last.item, last.booking, last.task, more_of_it)
    state, last = lines.counted(state, last.booking, last.task, more_of_it), replace(last, item=item)
    if not of_kit:
        state = shelf.moved(state, last.item, last.task, more_of_it)
    step = _instead(state, last, replace(last.booking, count=count), moment)
    if before is None or case is None or last.booking.case != case.ident:
        return step
    after = acts.after_act(case.like(before), last.task, last.item.key, count, count)
    return Step(step.state.with_case(after), step.effects)


def _before(state: State, last: Last) -> Undoable:
    """The act of the last item: what was open as it was before."""
    newest = state.undoable[-1:]
    return next((each for each in newest if last.event_id in each.events), Undoable((), 0))


def _instead(state: State, last: Last, booking: Booking, moment: Moment) -> Step:
    """Another event in the place of the last item's, with the verdict and the witness that it had."""
    event, before = moment.new_event(), _before(state, last)
    booking = replace(booking, corrects=last.event_id)
    verdict, signal = shown_as(last.item.verdict, booking)
    record = Record(event, last.item, verdict, booking, by(state, last.task, last.witness), signal)
    replaced = replace(last, event_id=event, at_ns=moment.now_ns, count=booking.count, booking=booking)
    others = tuple(each for each in state.undoable if last.event_id not in each.events)
    state = replace(state, undoable=others, last=replaced)
    state = remembered(state, (event,), moment, before.case, before.work, before.also, instead=before)
    return Step(state, (record,))
