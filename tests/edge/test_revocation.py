import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.revocation import MOST_BYTES, MOST_VERSION, RevocationError, read_revoked, revoke
from edge.sign import Authority, new_key
from tests.edge.test_wire import validator
from tests.support.cards import HUB, KEY

NUMBERS = st.sets(st.from_regex(r"[A-Z0-9.-]{1,30}", fullmatch=True), max_size=20)


@given(NUMBERS, st.integers(1, MOST_VERSION))
def test_what_is_signed_is_read(numbers: set[str], version: int) -> None:
    made = revoke(numbers, version, KEY, "CARDS")
    read = read_revoked(made.encode())
    assert read == made
    read.demand_signed([HUB])
    validator("revoked-cards").validate(json.loads(made.encode()))


LIST = json.loads(revoke({"1", "2"}, 7, KEY, "CARDS").encode())
NO_LIST: dict[str, Any] = {
    "no object": [],
    "schema": LIST | {"schema": 2},
    "version of no sort": LIST | {"version": True},
    "version 0": LIST | {"version": 0},
    "too high a version": LIST | {"version": MOST_VERSION + 1},
    "a number that is none": LIST | {"numbers": ["a"]},
    "numbers twice": LIST | {"numbers": ["1", "1"]},
    "numbers unordered": LIST | {"numbers": ["2", "1"]},
    "no texts": LIST | {"numbers": [1]},
    "nobody": LIST | {"by": None},
}


@pytest.mark.parametrize("data", NO_LIST.values(), ids=NO_LIST.keys())
def test_what_is_no_list_is_refused(data: object) -> None:
    with pytest.raises(RevocationError, match="not a list"):
        read_revoked(json.dumps(data).encode())


@given(st.binary(max_size=200))
def test_any_bytes_give_the_declared_error(payload: bytes) -> None:
    with pytest.raises(RevocationError):
        read_revoked(payload)


def test_a_list_has_an_end() -> None:
    with pytest.raises(RevocationError, match="make a new key"):
        revoke((f"{number:030}" for number in range(1000)), 1, KEY, "CARDS").encode()
    with pytest.raises(RevocationError, match="at most"):
        read_revoked(b" " * (MOST_BYTES + 1))


CHANGED = {
    "version": LIST | {"version": 8},
    "a number more": LIST | {"numbers": ["1", "2", "3"]},
    "a number less": LIST | {"numbers": ["1"]},
    "another name": LIST | {"by": "OTHER"},
    "no signature": LIST | {"sig": ""},
}


@pytest.mark.parametrize("data", CHANGED.values(), ids=CHANGED.keys())
def test_what_was_changed_is_not_signed(data: object) -> None:
    with pytest.raises(RevocationError):
        read_revoked(json.dumps(data).encode()).demand_signed([HUB])


def test_only_who_may_sign_cards_revokes() -> None:
    chief = Authority("CARDS", HUB.public_key, frozenset({"order"}))
    with pytest.raises(RevocationError, match="may not sign"):
        revoke(["1"], 1, KEY, "CARDS").demand_signed([chief])
    with pytest.raises(RevocationError, match="does not fit"):
        revoke(["1"], 1, new_key(), "CARDS").demand_signed([HUB])
