import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge import wire
from edge.station.window import STILL_NS, TRIES, Window

S = 1_000_000_000


def opened(packet_bytes: int | None = None) -> Window:
    window = Window(random.Random(1))  # noqa: S311
    window.on_connected(packet_bytes)
    window.on_hub(present=True, now_ns=0)
    return window


def test_nothing_is_sent_without_the_hub() -> None:
    window = Window()
    assert window.next_batch(5, 0) is None
    window.on_connected(None)
    assert window.next_batch(5, 0) is None
    window.on_hub(present=True, now_ns=0)
    batch = window.next_batch(5, 0)
    assert batch is not None
    assert (batch.after, batch.limit) == (0, 5)


def test_a_backlog_goes_in_batches_up_to_the_window() -> None:
    window = opened()
    sent = 0
    while (batch := window.next_batch(100_000, 0)) is not None:
        assert batch.after == sent
        assert batch.limit <= wire.MAX_BATCH_EVENTS
        sent += batch.limit
        window.sent(batch.after + 1, sent, 0)
    assert sent == wire.WINDOW_EVENTS


def test_a_watermark_that_stands_still_sends_again_from_there() -> None:
    window = opened()
    window.sent(1, 5, 0)
    window.on_head(2, S)
    assert window.next_batch(5, S + STILL_NS - 1) is None
    assert window.next_batch(5, S + STILL_NS) is None
    later = S + STILL_NS + 120 * S
    batch = window.next_batch(5, later)
    assert batch is not None
    assert batch.after == 2


def test_a_broken_connection_halves_the_batch_and_an_event_alone_is_reported_once() -> None:
    window = opened()
    sizes, reported = [], []
    for _ in range(12):
        batch = window.next_batch(50, 0)
        assert batch is not None
        assert batch.after == 0
        sizes.append(batch.limit)
        window.sent(1, batch.limit, 0)
        reported += window.on_disconnected()
        window.on_connected(None)
        window.on_hub(present=True, now_ns=0)
    assert sizes[:6] == [50, 25, 12, 6, 3, 1]
    assert reported == [1]
    assert sizes.count(1) > TRIES


def test_an_answered_batch_lets_the_size_grow_again() -> None:
    window = opened()
    window.sent(1, 50, 0)
    window.on_disconnected()
    window.on_connected(None)
    window.on_hub(present=True, now_ns=0)
    window.sent(1, 25, 0)
    window.answered()
    batch = window.next_batch(100, 0)
    assert batch is not None
    assert batch.limit == 50


def test_the_brokers_packet_size_bounds_the_batch() -> None:
    batch = opened(20_000).next_batch(10, 0)
    assert batch is not None
    assert batch.max_bytes < 20_000


class WindowMachine(RuleBasedStateMachine):
    """A lossy broker and hub: nothing is skipped, the window is kept, and in the end everything arrives."""

    @initialize()
    def begin(self) -> None:
        self.window = Window(random.Random(2))  # noqa: S311
        self.now = 0
        self.last = 0
        self.acked = 0
        self.at_hub = 0

    @rule(count=st.integers(1, 300))
    def scan(self, count: int) -> None:
        self.last += count

    @rule()
    def connect(self) -> None:
        self.window.on_connected(None)
        self.window.on_hub(present=True, now_ns=self.now)

    @rule()
    def lose_connection(self) -> None:
        self.window.on_disconnected()

    @rule(lost=st.booleans())
    def send(self, lost: bool) -> None:
        batch = self.window.next_batch(self.last, self.now)
        if batch is None:
            return
        last = min(self.last, batch.after + batch.limit)
        self.window.sent(batch.after + 1, last, self.now)
        if not lost and batch.after <= self.at_hub:
            self.at_hub = max(self.at_hub, last)

    @rule()
    def acknowledge(self) -> None:
        self.acked = self.at_hub
        self.window.on_head(self.acked, self.now)

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        self.now += seconds * S

    @invariant()
    def the_window_is_kept(self) -> None:
        if hasattr(self, "window"):
            assert 0 <= self.window.outstanding <= wire.WINDOW_EVENTS

    def teardown(self) -> None:
        if not hasattr(self, "window"):
            return
        self.connect()
        for _ in range(2000):
            if self.acked == self.last:
                break
            self.send(lost=False)
            self.acknowledge()
            self.now += 5 * S
        assert self.acked == self.last


TestWindowMachine = WindowMachine.TestCase
TestWindowMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
