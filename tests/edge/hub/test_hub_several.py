"""Several hubs on one PostgreSQL."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from edge import wire
from edge.hub import tables
from edge.hub.collector import Collector, CollectorSettings
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all, project_some
from edge.hub.reading import Incoming
from edge.hub.reconcile import held
from edge.hub.store import Store
from edge.hub.watermarks import Watermarks
from tests.support.site import Broker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edge.hub.conftest import FakeJournal

from tests.edge.hub.test_hub_collector import Peer, now

pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
RECEIVED = "2026-11-24T00:00:00.000000Z"


def in_threads(*works: Callable[[], None]) -> None:
    """All at once; the first error of any is raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


@pytest.fixture
def other(place: str, store: Store) -> Iterator[Store]:
    opened = Store.open_writer(place)
    assert opened.name == store.name
    yield opened
    opened.close()


def messages(journals: list[FakeJournal], seed: int) -> list[Incoming]:
    """All events of all journals, cut and ordered at random."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible order
    cut = []
    for journal in journals:
        lines = list(journal.lines)
        while lines:
            size = rng.randint(1, 7)
            cut.append(Incoming(journal.topic, wire.batch(lines[:size]), {}))
            lines = lines[size:]
    rng.shuffle(cut)
    return cut


@pytest.mark.parametrize("seed", range(3))
def test_the_same_events_by_two_collectors_at_once_count_once(
    store: Store, other: Store, journal: FakeJournal, seed: int
) -> None:
    journals = [type(journal)(station=f"OR-{number:02}") for number in range(6)]
    for each in journals:
        for _ in range(40):
            each.scan()

    def write(into: Store, own_seed: int) -> None:
        every = messages(journals, own_seed)
        for first in range(0, len(every), 5):
            store_messages(into, every[first : first + 5], RECEIVED)

    in_threads(lambda: write(store, seed), lambda: write(other, seed + 100))
    in_threads(lambda: project(store), lambda: project(other))
    project_all(store, no_index)
    with store.read() as connection:
        hub = held(connection)
        acks = dict(Watermarks().advance(connection, [(each.station, each.epoch) for each in journals]))
        conflicts = connection.execute(select(func.count()).select_from(tables.key_conflict)).scalar_one()
    assert (len(hub.events), len(hub.counted), hub.doubled, conflicts) == (240, 240, 0, 0)
    assert {name: ack.through for name, ack in acks.items()} == {each.station: 40 for each in journals}


def project(store: Store) -> None:
    for _ in range(20):
        project_some(store, no_index)


def test_hubs_that_share_divide_the_work_and_one_may_go(
    store: Store, other: Store, journal: FakeJournal, tmp_path: Path
) -> None:
    broker = Broker(tmp_path)
    broker.start()
    ack = wire.topic(journal.station, "ack")
    lines = [journal.scan() for _ in range(400)]
    first, second = (
        Collector(CollectorSettings("127.0.0.1", broker.port, name, share="hubs"), into, now)
        for name, into in (("hub-a", store), ("hub-b", other))
    )
    for each in (first, second):
        each.worker.start()
    try:
        with closing(Peer(broker.port, ack, wire.HUB_PRESENCE)) as peer:
            peer.wait_for(wire.HUB_PRESENCE, present=True)
            peer.wait(lambda _events: all(each.ready for each in (first, second)))
            for seq, line in enumerate(lines[:200], 1):
                peer.link.publish(journal.topic, line, properties=journal.properties(seq, 1))
            peer.wait_for(ack, through=200)
            assert min(first.stats.messages, second.stats.messages) > 0
            first.stop()
            peer.wait_for(wire.HUB_PRESENCE, present=True)
            for seq, line in enumerate(lines[200:], 201):
                peer.link.publish(journal.topic, line, properties=journal.properties(seq, 1))
            peer.wait_for(ack, through=400, chain_at_through=wire.digest(lines[-1]))
    finally:
        first.stop()
        second.stop()
        broker.stop()
    assert first.worker.error is None
    assert second.worker.error is None
