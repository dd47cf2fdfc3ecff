"""The record of a document (收货、出库单据): what was booked line by line, what is held, who verified and shipped.

What the document itself says of its lines is compared with what was booked, where somebody has it at hand; a station
tells how many lines there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from edge.hub.counting import Standing
from edge.hub.ledger import Balance, StockQuestion, stock
from edge.hub.sessions import Presence, Step, presences, steps
from edge.hub.tables import document_line
from edge.hub.trace import Question, Trace, trace


@dataclass(frozen=True, slots=True)
class Line:
    """What was done with one thing under one line of a document."""

    line: str | None
    """None: the station did not know the line."""
    owner: str | None
    di: str | None
    lot: str | None
    serial: str | None
    expires: str | None
    units: Mapping[str, int]
    """Task -> sale units."""
    held: bool
    """In quarantine, and not released, wherever that was done."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person said of an item by a card: short, over, mixed lots, refused, held ... or that it shows no UDI."""

    what: str
    """The card's value; ``MISSING``: no UDI."""
    line: str | None
    di: str | None
    lot: str | None
    serial: str | None
    units: int | None
    at: str
    station: str
    operator: str | None
    reasons: tuple[tuple[str, str], ...]
    """(code, audience) of the verdict."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a document says of one of its lines."""

    line: str
    di: str | None
    units: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A line as announced and as booked; what was booked for no announced line has 0 announced."""

    line: str
    di: str | None
    announced: int
    booked: int
    """Sale units at the last of `STAGES` that this document has come to."""
    difference: int
    """Below 0: short (短少); above: over (多货)."""


STAGES = ("SHIP", "VERIFY", "PICK", "DISPENSE", "ISSUE", "STORE", "COUNT", "RECEIVE", "RETURN", "SEND_BACK")
_BACK = ("RETURN", "SEND_BACK")
"""One document may hold both."""


@dataclass(frozen=True, slots=True)
class GoodsRecord:
    """One document."""

    document: str
    opened: str | None
    state: str | None
    """Its last change."""
    lines_expected: int | None
    """As the station knew it; None: nobody said."""
    lines_booked: int
    """Lines with anything booked."""
    stations: tuple[str, ...]
    people: tuple[Presence, ...]
    picked_by: tuple[str, ...]
    verified_by: tuple[str, ...]
    verified_alone: bool
    """Somebody who picked a line also verified it: no second person looked (同一人拣货复核)."""
    released_by: tuple[str, ...]
    shipped_by: tuple[str, ...]
    refused: bool
    lines: tuple[Line, ...]
    compared: tuple[Compared, ...]
    """Empty where nobody knows what was announced."""
    remarks: tuple[Remark, ...]
    steps: tuple[Step, ...]


def goods_record(connection: Connection, document: str) -> GoodsRecord | None:
    """Everything of one document; None if no station has worked under it.

    Args:
        connection: to the store.
        document: its number.
    """
    announced = _announced(connection, document)
    changes, rows = steps(connection, "document", document), trace(connection, Question(document=document))
    if not changes and not rows:
        return None
    counting = [row for row in rows if row.standing == Standing.COUNTS]
    lines = _lines(counting, _held(connection, counting))
    picked, verified = _who(counting, changes, "PICK", ""), _who(counting, changes, "VERIFY", "verified")
    told = [each.lines for each in changes if each.lines is not None]
    return GoodsRecord(
        document=document,
        opened=next((each.at for each in changes if each.what == "opened"), None),
        state=changes[-1].what if changes else None,
        lines_expected=len(announced) or (told[-1] if told else None),
        lines_booked=len({each.line for each in lines if each.line is not None}),
        stations=tuple(sorted({*(each.station for each in changes), *(row.station for row in rows)})),
        people=presences(
            [*((each.at, each.operator) for each in changes), *((row.earliest or row.at, row.operator) for row in rows)]
        ),
        picked_by=picked,
        verified_by=verified,
        verified_alone=_alone(counting, changes),
        released_by=_who(counting, changes, "RELEASE", "released"),
        shipped_by=_who((), changes, "", "shipped"),
        refused=any(each.what == "refused" for each in changes),
        lines=lines,
        compared=tuple(compare(announced, lines)),
        remarks=tuple(remark(row) for row in counting if row.reason is not None or row.outcome == "MISSING"),
        steps=tuple(changes),
    )


def _announced(connection: Connection, document: str) -> list[Announced]:
    """Its lines, as the ERP, WMS or SPD that it came from knows them."""
    c = document_line.c
    query = select(c.number, c.di, c.quantity).where(c.ident == document).order_by(c.number)
    return [Announced(str(row.number), row.di, row.quantity) for row in connection.execute(query)]


def compare(announced: Sequence[Announced], lines: Sequence[Line]) -> Iterator[Compared]:
    """Announced against booked, by line. Pure."""
    if not announced:
        return
    stage = next((task for task in STAGES if any(task in each.units for each in lines)), "RECEIVE")
    booked: dict[str, int] = {}
    for each in lines:
        units = sum(each.units.get(task, 0) for task in (_BACK if stage in _BACK else (stage,)))
        booked[each.line or ""] = booked.get(each.line or "", 0) + units
    for told in announced:
        units = booked.pop(told.line, 0)
        yield Compared(told.line, told.di, told.units, units, units - told.units)
    yield from (Compared(line, None, 0, units, units) for line, units in booked.items() if units)


_Thing = tuple[str | None, str | None, str | None, str | None]


def _held(connection: Connection, rows: Iterable[Trace]) -> set[_Thing]:
    dis = tuple(sorted({row.di for row in rows if row.di is not None}))
    if not dis:
        return set()
    return {_account(each) for each in stock(connection, StockQuestion(dis=dis)) if each.held is not None}


def _account(each: Balance | Trace) -> _Thing:
    return each.owner, each.di, None if each.serial else each.lot, each.serial


def _lines(rows: Iterable[Trace], held: set[_Thing]) -> tuple[Line, ...]:
    things: dict[tuple[str | None, _Thing], list[Trace]] = {}
    for row in rows:
        if row.count is not None:
            things.setdefault((row.line, _account(row)), []).append(row)
    found = [_line(line, done, held=thing in held) for (line, thing), done in things.items()]
    return tuple(sorted(found, key=_order))


def _line(line: str | None, done: list[Trace], *, held: bool) -> Line:
    units: dict[str, int] = {}
    for row in done:
        units[row.task or ""] = units.get(row.task or "", 0) + (row.count or 0)
    if done[0].serial is not None and "COUNT" in units:  # one piece, though two stations or a restart let it be shown
        units["COUNT"] = max(row.count or 0 for row in done if row.task == "COUNT")
    first = done[0]
    return Line(line, first.owner, first.di, first.lot, first.serial, first.expires, units, held)


def _order(each: Line) -> tuple[int, str, str, str, str]:
    """Lines by their number, those without one last."""
    number = int(each.line) if each.line is not None and each.line.isdecimal() else 1 << 31
    return number, each.line or "", each.di or "", each.lot or "", each.serial or ""


def _alone(rows: Iterable[Trace], changes: Iterable[Step]) -> bool:
    """Two who verify each other's lines are two persons; whoever verified the whole document verified every line."""
    hands: dict[tuple[str | None, str | None], set[str | None]] = {}
    for row in rows:
        if row.count:
            hands.setdefault((row.line, row.task), set()).add(row.operator)
    of_all = {each.operator for each in changes if each.what == "verified"}
    verified = {line: by | of_all for (line, task), by in hands.items() if task == "VERIFY"}
    return any((by & verified.get(line, of_all)) - {None} for (line, task), by in hands.items() if task == "PICK")


def _who(rows: Iterable[Trace], changes: Iterable[Step], task: str, what: str) -> tuple[str, ...]:
    """Who did it; whoever only tried and was refused did not."""
    done = {row.operator for row in rows if row.task == task and (row.count or task == "RELEASE")}
    found = done | {each.operator for each in changes if each.what == what}
    return tuple(sorted(each for each in found if each is not None))


def remark(row: Trace) -> Remark:
    """What was said of an item."""
    return Remark(
        what=row.reason or row.outcome,
        line=row.line,
        di=row.di,
        lot=row.lot,
        serial=row.serial,
        units=row.count,
        at=row.earliest or row.at,
        station=row.station,
        operator=row.operator,
        reasons=row.reasons,
    )
