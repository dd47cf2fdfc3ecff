"""Shipments: picked, verified by somebody else (出库复核), shipped. What forbids it is said with its line."""

from __future__ import annotations

from edge.documents import Document, DocumentKind
from edge.rules.verdict import TaskName
from edge.station.tasks.state import State, Work


def forbids(work: Work, line: int, units: int, state: State) -> str | None:
    """Why these units of a line cannot be verified or shipped now; None: they can, or it is another task.

    Args:
        work: the open document.
        line: its line's number.
        units: sale units.
        state: of the station: its task and operator.
    """
    picked, verified = work.tally(line, TaskName.PICK), work.done(line, TaskName.VERIFY)
    if state.task is TaskName.VERIFY:
        if state.operator in picked.by:
            return "picker_verifies"
        return "not_picked" if picked.count and verified + units > picked.count else None
    if state.task is not TaskName.SHIP:
        return None
    if work.total(TaskName.QUARANTINE):
        return "goods_held"
    return "not_verified" if work.done(line, TaskName.SHIP) + units > verified else None


def unfinished(work: Work, known: Document) -> tuple[str, ...]:
    """What keeps a shipment from being closed, in phrases: the line and why; empty: nothing does."""
    if known.kind is not DocumentKind.SHIPMENT:
        return ()
    for line in known.lines:
        verified = work.done(line.number, TaskName.VERIFY)
        if work.done(line.number, TaskName.PICK) > verified:
            return f"line_{line.number}", "not_verified"
    if work.total(TaskName.QUARANTINE):
        return (f"line_{min(each.line for each in work.tallies if each.task is TaskName.QUARANTINE)}", "goods_held")
    return () if work.total(TaskName.VERIFY) else (f"line_{known.lines[0].number}", "not_verified")
