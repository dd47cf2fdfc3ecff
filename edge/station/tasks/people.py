"""Badges and bed labels: who is responsible for what is done now, and where it is done."""

from __future__ import annotations

from dataclasses import replace

from edge.rules.verdict import TaskName
from edge.station.tasks import settle, use
from edge.station.tasks.effects import UNDERSTOOD, Say, Step, refuses, session
from edge.station.tasks.said import Badge, Moment
from edge.station.tasks.state import State

HANDOVER = "handover"


def badge(state: State, shown: Badge, moment: Moment) -> Step:
    """Sign on; inside an open case another badge is a handover (交接班); or the second person where two have to be."""
    if state.asked is not None and state.asked.what in ("witness", "kit"):
        if shown.ident == state.operator:
            return Step(state, refuses("witness_missing"))
        despite = use.despite if state.asked.what == "witness" else settle.witnessed
        return despite(state, shown.ident, moment)
    if shown.ident == state.operator:
        return Step(replace(state, rights=shown.rights), (UNDERSTOOD,))
    handover = state.operator is not None and (state.case is not None or state.work is not None)
    after = replace(state, operator=shown.ident, rights=shown.rights)
    opened = session(after, "operator", "opened", shown.ident, HANDOVER if handover else None)
    said = (Say((HANDOVER,)),) if handover else ()
    return Step(after, (opened, UNDERSTOOD, *said))


def sign_off(state: State, why: str) -> Step:
    """Nobody is responsible any more."""
    closed = session(state, "operator", "closed", state.operator, why)
    return Step(replace(state, operator=None, rights=""), (closed,))


def bed(state: State, place: str, moment: Moment) -> Step:
    """A mobile station stands at this bed now; what is put away (上架) lies at this place from now on.

    Else a station with a place of its own refuses: a light of consent would let the person believe that it is recorded.
    """
    if not state.mobile and state.task is not TaskName.STORE:
        return Step(state, refuses("bed_not_here"))
    after = replace(state, place=place, placed_ns=moment.now_ns)
    return Step(after, (session(after, "place", "opened", place), UNDERSTOOD))
