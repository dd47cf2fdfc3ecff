"""Items that come in, are handed out, picked, verified and shipped: under a document, or without one (盲收).

Under a known document each item is booked to its line. What does not fit there is not booked at its first showing: the
station says the line and why, and a card says that it is so (`edge.station.tasks.receive`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from edge.documents import Document, Line
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import cold, held, kits, lines, shelf, ship
from edge.station.tasks.effects import Record, Say, Step, by
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import Last, State, Work
from edge.station.tasks.use import refused, remembered, seen
from edge.udi.presentation import Shape
from hardware.signals import Signal

RESPONSIBLE = (TaskName.PICK, TaskName.VERIFY, TaskName.SHIP, TaskName.ISSUE, TaskName.DISPENSE)
"""Tasks that somebody has to have signed on for."""


def item(state: State, shown: Item, moment: Moment) -> Step:
    """An item at a task that books units: all that it holds."""
    return kits.beside(state, lambda at: _item(at, shown, moment))


def _item(state: State, shown: Item, moment: Moment) -> Step:
    work = state.work
    if work is not None and work.paused:
        return refused(state, shown, "resume_or_close", moment).then(Say(("resume_or_close",)))
    if state.operator is None and state.task in RESPONSIBLE:
        return refused(state, shown, "operator_missing", moment)
    if shown.fit and state.task in RESPONSIBLE and held.holds(state, shown):
        return refused(state, shown, held.HELD, moment).then(Say((held.HELD,)))
    known = lines.of_document(work, state.task)
    if work is None or known is None:
        shown = _hinted(state, None, shown, moment)
        booking = of_item(Booking(count=shown.units, document=None if work is None else work.ident), shown)
        return booked(state, shown, booking, moment) if _books(state, shown) else _not_fit(state, shown, moment)
    if lines.held_in(known, shown):
        return _box(state, work, known, shown, moment)
    if not _books(state, shown):
        return _not_fit(state, shown, moment)
    to_line = _counted if state.task is TaskName.COUNT else _to_line
    return to_line(state, work, known, shown, moment)


def at_task(state: State, task: TaskName, do: Callable[[State], Step]) -> Step:
    """Something done at a task for one item; the running one goes on."""
    step = do(replace(state, task=task))
    return Step(replace(step.state, task=state.task), step.effects)


def booked(state: State, shown: Item, booking: Booking, moment: Moment) -> Step:
    """Book an item, and count it on its line."""
    event, before, verdict = moment.new_event(), state.work, shown.verdict
    if verdict.outcome is Outcome.CHECKED:  # judged as what is looked at; counted, it is booked
        verdict = replace(verdict, outcome=Outcome.ACCEPTED)
    record = Record(event, shown, verdict, booking, by(state), Signal(verdict.outcome.value))
    after = remembered(_touched(state, moment), (event,), moment, None, before)
    after = cold.noted(lines.counted(after, booking, state.task, booking.count or 0), shown)
    after = shelf.moved(after, shown, state.task, booking.count or 0)
    last = Last(shown, event, moment.now_ns, state.task, booking.count, booking=booking)
    return Step(replace(after, last=last, asked=None), (record,))


def on_line(known: Document, line: int | None, shown: Item) -> Booking:
    """All units of an item on a line."""
    booking = Booking(
        count=shown.units,
        document=known.ident,
        line=line,
        owner=known.owner,
        counterparty=known.counterparty,
    )
    return of_item(booking, shown)


def of_item(booking: Booking, shown: Item) -> Booking:
    """With what was said of the item before it is booked."""
    override = None if shown.override is None else {"reason": shown.override}
    return replace(booking, measurement=shown.measurement, override=override, corrects=shown.corrects)


def _books(state: State, shown: Item) -> bool:
    """In a stock-take what must not be used is counted, too: it is there."""
    if shown.fit or state.task is not TaskName.COUNT:
        return shown.fit
    known = shown.presentation.shape in (Shape.COMPLETE, Shape.DI_ONLY)
    return known and shown.verdict.outcome is Outcome.STOP


def _counted(state: State, work: Work, known: Document, shown: Item, moment: Moment) -> Step:
    """What is there is counted at its first showing, expected or not; what no line expects is on none."""
    found = lines.match(work, known, state.task, shown)
    expected = found.line if found.fault in (None, lines.OVER) else None
    if found.fault is not None:
        shown = replace(shown, verdict=lines.doubted(shown.verdict, found.fault))
    number = None if expected is None else expected.number
    return booked(state, shown, on_line(known, number, shown), moment)


def _not_fit(state: State, shown: Item, moment: Moment) -> Step:
    return seen(state, shown, shown.verdict, moment, refused=True)


def _to_line(state: State, work: Work, known: Document, shown: Item, moment: Moment) -> Step:
    found = lines.match(work, known, state.task, shown)
    number = None if found.line is None else found.line.number
    why = found.fault
    if why is None and number is not None:
        why = ship.forbids(work, number, shown.units, state)
    unmeasured = None if found.line is None else _unmeasured(state, work, (found.line,), shown, moment)
    if unmeasured is not None:
        return unmeasured
    if why is None:
        return booked(state, _hinted(state, found.line, shown, moment), on_line(known, number, shown), moment)
    where = () if number is None else (f"line_{number}",)
    return refused(state, shown, why, moment).then(Say((*where, why)))


def _hinted(state: State, line: Line | None, shown: Item, moment: Moment) -> Item:
    """What is picked while something here expires earlier (先到期先出), unless the document names its lot."""
    asked = state.task is TaskName.PICK and shown.fit and (line is None or line.lot is None)
    if not asked or shelf.earlier(state, shown, moment) is None:
        return shown
    return replace(shown, verdict=lines.doubted(shown.verdict, shelf.FEFO))


def _unmeasured(state: State, work: Work, of: Iterable[Line], shown: Item, moment: Moment) -> Step | None:
    """Goods of these lines as they wait for their temperature; None: they do not."""
    for line in of if state.task is TaskName.RECEIVE else ():
        asked = cold.of_line(work, line, shown)
        if cold.waits(asked):
            return _not_fit(state, asked, moment).then(Say((f"line_{line.number}", asked.verdict.reasons[0].code)))
    return None


def _box(state: State, work: Work, known: Document, shown: Item, moment: Moment) -> Step:
    """A carton's own code stands for all that the document announced in it: nobody looked at the pieces."""
    units = {line.number: lines.left(work, line, state.task) for line in lines.held_in(known, shown)}
    if not any(left > 0 for left in units.values()):
        return refused(state, shown, lines.OVER, moment).then(Say((f"line_{min(units)}", lines.OVER)))
    for line, left in units.items():
        why = ship.forbids(work, line, left, state) if left > 0 else None
        if why is not None:
            return refused(state, shown, why, moment).then(Say((f"line_{line}", why)))
    waiting = [line for line in lines.held_in(known, shown) if held.holds_of(state, line)]
    if waiting and state.task in RESPONSIBLE:
        return refused(state, shown, held.HELD, moment).then(Say((f"line_{waiting[0].number}", held.HELD)))
    unmeasured = _unmeasured(state, work, lines.held_in(known, shown), shown, moment)
    if unmeasured is not None:
        return unmeasured
    verdict = Verdict(Outcome.ATTENTION, (Reason("box_announced", Audience.PERSON),))
    after = _touched(state, moment)
    events: list[str] = []
    records: list[Record] = []
    for line, left in ((line, left) for line, left in units.items() if left > 0):
        booking = replace(on_line(known, line, shown), count=left, corrects=None if events else shown.corrects)
        event, signal = moment.new_event(), None if events else Signal.ATTENTION
        records.append(Record(event, shown, verdict, booking, by(state), signal))
        events.append(event)
        after = lines.counted(after, booking, state.task, left)
    after = cold.noted(remembered(after, tuple(events), moment, None, work), shown)
    return Step(replace(after, last=None, asked=None), tuple(records))


def _touched(state: State, moment: Moment) -> State:
    return state if state.work is None else replace(state, work=replace(state.work, touched_ns=moment.now_ns))
