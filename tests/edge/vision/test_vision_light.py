from hypothesis import given
from hypothesis import strategies as st

from edge.vision.light import OFF_NS, SETTLE_NS, Light

S = 1_000_000_000


def test_it_is_wanted_first_and_then_when_something_comes() -> None:
    light = Light()
    assert light.on
    light.step(0, needed=False)
    light.step(OFF_NS - 1, needed=False)
    assert light.on
    light.step(OFF_NS, needed=False)
    assert not light.on
    light.step(9 * S, needed=True)
    assert light.on


def test_after_a_switch_frames_show_the_lamps_doing_for_a_while() -> None:
    light = Light()
    light.step(0, needed=False)
    assert not light.settling(0)
    light.step(OFF_NS, needed=False)
    assert [light.settling(OFF_NS + after) for after in (0, SETTLE_NS - 1, SETTLE_NS)] == [True, True, False]


@given(st.lists(st.tuples(st.integers(1, 4 * S), st.booleans()), max_size=30))
def test_it_burns_while_needed_and_for_five_seconds_after(steps: list[tuple[int, bool]]) -> None:
    light, now_ns, needed_ns = Light(), 0, None
    for after_ns, needed in steps:
        now_ns += after_ns
        needed_ns = now_ns if needed or needed_ns is None else needed_ns
        light.step(now_ns, needed=needed)
        assert light.on is (now_ns - needed_ns < OFF_NS)
