"""What was booked under a document: a row for each line and full UDI, for ERP, WMS or SPD; only what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from edge.catalog import cells
from edge.catalog.columns import Column, Form
from edge.hub.counting import counts
from edge.hub.tables import document_line, restamp, scan

MOVES = Form(
    "moves",
    tuple(
        Column(name, (title,), cells.text)
        for name, title in (
            ("document", "单据号"),
            ("line", "行号"),
            ("task", "业务"),
            ("di", "产品标识"),
            ("lot", "批号"),
            ("serial", "序列号"),
            ("made", "生产日期"),
            ("expires", "有效期至"),
            ("count", "数量"),
            ("issuer", "发码机构"),
            ("item", "物资编码"),
            ("name", "产品名称"),
            ("house_code", "院内码"),
            ("counterparty", "往来单位"),
            ("owner", "货主"),
            ("place", "地点"),
            ("operators", "操作人"),
            ("first_at", "首次时间"),
            ("last_at", "末次时间"),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What was booked, for which line, as what. Parts of the UDI are None where the package had none."""

    document: str
    line: int | str | None
    """As the station took it; None: it knew no line for it."""
    item: str | None
    """Item code and name are those of the document's line."""
    name: str | None
    task: str | None
    issuer: str | None
    di: str | None
    lot: str | None
    serial: str | None
    made: date | None
    expires: date | None
    house_code: str | None
    counterparty: str | None
    owner: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """A thing with how many sale units of it were booked."""

    thing: Thing
    count: int
    operators: tuple[str, ...]
    first_at: str
    """UTC as on the wire; the hub's word where the station did not know the time."""
    last_at: str

    def row(self) -> dict[str, Any]:
        """By the columns of `MOVES`."""
        found = {name: getattr(self.thing, name) for name in Thing.__slots__}
        told = {"count": self.count, "operators": "、".join(self.operators)}
        return {**found, **told, "first_at": _local(self.first_at), "last_at": _local(self.last_at)}

    @property
    def day(self) -> date:
        """The local day of its last scan."""
        return datetime.fromisoformat(self.last_at).astimezone().date()


def moves(connection: Connection, *, document: str | None = None, since: str | None = None) -> list[Move]:
    """What was booked under documents, by document, line and time.

    Args:
        connection: a reading transaction.
        document: only this one.
        since: only scans from this time on by the stations' clocks, UTC as on the wire.
    """
    found: dict[Thing, Move] = {}
    for thing, count, operator, at in _booked(connection, document, since):
        by = () if operator is None else (operator,)
        former = found.get(thing, Move(thing, 0, (), at, at))
        operators = tuple(dict.fromkeys((*former.operators, *by)))
        total = max(former.count, count) if _once(thing) else former.count + count
        found[thing] = Move(thing, total, operators, min(former.first_at, at), max(former.last_at, at))
    return sorted(found.values(), key=_order)


def _once(thing: Thing) -> bool:
    """A piece counts once in a stock-take, though two stations or a restart let it be shown again."""
    return thing.task == "COUNT" and thing.serial is not None


def _order(move: Move) -> tuple[str, bool, int, str, str]:
    line = move.thing.line
    numbered = isinstance(line, int)
    return move.thing.document, not numbered, line if isinstance(line, int) else 0, str(line), move.first_at


def _booked(
    connection: Connection, document: str | None, since: str | None
) -> Iterator[tuple[Thing, int, str | None, str]]:
    query = (
        select(scan, restamp.c.latest)
        .outerjoin(restamp, restamp.c.event_id == scan.c.event_id)
        .where(scan.c.document.is_not(None), scan.c["count"] > 0, counts(), *_asked(document, since))
        .order_by(scan.c.at, scan.c.event_id)
    )
    lines = _lines(connection, query)
    for row in connection.execute(query):
        yield _thing(row, lines), row._mapping["count"], row.operator, row.latest or row.at  # noqa: SLF001 - Row's public mapping


def _lines(connection: Connection, of: Select[Any]) -> dict[tuple[str, int], tuple[str | None, str]]:
    """Item code and name by document and line, of the documents in question."""
    c = document_line.c
    idents = of.with_only_columns(scan.c.document).order_by(None).distinct()
    query = select(c.ident, c.number, c.item, c.name).where(c.ident.in_(idents))
    return {(row.ident, row.number): (row.item, row.name) for row in connection.execute(query)}


def _asked(document: str | None, since: str | None) -> Iterator[ColumnElement[bool]]:
    if document is not None:
        yield scan.c.document == document
    if since is not None:
        yield scan.c.at >= since


def _thing(row: Any, lines: Mapping[tuple[str, int], tuple[str | None, str]]) -> Thing:
    line = int(row.line) if row.line is not None and row.line.isdecimal() else row.line
    item, name = lines.get((row.document, line), (None, None)) if isinstance(line, int) else (None, None)
    return Thing(
        document=row.document,
        line=line,
        item=item,
        name=name,
        task=row.task,
        issuer=row.issuer,
        di=row.di,
        lot=row.lot,
        serial=row.serial,
        made=_day(row.manufactured),
        expires=_day(row.expires),
        house_code=row.house_code,
        counterparty=row.counterparty,
        owner=row.owner,
        place=row.place,
    )


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().isoformat(timespec="seconds")


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
