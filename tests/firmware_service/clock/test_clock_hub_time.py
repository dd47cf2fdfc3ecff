import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sign import new_key, public_half, sign
from firmware_service.clock.hub_time import HubTimeError, read_hub_time

KEY = new_key()
KEYS = {"hub": public_half(KEY)}
AT = "2027-03-04T05:06:07.123456Z"


def message(**other: Any) -> bytes:
    made = sign("time", AT.encode(), by="hub", key=KEY)
    return json.dumps({"schema": 1, "at": AT, "by": made.by, "sig": made.sig, **other}).encode()


def test_what_the_hub_signed_is_the_time() -> None:
    assert read_hub_time(message(), KEYS) == datetime(2027, 3, 4, 5, 6, 7, 123456, UTC)


BAD = {
    "another time": ({"at": "2027-03-04T05:06:08.123456Z"}, "does not fit"),
    "a stranger": ({"by": "eve"}, "'eve' may not sign a time"),
    "another schema": ({"schema": 2}, "schema 2"),
    "no zone": ({"at": "2027-03-04T05:06:07"}, "a time with its zone"),
    "no time": ({"at": "soon"}, "are no time"),
    "no base64": ({"sig": "!"}, "does not fit"),
    "a short signature": ({"sig": base64.b64encode(b"x").decode()}, "does not fit"),
    "signed for something else": ({"sig": sign("document", AT.encode(), by="hub", key=KEY).sig}, "does not fit"),
}


@pytest.mark.parametrize(("other", "why"), BAD.values(), ids=BAD.keys())
def test_what_is_not_believed(other: dict[str, Any], why: str) -> None:
    with pytest.raises(HubTimeError, match=why):
        read_hub_time(message(**other), KEYS)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_give_a_clear_no(payload: bytes) -> None:
    with pytest.raises(HubTimeError):
        read_hub_time(payload, KEYS)
