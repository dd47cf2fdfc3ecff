"""Items that come in, under a delivery document or without one (盲收)."""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import TaskName
from edge.station.record import Booking
from edge.station.tasks.effects import UNDERSTOOD, Record, Say, Step, by, refuses, session
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import Last, State, Work
from edge.station.tasks.use import refused, remembered, seen
from hardware.signals import Signal


def document(state: State, ident: str, moment: Moment) -> Step:
    """A delivery document: opened; shown again, resumed or closed."""
    work = state.work
    if work is not None and work.ident == ident and work.paused:
        after = replace(state, work=Work(ident, moment.now_ns))
        return Step(after, (session(after, "document", "resumed", ident), UNDERSTOOD))
    if work is not None and work.ident == ident:
        return close(state)
    closed = Step(state) if work is None else close(state)
    task = TaskName.RECEIVE if state.task is TaskName.CHECK else state.task
    after = replace(closed.state, work=Work(ident, moment.now_ns), task=task)
    events = tuple(each for each in closed.effects if each is not UNDERSTOOD)
    return Step(after, (*events, session(after, "document", "opened", ident), UNDERSTOOD))


def close(state: State) -> Step:
    """Close the document."""
    if state.work is None:
        return Step(state, refuses("nothing_open"))
    closed = session(state, "document", "closed", state.work.ident)
    return Step(replace(state, work=None), (closed, UNDERSTOOD))


def item(state: State, shown: Item, moment: Moment) -> Step:
    """An item at a task that books units: all that it holds."""
    work = state.work
    if work is not None and work.paused:
        return refused(state, shown, "resume_or_close", moment).then(Say(("resume_or_close",)))
    if not shown.fit:
        return seen(state, shown, shown.verdict, moment, refused=True)
    event, count = moment.new_event(), shown.units
    booking = Booking(count=count, document=None if work is None else work.ident, corrects=shown.corrects)
    record = Record(event, shown, shown.verdict, booking, by(state), Signal(shown.verdict.outcome.value))
    touched = state if work is None else replace(state, work=replace(work, touched_ns=moment.now_ns))
    after = remembered(touched, (event,), moment, None)
    last = Last(shown, event, moment.now_ns, state.task, count, booking=booking)
    return Step(replace(after, last=last), (record,))
