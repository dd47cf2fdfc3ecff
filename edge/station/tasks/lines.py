"""The lines of an open document against what was done under it: which line an item belongs to, and what is open there.

A station counts per line and task, never per serial: what each piece was stands in the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge.documents import Document, DocumentKind, Line
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks.said import Item
from edge.station.tasks.state import State, Work
from edge.udi.presentation import Shape

NOT_ON_DOCUMENT, OTHER_LOT, NOT_ANNOUNCED, OVER = "not_on_document", "other_lot", "serial_not_announced", "over"
ANSWERED_BY = {NOT_ON_DOCUMENT: "OVER", OVER: "OVER", OTHER_LOT: "MIXED", NOT_ANNOUNCED: "MIXED"}
"""The card that says: it is so, book it (多货、混批)."""
TASKS = {
    DocumentKind.RECEIPT: (TaskName.RECEIVE,),
    DocumentKind.SHIPMENT: (TaskName.PICK, TaskName.VERIFY, TaskName.SHIP),
    DocumentKind.ISSUE: (TaskName.ISSUE, TaskName.DISPENSE),
    DocumentKind.RETURN: (TaskName.RETURN, TaskName.SEND_BACK),
    DocumentKind.KIT: (TaskName.TRAY,),
    DocumentKind.COUNT: (TaskName.COUNT,),
}
"""By what the lines of a document are filled; the first of them is how its work begins."""
_SSCC = b"00"
"""GS1's Application Identifier of a logistic unit."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where an item belongs."""

    line: Line | None
    fault: str | None = None
    """Why it is not booked without being asked about; a key of `ANSWERED_BY`."""


def of_document(work: Work | None, task: TaskName) -> Document | None:
    """The known document whose lines this task fills; None: nothing is compared."""
    known = None if work is None else work.known
    return known if known is not None and task in TASKS[known.kind] else None


def match(work: Work, known: Document, task: TaskName, shown: Item) -> Match:
    """The line of an item, the one with room for it first."""
    of_it, fits = of_product(known, shown), fitting(known, shown)
    if not of_it:
        return Match(None, NOT_ON_DOCUMENT)
    if not fits:
        lots = [line for line in of_it if line.serials]
        return Match((lots or of_it)[0], NOT_ANNOUNCED if lots else OTHER_LOT)
    room = next((line for line in fits if left(work, line, task) >= shown.units), None)
    return Match(room) if room is not None else Match(fits[0], OVER)


def of_product(known: Document, shown: Item) -> list[Line]:
    """The lines that name the product of an item."""
    return [line for line in known.lines if _same_product(line, shown)]


def fitting(known: Document, shown: Item) -> list[Line]:
    """The lines that an item is of, lot and serial too, the one that announced it first."""
    fits = [line for line in of_product(known, shown) if _same_piece(line, shown)]
    return sorted(fits, key=lambda line: not _announced(line, shown))


def held_in(known: Document, shown: Item) -> tuple[Line, ...]:
    """The lines that the code of a carton or logistic unit stands for."""
    if shown.presentation.shape is not Shape.OTHER:
        return ()
    texts = {read.payload.decode("utf-8", "replace") for read in shown.presentation.reads}
    units = {text[2:20] for text in texts if text.encode().startswith(_SSCC) and len(text) >= len("00") + 18}
    return tuple(line for line in known.lines if line.box in texts or line.sscc in texts | units)


def tree_of(shown: Item) -> frozenset[str]:
    """The DIs of an item's packaging tree, as far as they are known."""
    product, own = shown.product, frozenset() if shown.udi is None or shown.udi.di is None else {shown.udi.di}
    if product is None:
        return frozenset(own)
    return frozenset({*own, product.di, product.sale_unit, *(pack.di for pack in product.packs)})


def left(work: Work, line: Line, task: TaskName) -> int:
    """Sale units of a line that this task has not done; below 0: more than the line says."""
    return line.quantity - work.done(line.number, task)


def short(work: Work, known: Document) -> Iterator[Line]:
    """Lines of which less was done than they say; of a shipment, less has left."""
    tasks = (TaskName.SHIP,) if known.kind is DocumentKind.SHIPMENT else TASKS[known.kind]
    return (line for line in known.lines if sum(work.done(line.number, each) for each in tasks) < line.quantity)


def doubted(verdict: Verdict, why: str) -> Verdict:
    """A verdict that books, with one thing more that a person should look at; in a stock-take a STOP stays one."""
    outcome = verdict.outcome if verdict.outcome is Outcome.STOP else Outcome.ATTENTION
    return Verdict(outcome, (*verdict.reasons, Reason(why, Audience.PERSON)))


def told(state: State, item: Item, booking: Booking, task: TaskName, units: int) -> Item:
    """An item of which so many more were counted by hand: more than its line has left is looked at."""
    work = state.work_of(booking.document)
    known = of_document(work, task)
    line = None if known is None or booking.line is None else known.line(booking.line)
    over = work is not None and line is not None and left(work, line, task) < units
    noted = any(each.code == OVER for each in item.verdict.reasons)
    return replace(item, verdict=doubted(item.verdict, OVER)) if over and not noted else item


def counted(state: State, booking: Booking, task: TaskName, units: int) -> State:
    """With so many more units done of a line, by whoever is signed on; fewer, if below 0."""
    work = state.work_of(booking.document)
    if work is None or booking.line is None:
        return state
    former = work.tally(booking.line, task)
    by = former.by if state.operator is None or state.operator in former.by else (*former.by, state.operator)
    return state.with_work(work.with_tally(replace(former, count=former.count + units, by=by)))


def _same_product(line: Line, shown: Item) -> bool:
    if line.di is not None and line.di in tree_of(shown):
        return True
    return line.item is not None and shown.product is not None and line.item == shown.product.item


def _same_piece(line: Line, shown: Item) -> bool:
    if line.serials:
        return _announced(line, shown) or (shown.udi is not None and shown.udi.serial is None)
    return line.lot is None or (shown.udi is not None and shown.udi.lot == line.lot)


def _announced(line: Line, shown: Item) -> bool:
    return shown.udi is not None and shown.udi.serial in line.serials
