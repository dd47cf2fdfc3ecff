"""Takes what the hub says to its site over the uplink's link (architecture section 7).

That is orders, offers of a catalogue, documents, bindings of house codes, and which cards are revoked.

Recalls stop at the very next scan. Notices are retained at the broker, so a station that was away hears them when it
connects, before any other word.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

from edge import wire
from edge.bindings import TOPICS as BINDINGS
from edge.catalog.orders import MOST_VERSION, OrderError
from edge.document_notices import TOPICS as DOCUMENTS
from edge.revocation import TOPIC as CARDS
from edge.revocation import RevocationError
from edge.station.binding_book import BindingBook
from edge.station.book_notices import BookNotices
from edge.station.card_book import CardBook
from edge.station.document_book import DocumentBook
from edge.station.identity import HOUR_NS, Report
from edge.station.notices import Notices
from edge.station.order_book import OrderBook
from hardware.host.link import Link

log = logging.getLogger(__name__)

PREFIX = wire.ORDERS.removesuffix("+")
REPORTS_AN_HOUR = 20
"""Refused notices that are journaled; whoever floods a site with others is counted."""
RETRY_NS = 5_000_000_000
"""How often a card that does not take an order is tried again."""
MOST_WHY = 300
MOST_WRONG = 100


class SiteNotices:
    """Belongs to the uplink's thread and speaks through its link."""

    def __init__(
        self,
        book: OrderBook,
        link: Link,
        notices: Notices,
        *,
        report: Report,
        cards: CardBook | None = None,
        catalogue_offered: Callable[[bytes], None] | None = None,
        documents: DocumentBook | None = None,
        bindings: BindingBook | None = None,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Prepare.

        Args:
            book: where orders are kept.
            link: the uplink's.
            notices: what people are told.
            report: journals the body of a ``station`` event.
            cards: knows which cards count no more; None: this station reads none.
            catalogue_offered: takes what the hub says of its catalogue; None: this station fetches none.
            documents: where documents are kept; None: nowhere.
            bindings: where house codes are kept; None: nowhere.
            after_step: told after ``order`` (in force, not on the card yet) and ``order-written``.
        """
        self._book = book
        self._link = link
        self._notices = notices
        self._report = report
        self._cards = cards
        self._catalogue_offered = catalogue_offered
        self._documents = None if documents is None else BookNotices("document", DOCUMENTS, documents, notices)
        self._bindings = None if bindings is None else BookNotices("bindings", BINDINGS, bindings, notices)
        self._books = [each for each in (self._documents, self._bindings) if each is not None]
        self._after_step = after_step
        self._wrong: dict[str, str] = {}
        """What stands at the broker and is not taken, by the order's number."""
        self._refused = 0
        self._reports_ns: list[int] = []
        self._retry_ns = 0
        self._cards_retry_ns = 0
        if book.problem is not None:
            notices.hold("order_file", book.problem, time.monotonic_ns())
        if cards is not None and cards.problem is not None:
            notices.hold("cards_file", cards.problem, time.monotonic_ns())

    def on_connected(self) -> None:
        """Ask for the notices; what was wrong at the broker is told anew."""
        self._wrong.clear()
        self._notices.drop("order")
        self._notices.drop("cards")
        self._link.subscribe(wire.ORDERS)
        if self._cards is not None:
            self._link.subscribe(CARDS)
        if self._catalogue_offered is not None:
            self._link.subscribe(wire.CATALOGUE)
        for book in self._books:
            book.on_connected()
            self._link.subscribe(book.topics)

    def on_message(self, topic: str, payload: bytes) -> bool:
        """A message; whether it was a notice to the site."""
        if topic == wire.CATALOGUE and self._catalogue_offered is not None:
            if payload:
                self._catalogue_offered(payload)
            return True
        if topic == CARDS and self._cards is not None:
            if payload:
                self._hear_cards(self._cards, payload)
            return True
        if any(book.on_message(topic, payload) for book in self._books):
            return True
        if not topic.startswith(PREFIX):
            return False
        ident = topic.removeprefix(PREFIX)
        self._wrong.pop(ident, None)
        if payload:  # empty: its last day is over at the hub, and what this station knows of it stays
            self._hear(ident, payload)
        self._say_wrong()
        return True

    def work(self) -> None:
        """Bring what is new to the card, then tell the hub that it lasts."""
        for book in self._books:
            book.work()
        now_ns = time.monotonic_ns()
        if self._cards is not None and self._cards.unwritten and now_ns >= self._cards_retry_ns:
            self._write_cards(self._cards, now_ns)
        if not (self._book.unwritten or self._book.untold) or now_ns < self._retry_ns:
            return
        try:
            self._book.write()
        except OSError as error:
            self._retry_ns = now_ns + RETRY_NS
            self._notices.hold("order_file", f"orders are in force, but only until a restart: {error}", now_ns)
            return
        if self._book.problem is None:
            self._notices.drop("order_file")
        self._after_step("order-written")
        for notice in list(self._book.untold.values()):
            place = {"id": notice.said.order.order, "version": notice.said.version}
            self._report(wire.station_change("order_taken", **place, withdrawn=notice.said.withdrawn))
            self._book.told(notice)

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        said = [notice.said for notice in list(self._book.notices.values())]
        return {
            "known": len(said),
            "withdrawn": sum(each.withdrawn for each in said),
            "refused": self._refused,
            "authorities": [each.name for each in self._book.authorities],
        }

    def documents_json(self) -> dict[str, Any] | None:
        """As `stats_json`, of documents."""
        return None if self._documents is None else self._documents.stats_json()

    def bindings_json(self) -> dict[str, Any] | None:
        """As `stats_json`, of house codes that were bound."""
        return None if self._bindings is None else self._bindings.stats_json()

    def _hear(self, ident: str, payload: bytes) -> None:
        try:
            notice = self._book.take(ident, payload)
        except OrderError as error:
            self._refuse(ident, payload, str(error))
            return
        if notice is None:
            return
        said = notice.said
        log.info("order=%s version=%d kind=%s withdrawn=%s", ident, said.version, said.order.kind, said.withdrawn)
        self._after_step("order")

    def _hear_cards(self, cards: CardBook, payload: bytes) -> None:
        try:
            cards.take(payload)
        except RevocationError as error:
            text = f"a list of revoked cards is not taken: {error}"[:MOST_WHY]
            self._notices.hold("cards", text, time.monotonic_ns())
            return
        self._notices.drop("cards")

    def _write_cards(self, cards: CardBook, now_ns: int) -> None:
        try:
            cards.write()
        except OSError as error:
            self._cards_retry_ns = now_ns + RETRY_NS
            self._notices.hold("cards_file", f"cards are revoked, but only until a restart: {error}", now_ns)
            return
        self._notices.drop("cards_file")

    def _refuse(self, ident: str, payload: bytes, why: str) -> None:
        self._refused += 1
        name, why = shown(ident), why[:MOST_WHY]
        if len(self._wrong) < MOST_WRONG:
            self._wrong[ident] = f"a notice of order {name} is not taken: {why}"
        now_ns = time.monotonic_ns()
        self._reports_ns = [each for each in self._reports_ns if now_ns - each < HOUR_NS]
        if len(self._reports_ns) < REPORTS_AN_HOUR and self._book.refuse(payload):
            self._reports_ns.append(now_ns)
            self._report(wire.station_change("order_refused", id=name, version=_version(payload), why=why))

    def _say_wrong(self) -> None:
        if not self._wrong:
            self._notices.drop("order")
            return
        first, more = next(iter(self._wrong.values())), len(self._wrong) - 1
        self._notices.hold("order", f"{first} (and {more} more)" if more else first, time.monotonic_ns())


def shown(ident: str) -> str:
    """An order's number as anybody may have written it: short, and in letters that every log and database takes."""
    return re.sub(r"[^!-~]", "?", ident)[:64]


def _version(payload: bytes) -> int | None:
    try:
        version = json.loads(payload)["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = isinstance(version, int) and not isinstance(version, bool) and 1 <= version <= MOST_VERSION
    return version if fits else None
