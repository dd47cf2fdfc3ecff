"""House codes (院内码) and the UDIs that stations bound to them: which count, which contradict each other.

A binding counts like the scan that made it: one that was taken back or made in practice does not, nor does one that a
person at the hub ended. Of two UDIs for one code neither counts, until one of them no longer does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, insert, select, update

from edge.bindings import Symbol, page_of
from edge.catalog.bindings import as_symbol
from edge.hub.counting import Standing, corrected_by, standing
from edge.hub.tables import binding, binding_end, binding_page, correction, scan, unprojected
from edge.rules.verdict import Outcome, TaskName
from edge.udi.assemble import assemble
from edge.udi.model import Udi
from edge.udi.parse import parse
from edge.udi.read import Read

_DONE = (Outcome.ACCEPTED, Outcome.ATTENTION, Outcome.CHECKED)
"""Outcomes of an act that was done; every other one is of an attempt."""

_AT_ONCE = 500
"""Events of one query."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A house code that was bound."""

    event_id: str
    house_code: str
    trace_key: str
    at: str
    """UTC, by the station's clock."""
    station: str
    operator: str | None
    standing: str
    """A value of `edge.hub.counting.Standing`, or ``ended`` by a person at the hub."""
    until: str | None
    """Since when it does not count any more; None: it counts, or never did."""
    symbol: Symbol

    @property
    def counts(self) -> bool:
        """It is in force."""
        return self.standing == Standing.COUNTS


@dataclass(frozen=True, slots=True)
class Conflict:
    """Several UDIs of one house code at the same time."""

    house_code: str
    bindings: tuple[Binding, ...]
    """Those that overlap, the oldest first."""
    open: bool
    """Two of them still count, so the code counts for none."""


class BindingEndError(ValueError):
    """A binding that cannot be ended."""


