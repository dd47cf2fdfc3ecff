"""Which cards count at this station: those of its authorities, less the ones that the hub revoked.

The list is kept on the station's card, so that a revoked badge stays one after a start without network. Its signature
is checked when it is taken, not at each start: a key that is replaced must not bring back the cards it revoked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from edge.cards import Card, CardError, CardFault, read_card
from edge.revocation import RevocationError, Revoked, read_revoked
from edge.sign import Authority
from hardware.host.files import replace

log = logging.getLogger(__name__)

FILE = "revoked_cards.json"


class CardBook:
    """Lists are taken by one thread; `read` may be asked by any."""

    def __init__(self, file: Path | None, authorities: Iterable[Authority] = ()) -> None:
        """Read what is kept.

        Args:
            file: where; made with the first list. None: nowhere.
            authorities: whose signatures count here; those that may not sign cards are refused by name.
        """
        self._file = file
        self._authorities = tuple(authorities)
        self._revoked: Revoked | None = None
        self._numbers: frozenset[str] = frozenset()
        self.unwritten = False
        """A list is in force and not on the card."""
        self.problem: str | None = None
        """What was found damaged at the start."""
        self._load()

    @property
    def version(self) -> int:
        """Of the list in force; 0 without one."""
        return 0 if self._revoked is None else self._revoked.version

    def read(self, text: str) -> Card:
        """What a card says.

        Raises:
            CardError: it is none, is not signed as it should be, or is revoked.
        """
        card = read_card(text, self._authorities)
        if card.number in self._numbers:
            raise CardError(CardFault.REVOKED, f"card {card.number} is revoked; hand it in and use another one")
        return card

    def take(self, payload: bytes) -> bool:
        """Take a list; it is in force when this returns, and lasts when `write` has returned.

        Returns:
            Whether it changes something.

        Raises:
            RevocationError: it is not taken, and nothing changed.
        """
        given = read_revoked(payload)
        if given == self._revoked:
            return False
        given.demand_signed(self._authorities)
        if given.version <= self.version:
            raise RevocationError(f"version {given.version}, and version {self.version} was taken before")
        self._put(given)
        self.unwritten = True
        log.info("cards=revoked version=%d numbers=%d", given.version, len(given.numbers))
        return True

    def write(self) -> None:
        """Bring the list to the card.

        Raises:
            OSError: it cannot be written; it is in force all the same, and the next call tries again.
        """
        if self._file is not None and self._revoked is not None and self.unwritten:
            replace(self._file, self._revoked.encode())
        self.unwritten = False

    def _put(self, revoked: Revoked) -> None:
        self._revoked = revoked
        self._numbers = frozenset(revoked.numbers)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        try:
            self._put(read_revoked(self._file.read_bytes()))
        except (OSError, RevocationError) as error:
            self.problem = f"{self._file}: {error}; revoked cards count until this station connects and hears of them"
