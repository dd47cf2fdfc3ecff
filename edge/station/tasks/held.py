"""Goods that wait (待验): counted per line of the open document until somebody of quality releases them (放行)."""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import TaskName
from edge.station.record import Booking
from edge.station.tasks import lines
from edge.station.tasks.said import Item
from edge.station.tasks.state import State

UNKNOWN_LINE = 0


def added(state: State, booking: Booking) -> State:
    """One more waits."""
    return lines.counted(state, replace(booking, line=booking.line or UNKNOWN_LINE), TaskName.QUARANTINE, 1)


def released(state: State, shown: Item) -> State:
    """Goods of the open document that were held are free again: those of the item's line, else of no known line."""
    work = state.work
    if work is None or not work.total(TaskName.QUARANTINE):
        return state
    found = None if work.known is None else lines.match(work, work.known, TaskName.RECEIVE, shown).line
    on_hold = [each.line for each in work.tallies if each.task is TaskName.QUARANTINE]
    ours = next((each for each in on_hold if found is not None and each == found.number), min(on_hold))
    return lines.counted(state, Booking(document=work.ident, line=ours), TaskName.QUARANTINE, -1)
