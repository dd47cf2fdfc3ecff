"""Takes what the hub says of one kind of things into the station's book of them; belongs to the uplink's thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from edge.station.notices import Notices, Subject

log = logging.getLogger(__name__)

RETRY_NS = 5_000_000_000
"""How often a card that does not take a notice is tried again."""
MOST_WHY = 300
MOST_WRONG = 100
Kind = Literal["document", "bindings"]
_FILES: Mapping[Kind, Subject] = {"document": "document_file", "bindings": "bindings_file"}


class Book(Protocol):
    """Keeps what was said on the station's card."""

    @property
    def unwritten(self) -> bool:
        """Something is known and not on the card."""

    def take(self, name: str, payload: bytes) -> object | None:
        """Take a notice; None if nothing changed.

        Raises:
            ValueError: it is not taken, and nothing changed.
        """

    def write(self) -> bool:
        """Bring one thing to the card; whether there are more.

        Raises:
            OSError: it cannot be written.
        """

    def stats_json(self) -> dict[str, int]:
        """For ``udi-station status``."""


class BookNotices:
    """What the site's notices are for one book."""

    def __init__(self, kind: Kind, topics: str, book: Book, notices: Notices) -> None:
        """Prepare.

        Args:
            kind: what they are of.
            topics: where they stand at the broker; the last level is the name of one.
            book: where they are kept.
            notices: what people are told.
        """
        self._kind: Kind = kind
        self.topics = topics
        """To subscribe to."""
        self._prefix = topics.removesuffix("+")
        self._book = book
        self._notices = notices
        self._wrong: dict[str, str] = {}
        """Why what stands at the broker is not taken, by its name."""
        self._retry_ns = 0

    def on_connected(self) -> None:
        """What was wrong at the broker is told anew."""
        self._wrong.clear()
        self._notices.drop(self._kind)

    def on_message(self, topic: str, payload: bytes) -> bool:
        """A message; whether it was of this kind."""
        if not topic.startswith(self._prefix):
            return False
        name = topic.removeprefix(self._prefix)
        self._wrong.pop(name, None)
        try:
            said = self._book.take(name, payload)
        except ValueError as error:
            if len(self._wrong) < MOST_WRONG:
                self._wrong[name] = f"a notice of {self._kind} {name!r:.80} is not taken: {error}"[:MOST_WHY]
        else:
            if said is not None:
                log.info("%s=%s taken, %d bytes", self._kind, name, len(payload))
        self._say_wrong()
        return True

    def work(self) -> None:
        """Bring one of them to the card."""
        now_ns = time.monotonic_ns()
        if not self._book.unwritten or now_ns < self._retry_ns:
            return
        subject = _FILES[self._kind]
        try:
            self._book.write()
        except OSError as error:
            self._retry_ns = now_ns + RETRY_NS
            self._notices.hold(subject, f"{self._kind}: known, but only until a restart: {error}", now_ns)
            return
        self._notices.drop(subject)

    def _say_wrong(self) -> None:
        if not self._wrong:
            self._notices.drop(self._kind)
            return
        first, more = next(iter(self._wrong.values())), len(self._wrong) - 1
        self._notices.hold(self._kind, f"{first} (and {more} more)" if more else first, time.monotonic_ns())

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        return self._book.stats_json()
