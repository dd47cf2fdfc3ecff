"""A week's backlog through a real broker into a real hub, on either store, reconciled event by event.

Beside it, in the same run and with the same events: how fast the hub's own commits are without a network, which is what
the drain is held against, and how fast the projections follow.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from edge import wire
from edge.hub import inbox
from edge.hub.patients import Patients
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.hub.tables import event_key, key_conflict, poison
from edge.hub.watermarks import Watermarks
from edge.seal import Sealer
from edge.station.journal.ahead import ReadAhead
from edge.station.journal.store import PRUNE_EVENTS, Journal, JournalReader
from tests.bench import fixture
from tests.bench.figures import Figure, MissingError, VoidError
from tests.bench.shipped import ShippedBroker
from tests.support.postgres import BIN, Postgres
from tests.support.site import MOSQUITTO, Site

EVENTS = 99_500
"""As many as a journal holds (100,000), but for a few that the station records by itself."""
PROJECTED = 20_000
GROUP = 20
"""Messages of one commit in the hub's own rate; about what its collector finds waiting during a drain."""
RECEIVED = wire.iso(fixture.FIRST_AT + timedelta(days=30))
"""After the last of them: clocks that are ahead of the hub's would all be distrusted, and dated anew."""
MOST_S = 300.0
NAME = fixture.STATION


@dataclass(frozen=True, slots=True)
class _Journaled:
    file: Path
    scans: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Drained:
    seconds: float
    count: int
    own: frozenset[str]
    """What the station itself recorded meanwhile."""


def measure(folder: Path) -> list[Figure]:
    if MOSQUITTO is None:
        raise MissingError("mosquitto is not installed: apt-get install mosquitto")
    figures = _measure_on(folder, "sqlite", lambda name: str(folder / f"{name}.sqlite3"))
    if BIN is None:
        print("  postgresql is not installed: apt-get install postgresql", flush=True)  # noqa: T201
        return figures
    server = Postgres()
    try:
        server.start()
        return figures + _measure_on(folder, "postgresql", lambda _name: server.database())
    finally:
        server.close()


def _measure_on(folder: Path, kind: str, place: Callable[[str], str]) -> list[Figure]:
    home = folder / kind
    home.mkdir()
    site = Site(home, ShippedBroker(home, [NAME]), store=place("drained"))
    try:
        site.prepare(NAME, task="USE")
        journaled = _fill(site)
        messages = list(_messages(journaled.file))
        site.broker.start()
        site.start_hub()
        drained = _drain(site, journaled.file)
        site.wait_projected(MOST_S)
        problems = _reconcile(site, journaled, drained.own)
    finally:
        site.close()
    if problems:
        name = f"drain.{kind}_per_s"
        raise VoidError(f"{name}: {'; '.join(problems)}", [Figure(name, None, "events/s")])
    rate, own = drained.count / drained.seconds, _commit_rate(place("own"), messages)
    projected = _projection_rate(place("projected"), messages, site.keys)
    return [
        Figure(f"drain.{kind}_per_s", rate, "events/s", 40_000 if kind == "sqlite" else None,
               {"events": drained.count, "own_commits_per_s": own}, floor=True),
        Figure(f"drain.{kind}_over_own_commits", rate / own, "ratio", 0.6, floor=True),
        Figure(f"project.{kind}_per_s", projected, "events/s", 5_000, floor=True),
    ]  # fmt: skip


def _fill(site: Site) -> _Journaled:
    file = site.station_home(NAME) / "journal.sqlite3"
    seals = Sealer("k1", base64.b64decode(site.public_key))
    scans: set[str] = set()
    journal = Journal.open(file, opening=fixture.opening)
    try:
        part: list[wire.Draft] = []
        for draft in fixture.drafts(EVENTS, seals):
            scans.add(draft.event_id)
            part.append(draft)
            if len(part) == 500:
                journal.append(part)
                part = []
        assert not part
    finally:
        journal.close()
    return _Journaled(file, frozenset(scans))


def _messages(file: Path) -> Iterator[Incoming]:
    """The journal cut as the station cuts it."""
    with JournalReader.snapshot(file) as reader:
        ahead, seq = ReadAhead(reader), 0
        while lines := ahead.after(seq, wire.MAX_BATCH_EVENTS, wire.MAX_BATCH_BYTES):
            seq += len(lines)
            yield Incoming(wire.topic(NAME, "scan"), wire.batch(lines), {})


def _drain(site: Site, file: Path) -> _Drained:
    """From the connection to the hub's last watermark."""
    station = site.start_station(NAME, ready=False)
    deadline = time.monotonic() + MOST_S
    while not any("link=connected" in line for line in station.logs):
        assert time.monotonic() < deadline, "the station did not connect"
        time.sleep(0.001)
    began = time.perf_counter()
    with closing(JournalReader.open(file)) as reader:
        before = head = reader.head()
        while head.last_seq - head.acked_seq >= PRUNE_EVENTS:  # the file's cursor lags by less than that
            assert time.monotonic() < deadline, f"{head.acked_seq} of {head.last_seq} events acknowledged"
            time.sleep(0.005)
            head = reader.head()
        seconds = time.perf_counter() - began
    assert head.last_seq > EVENTS
    assert station.stop() == 0
    return _Drained(seconds, head.acked_seq - before.acked_seq, frozenset(station.recorded()))


def _commit_rate(place: str, messages: list[Incoming]) -> float:
    """The same messages through the hub's own commits and watermarks, in one thread."""
    watermarks = Watermarks()
    with closing(Store.open_writer(place)) as store:
        began = time.perf_counter()
        for first in range(0, len(messages), GROUP):
            touched = inbox.store(store, messages[first : first + GROUP], RECEIVED)
            with store.read() as connection:
                watermarks.advance(connection, list({(each.station, each.epoch) for each in touched}))
        seconds = time.perf_counter() - began
    return EVENTS / seconds


def _projection_rate(place: str, messages: list[Incoming], keys: Path) -> float:
    patients = Patients.load(keys, fixture.SITE)
    with closing(Store.open_writer(place)) as store:
        few = messages[: PROJECTED // 38]
        inbox.store(store, few, RECEIVED)
        began = time.perf_counter()
        count = project_all(store, patients.index_sealed)
        return count / (time.perf_counter() - began)


def _reconcile(site: Site, journaled: _Journaled, recorded: frozenset[str]) -> list[str]:
    """What is wrong with what the hub has; empty when every event is there once."""
    hub = site.held()
    with closing(Store.open_reader(site.store)) as store, store.read() as connection:
        tables = (event_key, key_conflict, poison)
        counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]
    wrong = {
        "scans missing": len(journaled.scans - set(hub.counted)),
        "scans that nobody made": len(set(hub.counted) - journaled.scans),
        "scans counted twice": hub.doubled,
        "events missing": len((journaled.scans | recorded) - hub.events),
        "events under a second key": counts[0] - len(hub.events),
        "sale units too many or too few": abs(hub.units - len(journaled.scans)),
        "conflicts": counts[1],
        "unreadable events": counts[2],
    }
    return [f"{count} {what}" for what, count in wrong.items() if count]
