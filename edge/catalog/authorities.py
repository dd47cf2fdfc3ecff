"""``[[authority]]`` of a station's or a hub's file: whose word counts here, and for what."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from edge.catalog.orders import SIGNERS
from hardware.host.toml import Problem

if TYPE_CHECKING:
    from edge.sign import Authority


def _is_key(value: str) -> bool:
    from edge.sign import is_public_key  # noqa: PLC0415 - 30 ms, and most commands have no [[authority]] to check

    return is_public_key(value)


def _can_stand_on_a_card(name: str) -> bool:
    from edge.sign import CARD_NAME  # noqa: PLC0415 - see `_is_key`

    return CARD_NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class AuthorityTable:
    """One ``[[authority]]``."""

    name: str = field(metadata={"check": bool, "expected": "a text that is not empty"})
    public_key: str = field(
        metadata={"check": _is_key, "expected": "an Ed25519 public key in base64, as `udi-hub recall key` prints it"}
    )
    may: tuple[Literal["order", "catalogue", "cards", "document", "bindings"], ...] = field(
        metadata={"check": bool, "expected": 'at least one of "order", "catalogue", "cards", "document", "bindings"'}
    )


def wrong(tables: Sequence[AuthorityTable]) -> Iterable[Problem]:
    """What only all of them together can tell."""
    for what, values in (("name", [each.name for each in tables]), ("public_key", [_key(each) for each in tables])):
        for number, value in enumerate(values):
            if value in values[:number]:
                shown = tables[number].name if what == "name" else tables[number].public_key
                yield _problem(f"authority[{number}].{what}", shown, f"a {what} that no other [[authority]] has")
    for number, each in enumerate(tables):
        if "cards" in each.may and not _can_stand_on_a_card(each.name):
            expected = 'up to 30 of A-Z 0-9 . -, because it may sign "cards" and is printed on them'
            yield _problem(f"authority[{number}].name", each.name, expected)
    able = [each.name for each in tables if "order" in each.may]
    if 0 < len(able) < SIGNERS:
        expected = f"{SIGNERS} [[authority]] that may sign an order, or none: each order is signed by {SIGNERS}"
        yield _problem("authority", able, expected)


def authorities(tables: Sequence[AuthorityTable]) -> tuple[Authority, ...]:
    """As `edge.sign` takes them."""
    from edge.sign import Authority  # noqa: PLC0415 - see `_is_key`

    return tuple(Authority(each.name, base64.b64decode(each.public_key), frozenset(each.may)) for each in tables)


def _key(table: AuthorityTable) -> bytes:
    return base64.b64decode(table.public_key)


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
