"""Where a station is: at home, or at the bed whose label was shown last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.station.whereabouts import NOT_HERE, STAY_NS, Whereabouts

CART = Whereabouts("WARD-3W", mobile=True)
START_NS = 5_000_000_000


def test_without_a_bed_it_is_at_home() -> None:
    assert CART.place(START_NS) == "WARD-3W"


def test_a_mobile_station_is_at_the_bed_that_was_shown_last() -> None:
    first = CART.shown("3W-12", START_NS)
    assert first is not None
    second = first.shown("3W-13", START_NS + 1)
    assert second is not None
    assert (first.place(START_NS), second.place(START_NS + 1)) == ("3W-12", "3W-13")


def test_a_bed_ends_after_twelve_hours_unless_it_is_shown_again() -> None:
    bed = CART.shown("3W-12", START_NS)
    assert bed is not None
    assert bed.place(START_NS + STAY_NS - 1) == "3W-12"
    assert bed.place(START_NS + STAY_NS) == "WARD-3W"
    again = bed.shown("3W-12", START_NS + STAY_NS)
    assert again is not None
    assert again.place(START_NS + STAY_NS) == "3W-12"


def test_a_station_with_a_place_of_its_own_takes_no_bed() -> None:
    assert Whereabouts("OR-03", mobile=False).shown("3W-12", START_NS) is None
    assert [reason.code for reason in NOT_HERE.reasons] == ["bed_not_here"]


@given(st.lists(st.tuples(st.sampled_from(["A", "B", None]), st.integers(0, STAY_NS)), max_size=12), st.booleans())
def test_the_place_is_the_last_bed_of_the_last_twelve_hours_or_home(
    steps: list[tuple[str | None, int]], mobile: bool
) -> None:
    where, now_ns, shown = Whereabouts("HOME", mobile), 0, list[tuple[str, int]]()
    for label, pause_ns in steps:
        now_ns += pause_ns
        if label is not None:
            where = where.shown(label, now_ns) or where
            shown.append((label, now_ns))
        lately = [each for each, at_ns in shown if now_ns - at_ns < STAY_NS and mobile]
        assert where.place(now_ns) == (lately[-1] if lately else "HOME")
