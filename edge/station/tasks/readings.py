"""The temperature of cold goods, keyed by digits after their item; or why they are received without one."""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import TaskName
from edge.station.tasks import cold, goods
from edge.station.tasks.effects import Say, Step, refuses
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Last, State


def awaited(state: State, last: Last) -> bool:
    """Whether the next number is the temperature of this item."""
    paused = state.work is not None and state.work.paused and state.work.kit is None
    return last.refused and last.task is state.task is TaskName.RECEIVE and not paused and cold.waits(last.item)


def taken(state: State, last: Last, text: str, moment: Moment) -> Step:
    """The temperature was keyed: the item is booked with it, or it lies outside the range."""
    reading = cold.degrees(text)
    if reading is None:
        return Step(state, refuses("not_a_number"))
    measured = cold.answered(last.item, reading)
    step = goods.item(state, replace(measured, corrects=last.event_id), moment)
    return step if cold.waits(measured) else step.after(Say(("reading_taken",)))


def despite(state: State, last: Last, why: str, moment: Moment) -> Step:
    """The item is received without a reading in its range, and this is why."""
    return goods.item(state, replace(cold.despite(last.item, why), corrects=last.event_id), moment)
