"""What stands at the broker for documents, and what should: told, told again, ended (architecture section 7).

Signed here, by the hub's own key for documents: it came from the site's own systems, and no person looks at each.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from edge.document_notices import TOPICS, signed
from edge.documents import DocumentError
from edge.hub.documents import keeping
from edge.hub.store import Store

log = logging.getLogger(__name__)

LOOK_NS = 2_000_000_000
"""How often the store is asked: whoever imports or closes is another thread or process."""
AT_ONCE = 10
"""Notices signed and told in one step, which takes 50 ms: events are stored in between."""
MOST_STANDS = 50_000
"""Documents at the broker beyond so many are not looked at."""
ENDED = b""
PREFIX = TOPICS.removesuffix("+")

Mark = tuple[str, str]
"""What tells one notice from another: the hash of the document and who signed it how."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs documents."""

    by: str
    """Name of the stations' [[authority]]."""
    key: bytes


class DocumentNotices:
    """Belongs to the collector's thread."""

    def __init__(self, store: Store, signer: Signer, now: Callable[[], datetime]) -> None:
        """Prepare.

        Args:
            store: where documents are kept.
            signer: signs what is told.
            now: the hub's clock; by its day documents end.
        """
        self._store = store
        self._signer = signer
        self._now = now
        self._stands: dict[str, Mark | None] = {}
        """What the broker has, by the document's number, as far as it was told or heard; None: something else."""
        self._told: dict[str, tuple[int, Mark | None]] = {}
        """Version and mark of what was told last."""
        self._look_ns = 0

    def begin(self, now_ns: int) -> None:
        """Connected: the broker may have forgotten everything, and says in a moment what it has."""
        self._stands.clear()
        self._look_ns = now_ns + LOOK_NS

    def heard(self, topic: str, payload: bytes) -> None:
        """What stands at the broker, whoever wrote it."""
        ident = topic.removeprefix(PREFIX)
        if not payload:
            self._stands.pop(ident, None)
        elif ident in self._stands or len(self._stands) < MOST_STANDS:
            self._stands[ident] = _mark(payload)

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now; what is taken from here counts as told."""
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        with self._store.read() as connection:
            wanted = keeping.counting(connection, self._now().astimezone().date())
            over = keeping.known(connection, self._stands.keys() - wanted.keys())
            wrong = list(islice((ident for ident, version in wanted.items() if self._differs(ident, version)), AT_ONCE))
            kept = [keeping.find(connection, ident) for ident in wrong]
        if len(wrong) == AT_ONCE:
            self._look_ns = now_ns
        yield from self._tell(each for each in kept if each is not None)
        for ident in over:
            del self._stands[ident]
            yield PREFIX + ident, ENDED

    def _differs(self, ident: str, version: int) -> bool:
        told = self._told.get(ident)
        return told is None or told[0] != version or (told[1] is not None and self._stands.get(ident) != told[1])

    def _tell(self, kept: Iterable[keeping.Kept]) -> Iterator[tuple[str, bytes]]:
        for each in kept:
            said = each.said
            try:
                payload = signed(said, by=self._signer.by, key=self._signer.key).encode()
            except DocumentError as error:
                log.error("document=%s cannot be told: %s", said.ident, error)  # noqa: TRY400 - the text says it all
                self._told[said.ident] = said.version, None
                continue
            log.info("document=%s version=%d told", said.ident, said.version)
            mark = _mark(payload)
            self._told[said.ident] = said.version, mark
            self._stands[said.ident] = mark
            yield PREFIX + said.ident, payload


def _mark(payload: bytes) -> Mark | None:
    try:
        match json.loads(payload):
            case {"sha256": str(sha256), "sig": {"sig": str(sig)}}:
                return sha256, sig
    except (ValueError, RecursionError):
        pass
    return None
