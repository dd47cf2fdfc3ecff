"""Authorities with keys, and orders that they sign."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from edge.catalog.notices import Notice
from edge.catalog.orders import SiteOrder, encode
from edge.catalog.product import LotRange, Order
from edge.sign import Authority, new_key, public_half, sign

DI = "06901234567892"
ISSUED = "2026-11-24T08:00:00.000000Z"
BOTH = ("quality", "director")
KEYS = {name: new_key() for name in (*BOTH, "stranger")}
AUTHORITIES = tuple(Authority(name, public_half(KEYS[name]), frozenset(("order",))) for name in BOTH)
TABLES = "".join(
    f'\n[[authority]]\nname = "{each.name}"\npublic_key = "{base64.b64encode(each.public_key).decode()}"\n'
    'may = ["order"]\n'
    for each in AUTHORITIES
)
"""As they stand in a station's and a hub's file."""


def order(ident: str = "R-1", *lots: str, version: int = 1, dis: Sequence[str] = (DI,), **changed: Any) -> SiteOrder:
    """A recall of a DI; its lots one by one."""
    limits = {name: changed.pop(name) for name in ("serials", "made_from", "made_to", "kind") if name in changed}
    what = Order(ident, limits.pop("kind", "recall"), tuple(dis), tuple(LotRange(lot, lot) for lot in lots), **limits)
    ends: date | None = changed.pop("ends", None)
    return SiteOrder(what, version, ISSUED, "NMPA 2026-12", ends, **changed)


def signed(said: SiteOrder, by: Sequence[str] = BOTH) -> Notice:
    body = encode(said)
    return Notice(said, body, tuple(sign("order", body, by=name, key=KEYS[name]) for name in by))


def payload(ident: str = "R-1", *lots: str, by: Sequence[str] = BOTH, **changed: Any) -> bytes:
    return signed(order(ident, *lots, **changed), by).encode()


def altered(notice: bytes, **changed: Any) -> bytes:
    """The same notice with other words around what was signed."""
    return json.dumps({**json.loads(notice), **changed}, ensure_ascii=False, separators=(",", ":")).encode()
