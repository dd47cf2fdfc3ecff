"""Documents: opened, left for another one, resumed, closed. A document that lacks something asks before it closes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from edge.documents import Document, DocumentKind
from edge.rules.verdict import TaskName
from edge.station.tasks import lines, settle, ship, tray
from edge.station.tasks.cases import ASK_NS
from edge.station.tasks.effects import UNDERSTOOD, DocumentDone, Say, Session, Step, asks, by, refuses, session
from edge.station.tasks.said import Moment
from edge.station.tasks.state import Asked, State, Work

SHORT_NS = 20_000_000_000
"""How long the card SHORT may follow the line that it speaks of: somebody looks for the goods first."""
MOST_SHELVED = 20
"""Documents that may be left unfinished at one station."""


def shown(state: State, ident: str, moment: Moment) -> Step:
    """A document: opened; shown again, resumed or closed."""
    former = state.work_of(ident)
    if state.work is not None and former is state.work and not former.paused:
        return settle.again(state, moment) if former.kit is not None else close(state, moment)
    left = _left(state, moment) if former is not state.work else Step(state)
    if left.state.work is not None and former is not state.work:
        return left
    if former is not None:
        return resumed(left.state, former, moment).after(*left.effects)
    known = moment.document(ident)
    work = Work(ident, moment.now_ns, known=known, kit="in" if tray.is_kit(state, known) else None)
    after = _anew(replace(left.state, work=work, task=_task(left.state, work)), work)
    return Step(after, (*left.effects, session(after, "document", "opened", ident), UNDERSTOOD))


def resumed(state: State, work: Work, moment: Moment) -> Step:
    """Go on with a document that is paused."""
    again = replace(work, paused=False, touched_ns=moment.now_ns, known=moment.document(work.ident) or work.known)
    others = tuple(each for each in state.shelved if each.ident != work.ident)
    after = replace(state, work=again, shelved=others, task=_task(state, again))
    return Step(after, (session(after, "document", "resumed", work.ident), UNDERSTOOD))


def close(state: State, moment: Moment, *, short: bool = False) -> Step:
    """Close the document; with lines short it asks first, and the second time that is recorded.

    A shipment is not closed before each of its lines has left as ordered, or somebody said of it that it is short.

    Args:
        state: before.
        moment: now.
        short: somebody said that it is short (短少): of a shipment the line that was named last, else all of it.
    """
    work = state.work
    if work is None:
        return Step(state, refuses("nothing_open"))
    if work.kit is not None:
        return settle.close(state, work, moment, short=short)
    known = work.known or moment.document(work.ident)
    if known is not None and known.kind is DocumentKind.SHIPMENT:
        return _shipped(state, work, known, moment, short=short)
    lacking = [] if known is None else list(lines.short(work, known))
    if lacking and not short and not (state.asked is not None and state.asked.what == "short"):
        asked = replace(state, asked=Asked("short", moment.now_ns + ASK_NS))
        return Step(asked, asks(f"line_{lacking[0].number}", "line_short", "close_again"))
    return _closed(state, work, known, moment)


def _shipped(state: State, work: Work, known: Document, moment: Moment, *, short: bool) -> Step:
    """Close a shipment, or name the line that keeps it and wait for the card SHORT where that can settle it."""
    asked = state.asked if state.asked is not None and state.asked.what == "short" else None
    if short and asked is not None and asked.line is not None:
        if state.operator is None:
            return Step(state, refuses("operator_missing"))
        work = replace(work, short=(*work.short, asked.line))
    state = replace(state, work=work, asked=None)
    unfinished = ship.unfinished(work, known)
    if unfinished is None:
        return _closed(state, work, known, moment)
    if unfinished.settled_by_short:
        state = replace(state, asked=Asked("short", moment.now_ns + SHORT_NS, line=unfinished.line))
    return Step(state, refuses(*unfinished.phrases))


def _closed(state: State, work: Work, known: Document | None, moment: Moment) -> Step:
    lacking = [] if known is None else list(lines.short(work, known))
    why = f"short {len(lacking)} of {len(known.lines)} lines" if known is not None and lacking else None
    closed = session(state, "document", "closed", work.ident, why)
    said = (Say(("document_closed",)),) if known is not None else ()
    done = Step(state) if known is None or lacking else _done(state, known, moment)
    return Step(replace(done.state, work=None, asked=None), (*done.effects, closed, UNDERSTOOD, *said))


def _done(state: State, known: Document, moment: Moment) -> Step:
    """Of a document that lacks nothing: the hub ends it for every station.

    One that was closed short may go on, here or elsewhere. Its last act is taken back together with this: then
    something is lacking again.
    """
    what: Literal["closed", "shipped"] = "shipped" if known.kind is DocumentKind.SHIPMENT else "closed"
    done = DocumentDone(moment.new_event(), known.ident, what, len(known.lines), by(state))
    acts = list(state.undoable)
    ours = (at for at, each in enumerate(acts) if each.work is not None and each.work.ident == known.ident)
    for at in list(ours)[-1:]:
        acts[at] = replace(acts[at], events=(*acts[at].events, done.event_id))
    return Step(replace(state, undoable=tuple(acts)), (done,))


def restored(state: State, former: Work, moment: Moment) -> Step:
    """With the counts and readings of a document as they were before an act that is taken back.

    One that was closed is open again if it is known: without that act it lacks something.
    """
    if former.kit is not None:
        return settle.restored(state, former, moment)
    work = state.work_of(former.ident)
    if work is not None:
        return Step(state.with_work(replace(work, tallies=former.tallies, readings=former.readings)))
    if former.known is None:
        return Step(state)
    again = settle.reopened(state, former, moment, ("document",))
    return Step(
        again.state if state.work is not None else replace(again.state, task=_task(state, former)), again.effects
    )


def _anew(state: State, work: Work) -> State:
    """For a document that is opened anew: what was done under its number before is not taken back into its counts."""
    if work.kit is not None:
        return settle.forgotten(state, work)
    acts = (
        replace(each, work=None) if each.work is not None and each.work.ident == work.ident else each
        for each in state.undoable
    )
    return replace(state, undoable=tuple(acts))


def _left(state: State, moment: Moment) -> Step:
    """For another document: closed if nothing is to be asked of it, else kept for later."""
    work = state.work
    if work is None:
        return Step(state)
    known = work.known or moment.document(work.ident)
    open_lines = known is not None and known.kind is not DocumentKind.SHIPMENT and any(lines.short(work, known))
    if work.kit is None and (known is None or not (ship.unfinished(work, known) or open_lines)):
        closed = _closed(state, work, known, moment)
        return Step(closed.state, tuple(each for each in closed.effects if isinstance(each, Session | DocumentDone)))
    if len(state.shelved) >= MOST_SHELVED:
        return Step(state, refuses("close_first"))
    event = () if work.paused else (session(state, "document", "suspended", work.ident, "another document"),)
    return Step(replace(state, work=None, shelved=(*state.shelved, replace(work, paused=True))), event)


def _task(state: State, work: Work) -> TaskName:
    """The running task if the document is worked with at it."""
    known = work.known
    if work.kit is not None:
        return tray.task(state, work)
    if known is None:
        return TaskName.RECEIVE if state.task is TaskName.CHECK else state.task
    fits = lines.TASKS[known.kind]
    return state.task if state.task in fits else fits[0]
