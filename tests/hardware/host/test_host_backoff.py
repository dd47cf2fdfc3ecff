import random

from hypothesis import given
from hypothesis import strategies as st

from hardware.host.backoff import Backoff

FIRST, MOST = 0.25, 30.0
SHORT = st.floats(0, MOST, exclude_max=True)


@given(seed=st.integers(), stood=st.lists(SHORT, max_size=60))
def test_pauses_grow_to_the_most_and_short_connections_do_not_begin_anew(seed: int, stood: list[float]) -> None:
    backoff = Backoff(FIRST, MOST, random.Random(seed))  # noqa: S311
    for number, seconds in enumerate(stood):
        most = min(MOST, FIRST * 2**number)
        assert backoff.next_most_s == most
        assert 0 <= backoff.pause(seconds) <= most


@given(failures=st.integers(0, 100), stood=st.floats(MOST, 1e9))
def test_a_connection_that_outlived_the_longest_pause_begins_anew(failures: int, stood: float) -> None:
    backoff = Backoff(FIRST, MOST)
    for _ in range(failures):
        backoff.pause()
    assert backoff.pause(stood) <= FIRST


def test_the_jitter_is_full() -> None:
    pauses = [Backoff(FIRST, MOST, random.Random(seed), attempt=20).pause() for seed in range(400)]  # noqa: S311
    assert min(pauses) < MOST / 20
    assert max(pauses) > MOST * 19 / 20
    assert MOST * 0.4 < sum(pauses) / len(pauses) < MOST * 0.6


def test_a_very_long_outage_overflows_nothing() -> None:
    assert Backoff(FIRST, MOST, attempt=100_000).pause() <= MOST
