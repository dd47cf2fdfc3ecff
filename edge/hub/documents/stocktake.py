"""盘点差异: what a stock-take found against what its document expects, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.catalog import cells
from edge.catalog.columns import Column, Form
from edge.documents import Document, DocumentKind, Line
from edge.hub.documents.moves import Move

TASK = "COUNT"
DIFFERENCES = Form(
    "differences",
    tuple(
        Column(name, (title,), cells.text)
        for name, title in (
            ("document", "单据号"),
            ("line", "行号"),
            ("name", "产品名称"),
            ("di", "产品标识"),
            ("item", "物资编码"),
            ("lot", "批号"),
            ("serial", "序列号"),
            ("expected", "账面数量"),
            ("found", "实盘数量"),
            ("difference", "盈亏"),
            ("operators", "操作人"),
        )
    ),
)
"""盘点差异表."""


class StocktakeError(ValueError):
    """What is no stock-take; the text names the document and its kind."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing as expected and as found; equal where it is all there."""

    line: int | None
    """None: on no line."""
    name: str | None
    di: str | None
    item: str | None
    lot: str | None
    serial: str | None
    """One that was announced and not found, or found and not announced; each has a row of its own."""
    expected: int
    """Sale units."""
    found: int
    operators: tuple[str, ...] = ()

    @property
    def difference(self) -> int:
        """Below 0: missing (盘亏); above: more than expected (盘盈)."""
        return self.found - self.expected

    def row(self, document: str) -> Mapping[str, Any]:
        """By the columns of `DIFFERENCES`."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {**told, "document": document, "difference": self.difference, "operators": "、".join(self.operators)}


def differences(said: Document, moves: Iterable[Move]) -> list[Difference]:
    """Every line as expected and as found, then what was found and stands on no line.

    Args:
        said: the stock-take.
        moves: what was booked under it. A serial counts once, however often it was shown.

    Raises:
        StocktakeError: it is no stock-take.
    """
    if said.kind is not DocumentKind.COUNT:
        raise StocktakeError(f"document {said.ident} is a {said.kind}: expected a count (盘点)")
    counted = [move for move in moves if move.thing.task == TASK]
    numbers = {line.number for line in said.lines}
    of = {number: [move for move in counted if move.thing.line == number] for number in numbers}
    lines = [each for line in said.lines for each in _of_line(line, of[line.number])]
    return [*lines, *(_unexpected(move) for move in counted if move.thing.line not in numbers)]


def _of_line(line: Line, counted: Sequence[Move]) -> Iterator[Difference]:
    by = tuple(dict.fromkeys(who for move in counted for who in move.operators))
    strange = [m for m in counted if line.serials and m.thing.serial is not None and m.thing.serial not in line.serials]
    pieces = {move.thing.serial for move in counted} & set(line.serials)
    others = sum(move.count for move in counted if not line.serials or move.thing.serial is None)
    # A box that was counted by its own code holds some of the serials: then nobody knows which one is missing.
    lacking = [] if others else [each for each in line.serials if each not in pieces]
    expected, found = line.quantity - len(lacking), len(pieces) + others
    yield Difference(line.number, line.name, line.di, line.item, line.lot, None, expected, found, by)
    yield from (Difference(line.number, line.name, line.di, line.item, line.lot, each, 1, 0) for each in lacking)
    yield from (_unexpected(move) for move in strange)


def _unexpected(move: Move) -> Difference:
    thing = move.thing
    line = thing.line if isinstance(thing.line, int) else None
    return Difference(line, thing.name, thing.di, thing.item, thing.lot, thing.serial, 0, move.count, move.operators)
