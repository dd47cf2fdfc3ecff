"""Cases: one patient from the wristband to the close. Nothing of a patient is carried over silently.

Another patient's band while items are pending only asks, and takes effect when it is shown again within `ASK_NS`; then
the former case stays open beside it (mother and newborn, donor and recipient), and its own band comes back to it.
"""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import TaskName
from edge.station.tasks.effects import UNDERSTOOD, Effect, Hold, Say, Step, asks, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Asked, Case, Opening, Question, State, Undoable

ASK_NS = 10_000_000_000
"""How long a question waits for its confirmation."""


def shown(state: State, who: str, moment: Moment, *, opening: Opening = "patient", number: str | None = None) -> Step:
    """A wristband or a case card.

    Args:
        state: before.
        who: names the patient or the card.
        moment: now.
        opening: what was shown.
        number: of the case card.
    """
    state = replace(state, task=TaskName.USE)
    case = state.case
    confirmed = state.asked is not None and state.asked.who == who
    if case is not None and case.who == who:
        return _resumed(state, case, moment)
    unknown = case is not None and case.opening == "emergency" and case.who is None
    if case is not None and unknown and not case.suspended:
        return _complete(state, case, who, moment, confirmed=confirmed)
    if case is not None and case.waiting and not case.suspended and not confirmed:
        return Step(_asked(state, "patient", who, moment), asks("another_patient"))
    state = replace(state, asked=None)
    over = case is not None and not case.waiting and not unknown
    left = close_quietly(state) if over else Step(state)
    known = next((each for each in left.state.cases if each.who == who), None)
    if known is not None:
        return _resumed(left.state, known, moment).after(*left.effects)
    opened = Case(moment.new_case(), opening, who, number, touched_ns=moment.now_ns)
    return open_case(left.state, opened).after(*left.effects)


def emergency(state: State, moment: Moment, number: str | None = None) -> Step:
    """Items are booked as used at once; who it was for is said later (补录).

    Args:
        state: before.
        moment: now.
        number: of an emergency card; without one the station gives a number.
    """
    state = replace(state, task=TaskName.USE, asked=None)
    known = next((each for each in state.cases if number is not None and each.number == number), None)
    if known is not None and known.ident == state.active:
        return _resumed(state, known, moment)
    left = close_quietly(state) if state.case is not None and not state.case.waiting else Step(state)
    if known is not None:
        return _resumed(left.state, known, moment).after(*left.effects)
    count = left.state.emergencies + (number is None)
    case = Case(moment.new_case(), "emergency", None, number or f"E-{count}", touched_ns=moment.now_ns)
    return open_case(replace(left.state, emergencies=count), case).after(*left.effects).then(Say(("emergency",)))


def open_case(state: State, case: Case) -> Step:
    """Book to this case from now on."""
    after = replace(state.with_case(case), active=case.ident)
    why = None if case.number is None else f"{case.opening} {case.number}"
    held: tuple[Effect, ...] = () if case.who is None else (Hold(case.ident, case.who),)
    return Step(after, (*held, session(after, "case", "opened", case.ident, why), UNDERSTOOD))


def close(state: State, moment: Moment) -> Step:
    """End the case: at once with nothing pending; else it asks, and the second time what is pending is signed off.

    With none that is booked to, the newest of the others: after a power cut nobody's wristband comes back to it.
    """
    case = state.case or (state.cases[-1] if state.cases else None)
    if case is None:
        return Step(state, refuses("nothing_open"))
    confirmed = state.asked is not None and state.asked.what == "close"
    if case.waiting and not confirmed:
        return Step(_asked(state, "close", None, moment), asks("items_pending", "close_again"))
    closed = close_quietly(replace(state, asked=None, active=case.ident))
    return closed.then(UNDERSTOOD, Say(("case_closed",)))


def close_quietly(state: State, why: str | None = None) -> Step:
    """End the case that is booked to, whatever is pending; its event says how much."""
    case = state.case
    if case is None:
        return Step(state)
    why = f"pending {case.waiting}" if case.waiting else why
    return Step(state.without_case(case.ident), (session(state, "case", "closed", case.ident, why),))


def suspend(state: State, case: Case, why: str) -> Step:
    """Book nothing to it until its band or card is shown again."""
    event = session(state, "case", "suspended", case.ident, why)
    return Step(state.with_case(replace(case, suspended=True)), (event,))


def restored(state: State, former: Case, moment: Moment) -> Step:
    """A case with what was pending and used before an act that is taken back; one that was closed is open again.

    Beside another case it is suspended until its band or card is shown; the same patient's next case stays alone.
    """
    known = next((each for each in state.cases if each.ident == former.ident), None)
    if known is not None:
        return Step(state.with_case(replace(known.like(former), touched_ns=moment.now_ns)))
    if former.who is not None and any(each.who == former.who for each in state.cases):
        return Step(state)
    beside = state.case is not None or state.work is not None
    case = replace(former, suspended=beside, touched_ns=moment.now_ns)
    event = session(state, "case", "suspended" if beside else "resumed", case.ident, "undo")
    if beside:
        return Step(state.with_case(case), (event,))
    return Step(replace(state.with_case(case), active=case.ident, task=TaskName.USE), (event,))


def _resumed(state: State, case: Case, moment: Moment) -> Step:
    """Its band was shown again: book to it."""
    again: tuple[Effect, ...] = ()
    if case.suspended or state.active != case.ident:
        again = (session(state, "case", "resumed", case.ident),)
    held: tuple[Effect, ...] = () if case.who is None else (Hold(case.ident, case.who),)
    after = replace(state.with_case(replace(case, suspended=False, touched_ns=moment.now_ns)), active=case.ident)
    return Step(replace(after, asked=None), (*held, *again, UNDERSTOOD))


def _complete(state: State, case: Case, who: str, moment: Moment, *, confirmed: bool) -> Step:
    """The patient of an emergency became known: asked first, as the next patient's band looks the same."""
    if not confirmed:
        return Step(_asked(state, "complete", who, moment), asks("complete_emergency"))
    known = replace(case, who=who, touched_ns=moment.now_ns)
    after = replace(state.with_case(known), asked=None, undoable=tuple(_known(each, known) for each in state.undoable))
    completed = session(after, "case", "completed", case.ident, f"emergency {case.number}")
    return Step(after, (Hold(case.ident, who), completed, UNDERSTOOD))


def _known(act: Undoable, case: Case) -> Undoable:
    """An act of a case whose patient is known by now: taken back after the close, it comes back to that patient."""
    ours = act.case is not None and act.case.ident == case.ident
    return replace(act, case=case.like(act.case)) if act.case is not None and ours else act


def _asked(state: State, what: Question, who: str | None, moment: Moment) -> State:
    return replace(state, asked=Asked(what, moment.now_ns + ASK_NS, who))
