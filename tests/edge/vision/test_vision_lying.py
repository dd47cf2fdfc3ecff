import numpy as np
import pytest

from edge.udi.read import Corners, Read
from edge.vision.lying import COVERED_NS, EXCHANGED_NS, GIVES_WAY_NS, Lying, Told, View
from edge.vision.pixels import Luma

S = 1_000_000_000
STANDS = View(tried=True, stood_ns=0, done=True, bare=lambda _read: False)
MOVES = View(tried=False, stood_ns=0, done=False, bare=lambda _read: False)
EMPTY = View(tried=True, stood_ns=0, done=True, bare=lambda _read: True)


def read(payload: bytes, x: int = 10, y: int = 10) -> Read:
    corners: Corners = ((x, y), (x + 40, y), (x + 40, y + 40), (x, y + 40))
    return Read(payload, "]d2", "camera", 0, corners=corners)


def picture(**symbols: tuple[int, int]) -> Luma:
    """Symbols by name at their places, each of other modules."""
    frame = np.full((200, 300), 128, np.uint8)
    for name, (x, y) in symbols.items():
        modules = np.random.default_rng(ord(name)).integers(0, 2, (10, 10), dtype=np.uint8)
        frame[y : y + 40, x : x + 40] = modules.repeat(4, 0).repeat(4, 1) * 150
    return frame


NOTHING = picture()
A, B, C = read(b"a"), read(b"b", 150), read(b"c", 12, 12)


def lies(*reads: Read) -> Lying:
    lying = Lying()
    lying.take(reads, NOTHING, S, MOVES)
    assert lying.take(reads, NOTHING, S, STANDS).reads == reads
    return lying


def payloads(told: Told) -> list[bytes]:
    return [each.payload for each in told.reads]


def test_one_symbol_is_told_at_once_and_more_when_no_more_come() -> None:
    lying = Lying()
    assert lying.take((A,), NOTHING, S, MOVES) == Told((A,), changed=True)
    assert lying.take((A, B), NOTHING, 2 * S, MOVES) == Told((A,))
    assert lying.take((A, B), NOTHING, 2 * S, MOVES) == Told((A, B), changed=True)
    assert lying.take((A, B), NOTHING, 2 * S, STANDS) == Told((A, B))
    assert Lying().take((A, B), NOTHING, S, STANDS) == Told((A, B), changed=True)


def test_what_is_missed_stays_while_the_view_moves_however_long() -> None:
    lying = lies(A)
    for second in range(2, 9):
        assert lying.take((), NOTHING, second * S, MOVES) == Told((A,))


def test_it_is_gone_where_the_table_is_bare_since_it_was_seen() -> None:
    assert lies(A).take((), NOTHING, 3 * S, EMPTY) == Told((), changed=True, gone_ns=S)


@pytest.mark.parametrize(("stood_ns", "there"), [(COVERED_NS - 1, True), (COVERED_NS, False)])
def test_what_is_covered_is_gone_after_a_while(stood_ns: int, there: bool) -> None:
    view = View(tried=True, stood_ns=stood_ns, done=True, bare=lambda _read: False)
    assert bool(lies(A).take((), NOTHING, 3 * S, view).reads) is there


def test_what_still_looks_the_same_still_lies_there() -> None:
    lying, frame = Lying(), picture(a=(10, 10))
    lying.take((A,), frame, S, STANDS)
    noisy = frame + np.random.default_rng(0).integers(0, 30, frame.shape, dtype=np.uint8)
    assert lying.take((), noisy, 3 * S, EMPTY) == Told((A,))
    assert lying.take((), picture(b=(10, 10)), 4 * S, EMPTY) == Told((), changed=True, gone_ns=3 * S)


def test_another_symbol_in_its_place_takes_it_though_much_looks_the_same() -> None:
    lying, frame = Lying(), picture(a=(10, 10))
    lying.take((A,), frame, S, STANDS)
    assert payloads(lying.take((C,), frame, 2 * S, MOVES)) == [b"c"]


def test_another_elsewhere_is_told_only_when_it_is_known_whether_the_first_is_there() -> None:
    lying = lies(A)
    assert payloads(lying.take((B,), NOTHING, S + 1, MOVES)) == [b"a"]
    assert payloads(lying.take((B,), NOTHING, S + GIVES_WAY_NS, MOVES)) == [b"b"]
    lying = lies(A)
    assert payloads(lying.take((B,), NOTHING, S + 1, STANDS)) == [b"b"]
    lying, frame = Lying(), picture(a=(10, 10))
    lying.take((A,), frame, S, STANDS)
    told = [payloads(lying.take((B,), picture(a=(10, 10), b=(150, 10)), S + step, MOVES)) for step in (1, 2)]
    assert told == [[b"a"], [b"a", b"b"]]


@pytest.mark.parametrize(
    ("x", "after_ns", "gone_ns"),
    [(10, EXCHANGED_NS, None), (12, EXCHANGED_NS, None), (150, EXCHANGED_NS - 1, None), (150, EXCHANGED_NS, S)],
    ids=["same place", "nudged", "slid", "exchanged"],
)
def test_the_same_symbol_elsewhere_after_a_while_is_another_packages(
    x: int, after_ns: int, gone_ns: int | None
) -> None:
    again = read(b"a", x)
    assert lies(A).take((again,), NOTHING, S + after_ns, MOVES) == Told((again,), gone_ns is not None, gone_ns)


def test_two_packages_with_one_symbol_are_two_reads() -> None:
    twin = read(b"a", 150)
    lying = lies(A, twin)
    moved = read(b"a", 160)
    assert lying.take((moved, A), NOTHING, 2 * S, MOVES).reads == (A, moved)
    assert lying.take((A,), NOTHING, 3 * S, EMPTY).reads == (A,)


def test_a_view_that_rests_is_a_view_in_which_all_is_seen() -> None:
    lying = lies(A)
    assert lying.rest(S, 2 * S)
    assert lying.take((), NOTHING, 3 * S, EMPTY).gone_ns == 2 * S
    lying = lies(A)
    assert not lying.rest(S + 1, 2 * S)
    assert lying.seen_since(S) == (A,)
    assert lying.seen_since(S + 1) == ()


def test_a_symbol_at_the_edge_and_one_without_corners() -> None:
    outside, without = read(b"a", -30, -35), Read(b"b", "]d2", "camera", 0)
    lying = lies(outside, without)
    assert lying.take((), NOTHING, 2 * S, EMPTY).reads == ()


def bars(payload: bytes, y: int, height: int = 30) -> Read:
    return Read(payload, "]C1", "camera", 0, corners=((20, y), (220, y), (220, y + height), (20, y + height)))


def test_bars_that_come_below_others_of_a_label_leave_those_where_they_are() -> None:
    lying = lies(bars(b"di", 40))
    assert payloads(lying.take((bars(b"pi", 85),), NOTHING, S + 1, MOVES)) == [b"di"]
    assert payloads(lying.take((bars(b"di", 40), bars(b"pi", 85)), NOTHING, 2 * S, STANDS)) == [b"di", b"pi"]


@pytest.mark.parametrize("height", [30, 3])
def test_bars_that_lie_over_others_take_their_place(height: int) -> None:
    lying = lies(bars(b"di", 40))
    assert payloads(lying.take((bars(b"pi", 50, height),), NOTHING, 2 * S, MOVES)) == [b"pi"]
