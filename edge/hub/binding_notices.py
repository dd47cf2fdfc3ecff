"""What stands at the broker for bindings of house codes, and what should (architecture section 7).

Signed here, by the hub's own key for bindings: they are what stations recorded, and no person looks at each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from edge.bindings import TOPICS, BindingError, Bindings, Page, read_page, signed
from edge.hub import bindings
from edge.hub.documents.notices import Signer
from edge.hub.store import Store
from edge.sign import Authority, public_half

log = logging.getLogger(__name__)

LOOK_NS = 1_000_000_000
"""How often the store is asked: a person binds a code, and takes the package to the next station."""
AT_ONCE = 10
"""Pages signed and told in one step: events are stored in between."""
PREFIX = TOPICS.removesuffix("+")


class BindingNotices:
    """Belongs to the collector's thread."""

    def __init__(self, store: Store, signer: Signer, now: Callable[[], datetime]) -> None:
        """Prepare.

        Args:
            store: where bindings are kept.
            signer: signs what is told.
            now: the hub's clock: by it a page of a new hub is newer than those of the hub before it.
        """
        self._store = store
        self._signer = signer
        self._ours = (Authority(signer.by, public_half(signer.key), frozenset({"bindings"})),)
        self._now = now
        self._stands: dict[str, Page] = {}
        """What the broker has of this hub's, as far as it was told or heard."""
        self._wanted: dict[str, Bindings] = {}
        self._changes: dict[str, int] = {}
        """By how many changes of each page that was made."""
        self._too_long: dict[str, Bindings] = {}
        self._look_ns = 0

    def begin(self, now_ns: int) -> None:
        """Connected: the broker may have forgotten everything, and says in a moment what it has."""
        self._stands.clear()
        self._look_ns = now_ns + LOOK_NS

    def heard(self, topic: str, payload: bytes) -> None:
        """What stands at the broker, whoever wrote it."""
        name = topic.removeprefix(PREFIX)
        try:
            page = read_page(payload, name)
            page.demand_signed(self._ours)
        except BindingError:
            self._stands.pop(name, None)  # taken away, or a stranger's: told anew
            return
        self._stands[name] = page

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now; what is taken from here counts as told."""
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        changed = self._look()
        wrong = list(islice((name for name in self._wanted if self._differs(name)), AT_ONCE))
        if AT_ONCE in (len(changed), len(wrong)):
            self._look_ns = now_ns
        for name in wrong:
            payload = self._tell(name)
            if payload is not None:
                yield PREFIX + name, payload

    def _look(self) -> dict[str, int]:
        """What is wanted of pages that changed; not while the store reads again what it has."""
        with self._store.read() as connection:
            changes = bindings.changes(connection)
            changed = {} if changes is None else dict(islice(changes.items() - self._changes.items(), AT_ONCE))
            self._wanted |= {name: bindings.told(connection, name) for name in changed}
        self._changes |= changed
        return changed

    def _differs(self, name: str) -> bool:
        wanted, stands = self._wanted[name], self._stands.get(name)
        if wanted == self._too_long.get(name):
            return False
        return bool(wanted) if stands is None else stands.bindings != wanted

    def _tell(self, name: str) -> bytes | None:
        wanted, stands = self._wanted[name], self._stands.get(name)
        version = max(int(self._now().timestamp()), 0 if stands is None else stands.version + 1)
        page = signed(name, version, wanted, by=self._signer.by, key=self._signer.key)
        try:
            payload = page.encode()
        except BindingError as error:
            log.error("page=%s cannot be told: %s", name, error)  # noqa: TRY400 - the text says it all
            self._too_long[name] = wanted
            return None
        log.info("page=%s version=%d told, %d bindings", name, version, len(wanted))
        self._stands[name] = page
        return payload
