"""A loaner kit (外来器械) and its pieces: which line a piece is of, what became of it, and whether all adds up.

The counts are those of the document that is the kit's list, kept for each line by task. Line 0 holds what stands on no
line, and everything where no list came with the kit. Of every line ``in = used + returned + missing`` has to hold
before the kit may go; used is what went to a patient and what was opened for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from edge.documents import Document
from edge.rules.verdict import TaskName
from edge.station.record import Booking
from edge.station.tasks import lines
from edge.station.tasks.effects import Step
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import State, Work

COMES, BACK, GONE = TaskName.TRAY, TaskName.TRAY_BACK, TaskName.TRAY_MISSING
USED = (TaskName.USE, TaskName.WASTE)
OFF_LIST = 0
"""The line of what stands on no line."""
PIECE, MISSING, MORE_CAME = "TRAY_PIECE", "TRAY_MISSING", "OVER"
"""Acts of a kit."""


def counting(state: State) -> TaskName | None:
    """What an item at the task TRAY is counted as; None: another task runs, or no kit is open."""
    if state.task is not TaskName.TRAY or state.work is None or state.work.kit is None:
        return None
    act = None if state.armed is None else state.armed.act
    if act == MISSING:
        return GONE
    return COMES if state.work.kit == "in" or act == MORE_CAME else BACK


def here(work: Work, line: int) -> int:
    """Pieces of a line that came and of which nobody has said yet what became; below 0: more went than came."""
    return work.done(line, COMES) - sum(work.done(line, each) for each in (*USED, BACK, GONE))


def unsettled(work: Work) -> list[int]:
    """Lines that do not add up, in their order."""
    return [line for line in sorted({each.line for each in work.tallies}) if here(work, line)]


def otherwise(work: Work, known: Document | None) -> Iterator[tuple[int, int]]:
    """Lines of which something else came than the list says, with how much more; below 0: less."""
    for line in () if known is None else known.lines:
        if work.done(line.number, COMES) != line.quantity:
            yield line.number, work.done(line.number, COMES) - line.quantity
    if known is not None and work.done(OFF_LIST, COMES):
        yield OFF_LIST, work.done(OFF_LIST, COMES)


def left(work: Work, known: Document | None, line: int, task: TaskName) -> int:
    """Pieces of a line that this task may still count without a doubt."""
    if task is not COMES:
        return here(work, line)
    listed = None if known is None else known.line(line)
    return 0 if listed is None else listed.quantity - work.done(line, COMES)


def place(
    work: Work, known: Document | None, task: TaskName, shown: Item, units: int | None = None
) -> tuple[int, str | None]:
    """The line of an item, and what is to be looked at there: it is over, on no line, or of another lot.

    Args:
        work: the kit.
        known: its list; None: none came with it.
        task: what the item is counted as.
        shown: the item.
        units: how many; None: what it holds.
    """
    if shown.line is not None or known is None:
        line, fault = shown.line or OFF_LIST, None
    else:
        line, fault = _matched(work, known, task, shown)
    free = known is None and task is COMES  # nobody said how many there should be
    over = not free and left(work, known, line, task) < (units or shown.units)
    return line, fault or (lines.OVER if over else None)


def said(line: int) -> str:
    """The phrase of a line."""
    return f"line_{line}" if line != OFF_LIST else "off_list"


def of(state: State, booking: Booking) -> Work | None:
    """The kit that a booking is of, if it is open here."""
    work = state.work_of(booking.document)
    return work if work is not None and work.kit is not None and booking.line is not None else None


def told(state: State, item: Item, booking: Booking, task: TaskName, units: int) -> Item:
    """An item of which so many more were counted by hand, as `lines.told`: more than its line has left is looked at."""
    work = of(state, booking)
    if work is None or booking.line is None or task in USED:
        return item
    free = work.known is None and task is COMES
    over = not free and left(work, work.known, booking.line, task) < units
    noted = any(each.code == lines.OVER for each in item.verdict.reasons)
    return replace(item, verdict=lines.doubted(item.verdict, lines.OVER)) if over and not noted else item


def beside(state: State, do: Callable[[State], Step]) -> Step:
    """Something done to other goods while a loaner kit is open: not under its list, nor refused while it is paused."""
    work = state.work
    if work is None or work.kit is None:
        return do(state)
    step = do(replace(state, work=None))
    return Step(replace(step.state, work=work), step.effects)


def open_here(state: State) -> list[Work]:
    """Kits that are open at this station, the one that is worked with first."""
    return [each for each in (state.work, *state.shelved) if each is not None and each.kit is not None]


def booking(of: Booking, work: Work, known: Document | None, line: int) -> Booking:
    """A booking on a line of a kit."""
    owner, lender = (None, None) if known is None else (known.owner, known.counterparty)
    return replace(of, document=work.ident, line=line, owner=owner, counterparty=lender)


@dataclass(frozen=True, slots=True)
class AtPatient:
    """A piece that was used or opened: the state after it, its booking, and the kit as it was before."""

    state: State
    booking: Booking
    before: tuple[Work, ...] = ()
    """Empty: it is of no kit."""


def at_patient(
    state: State, shown: Item, task: TaskName, told: Booking, moment: Moment, *, of_kit: bool = False
) -> AtPatient:
    """Count a piece on the line of its kit, paused or not: what a patient got is never refused for a list's sake.

    Args:
        state: before.
        shown: the piece. Without a line's card it is of a kit if the list names it and there is one left of it.
        task: what is done with it.
        told: its booking.
        moment: now.
        of_kit: somebody said that it is of the kit.
    """
    books = task in USED and told.count is not None and state.practice is None
    found = _kit_of(state, shown, task, moment, of_kit=of_kit) if books else None
    if found is None:
        return AtPatient(state, told)
    work, known, line = found
    booked = booking(told, work, known, line)
    after = lines.counted(state.with_work(replace(work, touched_ns=moment.now_ns)), booked, task, told.count or 0)
    return AtPatient(after, booked, (work,))


def _kit_of(
    state: State, shown: Item, task: TaskName, moment: Moment, *, of_kit: bool
) -> tuple[Work, Document | None, int] | None:
    for work in open_here(state):
        known = work.known or moment.document(work.ident)
        if shown.line is not None or of_kit:
            return work, known, place(work, known, task, shown)[0]
        fits = (line for line in _fitting(known, shown) if work.kit == "in" or here(work, line) > 0)
        line = next(fits, None)
        if line is not None:
            return work, known, line
    return None


def _matched(work: Work, known: Document, task: TaskName, shown: Item) -> tuple[int, str | None]:
    found = lines.match(work, known, COMES, shown)
    fits = _fitting(known, shown)
    line = next((x for x in fits if left(work, known, x, task) >= shown.units), None)
    if line is None:
        line = fits[0] if fits else OFF_LIST if found.line is None else found.line.number
    return line, found.fault if task is COMES and found.fault != lines.OVER else None


def _fitting(known: Document | None, shown: Item) -> list[int]:
    return [] if known is None else [line.number for line in lines.fitting(known, shown)]
