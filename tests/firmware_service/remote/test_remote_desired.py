import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sign import new_key, public_half, sign
from firmware_service.remote.desired import MOST_BYTES, Desired, DesiredError, covered, read_desired

KEY = new_key()
KEYS = {"it": public_half(KEY)}
BODY = '[station]\nid = "OR-03"\nplace = "三号手术室"\n'


def message(rev: int = 7, body: str = BODY, station: str = "OR-03", **other: Any) -> bytes:
    made = sign("configuration", covered(station, rev, body), by="it", key=KEY)
    return json.dumps({"schema": 1, "rev": rev, "body": body, "by": made.by, "sig": made.sig, **other}).encode()


def test_what_was_signed_for_this_station_is_wanted() -> None:
    assert read_desired(message(), "OR-03", KEYS) == Desired(7, BODY)


BAD = {
    "another station's": (message(station="OR-04"), "does not fit"),
    "another body": (message().replace(b"place", b"plaze"), "does not fit"),
    "passed off as newer": (json.dumps({**json.loads(message()), "rev": 8}).encode(), "does not fit"),
    "a stranger's": (json.dumps({**json.loads(message()), "by": "eve"}).encode(), "'eve' may not sign"),
    "revision 0": (message(rev=0), "rev 0"),
    "a revision that is true": (json.dumps({**json.loads(message()), "rev": True}).encode(), "rev True"),
    "another schema": (message(schema=2), "schema 2"),
    "no body": (json.dumps({**json.loads(message()), "body": None}).encode(), "expected texts"),
    "half a character": (json.dumps({**json.loads(message()), "body": "\ud800"}).encode(), "surrogates"),
    "too much": (b" " * (MOST_BYTES + 1), "expected at most"),
    "nothing": (b"", "are no configuration"),
}


@pytest.mark.parametrize(("payload", "why"), BAD.values(), ids=BAD.keys())
def test_what_is_not_applied(payload: bytes, why: str) -> None:
    with pytest.raises(DesiredError, match=why):
        read_desired(payload, "OR-03", KEYS)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_give_a_clear_no(payload: bytes) -> None:
    with pytest.raises(DesiredError):
        read_desired(payload, "OR-03", KEYS)
