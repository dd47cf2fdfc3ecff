import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.station.photo_window import ANSWER_NS, MOST_PAUSE_NS, RETRY_NS, TRIES, PhotoWindow

S = 1_000_000_000


def opened(*names: str) -> PhotoWindow:
    window = PhotoWindow(random.Random(1))  # noqa: S311
    window.offer(names)
    window.on_hub(present=True)
    return window


def following(window: PhotoWindow, now_ns: int = 0) -> str | None:
    return window.next(now_ns, events_wait=False)


def fail(window: PhotoWindow, name: str, now_ns: int, times: int = TRIES) -> int:
    for _ in range(times):
        window.sent(name, now_ns)
        window.failed("no", now_ns)
        now_ns += MOST_PAUSE_NS
    return now_ns


def test_one_at_a_time_the_oldest_first_each_until_the_hub_answers() -> None:
    window = opened("a", "b")
    assert following(window) == "a"
    window.sent("a", 0)
    window.taken()
    assert following(window) is None, "a PUBACK is no promise"
    window.answered("a")
    assert following(window) == "b"


def test_an_event_goes_first_and_without_the_hub_nothing_goes() -> None:
    window = opened("a")
    assert window.next(0, events_wait=True) is None
    window.on_hub(present=False)
    assert following(window) is None


def test_what_is_not_answered_goes_again_after_a_pause() -> None:
    window = opened("a")
    window.sent("a", 0)
    assert following(window, ANSWER_NS - 1) is None
    assert following(window, ANSWER_NS) is None, "full jitter"
    assert window.out is None
    assert following(window, ANSWER_NS + 2 * S) == "a"


def test_the_pauses_grow_and_an_answer_ends_them() -> None:
    window = opened("a", "b")
    now_ns, pauses = 0, []
    for _ in range(40):
        window.sent("a", now_ns)
        window.failed("no", now_ns)
        began = now_ns
        while following(window, now_ns) is None:
            now_ns += S
        pauses.append(now_ns - began)
    assert max(pauses[:4]) <= 20 * S
    assert 300 * S < max(pauses) <= MOST_PAUSE_NS + S
    window.answered("b")
    window.offer(["c"])
    assert following(window, now_ns) == "c"


def test_one_that_comes_to_nothing_is_set_aside_reported_once_and_tried_again_later() -> None:
    window = opened("bad", "good")
    now_ns = fail(window, "bad", 0, TRIES - 1)
    assert (following(window, now_ns), window.aside, window.take_reports()) == ("bad", (), [])
    now_ns = fail(window, "bad", now_ns, 1)
    assert window.aside == ("bad",)
    assert [(each.name, each.reason) for each in window.take_reports()] == [("bad", "no")]
    assert following(window, now_ns) == "good"
    window.sent("good", now_ns)
    window.answered("good")
    assert following(window, now_ns) == ("bad" if now_ns >= RETRY_NS + 2 * MOST_PAUSE_NS else None)
    later = fail(window, "bad", now_ns + RETRY_NS, 1)
    assert following(window, later) is None
    assert following(window, later + RETRY_NS) == "bad"
    assert window.take_reports() == []
    window.offer([])
    assert len(window.aside) == 0, "deleted for its age"


def test_if_nothing_gets_through_only_the_first_is_reported_and_the_others_begin_anew() -> None:
    window = opened("a", "b", "c")
    now_ns = 0
    for name in ("a", "b"):
        now_ns = fail(window, name, now_ns)
    assert [each.name for each in window.take_reports()] == ["a"]
    window.sent("c", now_ns)
    window.answered("c")
    assert window.aside == ("a",)
    assert following(window, now_ns) == "b"
    fail(window, "b", now_ns)
    assert [each.name for each in window.take_reports()] == ["b"], "by itself this time"


def test_a_break_is_blamed_on_a_picture_only_while_the_broker_has_not_answered_for_it() -> None:
    window = opened("a")
    window.sent("a", 0)
    assert window.on_disconnected("hung up", 0, hung_up=True)
    window = opened("a")
    window.sent("a", 0)
    window.taken()
    assert not window.on_disconnected("hung up", 0, hung_up=True)
    window = opened("a")
    window.sent("a", 0)
    assert not window.on_disconnected("keepalive", 0, hung_up=False)
    window.on_hub(present=True)
    assert following(window) == "a", "at once: nothing failed"


