"""The two signatures of a loaner kit: it was counted in, and later all of it adds up and it may go.

For each the operator shows CLOSE, and another person a badge. What they signed for is kept true: an UNDO of what came
opens the counting in again, and one after the close opens the kit again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from edge.rules.verdict import TaskName
from edge.station.tasks import kits, lines
from edge.station.tasks.cases import ASK_NS
from edge.station.tasks.effects import UNDERSTOOD, Say, Step, asks, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Asked, State, Work

MOST_TOLD = 20
"""Lines that one event names."""


def again(state: State, moment: Moment) -> Step:
    """The label of the kit that is open: back to it from another task, else it is closed."""
    if state.task is TaskName.TRAY and state.work is not None:
        return close(state, state.work, moment)
    return Step(replace(state, task=TaskName.TRAY, armed=None, asked=None), (UNDERSTOOD, Say(("task_tray",))))


def close(state: State, work: Work, moment: Moment, *, short: bool = False) -> Step:
    """Two people have counted the kit in, or all of it adds up and it may go: the second one's badge is asked for.

    Args:
        state: before.
        work: the kit.
        moment: now.
        short: what differs from the list is so: nothing is asked about it.
    """
    if state.operator is None:
        return Step(state, refuses("operator_missing"))
    unsettled = _unsettled(state, work)
    if unsettled is not None:
        return unsettled
    known = work.known or moment.document(work.ident)
    differs = dict(kits.otherwise(work, known)) if work.kit == "in" and work.tallies else {}
    confirmed = short or (state.asked is not None and state.asked.what == "short")
    if differs and not confirmed:
        line, more = next(iter(differs.items()))
        what = "line_short" if more < 0 else lines.OVER
        asked = replace(state, asked=Asked("short", moment.now_ns + ASK_NS))
        return Step(asked, asks(kits.said(line), what, "close_again"))
    return Step(
        replace(state, last=None, asked=Asked("kit", moment.now_ns + ASK_NS, reason=_told(differs))),
        asks("witness_missing"),
    )


def witnessed(state: State, witness: str, moment: Moment) -> Step:
    """Another person's badge: the kit is taken in, or settled. Whatever changes a count has taken the question back."""
    work, reason = state.work, None if state.asked is None else state.asked.reason
    state = replace(state, asked=None, armed=None, last=None)
    if work is None or work.kit is None:
        return Step(state, refuses("nothing_to_answer"))
    if work.kit == "in" and work.tallies:
        taken = replace(work, kit="out", paused=False, touched_ns=moment.now_ns)
        opened = session(state, "tray", "opened", work.ident, reason, witness)
        return Step(state.with_work(taken), (opened, UNDERSTOOD, Say(("kit_taken",))))
    closed = (session(state, of, "closed", work.ident, None, witness) for of in ("tray", "document"))
    return Step(replace(state, work=None), (*closed, UNDERSTOOD, Say(("kit_closed",))))


def restored(state: State, former: Work, moment: Moment) -> Step:
    """With a kit's counts as they were before an act that is taken back.

    One that was closed is open again, and one that was taken in is counted in again if that count is another one now:
    what two people have signed for is not so any more.
    """
    work = state.work_of(former.ident)
    if work is None:
        return reopened(state, former, moment, ("tray", "document")).then(Say(("kit_again",)))
    came = [[each for each in kit.tallies if each.task is kits.COMES] for kit in (former, work)]
    signed = work.kit == "out" and former.kit == "in" and set(came[0]) != set(came[1])
    back = replace(work, tallies=former.tallies, kit="in" if signed else work.kit, touched_ns=moment.now_ns)
    event = (session(state, "tray", "suspended", work.ident, "undo"), Say(("kit_again",))) if signed else ()
    return Step(state.with_work(back), event)


def forgotten(state: State, work: Work) -> State:
    """For a kit that is opened anew: what was done of its number before is not taken back into it."""
    theirs = (each for each in state.undoable if work.ident not in {x.ident for x in (each.work, *each.also) if x})
    return replace(state, undoable=tuple(theirs))


def _unsettled(state: State, work: Work) -> Step | None:
    """The first line that does not add up is said, and all of them are put down."""
    wrong = kits.unsettled(work) if work.kit == "out" else []
    if not wrong:
        return None
    open_ = " ".join(f"{line}:{kits.here(work, line):+}" for line in wrong[:MOST_TOLD])
    event = session(state, "tray", "suspended", work.ident, f"unsettled {open_}")
    what = "kit_unsettled" if kits.here(work, wrong[0]) > 0 else lines.OVER
    return Step(replace(state, asked=None), (event, *refuses(kits.said(wrong[0]), what)))


def reopened(state: State, former: Work, moment: Moment, of: Sequence[Literal["tray", "document"]]) -> Step:
    """What was closed, with its counts as they were then; beside another document it waits until it is shown."""
    beside = state.work is not None
    work = replace(former, paused=beside, touched_ns=moment.now_ns)
    after = replace(state, shelved=(*state.shelved, work)) if beside else replace(state, work=work)
    return Step(after, tuple(session(after, each, "resumed", work.ident, "undo") for each in of))


def _told(differs: dict[int, int]) -> str | None:
    """Of lines of which something else came than the list says: how much more or less."""
    told = " ".join(f"{line}:{more:+}" for line, more in list(differs.items())[:MOST_TOLD])
    return f"differs {told}" if differs else None
