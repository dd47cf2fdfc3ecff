from hypothesis import given
from hypothesis import strategies as st

from edge.hub.watermarks import SECOND_NS, Pacer


def test_the_first_single_after_a_quiet_second_is_answered_at_once() -> None:
    pacer = Pacer()
    pacer.note("A", "e", batch=False, now_ns=0)
    assert pacer.due(0) == [("A", "e")]
    pacer.note("A", "e", batch=False, now_ns=10)
    assert pacer.due(10) == []
    assert pacer.wait_s(10, 5.0) == (SECOND_NS - 10) / SECOND_NS
    assert pacer.due(SECOND_NS) == [("A", "e")]
    assert pacer.wait_s(SECOND_NS, 5.0) == 5.0


def test_a_batch_is_answered_at_once_and_takes_the_singles_along() -> None:
    pacer = Pacer()
    pacer.note("A", "e", batch=False, now_ns=0)
    pacer.due(0)
    pacer.note("A", "e", batch=False, now_ns=1)
    pacer.note("A", "f", batch=True, now_ns=2)
    assert pacer.due(2) == [("A", "e"), ("A", "f")]
    assert pacer.due(2 * SECOND_NS) == []


def test_stations_do_not_wait_for_each_other() -> None:
    pacer = Pacer()
    for station in ("A", "B"):
        pacer.note(station, "e", batch=False, now_ns=0)
    assert pacer.due(0) == [("A", "e"), ("B", "e")]


@given(st.lists(st.tuples(st.integers(0, 3 * SECOND_NS), st.booleans()), min_size=1))
def test_every_message_is_answered_within_a_second(steps: list[tuple[int, bool]]) -> None:
    pacer, now_ns = Pacer(), 0
    for pause_ns, batch in steps:
        now_ns += pause_ns
        pacer.note("A", "e", batch=batch, now_ns=now_ns)
        if batch:
            assert pacer.due(now_ns) == [("A", "e")]
    waiting = pacer.wait_s(now_ns, 9.0)
    assert waiting <= 1.0 or waiting == 9.0
    pacer.due(now_ns + SECOND_NS)
    assert pacer.wait_s(now_ns, 9.0) == 9.0
