from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.udi.read import Corners, Read
from edge.vision.confirm import FORGET_NS, Confirm, contradicts, possible, single, sure, unique

FRAME_NS = 33_000_000
CODES = {"Code128": b"0106901234567892", "EAN13": b"6901234567892", "DataMatrix": b"0106901234567892"}


def box(x: int, y: int, width: int = 300, height: int = 60) -> Corners:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def read(
    kind: str = "Code128",
    *,
    margin: float | None = None,
    payload: bytes | None = None,
    at: Corners | None = None,
    frame: int = 0,
    rung: str = "bars",
    symbology: str = "]C1",
) -> Read:
    return Read(
        payload=CODES[kind] if payload is None else payload,
        symbology=symbology,
        source="camera",
        t0_ns=frame * FRAME_NS,
        corners=box(100, 100) if at is None else at,
        format=kind,
        rung=rung,
        margin=margin,
    )


SURE = {
    "a matrix symbol corrects itself": (read("DataMatrix", margin=0.0), True),
    "a clear Code 128": (read(margin=0.6), True),
    "an unclear Code 128": (read(margin=0.05), False),
    "a Code 128 of unknown clearness": (read(margin=None), False),
    "a clear EAN-13": (read("EAN13", margin=0.7), True),
    "an unclear EAN-13": (read("EAN13", margin=0.2), False),
    "a kind of which nothing is known": (read("DataBarExpStk", payload=b"1", margin=None), False),
}


@pytest.mark.parametrize(("one", "enough"), SURE.values(), ids=SURE.keys())
def test_whether_one_look_is_enough(one: Read, enough: bool) -> None:
    assert sure(one) == enough
    assert bool(single([one])) == enough
    assert bool(Confirm().add([one], one.t0_ns)) == enough


POSSIBLE = {
    "half an EAN-13": ("UPCE", b"0152500000605", "]E0", False),
    "a carton": ("ITF", b"16901234567899", "]I1", True),
    "a carton whose check digit fails": ("ITF", b"16901234567898", "]I0", False),
    "cut off": ("ITF", b"16901234", "]I0", False),
    "cut off where the check digit happens to hold": ("ITF", b"1690123459", "]I1", False),
}


@pytest.mark.parametrize(("kind", "payload", "symbology", "can"), POSSIBLE.values(), ids=POSSIBLE.keys())
def test_what_may_be_a_part_of_another_symbol_never_counts(
    kind: str, payload: bytes, symbology: str, can: bool
) -> None:
    one = read(kind, payload=payload, symbology=symbology, margin=0.9)
    assert possible(one) == can
    confirm = Confirm()
    confirm.add([one], 0)
    assert bool(confirm.add([replace(one, t0_ns=FRAME_NS)], FRAME_NS)) == can


WEAK = read(margin=0.05)
OTHER = read(margin=0.05, payload=b"0106901234567899")
CLEAR = replace(WEAK, margin=0.6)
UNKNOWN = replace(WEAK, margin=None, rung="native")
BELOW = box(100, 177)


def test_two_rungs_that_agree_are_enough_and_the_clearest_look_stays() -> None:
    better = replace(WEAK, rung="bars_sharp", margin=0.1)
    assert single([WEAK, better]) == (better,)
    assert single([WEAK, replace(WEAK, margin=0.1)]) == ()


def test_the_same_content_at_two_places_is_two_symbols_and_no_agreement() -> None:
    twin = replace(WEAK, corners=box(100, 400), rung="bars_sharp")
    assert single([WEAK, twin]) == ()
    assert len(unique([WEAK, twin])) == 2
    assert len(single([CLEAR, replace(twin, margin=0.6)])) == 2


CONTRADICTIONS = {
    "two contents at one place": (WEAK, OTHER, True),
    "a few rows of it only": (WEAK, replace(OTHER, corners=box(150, 132, height=0)), True),
    "a clear one beats an unclear one": (CLEAR, OTHER, False),
    "an unclear one yields to a clear one": (OTHER, CLEAR, True),
    "the half below": (WEAK, replace(OTHER, corners=BELOW), False),
    "beside": (WEAK, replace(OTHER, corners=box(420, 100)), False),
    "a matrix symbol": (WEAK, read("DataMatrix", payload=b"x"), False),
    "another kind": (WEAK, read("EAN13"), True),
    "of no place": (WEAK, replace(OTHER, corners=None), False),
}


