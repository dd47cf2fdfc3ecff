"""Which cards count no more, told to the site when that changes and when the broker forgot it."""

from __future__ import annotations

import logging

from edge.hub import cards
from edge.hub.store import Store
from edge.revocation import TOPIC

log = logging.getLogger(__name__)

LOOK_NS = 1_000_000_000
"""How often the store is asked: the command that revokes is another process."""


class CardsNotice:
    """Belongs to the collector's thread."""

    def __init__(self, store: Store) -> None:
        """Prepare.

        Args:
            store: where `edge.hub.cards` keeps the lists.
        """
        self._store = store
        self._told: bytes | None = None
        self._look_ns = 0

    def begin(self) -> None:
        """Connected: the broker may have forgotten everything."""
        self._told = None
        self._look_ns = 0

    def due(self, now_ns: int) -> tuple[str, bytes] | None:
        """Topic and payload to publish now; what is taken from here counts as told."""
        if now_ns < self._look_ns:
            return None
        self._look_ns = now_ns + LOOK_NS
        with self._store.read() as connection:
            payload = cards.newest_notice(connection)
        if payload is None or payload == self._told:
            return None
        self._told = payload
        log.info("cards=revoked told, %d bytes", len(payload))
        return TOPIC, payload
