"""Recalls, stop-use orders and holds of a site: their form, and the exact bytes that are signed.

An order is JSON in one exact form, so that one order has one sequence of bytes. Pure; how it crosses the site stands in
`edge.catalog.notices`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from edge.catalog.product import LotRange, Order

SCHEMA = 1
SIGNERS = 2
"""So many authorities with keys of their own have to say it: to publish an order and to withdraw it alike."""
KINDS = ("recall", "stop_use", "hold")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""An order's number: it is the last level of a topic, too."""
MOST_VERSION = 2**31 - 1
MOST_TEXT = 200
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_GTIN_LENGTHS = (8, 12, 13, 14)


class OrderError(ValueError):
    """What is no order, or none that may be taken; the text says why and nothing of it may be used."""


@dataclass(frozen=True, slots=True)
class SiteOrder:
    """An order with what its life at a site needs."""

    order: Order
    version: int
    """Counts up from 1; the highest one counts."""
    issued: str
    """When it was drafted, UTC as on the wire."""
    authority: str
    """Whose order it is and under which number, in words."""
    ends: date | None = None
    """The last day on which it holds; None: until it is withdrawn."""
    withdrawn: bool = False

    def holds(self, today: date | None) -> bool:
        """Whether it is in force; a station that does not know the day (None) does not let it end."""
        return not self.withdrawn and (self.ends is None or today is None or today <= self.ends)


def encode(said: SiteOrder) -> bytes:
    """The exact bytes to sign.

    Raises:
        OrderError: with everything that is wrong with it.
    """
    wrong = list(problems(said))
    if wrong:
        raise OrderError("; ".join(wrong))
    order = said.order
    return dump(
        {
            "schema": SCHEMA,
            "id": order.order,
            "version": said.version,
            "kind": order.kind,
            "withdrawn": said.withdrawn,
            "issued": said.issued,
            "ends": iso_day(said.ends),
            "authority": said.authority,
            "dis": list(order.dis),
            "lots": [[each.first, each.last] for each in order.lots],
            "serials": list(order.serials),
            "made": [iso_day(order.made_from), iso_day(order.made_to)],
            "expires": [iso_day(order.expires_from), iso_day(order.expires_to)],
        }
    )


def decode(body: bytes) -> SiteOrder:
    """An order from exactly the bytes that `encode` gives for it.

    Raises:
        OrderError: any other bytes.
    """
    data = read_object(body, "an order")
    try:
        order = Order(
            data["id"],
            data["kind"],
            _texts(data["dis"]),
            tuple(LotRange(first, last) for first, last in data["lots"]),
            _texts(data["serials"]),
            *(_day(each) for name in ("made", "expires") for each in _pair(data[name])),
        )
        said = SiteOrder(
            order, data["version"], data["issued"], data["authority"], _day(data["ends"]), data["withdrawn"]
        )
        same = encode(said) == body
    except OrderError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OrderError(f"not an order of schema {SCHEMA}: {type(error).__name__}: {error}"[:MOST_TEXT]) from None
    if not same:
        raise OrderError(f"not an order of schema {SCHEMA} in its one exact form")
    return said


def withdrawal(said: SiteOrder, *, version: int, issued: str, ends: date | None) -> SiteOrder:
    """The order that takes another one back."""
    return replace(said, version=version, issued=issued, ends=ends, withdrawn=True)


def di_key(di: str) -> str:
    """How a DI is compared: GTINs of 8, 12 and 13 digits as 14."""
    return di.zfill(14) if len(di) in _GTIN_LENGTHS and di.isascii() and di.isdigit() else di


def problems(said: SiteOrder) -> Iterator[str]:
    """What is wrong with an order: the value, and what was expected."""
    order = said.order
    if not (isinstance(order.order, str) and NAME.fullmatch(order.order)):
        yield f"id {order.order!r}: expected 1 to 64 letters, digits, dots, hyphens and underscores"
    if isinstance(said.version, bool) or not isinstance(said.version, int) or not 1 <= said.version <= MOST_VERSION:
        yield f"version {said.version!r}: expected a whole number from 1"
    if order.kind not in KINDS:
        yield f"kind {order.kind!r}: expected one of {', '.join(KINDS)}"
    if not isinstance(said.withdrawn, bool):
        yield f"withdrawn {said.withdrawn!r}: expected true or false"
    if not _is_instant(said.issued):
        yield f"issued {said.issued!r}: expected UTC such as 2026-11-22T08:15:02.123456Z"
    if not order.dis:
        yield "no DI: expected at least one"
    named = [("authority", said.authority), *(("DI", di) for di in order.dis), *(("serial", s) for s in order.serials)]
    yield from (f"{what} {value!r}: {_TEXT}" for what, value in named if not _is_text(value))
    yield from _wrong_ranges(order)


_TEXT = f"expected a text of 1 to {MOST_TEXT} printable characters, with no space at its ends"


def _wrong_ranges(order: Order) -> Iterator[str]:
    for lot in order.lots:
        if not (_is_text(lot.first) and _is_text(lot.last)):
            yield f"lot {(lot.first, lot.last)!r}: {_TEXT}"
        elif len(lot.first) != len(lot.last) or lot.first > lot.last:
            yield f"lots {lot.first}..{lot.last}: expected two lots of one length, the smaller one first"
    for what, first, last in (
        ("made", order.made_from, order.made_to),
        ("expires", order.expires_from, order.expires_to),
    ):
        if first is not None and last is not None and first > last:
            yield f"{what} {first}..{last}: expected the earlier day first"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT and value.isprintable() and value == value.strip()


def _is_instant(value: object) -> bool:
    if not (isinstance(value, str) and _INSTANT.fullmatch(value)):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def read_object(data: bytes, what: str) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        OrderError: anything else.
    """
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise OrderError(f"not {what}: expected JSON in UTF-8, found {data[:40]!r}") from None
    if not isinstance(found, dict):
        raise OrderError(f"not {what}: expected a JSON object, found {data[:40]!r}")
    return found


def _texts(value: Sequence[Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return tuple(value)


def _pair(value: Any) -> tuple[Any, Any]:
    first, last = _texts(value)
    return first, last


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def iso_day(day: date | None) -> str | None:
    """A day as text."""
    return None if day is None else day.isoformat()


def dump(data: Mapping[str, Any]) -> bytes:
    """JSON without spaces, keys in the order given."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
