"""Cards and badges that the hub printed: each with a number of its own, and which of them count no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from edge.cards import Card, CardKind
from edge.hub.tables import card, card_notice
from edge.revocation import Revoked, revoke

_LETTER = {CardKind.CASE: "C", CardKind.EMERGENCY: "E"}


class CardStoreError(ValueError):
    """What cannot be done with printed cards, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A card to print."""

    kind: CardKind
    value: str = ""
    """Empty for case and emergency cards: their value is the card's own number."""
    rights: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A card that was printed once."""

    number: str
    kind: str
    value: str
    rights: str
    printed: str
    revoked: str | None


def issue(connection: Connection, wanted: Iterable[Wanted], printed: str) -> list[Card]:
    """Give each card the next number; no number is given twice, also if the paper is never printed.

    Raises:
        ValueError: a card cannot say this; nothing is kept.
    """
    last = connection.execute(select(func.max(card.c.number))).scalar() or 0
    made = [_numbered(each, number) for number, each in enumerate(wanted, last + 1)]
    rows = [
        {"number": number, "kind": each.kind, "value": each.value, "rights": each.rights, "printed": printed}
        for number, each in enumerate(made, last + 1)
    ]
    if rows:
        connection.execute(insert(card), rows)
    return made


def listed(connection: Connection) -> list[Printed]:
    """Every card that was printed, by its number."""
    rows = connection.execute(select(card).order_by(card.c.number))
    return [Printed(_text(row.number), row.kind, row.value, row.rights, row.printed, row.revoked) for row in rows]


def take_back(
    connection: Connection, numbers: Sequence[str], staff: Sequence[str], at: tuple[str, int], signer: tuple[str, bytes]
) -> Revoked:
    """Revoke cards, and sign the list of all revoked ones as its next version.

    Args:
        connection: of the store.
        numbers: the cards' own numbers.
        staff: staff numbers of which every badge is meant.
        at: the time as text in UTC, and in seconds; a version is never lower, so that a restored store goes on above.
        signer: name and private key of an authority for cards.

    Raises:
        CardStoreError: no such card was printed; nothing is kept.
    """
    meant = {*numbers, *_badges(connection, staff)}
    known = {_text(number): number for number in connection.execute(select(card.c.number)).scalars()}
    if missing := sorted(meant - known.keys()):
        raise CardStoreError(f"no card {', '.join(missing)} was printed here: see udi-hub cards list")
    ids = [known[each] for each in meant]
    text, seconds = at
    connection.execute(update(card).where(card.c.number.in_(ids), card.c.revoked.is_(None)).values(revoked=text))
    gone = connection.execute(select(card.c.number).where(card.c.revoked.is_not(None))).scalars()
    last = connection.execute(select(func.max(card_notice.c.version))).scalar() or 0
    by, key = signer
    made = revoke(map(_text, gone), max(last + 1, seconds), key, by)
    connection.execute(insert(card_notice).values(version=made.version, payload=made.encode()))
    return made


def newest_notice(connection: Connection) -> bytes | None:
    """The list that counts, as it crosses the site; None: nothing was ever revoked."""
    query = select(card_notice.c.payload).order_by(card_notice.c.version.desc()).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else bytes(found)


def _numbered(wanted: Wanted, number: int) -> Card:
    letter = _LETTER.get(wanted.kind)
    value = wanted.value if letter is None else letter + _text(number)
    return Card(wanted.kind, value, _text(number), wanted.rights)


def _badges(connection: Connection, staff: Sequence[str]) -> list[str]:
    found: list[str] = []
    for each in staff:
        query = select(card.c.number).where(card.c.kind == CardKind.OPERATOR, card.c.value == each)
        numbers = connection.execute(query).scalars().all()
        if not numbers:
            raise CardStoreError(f"no badge of {each!r} was printed here: see udi-hub cards list")
        found += map(_text, numbers)
    return found


def _text(number: int) -> str:
    return f"{number:06}"
