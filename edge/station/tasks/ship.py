"""Shipments: picked, verified by somebody else (出库复核), shipped. What forbids it is said with its line."""

from __future__ import annotations

from dataclasses import dataclass

from edge.documents import Document, DocumentKind, Line
from edge.rules.verdict import TaskName
from edge.station.tasks.state import State, Work

NOT_VERIFIED, NOT_SHIPPED, SHORT = "not_verified", "not_shipped", "line_short"


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
    return NOT_VERIFIED if work.done(line, TaskName.SHIP) + units > verified else None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What keeps a shipment from being closed."""

    line: int
    why: str
    """A phrase."""

    @property
    def phrases(self) -> tuple[str, str]:
        """Said: the line first."""
        return f"line_{self.line}", self.why

    @property
    def settled_by_short(self) -> bool:
        """The card SHORT (短少) says that it is so, and nothing more will leave on this line."""
        return self.why in (SHORT, NOT_SHIPPED)


def unfinished(work: Work, known: Document) -> Unfinished | None:
    """What keeps a shipment from being closed: what was not verified, then the first line; None: nothing does.

    All that was picked is verified, all that was verified has left, and that is what was ordered; where it is less,
    somebody said so of this very line.
    """
    if known.kind is not DocumentKind.SHIPMENT:
        return None
    faults = ((line.number, _fault(work, line)) for line in known.lines)
    found = [Unfinished(number, why) for number, why in faults if why is not None]
    first = min(found, key=lambda each: each.settled_by_short, default=None)
    if (first is None or first.settled_by_short) and work.total(TaskName.QUARANTINE):
        return Unfinished(min(each.line for each in work.tallies if each.task is TaskName.QUARANTINE), "goods_held")
    return first


def _fault(work: Work, line: Line) -> str | None:
    verified, shipped = (work.done(line.number, task) for task in (TaskName.VERIFY, TaskName.SHIP))
    if work.done(line.number, TaskName.PICK) > verified:
        return NOT_VERIFIED
    if line.number in work.short or (shipped == verified >= line.quantity):
        return None
    return NOT_SHIPPED if verified > shipped else SHORT
