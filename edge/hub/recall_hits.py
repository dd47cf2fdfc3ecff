"""What an order hits: past uses and what is in stock. For recall officers at the hub, never for the room.

A use is named by its case, a random id; no patient is opened or found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, select

from edge.catalog.orders import di_key
from edge.catalog.product import Order
from edge.hub.counting import Standing
from edge.hub.ledger import EFFECTS, USED, Effect
from edge.hub.packaging import Lookup, no_catalogue, tree_of
from edge.hub.tables import scan
from edge.hub.trace import Question, Trace, trace


@dataclass(frozen=True, slots=True)
class Hit:
    """One scan of something that an order names."""

    what: str
    """``use``, or ``stock``: received, and not gone since."""
    event_id: str
    at: str
    """UTC; by the hub's reckoning where the station did not know the time."""
    station: str
    place: str | None
    case: str | None
    document: str | None
    di: str | None
    lot: str | None
    serial: str | None
    expires: str | None
    count: int
    """Sale units: used, or still there of those received."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person should see before an order is published."""

    uses: int
    """Sale units used."""
    cases: int
    used_at: Mapping[str, int]
    """Place -> sale units."""
    stock: int
    """Sale units received and not used."""
    stock_at: Mapping[str, int]
    """``place, document`` -> sale units."""


_COMES = ("TRAY", *(task for task, effect in EFFECTS.items() if effect is Effect.IN))
_GOES = ("TRAY_BACK", "TRAY_MISSING", *(task for task, effect in EFFECTS.items() if effect is Effect.OUT))
"""A loaner kit (外来器械) is here as long as it is: its pieces are looked for as the site's own are."""


def hits(connection: Connection, order: Order, lookup: Lookup = no_catalogue) -> list[Hit]:
    """Every booked scan that an order hits and that nobody took back, oldest first.

    What was used, shipped or otherwise left is taken from what was received with the same lot and serial, the oldest
    first: a lot without serials is known by its number only.

    Args:
        connection: to the projections.
        order: the order.
        lookup: of a catalogue, so that each DI means its whole packaging tree.
    """
    trees = _trees(connection, order, lookup)
    found = [row for di in sorted(trees) for row in trace(connection, Question(di=di)) if _counts(row)]
    hit = [row for row in found if _is_hit(order, row)]
    hit.sort(key=lambda row: (row.earliest or row.at, row.event_id))
    uses = [_hit("use", row) for row in hit if row.task in USED]
    gone = [_hit("gone", row) for row in hit if row.task in _GOES]
    received = [_hit("stock", row) for row in hit if row.task in _COMES]
    return [*uses, *_left(received, gone, trees)]


def summary(found: Iterable[Hit]) -> Summary:
    """Count them."""
    uses = [each for each in found if each.what == "use"]
    stock = [each for each in found if each.what == "stock"]
    return Summary(
        uses=sum(each.count for each in uses),
        cases=len({each.case for each in uses if each.case is not None}),
        used_at=_counted((each.place or "-", each.count) for each in uses),
        stock=sum(each.count for each in stock),
        stock_at=_counted((f"{each.place or '-'}, {each.document or '-'}", each.count) for each in stock),
    )


def _trees(connection: Connection, order: Order, lookup: Lookup) -> dict[str, str]:
    """The DIs concerned, as they stand in scans -> what their packaging tree is called here."""
    named = {di_key(di) for di in order.dis} | set(order.dis)
    meant = {di: tree_of(di, lookup) for di in named}
    if lookup is no_catalogue:
        return meant
    trees = set(meant.values())
    for di in connection.execute(select(scan.c.di).where(scan.c.di.is_not(None)).distinct()).scalars():
        tree = tree_of(di, lookup)
        if tree in trees:
            meant[di] = tree
    return meant


def _counts(row: Trace) -> bool:
    return row.count is not None and row.standing == Standing.COUNTS


def _is_hit(order: Order, row: Trace) -> bool:
    return order.hits(
        lot=row.lot,
        serial=row.serial,
        manufactured=_day_or_none(row.manufactured),
        expires=_day_or_none(row.expires),
    )


def _left(received: list[Hit], left: Iterable[Hit], trees: Mapping[str, str]) -> Iterator[Hit]:
    gone: dict[tuple[str | None, ...], int] = {}
    for each in left:
        gone[_thing(each, trees)] = gone.get(_thing(each, trees), 0) + each.count
    for each in received:
        thing = _thing(each, trees)
        taken = min(each.count, gone.get(thing, 0))
        gone[thing] = gone.get(thing, 0) - taken
        if each.count > taken:
            yield replace(each, count=each.count - taken)


def _thing(hit: Hit, trees: Mapping[str, str]) -> tuple[str | None, ...]:
    return trees.get(hit.di or ""), hit.lot, hit.serial


def _counted(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in pairs:
        found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def _hit(what: str, row: Trace) -> Hit:
    return Hit(
        what=what,
        event_id=row.event_id,
        at=row.latest or row.at,
        station=row.station,
        place=row.place,
        case=row.case,
        document=row.document,
        di=row.di,
        lot=row.lot,
        serial=row.serial,
        expires=row.expires,
        count=row.count or 0,
    )


def _day_or_none(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
