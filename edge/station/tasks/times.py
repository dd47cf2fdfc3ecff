"""What ends by itself. Looked at before anything that is said, so that it does not matter how often time is told."""

from __future__ import annotations

from dataclasses import replace

from edge.station.tasks import answers, cases, people, practice
from edge.station.tasks.effects import Effect, Step, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import State

HOME_NS = 5 * 60 * 1_000_000_000
"""After so long without anything said a task without open work ends, and the station is at its home task again."""
IDLE_NS = 10 * 60 * 1_000_000_000
"""After so long nobody is signed on any more, unless a case or document is open."""
PAUSE_NS = 30 * 60 * 1_000_000_000
"""An open document that nobody touches for so long is paused."""
STAY_NS = 12 * 3600 * 1_000_000_000
"""A bed counts so long after its label was shown: then the shift is over, and the station has been moved."""
CASE_NS = 12 * 3600 * 1_000_000_000
"""A case that nobody touches for so long is suspended, and listed at the hub."""


def passed(state: State, moment: Moment) -> Step:
    """What has ended by now."""
    step = Step(state)
    for each in (_questions, _number, _practice, _case, _work, _home, _idle, _place):
        further = each(step.state, moment)
        step = Step(further.state, (*step.effects, *further.effects))
    return step


def _questions(state: State, moment: Moment) -> Step:
    armed = None if state.armed is not None and moment.now_ns > state.armed.until_ns else state.armed
    asked = None if state.asked is not None and moment.now_ns > state.asked.until_ns else state.asked
    return Step(state if armed is state.armed and asked is state.asked else replace(state, armed=armed, asked=asked))


def _number(state: State, moment: Moment) -> Step:
    """A number whose last digit was a while ago is whole."""
    if state.digits is None or moment.now_ns <= state.digits.until_ns:
        return Step(state)
    return practice.practised(answers.whole(state, replace(moment, now_ns=state.digits.until_ns)))


def _practice(state: State, moment: Moment) -> Step:
    over = state.practice is not None and moment.now_ns > state.practice.until_ns
    return practice.end(state, "time") if over else Step(state)


def _case(state: State, moment: Moment) -> Step:
    step = Step(state)
    for case in state.cases:
        if not case.suspended and moment.now_ns - case.touched_ns > CASE_NS:
            further = cases.suspend(step.state, case, "12 h")
            step = Step(further.state, (*step.effects, *further.effects))
    return step


def _work(state: State, moment: Moment) -> Step:
    work = state.work
    if work is None or work.paused or moment.now_ns - work.touched_ns <= PAUSE_NS:
        return Step(state)
    event: Effect = session(state, "document", "suspended", work.ident, "30 min")
    return Step(replace(state, work=replace(work, paused=True)), (event,))


def _home(state: State, moment: Moment) -> Step:
    """What is open, suspended or paused too, never ends in the home task: its scans are refused instead."""
    if (
        state.case is not None
        or state.busy
        or state.work is not None
        or state.task is state.home
        or moment.now_ns - state.acted_ns <= HOME_NS
    ):
        return Step(state)
    return Step(replace(state, task=state.home, armed=None, asked=None))


def _idle(state: State, moment: Moment) -> Step:
    if state.busy or state.operator is None or moment.now_ns - state.acted_ns <= IDLE_NS:
        return Step(state)
    return people.sign_off(state, "idle")


def _place(state: State, moment: Moment) -> Step:
    gone = state.place is not None and moment.now_ns - state.placed_ns > STAY_NS
    return Step(replace(state, place=None)) if gone else Step(state)
