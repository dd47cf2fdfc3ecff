from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import GIVE_WAY_S, Projector
from edge.hub.reading import Incoming

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal


RECEIVED = "2026-11-24T00:00:00.000000Z"


class Behind(threading.Event):
    """A collector that does not keep up: never set; notes how long it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return False


def test_a_collector_that_does_not_keep_up_goes_first_and_has_half_of_the_time(
    store: Store, journal: FakeJournal
) -> None:
    store_messages(store, [Incoming(journal.topic, journal.scan(), {})], RECEIVED)
    behind = Behind()
    projector = Projector(store, no_index, behind)
    projector._step()
    first, after = behind.waited
    assert first == GIVE_WAY_S
    assert after is not None
    assert after > 0, "as long as projecting took"
    projector._step()
    again = behind.waited[2]
    assert again is not None
    assert again < GIVE_WAY_S, "not anew for each transaction"
