"""销售出库单 and 随货同行单: what left under a shipment, each line with its UDI; refused where one lacks it.

Which scans count: those of SHIP; before that, of VERIFY, else of PICK, so that the papers can be printed before the
goods leave. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from edge.catalog import cells
from edge.catalog.columns import Column, Form
from edge.catalog.nhsa import codes_in_force
from edge.catalog.orders import di_key
from edge.catalog.product import Product
from edge.documents import Document, DocumentKind, Line
from edge.hub.documents.moves import Move

STAGES = ("SHIP", "VERIFY", "PICK")

_TITLES = {
    "document": "单据号",
    "supplier": "供货单位",
    "counterparty": "购货单位",
    "owner": "货主",
    "shipped": "出库日期",
    "line": "行号",
    "name": "产品名称",
    "model": "规格型号",
    "registrant": "注册人",
    "certificate": "注册证号",
    "di": "产品标识(UDI-DI)",
    "lot": "批号",
    "serial": "序列号",
    "made": "生产日期",
    "expires": "有效期至",
    "quantity": "数量",
    "nhsa": "医保编码",
    "storage": "储运条件",
    "operators": "操作人",
}


def _form(name: str, without: Sequence[str]) -> Form:
    kept = {column: title for column, title in _TITLES.items() if column not in without}
    return Form(name, tuple(Column(column, (title,), cells.text) for column, title in kept.items()))


SHIPPING = _form("shipping", ("storage", "supplier"))
"""销售出库单."""
NOTE = _form("note", ("operators",))
"""随货同行单: goes with the goods, so it names the supplier and how to carry and keep them."""

Lookup = Callable[[str], Product | None]


class ShippingError(ValueError):
    """What cannot go on a shipping document, a line for each; nothing was written."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The rows of both documents."""

    rows: tuple[Mapping[str, Any], ...]
    short: tuple[str, ...]
    """Lines of which less left than was ordered, in words."""


def papers(
    said: Document,
    found: Iterable[Move],
    lookup: Lookup,
    today: date,
    supplier: str | None = None,
    *,
    one_person: bool = False,
) -> Papers:
    """Make both documents of one shipment.

    Args:
        said: the shipment.
        found: what was booked under it.
        lookup: a product with what the site knows of it.
        today: decides which 医保 code is in force.
        supplier: who delivers.
        one_person: also where whoever picked a line verified it; the site answers for that.

    Raises:
        ShippingError: it is no shipment, nothing left, a line that has to carry a UDI lacks one, or one person picked
            and verified it; names each line.
    """
    if said.kind is not DocumentKind.SHIPMENT:
        raise ShippingError(f"document {said.ident} is a {said.kind}: expected a shipment")
    found = list(found)
    left = _of_last_stage(found)
    if not left:
        raise ShippingError(f"document {said.ident}: nothing was scanned under it in {', '.join(STAGES)}")
    by_line, strange = _assigned(said, left)
    wrong = [*strange, *(why for line in said.lines for why in _lacking(line, by_line[line.number], lookup))]
    if not one_person:
        wrong += _alone(said, found)
    if wrong:
        raise ShippingError("\n".join(f"document {said.ident}, {why}" for why in wrong))
    rows = [
        _row(said, line, move, lookup, today) | {"supplier": supplier}
        for line in said.lines
        for move in by_line[line.number]
    ]
    return Papers(tuple(rows), tuple(_short(said, by_line)))


def _alone(said: Document, found: Sequence[Move]) -> Iterator[str]:
    """同一人拣货复核: at two stations, for one station does not let it happen."""
    picked, verified = (_hands(said, found, task) for task in ("PICK", "VERIFY"))
    for line in said.lines:
        both = picked[line.number] & verified[line.number]
        if both:
            who = "、".join(sorted(both))
            yield (
                f"line {line.number}, {line.name}: picked and verified by the same person, {who} (同一人拣货复核): "
                "expected two; let somebody else verify it, or export with --one-person"
            )


def _hands(said: Document, found: Sequence[Move], task: str) -> dict[int, set[str]]:
    by_line, _ = _assigned(said, (move for move in found if move.thing.task == task))
    return {number: {who for move in moves for who in move.operators} for number, moves in by_line.items()}


def _of_last_stage(found: Iterable[Move]) -> list[Move]:
    moves = list(found)
    stage = next((stage for stage in STAGES if any(move.thing.task == stage for move in moves)), None)
    return [move for move in moves if stage is not None and move.thing.task == stage]


def _assigned(said: Document, left: Iterable[Move]) -> tuple[dict[int, list[Move]], list[str]]:
    """What left by its line: the station's word for it, else the only line of this product."""
    by_line: dict[int, list[Move]] = {line.number: [] for line in said.lines}
    strange = []
    for move in left:
        number = move.thing.line
        if number not in by_line:
            lines = [line.number for line in said.lines if _is_of(line, move)]
            number = lines[0] if len(lines) == 1 and number is None else None
        if isinstance(number, int):
            by_line[number].append(move)
        else:
            strange.append(f"no line for DI {move.thing.di}, line {move.thing.line}: expected a line of this document")
    return by_line, strange


def _is_of(line: Line, move: Move) -> bool:
    thing = move.thing
    same = line.di is not None and thing.di is not None and di_key(line.di) == di_key(thing.di)
    return same and line.lot in (None, thing.lot)


def _lacking(line: Line, left: Sequence[Move], lookup: Lookup) -> Iterator[str]:
    """A document that does not say whether a line has to carry a UDI means that it has to."""
    if line.in_scope is False:
        return
    without = sum(move.count for move in left if not _has_udi(move, lookup))
    where = f"line {line.number}, {line.name} ({line.di or line.item})"
    if not left:
        yield f"{where}: no UDI of it was scanned; expected {line.quantity}"
    elif without:
        of = sum(move.count for move in left)
        yield f"{where}: {without} of {of} have no UDI, or half of one: scan them, or take them out"


def _has_udi(move: Move, lookup: Lookup) -> bool:
    thing = move.thing
    if thing.di is None or thing.lot is not None or thing.serial is not None:
        return thing.di is not None
    product = lookup(thing.di)
    return product is None or not (product.pi.lot or product.pi.serial)


def _short(said: Document, by_line: Mapping[int, Sequence[Move]]) -> Iterator[str]:
    for line in said.lines:
        count = sum(move.count for move in by_line[line.number])
        if count != line.quantity:
            yield f"document {said.ident}, line {line.number}, {line.name}: {count} of {line.quantity}"


def _row(said: Document, line: Line, move: Move, lookup: Lookup, today: date) -> dict[str, Any]:
    thing = move.thing
    di = thing.di or line.di
    product = None if di is None else lookup(di)
    return {
        "document": said.ident,
        "counterparty": said.counterparty,
        "owner": said.owner,
        "shipped": move.day,
        "line": line.number,
        "name": line.name if product is None else product.name,
        "di": thing.di,
        "lot": thing.lot,
        "serial": thing.serial,
        "made": thing.made,
        "expires": thing.expires,
        "quantity": move.count,
        "operators": "、".join(move.operators),
        "storage": line.storage,
        **({} if product is None else _of_product(product, line, today)),
    }


def _of_product(product: Product, line: Line, today: date) -> dict[str, Any]:
    certificate = product.certificate
    return {
        "model": product.model,
        "registrant": product.registrant,
        "certificate": None if certificate is None else certificate.number,
        "nhsa": "、".join(sorted(codes_in_force(product.nhsa, today))),
        "storage": line.storage or "、".join(each.condition for each in product.storage),
    }