def test_one_that_no_packet_takes_does_not_hold_up_the_others() -> None:
    window = opened("large", "small")
    window.too_large("large", "the broker takes 1000 bytes at most", 0)
    assert following(window) == "small"
    assert [each.name for each in window.take_reports()] == ["large"]


class Channel(RuleBasedStateMachine):
    """A folder, a broker and a hub that do as they like."""

    @initialize(seed=st.integers(0, 1000))
    def start(self, seed: int) -> None:
        self.window = PhotoWindow(random.Random(seed))  # noqa: S311
        self.folder: list[str] = []
        self.count = 0
        self.now_ns = 0
        self.hub = False
        self.out: str | None = None
        self.puback = False
        self.failures: dict[str, int] = {}
        self.reported: list[str] = []

    @rule()
    def taken(self) -> None:
        self.folder.append(f"p{self.count}")
        self.count += 1
        self.window.offer(list(self.folder))

    @rule(present=st.booleans())
    def hub_comes_or_goes(self, present: bool) -> None:
        self.window.on_hub(present=present)
        self.hub = present
        self.out = self.out if present else None

    @rule(seconds=st.sampled_from([0, 1, 29, 31, 1800, 3601]), events_wait=st.booleans())
    def step(self, seconds: int, events_wait: bool) -> None:
        self.now_ns += seconds * S
        before = self.window.out
        name = self.window.next(self.now_ns, events_wait=events_wait)
        if before is not None and self.window.out is None:
            self._failed()
        if name is None:
            return
        assert self.hub
        assert not events_wait
        assert self.out is None, "one at a time"
        assert name in self.folder
        if name not in self.window.aside:
            fresh = [each for each in self.folder if each not in self.window.aside]
            assert name == fresh[0]
        self.window.sent(name, self.now_ns)
        self.out, self.puback = name, False

    @rule()
    def broker_takes(self) -> None:
        if self.out is not None:
            self.window.taken()
            self.puback = True

    @rule()
    def broker_refuses(self) -> None:
        if self.out is not None and not self.puback:
            self.window.failed("no", self.now_ns)
            self._failed()

    @rule(hung_up=st.booleans())
    def breaks(self, hung_up: bool) -> None:
        blamed = self.window.on_disconnected("broke", self.now_ns, hung_up=hung_up)
        assert blamed is (hung_up and self.out is not None and not self.puback)
        if blamed:
            self._failed()
        self.hub, self.out = False, None

    @rule()
    def hub_answers(self) -> None:
        if self.out is not None:
            self.folder.remove(self.out)
            self.window.answered(self.out)
            self.out = None

    @rule()
    def late_answer(self) -> None:
        if self.folder and self.folder[0] != self.out:
            self.window.answered(self.folder.pop(0))

    @rule()
    def expires(self) -> None:
        if self.folder and self.folder[-1] != self.out:
            self.folder.pop()
            self.window.offer(list(self.folder))

    def _failed(self) -> None:
        assert self.out is not None
        self.failures[self.out] = self.failures.get(self.out, 0) + 1
        self.out = None

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "window"):
            return
        assert self.window.out == self.out
        self.reported += [each.name for each in self.window.take_reports()]
        assert len(self.reported) == len(set(self.reported)), "each is reported once"
        for name in (*self.window.aside, *self.reported):
            assert self.failures[name] >= TRIES
        assert set(self.window.aside) <= set(self.folder)

    def teardown(self) -> None:
        """Once the hub answers everything goes, each once, however it went before."""
        if not hasattr(self, "window"):
            return
        self.window.offer(list(self.folder))
        self.window.on_hub(present=True)
        for _ in range(4 * len(self.folder) + 4):
            self.now_ns += 2 * RETRY_NS
            name = self.window.next(self.now_ns, events_wait=False)
            if name is not None:
                self.window.sent(name, self.now_ns)
                self.folder.remove(name)
                self.window.answered(name)
        assert self.folder == []


TestChannel = Channel.TestCase
TestChannel.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
