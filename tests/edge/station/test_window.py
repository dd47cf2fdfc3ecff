import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge import wire
from edge.station import aside
from edge.station.window import STILL_NS, Window

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


class Longest(random.Random):
    """The worst of luck: every pause is as long as it can be."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def unheard(window: Window, messages: int) -> None:
    """So many messages are out when the hub dies: the broker says of each that nobody listens."""
    for number in range(messages):
        window.sent(number + 1, number + 1, 0)
    for _ in range(messages):
        window.nobody_listens(S)


def test_many_messages_that_nobody_heard_are_one_stall() -> None:
    window = Window(Longest())
    reconnect(window)
    unheard(window, 40)
    assert window.next_batch(100, 3 * S - 1) is None
    assert window.next_batch(100, 3 * S) is not None


def test_a_hub_that_comes_back_does_not_wait_for_the_pause() -> None:
    window = Window(Longest())
    reconnect(window)
    for _ in range(6):
        unheard(window, 40)
    window.on_hub(present=False, now_ns=S)
    window.on_hub(present=True, now_ns=2 * S)
    batch = window.next_batch(100, 2 * S)
    assert batch is not None
    assert batch.after == 0


def reconnect(window: Window, now_ns: int = 0) -> None:
    window.on_connected(None)
    window.on_hub(present=True, now_ns=now_ns)


def test_a_broken_connection_halves_the_batch_and_an_event_alone_is_reported_once() -> None:
    window = opened()
    sizes, reported = [], []
    for _ in range(12):
        batch = window.next_batch(50, 0)
        assert batch is not None
        if batch.after != 0:
            break
        sizes.append(batch.limit)
        window.sent(1, batch.limit, 0)
        window.on_disconnected("hung up", 0, hung_up=True)
        reported += window.take_reports()
        reconnect(window)
    assert sizes == [50, 25, 12, 6, 3, 1, 1, 1]
    assert reported == [aside.Refused(1, "hung up")]
    assert window.aside == (1,)
    assert batch is not None
    assert batch.after == 1, "those behind it go on"


def test_a_refused_batch_is_halved_too_by_what_was_in_it() -> None:
    window = opened()
    window.sent(1, 9, 0)
    window.refused(1, 9, "Packet too large", 0)
    assert window.next_batch(9, 0) is None, "a pause"
    batch = window.next_batch(9, 2 * S)
    assert batch is not None
    assert (batch.after, batch.limit) == (0, 4)
    window.sent(1, 4, 2 * S)
    assert window.next_batch(9, 2 * S) is None, "one at a time, to know which is to blame"


BLAMELESS = {"an end that nothing sent can have caused": False, "nothing was under way": True}


@pytest.mark.parametrize("hung_up", BLAMELESS.values(), ids=BLAMELESS.keys())
def test_a_disconnection_without_a_suspect_changes_nothing(hung_up: bool) -> None:
    window = opened()
    window.sent(1, 50, 0)
    if hung_up:
        window.answered(1, 50, 0)
    window.on_disconnected("x", 0, hung_up=hung_up)
    reconnect(window)
    batch = window.next_batch(100, 0)
    assert batch is not None
    assert batch.limit == 50


def set_aside(window: Window, seq: int, now_ns: int) -> None:
    for _ in range(aside.TRIES):
        window.sent(seq, seq, now_ns)
        window.refused(seq, seq, "no", now_ns)


def test_an_event_set_aside_is_tried_again_alone_and_less_and_less_often() -> None:
    window = opened()
    set_aside(window, 1, 0)
    tried = []
    for second in range(60, 60 * 60):
        batch = window.next_batch(1, second * S)
        if batch is not None:
            tried.append(second)
            assert (batch.after, batch.limit) == (0, 1)
            window.sent(1, 1, second * S)
            window.refused(1, 1, "still no", second * S)
    assert tried == [60, 180, 420, 900, 1860]
    assert len(window.take_reports()) == 1


def test_what_a_broker_takes_at_last_is_forgotten_and_the_watermark_waited_for() -> None:
    window = opened()
    set_aside(window, 1, 0)
    window.sent(2, 9, 60 * S)
    window.answered(2, 9, 60 * S)
    assert window.next_batch(9, 60 * S) is not None, "its second chance"
    window.sent(1, 1, 60 * S)
    window.answered(1, 1, 61 * S)
    assert (window.aside, window.outstanding) == ((), 9)
    window.on_head(9, 62 * S)
    assert window.outstanding == 0


def test_more_than_a_window_goes_past_an_event_set_aside() -> None:
    window = opened()
    set_aside(window, 1, 0)
    now, sent = 0, 1
    for _ in range(200):
        now += S
        while (batch := window.next_batch(10_000, now)) is not None and batch.after > 0:
            assert batch.after == sent, "each once"
            sent += batch.limit
            window.sent(batch.after + 1, sent, now)
            window.answered(batch.after + 1, sent, now)
            assert window.outstanding <= wire.WINDOW_EVENTS
    assert sent == 10_000


def test_a_broker_that_refuses_everything_has_one_event_reported_and_gets_all_later() -> None:
    window = opened()
    now, refusals = 0, 0
    while refusals < 40:
        now += S
        batch = window.next_batch(30, now)
        if batch is not None:
            window.sent(batch.after + 1, batch.after + batch.limit, now)
            window.refused(batch.after + 1, batch.after + batch.limit, "Not authorized", now)
            refusals += 1
    assert 1 < len(window.aside) <= aside.MOST
    assert len(window.take_reports()) == 1
    assert now > 60, "with pauses"
    now += 60 * S
    batch = window.next_batch(30, now)
    assert batch is not None
    window.sent(batch.after + 1, batch.after + 1, now)
    window.answered(batch.after + 1, batch.after + 1, now)
    assert window.aside == ()
    assert window.take_reports() == []


def test_bad_events_in_a_row_are_taken_back_once_and_then_reported_each() -> None:
    window = opened()
    now = 0
    taken: set[int] = set()
    reported: list[int] = []
    bad = {4, 5, 6}
    while taken | bad != set(range(1, 31)) or len(reported) < len(bad):
        now += S
        assert now < 600 * S
        batch = window.next_batch(30, now)
        if batch is None:
            continue
        first, last = batch.after + 1, min(30, batch.after + batch.limit)
        window.sent(first, last, now)
        if bad & set(range(first, last + 1)):
            window.refused(first, last, "no", now)
        else:
            taken |= set(range(first, last + 1))
            window.answered(first, last, now)
        reported += [each.seq for each in window.take_reports()]
    assert sorted(reported) == [4, 5, 6]
    assert set(window.aside) <= bad


def test_an_answered_batch_lets_the_size_grow_again() -> None:
    window = opened()
    window.sent(1, 50, 0)
    window.on_disconnected("x", 0, hung_up=True)
    reconnect(window)
    window.sent(1, 25, 0)
    window.answered(1, 25, 0)
    batch = window.next_batch(100, 0)
    assert batch is not None
    assert batch.limit == 50


def test_the_brokers_packet_size_bounds_the_batch() -> None:
    batch = opened(20_000).next_batch(10, 0)
    assert batch is not None
    assert batch.max_bytes < 20_000


class WindowMachine(RuleBasedStateMachine):
    """A lossy broker and hub, and events that the broker does not take: the window is kept, and in the end everything
    arrives, or all but those is there and they are reported."""

    @initialize()
    def begin(self) -> None:
        self.window = Window(random.Random(2))  # noqa: S311
        self.now = 0
        self.last = 0
        self.acked = 0
        self.at_hub: set[int] = set()
        self.bad: set[int] = set()
        self.reported: set[int] = set()

    @rule(count=st.integers(1, 300))
    def scan(self, count: int) -> None:
        self.last += count

    @rule()
    def connect(self) -> None:
        self.window.on_connected(None)
        self.window.on_hub(present=True, now_ns=self.now)

    @rule(seqs=st.sets(st.integers(1, 400), max_size=2))
    def refuse(self, seqs: set[int]) -> None:
        self.bad = seqs

    @rule(hung_up=st.booleans())
    def lose_connection(self, hung_up: bool) -> None:
        self.window.on_disconnected("lost", self.now, hung_up=hung_up)

    @rule(lost=st.booleans(), breaks=st.booleans(), answers=st.booleans())
    def send(self, lost: bool, breaks: bool, answers: bool) -> None:
        batch = self.window.next_batch(self.last, self.now)
        if batch is None:
            return
        first, last = batch.after + 1, min(self.last, batch.after + batch.limit)
        self.window.sent(first, last, self.now)
        if self.bad & set(range(first, last + 1)):
            if breaks:
                self.window.on_disconnected("broke", self.now, hung_up=True)
                self.connect()
            else:
                self.window.refused(first, last, "refused", self.now)
        else:
            self.at_hub |= set() if lost else set(range(first, last + 1))
            if answers:
                self.window.answered(first, last, self.now)
        self.reported |= {each.seq for each in self.window.take_reports()}

    @rule()
    def acknowledge(self) -> None:
        while self.acked + 1 in self.at_hub:
            self.acked += 1
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
        self.run_until(set(range(1, self.last + 1)) - self.bad)
        self.bad = set()
        self.run_until(set(range(1, self.last + 1)))
        assert self.acked == self.last

    def run_until(self, wanted: set[int]) -> None:
        for _ in range(4000):
            if wanted <= self.at_hub and (self.bad or self.acked == self.last):
                break
            self.send(lost=False, breaks=False, answers=True)
            self.acknowledge()
            self.now += 5 * S
        assert wanted <= self.at_hub


TestWindowMachine = WindowMachine.TestCase
TestWindowMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
