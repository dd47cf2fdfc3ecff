"""What stands at the broker for orders, and what should: published, told again, ended (architecture section 7).

A notice is retained. This compares what the store says with what the broker was told or is heard to hold, so that a
broker that forgot everything, a notice that somebody else wrote and a new version all end in the same step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from edge import wire
from edge.catalog.notices import Notice, read_notice
from edge.catalog.orders import OrderError
from edge.hub import recall
from edge.hub.store import Store
from edge.sign import Authority

log = logging.getLogger(__name__)

LOOK_NS = 1_000_000_000
"""How often the store is asked whether something new was published: the command that does it is another process."""
AT_ONCE = 100
"""Notices told in one step: events are stored in between."""
MOST_STANDS = 20_000
"""Notices of strangers beyond so many are not looked at."""
ENDED = b""
"""Takes a retained message away; no station forgets an order because of it."""
PREFIX = wire.ORDERS.removesuffix("+")


class SiteNotices:
    """Belongs to the collector's thread."""

    def __init__(self, store: Store, authorities: Iterable[Authority], now: Callable[[], datetime]) -> None:
        """Prepare.

        Args:
            store: where orders are published.
            authorities: whose notices this hub takes over from the broker, if its store was restored.
            now: the hub's clock; by its day orders end.
        """
        self._store = store
        self._authorities = tuple(authorities)
        self._now = now
        self._stands: dict[str, bytes] = {}
        """What the broker has, by the order's number, as far as it was told or heard."""
        self._strange: set[str] = set()
        """Where something else was heard than was wanted, to be looked at once."""
        self._wanted: dict[str, bytes] = {}
        self._versions: dict[str, int] = {}
        self._known: tuple[int, str] | None = None
        """By which number of publications and on which day the last two were made."""
        self._look_ns = 0

    def begin(self, now_ns: int) -> None:
        """Connected: the broker may have forgotten everything, and says in a moment what it has."""
        self._stands.clear()
        self._known = None
        self._look_ns = now_ns + LOOK_NS

    def heard(self, topic: str, payload: bytes) -> None:
        """What stands at the broker, whoever wrote it."""
        ident = topic.removeprefix(PREFIX)
        if ident not in self._wanted and len(self._stands) >= MOST_STANDS:
            return
        self._stands[ident] = payload
        if payload and payload != self._wanted.get(ident):
            self._strange.add(ident)
            self._known = None  # perhaps another hub published: the store knows

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now; what is taken from here counts as told."""
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        self._look()
        wrong = [ident for ident, payload in self._wanted.items() if self._stands.get(ident, ENDED) != payload]
        for ident in islice(wrong, AT_ONCE):
            self._stands[ident] = self._wanted[ident]
            yield PREFIX + ident, self._wanted[ident]
        if len(wrong) > AT_ONCE:
            self._look_ns = now_ns

    def _look(self) -> None:
        today = self._now().astimezone().date()
        with self._store.read() as connection:
            known = (recall.revision(connection), today.isoformat())
            if known == self._known:
                return
            kept = recall.published(connection)
        self._known = known
        self._versions = {ident: each.said.version for ident, each in kept.items()}
        self._wanted = {
            ident: ENDED if each.said.ends is not None and each.said.ends < today else each.notice.encode()
            for ident, each in kept.items()
        }
        newer = list(self._newer())
        if newer:
            with self._store.begin() as connection:
                for notice in newer:
                    recall.adopt(connection, notice, wire.iso(self._now()))
            self._look()

    def _newer(self) -> Iterator[Notice]:
        """What stands there by right and not in this store: it was restored from an older copy."""
        strange, self._strange = self._strange, set()
        for ident in sorted(strange):
            payload = self._stands.get(ident, ENDED)
            if payload in (ENDED, self._wanted.get(ident)):
                continue
            try:
                notice = read_notice(payload, ident)
                notice.demand_signed(self._authorities)
            except OrderError as error:
                log.error("order=%r: what stands at the broker is not from here: %s", ident, error)  # noqa: TRY400
                continue
            if notice.said.version > self._versions.get(ident, 0):
                log.warning("order=%s version=%d stands at the broker: taken over", ident, notice.said.version)
                yield notice
