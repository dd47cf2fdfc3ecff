"""An authority for cards with its key, and what it signs."""

from __future__ import annotations

from edge.cards import Card, CardKind, sign_card
from edge.sign import Authority, new_key, public_half

KEY = new_key()
HUB = Authority("CARDS", public_half(KEY), frozenset({"cards"}))


def text(kind: CardKind = CardKind.TASK, value: str = "CHECK", number: str = "1", rights: str = "") -> str:
    """A signed card."""
    return sign_card(Card(kind, value, number, rights), KEY, HUB.name)
