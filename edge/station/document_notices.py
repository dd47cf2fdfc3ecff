"""Takes what the hub says of documents into the station's book; belongs to the uplink's thread."""

from __future__ import annotations

import logging
import time
from typing import Any

from edge.document_notices import TOPICS
from edge.documents import DocumentError
from edge.station.document_book import DocumentBook
from edge.station.notices import Notices

log = logging.getLogger(__name__)

PREFIX = TOPICS.removesuffix("+")
RETRY_NS = 5_000_000_000
"""How often a card that does not take a document is tried again."""
MOST_WHY = 300
MOST_WRONG = 100


class DocumentNotices:
    """What the site's notices are for documents."""

    def __init__(self, book: DocumentBook, notices: Notices) -> None:
        """Prepare.

        Args:
            book: where documents are kept.
            notices: what people are told.
        """
        self._book = book
        self._notices = notices
        self._wrong: dict[str, str] = {}
        """Why what stands at the broker is not taken, by the document's number."""
        self._retry_ns = 0

    def on_connected(self) -> None:
        """What was wrong at the broker is told anew."""
        self._wrong.clear()
        self._notices.drop("document")

    def on_message(self, topic: str, payload: bytes) -> bool:
        """A message; whether it was of a document."""
        if not topic.startswith(PREFIX):
            return False
        ident = topic.removeprefix(PREFIX)
        self._wrong.pop(ident, None)
        try:
            said = self._book.take(ident, payload)
        except DocumentError as error:
            if len(self._wrong) < MOST_WRONG:
                self._wrong[ident] = f"a notice of document {ident!r:.80} is not taken: {error}"[:MOST_WHY]
        else:
            if said is not None:
                log.info("document=%s version=%d kind=%s lines=%d", ident, said.version, said.kind, len(said.lines))
        self._say_wrong()
        return True

    def work(self) -> None:
        """Bring one document to the card."""
        now_ns = time.monotonic_ns()
        if not self._book.unwritten or now_ns < self._retry_ns:
            return
        try:
            self._book.write()
        except OSError as error:
            self._retry_ns = now_ns + RETRY_NS
            self._notices.hold("document_file", f"documents are known, but only until a restart: {error}", now_ns)
            return
        self._notices.drop("document_file")

    def _say_wrong(self) -> None:
        if not self._wrong:
            self._notices.drop("document")
            return
        first, more = next(iter(self._wrong.values())), len(self._wrong) - 1
        self._notices.hold("document", f"{first} (and {more} more)" if more else first, time.monotonic_ns())

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        return self._book.stats_json()
