"""Documents as hub and stations know them: what is to arrive, leave, be handed out or come back, line by line.

A document is JSON in one exact form, so that one version has one sequence of bytes to sign. Pure; how it crosses the
site stands in `edge.document_notices`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A document's number: it is printed as a code, the last level of a topic and the name of a file, too."""
MOST_LINES = 2_000
MOST_QUANTITY = 1_000_000
MOST_SERIALS = 10_000
"""Of all lines together."""
MOST_VERSION = 2**31 - 1
MOST_TEXT = 200
T = TypeVar("T")


class DocumentError(ValueError):
    """What is no document; the text names the field, its value and what was expected."""


class DocumentKind(StrEnum):
    """What happens to the goods; the value is the name on the wire."""

    RECEIPT = "receipt"
    """到货: a purchase order, an ASN or a delivery note."""
    SHIPMENT = "shipment"
    """销售出库."""
    ISSUE = "issue"
    """领用: to a ward."""
    RETURN = "return"
    """退货 or 退库."""
    KIT = "kit"
    """外来器械清单: what a loaner kit holds."""
    COUNT = "count"
    """盘点: what ought to be there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; it names its product by DI, by the site's own item code, or by both."""

    number: int
    """From 1, as the document counts; each number once."""
    name: str
    """For people."""
    quantity: int
    """Sale units."""
    di: str | None = None
    """A GTIN with 14 digits, or another agency's."""
    item: str | None = None
    """The item code of ERP, WMS or SPD."""
    lot: str | None = None
    """None: any lot will do."""
    serials: tuple[str, ...] = ()
    """As announced (ASN): empty, or one for each sale unit. A code in `sscc` or `box` stands for all of them."""
    sscc: str | None = None
    """The logistic unit that holds the line."""
    box: str | None = None
    """Another code on the carton that holds the line."""
    in_scope: bool | None = None
    """Whether it has to carry a UDI; None: the document does not say, the catalogue and the rules do."""
    made: date | None = None
    """Production date; asked where a UDI is missing."""
    storage: str | None = None
    """As the document says it, such as 2-8℃."""


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document."""

    ident: str
    """Its number, see `NAME`."""
    kind: DocumentKind
    counterparty: str | None
    """Supplier, customer or ward."""
    owner: str | None
    """货主: whose goods they are, where a third party stores them."""
    lines: tuple[Line, ...]
    version: int = 1
    """Counts up from 1; the highest one counts."""
    expires: date | None = None
    """The last day on which work under it may begin; None: until it is closed."""

    def line(self, number: int) -> Line | None:
        """The line of this number."""
        return next((line for line in self.lines if line.number == number), None)

    def expired(self, today: date | None) -> bool:
        """Whether its last day is over; a station that does not know the day (None) does not let it end."""
        return self.expires is not None and today is not None and today > self.expires


def encode(said: Document) -> bytes:
    """The exact bytes to sign.

    Raises:
        DocumentError: with everything that is wrong with it.
    """
    wrong = list(problems(said))
    if wrong:
        raise DocumentError("; ".join(wrong))
    told = {
        "schema": SCHEMA,
        "id": said.ident,
        "version": said.version,
        "kind": said.kind.value,
        "counterparty": said.counterparty,
        "owner": said.owner,
        "expires": _iso(said.expires),
        "lines": [_told(line) for line in said.lines],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes) -> Document:
    """A document from exactly the bytes that `encode` gives for it.

    Raises:
        DocumentError: any other bytes.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise DocumentError(f"not a document: expected JSON in UTF-8, found {body[:40]!r}") from None
    _demand_keys(data, _KEYS, "the document")
    if data["schema"] != SCHEMA or not isinstance(data["lines"], list):
        raise DocumentError(f"not a document of schema {SCHEMA} with a list of lines")
    said = Document(
        ident=data["id"],
        kind=_kind(data["kind"]),
        counterparty=data["counterparty"],
        owner=data["owner"],
        lines=tuple(_line(line, f"lines[{at}]") for at, line in enumerate(data["lines"])),
        version=data["version"],
        expires=_day(data["expires"], "expires"),
    )
    if encode(said) != body:
        raise DocumentError(f"not a document of schema {SCHEMA} in its one exact form")
    return said


