from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from edge.vision.presence import PROMPTS_NS, REMOVED_NS, Presence

S = 1_000_000_000
FRAME_NS = S // 10


@dataclass(frozen=True)
class Frame:
    present: bool
    still: bool
    reads: bool


LIES = Frame(present=True, still=True, reads=False)
MOVES = Frame(present=True, still=False, reads=False)
READS = Frame(present=True, still=True, reads=True)
EMPTY = Frame(present=False, still=True, reads=False)
PASSES = Frame(present=False, still=False, reads=False)


def prompts(*spells: tuple[Frame, float]) -> list[tuple[float, int]]:
    """When which prompt comes, for frames that each last so many seconds."""
    presence, found, number = Presence(), [], 0
    for frame, seconds in spells:
        for _ in range(round(seconds * S / FRAME_NS)):
            due = presence.step(number * FRAME_NS, present=frame.present, still=frame.still, reads=frame.reads)
            if due is not None:
                found.append((number * FRAME_NS / S, due))
            number += 1
    return found


def test_a_thing_that_lies_unread_is_asked_for_at_two_and_at_five_seconds() -> None:
    assert prompts((EMPTY, 3), (LIES, 60)) == [(5.0, 1), (8.0, 2)]


def test_nobody_is_asked_for_nothing() -> None:
    assert prompts((EMPTY, 60), (PASSES, 60)) == []
    assert prompts((MOVES, 60)) == []
    assert prompts((READS, 60)) == []


def test_who_moves_it_begins_anew_but_is_not_asked_twice() -> None:
    assert prompts((LIES, 1.5), (MOVES, 1), (LIES, 20)) == [(4.5, 1), (7.5, 2)]
    assert prompts((LIES, 3), (MOVES, 1), (LIES, 20)) == [(2.0, 1), (9.0, 2)]


def test_a_read_ends_it_until_the_thing_is_gone() -> None:
    assert prompts((LIES, 1), (READS, 1), (LIES, 20)) == []
    assert prompts((LIES, 3), (READS, 1), (LIES, 20)) == [(2.0, 1)]
    assert prompts((READS, 3), (EMPTY, 1), (LIES, 3)) == [(6.0, 1)]


def test_removal_arms_again_and_one_empty_frame_is_none() -> None:
    assert prompts((LIES, 6), (EMPTY, 1), (LIES, 6)) == [(2.0, 1), (5.0, 2), (9.0, 1), (12.0, 2)]
    assert prompts((LIES, 6), (EMPTY, 0.2), (LIES, 20)) == [(2.0, 1), (5.0, 2)]


@given(st.lists(st.tuples(st.sampled_from([LIES, MOVES, READS, EMPTY, PASSES]), st.integers(1, 80)), max_size=12))
def test_over_any_course_of_things(spells: list[tuple[Frame, int]]) -> None:
    presence, given_so_far, read, lain, empty = Presence(), 0, False, 0, 0
    for number, frame in enumerate(frame for frame, count in spells for _ in range(count)):
        due = presence.step(number * FRAME_NS, present=frame.present, still=frame.still, reads=frame.reads)
        empty = 0 if frame.present else empty + 1
        if (empty - 1) * FRAME_NS >= REMOVED_NS:
            given_so_far, read = 0, False
        read = read or (frame.present and frame.reads)
        lain = lain + 1 if frame.present and frame.still else 0
        expected = None
        if lain and not read and given_so_far < 2 and (lain - 1) * FRAME_NS >= PROMPTS_NS[given_so_far]:
            expected = given_so_far = given_so_far + 1
        assert due == expected