def row(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the body of a scan that `edge.hub.projections.project` took says of a binding; None: it binds nothing.

    The parts of the event's UDI do not say how its agency writes them, the reads do.
    """
    code, said = data.get("house_code"), data.get("udi")
    done = (data.get("verdict") or {}).get("outcome") in _DONE
    if data.get("task") != TaskName.BIND or not code or not said or not done:
        return None
    key, today = said.get("trace_key"), date.fromisoformat(data["at"][:10])
    for udi in _udis(list(_reads(data["reads"], code)), today):
        made = as_symbol(udi, today)
        if made is not None and udi.trace_key == key:
            payload, symbology = made
            found = {
                "house_code": code,
                "page": page_of(code),
                "trace_key": key,
                "payload": payload.decode(),
                "symbology": symbology,
            }
            return {"event_id": data["event_id"], **found}
    return None


def _reads(entries: Iterable[Mapping[str, Any]], code: str) -> Iterator[Read]:
    """The package's symbols: without the house code, without what was cut."""
    for entry in entries:
        try:
            payload = base64.b64decode(entry["bytes"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            continue
        symbology = entry.get("symbology")
        if payload and payload != code.encode() and "length" not in entry and isinstance(symbology, str | None):
            yield Read(payload, symbology, "scanner", 0)


def _udis(reads: Sequence[Read], today: date) -> Iterator[Udi]:
    """What the symbols may say: each alone, then all together, as they were joined at the station."""
    for read in reads:
        alone = parse(read.payload, read.symbology, today=today)
        if isinstance(alone, Udi):
            yield alone
    joined = assemble(reads, today=today, joined_by_time=True).udi
    if joined is not None:
        yield joined


def listed(connection: Connection, house_code: str | None = None) -> list[Binding]:
    """Every binding, by house code and time; of one code only where one is given."""
    query = _query() if house_code is None else _query().where(binding.c.house_code == house_code)
    rows = connection.execute(query).all()
    ends = _ends(connection)
    return [
        Binding(
            each.event_id,
            each.house_code,
            each.trace_key,
            each.at,
            each.station,
            each.operator,
            "ended" if each.standing == Standing.COUNTS and each.ended is not None else each.standing,
            each.ended or ends.get(each.corrected_by),
            Symbol(each.payload.encode(), each.symbology),
        )
        for each in rows
    ]


def _ends(connection: Connection) -> dict[str, str]:
    """When corrections of bindings, and scans in their place, happened."""
    found: dict[str, str] = {}
    for table in (correction, scan):
        query = select(table.c.event_id, table.c.at).where(_about_binding(table.c.corrects))
        found |= {row.event_id: row.at for row in connection.execute(query)}
    return found


def _query() -> Select[Any]:
    return (
        select(
            binding,
            scan.c.at,
            scan.c.station,
            scan.c.operator,
            standing().label("standing"),
            corrected_by().label("corrected_by"),
            binding_end.c.at.label("ended"),
        )
        .join(scan, scan.c.event_id == binding.c.event_id)
        .outerjoin(binding_end, binding_end.c.event_id == binding.c.event_id)
        .order_by(binding.c.house_code, scan.c.at, binding.c.event_id)
    )


def conflicts(bindings: Iterable[Binding]) -> list[Conflict]:
    """The house codes that were bound to several UDIs at the same time, among bindings ordered by their codes."""
    found = []
    for code, group in groupby(bindings, lambda each: each.house_code):
        known = [each for each in group if each.standing != "training"]
        pairs = [pair for pair in combinations(known, 2) if _overlap(*pair)]
        if pairs:
            among = {each.event_id for pair in pairs for each in pair}
            still = any(one.counts and other.counts for one, other in pairs)
            found.append(Conflict(code, tuple(each for each in known if each.event_id in among), still))
    return found


def _overlap(one: Binding, other: Binding) -> bool:
    """Two UDIs; `one` is not the later of the two."""
    if one.trace_key == other.trace_key:
        return False
    return one.until is None or one.until > other.at


def told(connection: Connection, page: str) -> dict[str, Symbol | None]:
    """What stations are to be told of the codes of a page; one in conflict stands there without a UDI."""
    counting = (binding.c.page == page, standing() == Standing.COUNTS, binding_end.c.event_id.is_(None))
    found: dict[str, Symbol | None] = {}
    keys: dict[str, str] = {}
    for each in connection.execute(_query().where(*counting)):
        code, key = each.house_code, each.trace_key
        one = keys.setdefault(code, key) == key and (code not in found or found[code] is not None)
        found[code] = (found.get(code) or Symbol(each.payload.encode(), each.symbology)) if one else None
    return found


def end(connection: Connection, event_id: str, at: str) -> None:
    """A person at the hub says that a binding does not hold.

    Raises:
        BindingEndError: there is no such binding, or it does not count as it is.
    """
    found = next((each for each in listed(connection) if each.event_id == event_id), None)
    if found is None:
        raise BindingEndError(f"no binding {event_id}: see udi-hub bindings list")
    if not found.counts:
        raise BindingEndError(f"binding {event_id} of {found.house_code} does not count: it is {found.standing}")
    connection.execute(insert(binding_end).values(event_id=event_id, at=at))
    touch(connection, [event_id])


def touch(connection: Connection, events: Iterable[str]) -> None:
    """Something became of these events: pages with their bindings may have to be told anew."""
    pages: set[str] = set()
    for some in _some(events):
        pages.update(connection.execute(select(binding.c.page).where(binding.c.event_id.in_(some))).scalars())
    c = binding_page.c
    for page in sorted(pages):
        if connection.execute(update(binding_page).where(c.page == page).values(number=c.number + 1)).rowcount == 0:
            connection.execute(insert(binding_page).values(page=page, number=1))


def _some(events: Iterable[str]) -> Iterator[list[str]]:
    left = iter(events)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def changes(connection: Connection) -> dict[str, int] | None:
    """How often each page changed; None while the hub has not read all that it has."""
    if connection.execute(select(exists(select(unprojected.c.inbox_id)))).scalar():
        return None
    return {row.page: row.number for row in connection.execute(select(binding_page))}


def _about_binding(corrects: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(corrects.is_not(None), corrects.in_(select(binding.c.event_id)))
