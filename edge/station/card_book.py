"""Control cards at the station."""

from __future__ import annotations

from collections.abc import Iterable

from edge.cards import Card, CardError, read_card
from edge.sign import Authority
from edge.station.context import CardRefused


class CardBook:
    """Reads cards."""

    def __init__(self, authorities: Iterable[Authority]) -> None:
        """Begin."""
        self._authorities = tuple(authorities)

    def read(self, text: str) -> Card | CardRefused:
        """What a card says."""
        try:
            return read_card(text, self._authorities)
        except CardError:
            return CardRefused("card_forged")