def problems(said: Document) -> Iterator[str]:
    """What is wrong with a document: the field, its value, and what was expected."""
    wrong = list(_wrong_fields(said))
    yield from wrong or _repeated(said)


def _wrong_fields(said: Document) -> Iterator[str]:
    if not (isinstance(said.ident, str) and NAME.fullmatch(said.ident)):
        yield f"id {said.ident!r}: expected 1 to 64 letters, digits, dots, hyphens and underscores"
    if not _is_number(said.version, MOST_VERSION):
        yield f"version {said.version!r}: expected a whole number from 1"
    for name in ("counterparty", "owner"):
        value = getattr(said, name)
        if not (value is None or _is_text(value)):
            yield f"{name} {value!r}: {_TEXT}"
    if not 1 <= len(said.lines) <= MOST_LINES:
        yield f"lines: {len(said.lines)} of them, expected 1 to {MOST_LINES}: make several documents of it"
    for at, line in enumerate(said.lines):
        yield from (f"lines[{at}].{problem}" for problem in _wrong(line))


def _repeated(said: Document) -> Iterator[str]:
    numbers = [line.number for line in said.lines]
    if len(set(numbers)) < len(numbers):
        yield f"lines: number {_commonest(numbers)!r} stands there twice: expected each number once"
    serials = [(line.di, line.item, serial) for line in said.lines for serial in line.serials]
    if len(serials) > MOST_SERIALS:
        yield f"serials: {len(serials)} of them, expected at most {MOST_SERIALS}: make several documents of it"
    elif len(set(serials)) < len(serials):
        yield f"serials: {_commonest(serials)[2]!r} stands there twice: expected each serial of a product once"


def _commonest(values: list[T]) -> T:
    return Counter(values).most_common(1)[0][0]


def _wrong(line: Line) -> Iterator[str]:
    for name, most in (("number", MOST_LINES * 100), ("quantity", MOST_QUANTITY)):
        value = getattr(line, name)
        if not _is_number(value, most):
            yield f"{name} {value!r}: expected a whole number from 1 to {most}"
    if not _is_text(line.name):
        yield f"name {line.name!r}: {_TEXT}"
    for name in ("di", "item", "lot", "sscc", "box", "storage"):
        value = getattr(line, name)
        if not (value is None or _is_text(value)):
            yield f"{name} {value!r}: {_TEXT}"
    if line.di is None and line.item is None:
        yield "di None: expected a DI, or an item code in item"
    if not (line.in_scope is None or isinstance(line.in_scope, bool)):
        yield f"in_scope {line.in_scope!r}: expected true, false or null"
    yield from (f"serials {serial!r}: {_TEXT}" for serial in line.serials if not _is_text(serial))
    if line.serials and len(line.serials) != line.quantity:
        yield f"serials: {len(line.serials)} of them, expected none or as many as quantity, {line.quantity!r}"


_TEXT = f"expected a text of 1 to {MOST_TEXT} printable characters, with no space at its ends"
_KEYS = ("schema", "id", "version", "kind", "counterparty", "owner", "expires", "lines")
_LINE_KEYS = tuple(each.name for each in fields(Line))


def _told(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(line, name) for name in _LINE_KEYS}
    return {**told, "serials": list(line.serials), "made": _iso(line.made)}


def _line(data: Any, where: str) -> Line:
    _demand_keys(data, _LINE_KEYS, where)
    if not isinstance(data["serials"], list):
        raise DocumentError(f"{where}.serials {data['serials']!r}: expected a list")
    return Line(**{**data, "serials": tuple(data["serials"]), "made": _day(data["made"], f"{where}.made")})


def _demand_keys(data: Any, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(data, Mapping):
        raise DocumentError(f"{where} is {data!r:.40}: expected an object")
    for key in keys:
        if key not in data:
            raise DocumentError(f"{where} has no {key}")
    for key in data:
        if key not in keys:
            raise DocumentError(f"{where} has {key!r:.40}: expected {', '.join(keys)} alone")


def _kind(value: Any) -> DocumentKind:
    try:
        return DocumentKind(value)
    except ValueError:
        raise DocumentError(f"kind {value!r:.40}: expected one of {', '.join(DocumentKind)}") from None


def _day(value: Any, where: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise DocumentError(f"{where} {value!r:.40}: expected a day such as 2027-12-31, or null") from None


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT and value.isprintable() and value == value.strip()
