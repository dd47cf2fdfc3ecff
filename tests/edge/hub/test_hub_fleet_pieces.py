"""An archive put together from its pieces, as the machines' own code cuts it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.hub.fleet.pieces import (
    MOST_HELD,
    MOST_PIECES,
    MOST_UNFINISHED,
    PIECE_BYTES,
    Piece,
    PieceError,
    Pieces,
    read_piece,
)
from firmware_service.diagnostics.sending import pieces


def noise(size: int, seed: int = 0) -> bytes:
    return hashlib.shake_256(b"%d" % seed).digest(size)


def cut(command: str, data: bytes) -> list[Piece]:
    return [read_piece(each) for each in pieces(command, data)]


def small(command: str, data: bytes, size: int) -> list[Piece]:
    """Pieces as small as a test of many orders can bear."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    sha256 = hashlib.sha256(data).hexdigest()
    return [Piece(command, number, len(parts), sha256, part) for number, part in enumerate(parts, 1)]


def test_one_piece_and_many() -> None:
    for size in (1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES):
        data, held = noise(size), Pieces()
        *first, last = cut("a1", data)
        assert [held.add("OR-03", each) for each in first] == [None] * len(first)
        assert held.add("OR-03", last) == data
        assert held.held == 0


@given(
    archives=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=3, unique=True),
    size=st.integers(1, 20),
    doubled=st.integers(0, 3),
    rng=st.randoms(use_true_random=False),
)
def test_any_order_doubled_and_of_several_machines(
    archives: list[bytes], size: int, doubled: int, rng: random.Random
) -> None:
    sent = [(f"S-{number}", each) for number, data in enumerate(archives) for each in small("a1", data, size)]
    sent += rng.sample(sent, min(doubled, len(sent)))
    rng.shuffle(sent)
    held, whole = Pieces(), set()
    for station, piece in sent:
        if (found := held.add(station, piece)) is not None:
            whole.add((station, found))
    assert whole == {(f"S-{number}", data) for number, data in enumerate(archives)}


@given(
    data=st.lists(st.binary(min_size=1, max_size=60), min_size=2, max_size=2, unique=True),
    same_command=st.booleans(),
    rng=st.randoms(use_true_random=False),
)
def test_two_archives_of_one_machine_do_not_mix(data: list[bytes], same_command: bool, rng: random.Random) -> None:
    first, second = data
    sent = small("a1", first, 7) + small("a1" if same_command else "a2", second, 7)
    rng.shuffle(sent)
    held = Pieces()
    found = [whole for each in sent if (whole := held.add("OR-03", each)) is not None]
    assert sorted(found) == sorted(data)
    assert held.held == 0


@given(
    data=st.binary(min_size=2, max_size=60),
    rounds=st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=4),
    rng=st.randoms(use_true_random=False),
)
def test_missing_and_damaged_pieces_are_made_good_by_the_next_rounds(
    data: bytes, rounds: list[tuple[int, bool]], rng: random.Random
) -> None:
    """Nothing is given that was not sent, and rounds without a fault bring it."""
    sent, held, found = small("a1", data, 7), Pieces(), []
    for which, damaged in rounds:
        spoilt = sent[which % len(sent)]
        wrong = Piece(spoilt.command, spoilt.number, spoilt.count, spoilt.sha256, b"?" * 8)
        faulty = [each for each in sent if each is not spoilt] + ([wrong] if damaged else [])
        rng.shuffle(faulty)
        found += [held.add("OR-03", each) for each in faulty]
    for _ in range(2):  # the first may end with a damaged piece of before among the others
        found += [held.add("OR-03", each) for each in sent]
    assert set(found) - {None} == {data}


def test_what_one_machine_and_all_together_can_hold_is_bounded() -> None:
    held, big = Pieces(), noise(MOST_PIECES * PIECE_BYTES)
    for number in range(5):
        for each in cut(f"a{number}", big)[1:]:
            held.add("OR-03", each)
    assert held.held == MOST_UNFINISHED * (MOST_PIECES - 1) * PIECE_BYTES
    for number in range(12):
        for each in cut("a1", big)[1:]:
            held.add(f"S-{number}", each)
            assert held.held <= MOST_HELD
    assert held.add("S-11", cut("a1", big)[0]) == big, "the one that grew last is still there"


def test_what_is_wanted_no_more_is_forgotten() -> None:
    held, data = Pieces(), noise(2 * PIECE_BYTES)
    for station, command in (("OR-03", "a1"), ("OR-03", "a2"), ("OR-04", "a1")):
        held.add(station, cut(command, data)[0])
    held.keep_only({("OR-03", "a2")})
    assert held.held == PIECE_BYTES
    assert held.add("OR-03", cut("a2", data)[1]) == data
    assert held.add("OR-04", cut("a1", data)[1]) is None


def test_a_repeated_piece_counts_once() -> None:
    held, data = Pieces(), noise(2 * PIECE_BYTES)
    for _ in range(100):
        assert held.add("OR-03", cut("a1", data)[0]) is None
    assert held.held == PIECE_BYTES


GOOD = {
    "schema": 1,
    "command": "0193-a1",
    "number": 1,
    "count": 2,
    "sha256": "0" * 64,
    "data": base64.b64encode(b"x").decode(),
}
BAD: dict[str, Any] = {
    "another schema": {"schema": 2},
    "a path as the command": {"command": "../../etc/passwd"},
    "an absolute path": {"command": "/etc/passwd"},
    "no name at all": {"command": ""},
    "a command that is no text": {"command": 7},
    "number 0": {"number": 0},
    "a number beyond the count": {"number": 3},
    "true for a number": {"number": True},
    "a number that is a text": {"number": "1"},
    "a fraction": {"number": 1.0},
    "too many pieces": {"count": MOST_PIECES + 1},
    "an endless count": {"count": 10**30},
    "a hash that is none": {"sha256": "g" * 64},
    "a hash in capitals": {"sha256": "A" * 64},
    "no base64": {"data": "***"},
    "nothing in it": {"data": ""},
    "data that is no text": {"data": [1]},
    "a piece that is too large": {"data": base64.b64encode(noise(PIECE_BYTES + 1)).decode()},
}


@pytest.mark.parametrize("changed", BAD.values(), ids=BAD.keys())
def test_what_is_no_piece(changed: dict[str, Any]) -> None:
    assert read_piece(json.dumps(GOOD).encode()).data == b"x"
    with pytest.raises(PieceError):
        read_piece(json.dumps({**GOOD, **changed}).encode())


NO_OBJECTS = {
    "no json": b"{",
    "a list": b"[1]",
    "a text": b'"x"',
    "no utf-8": b"\xff",
    "deep": b"[" * 100_000,
    "too long": json.dumps({**GOOD, "more": "x" * 100_000}).encode(),
    "a number of many digits": b'{"schema": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("payload", NO_OBJECTS.values(), ids=NO_OBJECTS.keys())
def test_what_is_no_object(payload: bytes) -> None:
    with pytest.raises(PieceError):
        read_piece(payload)


@given(st.dictionaries(st.sampled_from([*GOOD]), st.none() | st.integers() | st.text() | st.lists(st.integers())))
def test_any_object_is_a_piece_or_refused(changed: dict[str, Any]) -> None:
    with contextlib.suppress(PieceError):
        piece = read_piece(json.dumps({**GOOD, **changed}).encode())
        assert 1 <= piece.number <= piece.count <= MOST_PIECES
        assert 0 < len(piece.data) <= PIECE_BYTES
