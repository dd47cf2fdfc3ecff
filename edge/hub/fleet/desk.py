"""Speaks with the agents at the broker: wants, asks, hears, clears what is done, and says what time it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import Connection

from edge import sign, wire
from edge.hub.broker.rights import STATION_NAME
from edge.hub.documents.notices import Signer
from edge.hub.fleet import asking, machines
from edge.hub.store import Store
from hardware.host.clock import TRUSTED, ClockReading

log = logging.getLogger(__name__)

HEALTH, REPORTED, COMMANDS = "udi/+/health", "udi/+/config/reported", "udi/+/cmd/+/+"
TOPICS = (HEALTH, REPORTED, COMMANDS)
TIME = "udi/site/time"
AGENT = ".fw"
LOOK_NS = 1_000_000_000
"""How often the store is asked: whoever wants and asks is another process."""
TIME_NS = 60_000_000_000
AT_ONCE = 200
"""Messages told in one step: events are stored in between."""
MOST_NEWS = 2_000
"""Heard and not stored: beyond so many the rest is let go; it stands at the broker."""
CLEARED = b""
SILENT = timedelta(days=1)
"""A machine that began and says nothing for so long after the expiry says nothing any more."""
DONE = ("successful", "failed")
RECEIVED = b'{"schema": 1, "status": "received", "sha256": '
"""So begins what this hub says of an archive, see `receiving`: no news, and it must not hide the machine's answer."""


class FleetDesk:
    """Belongs to the collector's thread."""

    def __init__(self, store: Store, now: Callable[[], ClockReading], signer: Signer | None = None) -> None:
        """Prepare.

        Args:
            store: where `asking` and `machines` keep what is wanted and said.
            now: the hub's clock and how far it can be trusted.
            signer: says the time; None: the hub does not.
        """
        self._store = store
        self._now = now
        self._signer = signer
        self._told: dict[str, bytes] = {}
        """What was said to each topic since the connection stands."""
        self._news: dict[str, bytes] = {}
        """What machines said, by topic, to be stored at the next look."""
        self._cleared: set[str] = set()
        self._wanted: dict[str, bytes] = {}
        self._known: tuple[int, int] | None = None
        """By which revision of the store that was read: ten thousand files are not read each second."""
        self._look_ns = 0
        self._time_ns = 0

    def begin(self, now_ns: int) -> None:
        """Connected: the broker may have forgotten everything, and says in a moment what it has."""
        self._told.clear()
        self._look_ns = now_ns + LOOK_NS

    def heard(self, topic: str, payload: bytes) -> None:
        """What a machine said, or this hub itself."""
        if payload.startswith(RECEIVED):
            return
        if topic in self._news or len(self._news) < MOST_NEWS:
            self._news[topic] = payload

    def due(self, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads to publish now; what is taken from here counts as told."""
        if self._signer is not None and now_ns >= self._time_ns:
            yield from self._time(self._signer, now_ns)
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        self._store_news()
        yield from self._clear()
        changed = [each for each in self._standing() if self._told.get(each[0]) != each[1]]
        for topic, payload in changed[:AT_ONCE]:
            self._told[topic] = payload
            yield topic, payload
        if len(changed) > AT_ONCE:
            self._look_ns = now_ns

    def _clear(self) -> Iterator[tuple[str, bytes]]:
        """Commands that are done, or can be begun no more, stand there no longer."""
        reading = self._now()
        now, long_ago = wire.iso(reading.at), wire.iso(reading.at - SILENT)
        with self._store.read() as connection:
            over = [
                each
                for each in asking.waiting(connection)
                if each.expires <= (now if each.status == "init" else long_ago)
            ]
        if over:
            with self._store.begin() as connection:
                for each in over:
                    asking.answered(connection, each.ident, "expired", each.said, now)
        self._cleared |= {_topic(each) for each in over}
        while self._cleared:
            topic = self._cleared.pop()
            self._told.pop(topic, None)
            yield topic, CLEARED

    def _standing(self) -> Iterator[tuple[str, bytes]]:
        """All that should stand at the broker."""
        with self._store.read() as connection:
            waiting = asking.waiting(connection)
            known = asking.revision(connection)
            if known != self._known:
                self._known, self._wanted = known, asking.wanted(connection)
        for station, payload in self._wanted.items():
            yield f"udi/{station}{AGENT}/config/desired", payload
        for asked in waiting:
            if asked.status == "init":
                yield _topic(asked), asked.payload

    def _store_news(self) -> None:
        news, self._news = self._news, {}
        if not news:
            return
        at = wire.iso(self._now().at)
        with self._store.begin() as connection:
            for topic, payload in news.items():
                station, _, leaf = topic.removeprefix("udi/").partition("/")
                if station.endswith(AGENT) and STATION_NAME.fullmatch(station.removesuffix(AGENT)):
                    self._keep(connection, station.removesuffix(AGENT), topic, leaf, payload, at)

    def _keep(self, connection: Connection, station: str, topic: str, leaf: str, payload: bytes, at: str) -> None:
        text = machines.read_said(payload)
        if text is None:
            if payload:
                log.warning("topic=%s holds %d bytes that are no object of schema 1", topic, len(payload))
            return
        if leaf == "health":
            machines.note(connection, station, "health", text, at)
        elif leaf == "config/reported":
            machines.note(connection, station, "reported", text, at)
        else:
            self._answer(connection, topic, leaf.rpartition("/")[2], json.loads(text), at)

    def _answer(self, connection: Connection, topic: str, ident: str, told: dict[str, object], at: str) -> None:
        status = told.get("status")
        if status not in (*DONE, "executing"):
            return  # what this hub asked
        if asking.answered(connection, ident, str(status), str(told.get("said", "")), at):
            log.info("command=%s status=%s", ident, status)
        if status in DONE:
            self._cleared.add(topic)

    def _time(self, signer: Signer, now_ns: int) -> Iterator[tuple[str, bytes]]:
        reading = self._now()
        self._time_ns = now_ns + TIME_NS
        if reading.quality not in TRUSTED:
            return
        at = wire.iso(reading.at)
        made = sign.sign("time", at.encode(), by=signer.by, key=signer.key)
        yield TIME, json.dumps({"schema": 1, "at": at, "by": made.by, "sig": made.sig}).encode()


def _topic(asked: asking.Asked) -> str:
    return f"udi/{asked.station}{AGENT}/cmd/{asked.kind}/{asked.ident}"
