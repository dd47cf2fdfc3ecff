"""Check characters of a site's own codes, by published examples, and what a wrong character does to each."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.station.check_digits import HOLDS
from edge.udi.checks import HIBC_SET

RIGHT = {
    "Luhn, ISO/IEC 7812-1": ("mod10", "79927398713"),
    "a citizen number, GB 11643 annex A": ("mod11", "11010519491231002X"),
    "another one of GB 11643": ("mod11", "440524188001010014"),
    "a GTIN of the General Specifications": ("gs1", "6291041500213"),
    "Code 39": ("mod43", "CODE39W"),
    "a legal entity identifier, ISO 17442": ("mod97", "529900T8BM49AURSDO55"),
    "none": ("none", "whatever"),
}


@pytest.mark.parametrize(("check", "value"), RIGHT.values(), ids=RIGHT.keys())
def test_published_examples_hold(check: str, value: str) -> None:
    assert HOLDS[check](value)


@pytest.mark.parametrize("check", ["mod10", "mod11", "gs1", "mod43", "mod97"])
@pytest.mark.parametrize("value", ["", "张三", "12 4", "１２３", "Ab-", "X"])
def test_what_cannot_have_one_does_not_hold(check: str, value: str) -> None:
    assert not HOLDS[check](value)


ALPHABETS = {
    "mod10": string.digits,
    "mod11": string.digits,
    "gs1": string.digits,
    "mod43": HIBC_SET,
    "mod97": string.digits + string.ascii_uppercase,
}


@pytest.mark.parametrize("check", ALPHABETS)
@given(data=st.data())
def test_one_wrong_character_is_noticed(check: str, data: st.DataObject) -> None:
    alphabet = ALPHABETS[check]
    body = data.draw(st.text(alphabet, min_size=2, max_size=12))
    ends = (f"{end:02d}" for end in range(97)) if check == "mod97" else iter(alphabet + "X")
    right = next(value for end in ends if HOLDS[check](value := body + end))
    place = data.draw(st.integers(0, len(body) - 1))
    digit = right[place].isdecimal()  # MOD 97-10 counts a letter as two digits, and may miss one in a digit's place
    other = data.draw(st.sampled_from([each for each in alphabet if check != "mod97" or each.isdecimal() is digit]))
    wrong = right[:place] + other + right[place + 1 :]
    assert HOLDS[check](wrong) is (wrong == right)
