"""UNDO 撤销: the last act is taken back by an event that corrects it; nothing is ever deleted.

Acts are taken back in their reverse order, so a case is again as it was before each of them. Whoever takes over a case
may take back what was done before the handover.
"""

from __future__ import annotations

from dataclasses import replace

from edge.station.tasks import cases, papers
from edge.station.tasks.effects import UNDERSTOOD, Correct, Say, Step, by, refuses
from edge.station.tasks.said import Moment
from edge.station.tasks.state import State

UNDO_NS = 5 * 60 * 1_000_000_000
"""How long an act can be taken back."""


def undo(state: State, moment: Moment) -> Step:
    """Take the last act back, if it is recent."""
    if state.digits is not None:
        return Step(replace(state, digits=None), (UNDERSTOOD, Say(("undone",))))
    act = state.undoable[-1] if state.undoable else None
    if act is None or moment.now_ns - act.at_ns > UNDO_NS:
        return Step(replace(state, undoable=()), refuses("nothing_to_undo"))
    held, shelf = (state.held if act.held is None else act.held), (state.shelf if act.shelf is None else act.shelf)
    after = replace(state, undoable=state.undoable[:-1], last=None, armed=None, asked=None, held=held, shelf=shelf)
    corrections = (Correct(event, "undo", by(state)) for event in reversed(act.events))
    step = Step(after)
    for work in (act.work, *act.also):
        step = step if work is None else papers.restored(step.state, work, moment).after(*step.effects)
    restored = step if act.case is None else cases.restored(step.state, act.case, moment).after(*step.effects)
    return restored.after(*corrections).then(UNDERSTOOD, Say(("undone",)))


def forgotten(state: State, event_id: str) -> State:
    """Without an act whose event the card did not take."""
    left = (replace(each, events=tuple(e for e in each.events if e != event_id)) for each in state.undoable)
    return replace(state, undoable=tuple(each for each in left if each.events))
