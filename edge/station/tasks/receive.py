"""What follows an item at a receipt: it is too much or mixed, and so it is; it has no code, and this becomes of it."""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import Outcome, TaskName
from edge.station.record import Booking
from edge.station.tasks import answers, cold, goods, held, kits, lines
from edge.station.tasks.effects import Record, Say, Step, by, refuses
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Last, State
from edge.station.tasks.use import remembered, shown_as

REFUSE, SUPPLIER = "REFUSE", "SUPPLIER"
BACK = (TaskName.RETURN, TaskName.SEND_BACK)
_COMES = (TaskName.RECEIVE, TaskName.RETURN)
_HELD = (Say(("act_hold",)),)


def so_it_is(state: State, value: str, moment: Moment) -> Step:
    """More than was ordered, or mixed (多货、混批): the item that was asked about is booked, and why.

    What comes back and never left under this document is of unknown origin: it is no stock, and waits (隔离).
    """
    last, work = answers.recent(state, moment), state.work
    if last is not None and last.count is not None:
        return answers.reason(state, value, moment)
    task = last.task if last is not None and last.task in BACK else state.task
    known = lines.of_document(work, task)
    if last is None or work is None or known is None or work.paused or not _of_work(last, work.ident, task):
        return Step(state, refuses("nothing_to_answer"))
    found = lines.match(work, known, task, last.item)
    if found.fault is None or lines.ANSWERED_BY[found.fault] != value or task in goods.RESPONSIBLE:
        return Step(state, refuses("nothing_to_answer"))
    doubted = replace(last.item, verdict=lines.doubted(last.item.verdict, found.fault))
    if task is TaskName.RETURN and found.fault != lines.OVER:
        stranger = replace(goods.on_line(known, None, last.item), count=None, reason=value, corrects=last.event_id)
        return _aside(state, replace(last, item=doubted), TaskName.QUARANTINE, stranger, moment).then(*_HELD)
    number = None if found.line is None else found.line.number
    booking = replace(goods.on_line(known, number, last.item), reason=value, corrects=last.event_id)
    return goods.at_task(state, task, lambda at: goods.booked(at, doubted, booking, moment))


def without_code(state: State, value: str, moment: Moment) -> Step:
    """What becomes of goods without a code: refused, held, or the supplier supplies it (拒收、待验、供应商补码).

    Cold goods without a reading, or out of their range, are refused or held as well.
    """
    return kits.beside(state, lambda at: _without_code(at, value, moment))


def _without_code(state: State, value: str, moment: Moment) -> Step:
    last, work = answers.recent(state, moment), state.work
    missing = last is not None and last.refused and _put_aside(last, value)
    if last is None or not missing or last.task not in _COMES or (work is not None and work.paused):
        return Step(state, refuses("nothing_to_answer"))
    task = last.task if value == REFUSE else TaskName.QUARANTINE
    booking = replace(_where(state, last), reason=value, corrects=last.event_id)
    return _aside(state, last, task, booking, moment).then(Say((f"act_{value.lower()}",)))


def _aside(state: State, last: Last, task: TaskName, booking: Booking, moment: Moment) -> Step:
    """An item is refused, or held, in the place of what was said of it before."""
    event, work = moment.new_event(), state.work
    verdict, signal = shown_as(last.item.verdict, booking)
    record = Record(event, last.item, verdict, booking, by(state, task), signal)
    after = remembered(state, (event,), moment, None, work)
    if task is TaskName.QUARANTINE:
        after = held.added(after, booking, last.item)
    after = replace(after, last=replace(last, event_id=event, refused=False, task=task, booking=booking), asked=None)
    return Step(after, (record,))


def _put_aside(last: Last, value: str) -> bool:
    return last.item.verdict.outcome is Outcome.MISSING or (value != SUPPLIER and cold.waits(last.item))


def _of_work(last: Last, document: str, task: TaskName) -> bool:
    return last.item.fit and last.booking.document == document and last.task is task


def _where(state: State, last: Last) -> Booking:
    known = None if state.work is None else state.work.known
    if known is None:
        return last.booking
    only = known.lines[0].number if len(known.lines) == 1 else None
    number = last.booking.line or (_line_of(state, last) if last.item.key else only)
    return replace(goods.on_line(known, number, last.item), count=None)


def _line_of(state: State, last: Last) -> int | None:
    known = lines.of_document(state.work, TaskName.RECEIVE)
    if state.work is None or known is None:
        return None
    found = lines.match(state.work, known, TaskName.RECEIVE, last.item).line
    return None if found is None else found.number