@pytest.mark.parametrize(("one", "other", "against"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_what_contradicts(one: Read, other: Read, against: bool) -> None:
    assert contradicts(one, other) == against


def shown(confirm: Confirm, *frames: Sequence[Read]) -> list[set[bytes]]:
    """What counts with each frame; reads are given the frame's time."""
    counted = []
    for number, reads in enumerate(frames):
        now_ns = number * FRAME_NS
        counted.append({each.payload for each in confirm.add([replace(one, t0_ns=now_ns) for one in reads], now_ns)})
    return counted


A, B = {WEAK.payload}, {OTHER.payload}
RUNS = {
    "a second frame agrees": ([[WEAK], [WEAK]], [set(), A]),
    "with a frame in between that reads nothing": ([[WEAK], [], [WEAK]], [set(), set(), A]),
    "clear at once": ([[CLEAR], [WEAK]], [A, A]),
    "another content at its place: from the start": ([[WEAK], [OTHER], [OTHER]], [set(), set(), B]),
    "turn and turn about: never": ([[WEAK], [OTHER]] * 4, [set()] * 8),
    "both in each frame: never": ([[WEAK, OTHER]] * 5, [set()] * 5),
    "a clear one after another content needs a second look": (
        [[WEAK], [replace(OTHER, margin=0.6)]] * 1,
        [set(), set()],
    ),
    "an unclear one after a clear one: never": ([[CLEAR], [OTHER], [OTHER]], [A, set(), set()]),
    "of unknown clearness, by one rung: never": ([[UNKNOWN]] * 5, [set()] * 5),
    "of unknown clearness, by another rung too": ([[UNKNOWN], [replace(UNKNOWN, rung="twice")]], [set(), A]),
    "two halves": ([[WEAK, replace(OTHER, corners=BELOW)]] * 2, [set(), A | B]),
}


@pytest.mark.parametrize(("frames", "counted"), RUNS.values(), ids=RUNS.keys())
def test_looks_over_frames(frames: list[list[Read]], counted: list[set[bytes]]) -> None:
    assert shown(Confirm(), *frames) == counted


def test_a_read_that_still_stands_is_no_second_look() -> None:
    confirm = Confirm()
    assert [confirm.add([WEAK], number * FRAME_NS) for number in range(5)] == [()] * 5
    assert confirm.waiting
    assert confirm.add([replace(WEAK, t0_ns=FRAME_NS)], 5 * FRAME_NS) != ()
    assert not confirm.waiting


def test_a_look_is_forgotten() -> None:
    confirm = Confirm()
    confirm.add([WEAK], 0)
    assert confirm.add([replace(WEAK, t0_ns=FORGET_NS + 1)], FORGET_NS + 1) == ()


looks = st.builds(
    read,
    st.sampled_from(["Code128", "EAN13", "DataMatrix"]),
    margin=st.sampled_from([None, 0.05, 0.6]),
    payload=st.sampled_from([b"a", b"b"]),
    at=st.sampled_from([box(100, 100), box(110, 104), BELOW]),
    rung=st.sampled_from(["bars", "native"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.lists(looks, max_size=4)), max_size=12))
def test_nothing_counts_without_a_reason(frames: list[tuple[int, list[Read]]]) -> None:
    confirm, now_ns = Confirm(), 0
    past: list[Read] = []
    for wait, reads in frames:
        now_ns += wait * FRAME_NS
        seen = [replace(each, t0_ns=now_ns) for each in reads]
        counted = confirm.add(seen, now_ns)
        for each in counted:
            assert each in seen
            assert not any(contradicts(each, other) for other in seen)
            alike = [other for other in seen if (other.format, other.payload) == (each.format, each.payload)]
            before = [other for other in past if (other.format, other.payload) == (each.format, each.payload)]
            assert before or any(sure(other) for other in alike) or len({other.rung for other in alike}) > 1
        assert len({(each.format, each.payload, each.corners) for each in counted}) == len(counted)
        past += seen


@pytest.mark.parametrize("second", ["native", "any"])
def test_rungs_that_show_the_same_pixels_are_one_look(second: str) -> None:
    looks = [read(margin=None, rung="full"), read(margin=None, rung=second)]
    assert single(looks) == ()
    assert [each.payload for each in single([*looks, read(margin=None, rung="twice")])] == [CODES["Code128"]]
    confirm = Confirm()
    assert confirm.add(looks, FRAME_NS) == ()
