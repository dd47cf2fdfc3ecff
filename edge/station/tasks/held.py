"""Goods that wait (待验、隔离) until somebody of quality releases them (放行).

They are counted per line of the open document, which keeps a shipment from going out. What is known of their identity
is kept beyond it: nothing of that lot, or that one piece, leaves this station under any document. A station knows what
was held at it, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from edge.documents import Line
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import lines
from edge.station.tasks.said import Item
from edge.station.tasks.state import State
from edge.udi.model import Udi

HELD = "goods_held"
UNKNOWN_LINE = 0
MOST_HELD = 200
"""Beyond so many lots and pieces the oldest are forgotten here; the hub has them all."""


def holds(state: State, shown: Item) -> bool:
    """Whether this piece waits, or its lot, at whichever packaging level that was said."""
    return bool(_held_as(state, shown))


def warned(state: State, shown: Item) -> Item:
    """An item for a patient, or that is only looked at: a piece that waits is stopped.

    Of a lot that waits one package may be meant, and this one be another: that is a person's to look at.
    """
    names = _held_as(state, shown) if shown.fit else frozenset()
    if not names:
        return shown
    if not names.isdisjoint(_as_piece(shown.udi)):
        reasons = (Reason(HELD, Audience.PERSON), *shown.verdict.reasons)
        return replace(shown, verdict=Verdict(Outcome.STOP, reasons, overridable=True))
    return replace(shown, verdict=lines.doubted(shown.verdict, HELD))


def holds_of(state: State, line: Line) -> bool:
    """Whether any of the goods that a document announced in a box wait."""
    if line.di is None:
        return False
    names = {_named(line.di, line.lot, None), *(_named(line.di, None, each) for each in line.serials)}
    return not names.isdisjoint(state.held)


def holds_lot(state: State, dis: Iterable[str], lot: str | None) -> bool:
    """Whether a lot of one of these DIs waits."""
    return any(_named(di, lot, None) in state.held for di in dis)


def added(state: State, booking: Booking, shown: Item) -> State:
    """One more of the open document waits; what shows no code is what its line says it is."""
    state = lines.counted(state, replace(booking, line=booking.line or UNKNOWN_LINE), TaskName.QUARANTINE, 1)
    return kept(state, shown) if shown.key else _with(state, _name_of_line(_line(state, booking.line)))


def kept(state: State, shown: Item) -> State:
    """This waits from now on; not in practice."""
    udi = shown.udi
    return state if udi is None or udi.di is None else _with(state, _named(udi.di, udi.lot, udi.serial))


def released(state: State, shown: Item) -> State:
    """Goods that were held are free again: this piece or lot, and of the open document one of the item's line."""
    if state.practice is not None:
        return state
    state = replace(state, held=_without(state.held, _held_as(state, shown)))
    work = state.work
    if work is None or not work.total(TaskName.QUARANTINE):
        return state
    found = None if work.known is None else lines.match(work, work.known, TaskName.RECEIVE, shown).line
    on_hold = [each.line for each in work.tallies if each.task is TaskName.QUARANTINE]
    ours = next((each for each in on_hold if found is not None and each == found.number), min(on_hold))
    state = lines.counted(state, Booking(document=work.ident, line=ours), TaskName.QUARANTINE, -1)
    waiting = state.work is not None and state.work.done(ours, TaskName.QUARANTINE)
    name = None if waiting else _name_of_line(_line(state, ours))
    return state if name is None else replace(state, held=_without(state.held, {name}))


def _with(state: State, name: str | None) -> State:
    if name is None or state.practice is not None:
        return state
    return replace(state, held=(*_without(state.held, {name}), name)[-MOST_HELD:])


def _without(held: tuple[str, ...], names: AbstractSet[str]) -> tuple[str, ...]:
    return tuple(each for each in held if each not in names)


def _held_as(state: State, shown: Item) -> AbstractSet[str]:
    """What this item is held as: this very piece, else its lot."""
    udi = shown.udi
    if udi is None or udi.di is None:
        return frozenset()
    unknown_lot = udi.lot is None and udi.serial is not None
    lot = () if unknown_lot else (_named(di, udi.lot, None) for di in lines.tree_of(shown))
    held = frozenset(state.held)
    return held.intersection(_as_piece(udi)) or held.intersection(lot)


def _as_piece(udi: Udi | None) -> AbstractSet[str]:
    """The name of the one piece that this UDI is of; empty: it is of many."""
    if udi is None or udi.di is None or udi.serial is None:
        return frozenset()
    return frozenset({_named(udi.di, udi.lot, udi.serial)})


def _name_of_line(line: Line | None) -> str | None:
    """None where the line leaves open which lot it is."""
    if line is None or line.di is None:
        return None
    serial = line.serials[0] if len(line.serials) == 1 else None
    return None if line.lot is None and serial is None else _named(line.di, line.lot, serial)


def _named(di: str, lot: str | None, serial: str | None) -> str:
    return f"{di}|S|{serial}" if serial is not None else f"{di}|L|{lot}" if lot is not None else di


def _line(state: State, number: int | None) -> Line | None:
    known = None if state.work is None else state.work.known
    return None if known is None or number is None else known.line(number)
