"""TRAINING 练习模式: everything is answered as if it counted, and nothing does.

It ends by itself after `PRACTICE_NS`, and at any wristband, case or document: those are work. What was really done in
practice can be made to count (转正) within `PROMOTE_NS`.
"""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import Outcome
from edge.station.tasks.effects import UNDERSTOOD, Correct, Effect, Record, Say, Step, by, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Practice, State
from hardware.signals import Signal

PRACTICE_NS = 10 * 60 * 1_000_000_000
PROMOTE_NS = 24 * 3600 * 1_000_000_000
MOST_PRACTISED = 100


def begin(state: State, moment: Moment) -> Step:
    """Practise; shown again it ends. Not while a case or document is open: what is done there is work."""
    if state.practice is not None:
        return end(state).then(UNDERSTOOD)
    if state.case is not None or state.work is not None:
        return Step(state, refuses("close_first"))
    practice = Practice(moment.now_ns + PRACTICE_NS)
    after = replace(_apart(state), practice=practice, practised=(), practised_ns=moment.now_ns)
    return Step(after, (session(after, "training", "opened", None), UNDERSTOOD, Say(("training",))))


def end(state: State, why: str | None = None) -> Step:
    """From now on everything counts."""
    if state.practice is None:
        return Step(state)
    closed = session(state, "training", "closed", None, why)
    return Step(replace(_apart(state), practice=None), (closed, Say(("training_over",))))


def _apart(state: State) -> State:
    """What was done before is neither answered nor taken back in practice, and the other way round."""
    return replace(state, undoable=(), last=None, armed=None, asked=None, digits=None)


def promote(state: State, moment: Moment) -> Step:
    """Let what was booked in the last practice count."""
    if not state.practised or state.practice is not None or moment.now_ns - state.practised_ns > PROMOTE_NS:
        return Step(state, refuses("nothing_to_answer"))
    if state.operator is None:
        return Step(state, refuses("operator_missing"))
    corrections = (Correct(event, "promoted", by(state)) for event in state.practised)
    return Step(replace(state, practised=()), (*corrections, UNDERSTOOD))


def practised(step: Step) -> Step:
    """The same step in practice: what would have booked is shown as CHECKED, and kept to be promoted."""
    if step.state.practice is None:
        return step
    effects = tuple(_checked(each) for each in step.effects)
    booked = tuple(each.event_id for each in effects if isinstance(each, Record) and each.booking.count is not None)
    gone = {each.corrects for each in effects if isinstance(each, Correct)}
    gone |= {
        each.booking.corrects for each in effects if isinstance(each, Record) and each.booking.corrects is not None
    }
    kept = tuple(each for each in (*step.state.practised, *booked) if each not in gone)[-MOST_PRACTISED:]
    return Step(replace(step.state, practised=kept), effects)


def _checked(effect: Effect) -> Effect:
    if not isinstance(effect, Record) or effect.verdict.outcome is not Outcome.ACCEPTED:
        return effect
    signal = Signal.CHECKED if effect.signal is Signal.ACCEPTED else effect.signal
    return replace(effect, verdict=replace(effect.verdict, outcome=Outcome.CHECKED), signal=signal)
