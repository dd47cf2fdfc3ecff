"""A full journal through a real broker into a real hub, reconciled event by event."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from edge import wire
from edge.hub.store import Store
from edge.hub.tables import event_key, key_conflict, poison
from edge.seal import Sealer
from edge.station.journal.store import Journal, JournalReader
from tests.bench import fixture
from tests.bench.figures import Figure, MissingError, VoidError
from tests.support.site import MOSQUITTO, Site

EVENTS = 5_000
MOST_S = 120.0
NAME = fixture.STATION


@dataclass(frozen=True, slots=True)
class _Journaled:
    everything: frozenset[str]
    scans: frozenset[str]


def measure(folder: Path) -> list[Figure]:
    if MOSQUITTO is None:
        raise MissingError("mosquitto is not installed: apt-get install mosquitto")
    site = Site(folder)
    try:
        site.prepare(NAME, task="USE")
        file = site.station_home(NAME) / "journal.sqlite3"
        journaled = _fill(file, Sealer("k1", base64.b64decode(site._public_key)))
        site.broker.start()
        site.start_hub()
        seconds, count, own = _drain(site, file)
        problems = _reconcile(site, replace(journaled, everything=journaled.everything | own))
    finally:
        site.close()
    name = "drain.events_per_s"
    if problems:
        raise VoidError(f"{name}: {'; '.join(problems)}", [Figure(name, None, "events/s")])
    return [Figure(name, count / seconds, "events/s", rivals={"events": count, "seconds": seconds})]


def _fill(file: Path, seals: Sealer) -> _Journaled:
    journal = Journal.open(file, opening=fixture.opening)
    try:
        events = list(fixture.drafts(EVENTS, seals))
        for first in range(0, EVENTS, 100):
            journal.append(events[first : first + 100])
    finally:
        journal.close()
    scans = frozenset(draft.event_id for draft in events)
    return _Journaled(_ids(file), scans)


def _ids(file: Path) -> frozenset[str]:
    reader = JournalReader.open(file)
    try:
        rows = reader.after(0, 2 * EVENTS, 2 * EVENTS * wire.MAX_EVENT_BYTES)
    finally:
        reader.close()
    return frozenset(wire.Event.decode(row.line).event_id for row in rows)


def _drain(site: Site, file: Path) -> tuple[float, int, frozenset[str]]:
    """Seconds from the connection to the hub's last watermark, the events of that time, and the station's own ones."""
    station = site.start_station(NAME, ready=False)
    deadline = time.monotonic() + MOST_S
    while not any("link=connected" in line for line in station.logs):
        assert time.monotonic() < deadline, "the station did not connect"
        time.sleep(0.001)
    began = time.perf_counter()
    reader = JournalReader.open(file)
    try:
        before = head = reader.head()
        while head.acked_seq < head.last_seq:
            assert time.monotonic() < deadline, f"{head.acked_seq} of {head.last_seq} events acknowledged"
            time.sleep(0.005)
            head = reader.head()
        seconds = time.perf_counter() - began
    finally:
        reader.close()
    assert head.last_seq > EVENTS
    assert station.stop() == 0
    return seconds, head.acked_seq - before.acked_seq, frozenset(station.recorded())


def _reconcile(site: Site, journaled: _Journaled) -> list[str]:
    """What is wrong with what the hub has; empty when every event is there once."""
    hub = site.held()
    store = Store.open_reader(site.store)
    try:
        with store.read() as connection:
            keys = int(connection.execute(select(func.count()).select_from(event_key)).scalar_one())
            conflicts = int(connection.execute(select(func.count()).select_from(key_conflict)).scalar_one())
            bad = int(connection.execute(select(func.count()).select_from(poison)).scalar_one())
    finally:
        store.close()
    counts = {
        "events missing": len(journaled.everything - hub.events),
        "events that no station recorded": len(hub.events - journaled.everything),
        "events under a second key": keys - len(hub.events),
        "scans missing": len(journaled.scans - set(hub.counted)),
        "scans that nobody made": len(set(hub.counted) - journaled.scans),
        "scans counted twice": hub.doubled,
        "sale units too many or too few": abs(hub.units - len(journaled.scans)),
        "conflicts": conflicts,
        "unreadable events": bad,
    }
    return [f"{count} {what}" for what, count in counts.items() if count]
