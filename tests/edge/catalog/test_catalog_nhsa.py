from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.nhsa import nhsa_state, well_formed
from edge.catalog.product import NhsaCode

TODAY = date(2026, 11, 26)
DAY = timedelta(days=1)
A, B = "C1234567890123456789", "C1234567890123456780"


def table(code: str, first: date | None = None, last: date | None = None) -> NhsaCode:
    return NhsaCode(code, "table", first, last)


def udid(code: str) -> NhsaCode:
    return NhsaCode(code, "udid")


STATES = {
    "none": ([], "missing"),
    "one": ([table(A)], "mapped"),
    "UDID's own": ([udid(A)], "mapped"),
    "the same from both": ([udid(A), table(A)], "mapped"),
    "one code, two periods": ([table(A, None, TODAY - DAY), table(A, TODAY, None)], "mapped"),
    "1:n": ([table(A), table(B)], "ambiguous"),
    "UDID says another": ([udid(A), table(B)], "ambiguous"),
    "two of UDID": ([udid(A), udid(B)], "ambiguous"),
    "the other has ended": ([table(A), table(B, None, TODAY - DAY)], "mapped"),
    "the other begins tomorrow": ([table(A), table(B, TODAY + DAY)], "mapped"),
    "ended yesterday": ([table(A, None, TODAY - DAY)], "expired"),
    "ends today": ([table(A, None, TODAY)], "mapped"),
    "begins today": ([table(A, TODAY)], "mapped"),
    "begins tomorrow": ([table(A, TODAY + DAY)], "missing"),
    "ended, and again from tomorrow": ([table(A, None, TODAY - DAY), table(A, TODAY + DAY)], "expired"),
    "UDID has what the table ended": ([udid(A), table(A, None, TODAY - DAY)], "expired"),
    "free text in UDID": ([udid("无")], "missing"),
    "free text in UDID beside a code": ([udid("详见附件"), table(A)], "mapped"),
    "a form nobody knows, in the site's own table": ([table("X1")], "mapped"),
    "the long form of the same code": ([udid(A), table(A + "0000001")], "mapped"),
    "two long forms": ([table(A + "0000001"), table(A + "0000002")], "ambiguous"),
}


@pytest.mark.parametrize(("codes", "state"), STATES.values(), ids=STATES.keys())
def test_states(codes: list[NhsaCode], state: str) -> None:
    assert nhsa_state(codes, TODAY) == state
    assert nhsa_state(codes[::-1], TODAY) == state


FORMS = {
    A: True,
    A + "1234567": True,
    A + "1": False,
    A[:-1]: False,
    "c" + A[1:]: False,
    "C" + "１" * 19: False,
    A + "\n": False,
    "": False,
}


@pytest.mark.parametrize(("code", "good"), FORMS.items())
def test_the_usual_form(code: str, good: bool) -> None:
    assert well_formed(code) is good


_DAYS = st.none() | st.sampled_from([TODAY - DAY, TODAY, TODAY + DAY])
_CODES = st.builds(NhsaCode, st.sampled_from([A, B, "无"]), st.sampled_from(["udid", "table"]), _DAYS, _DAYS)


@given(st.lists(_CODES, max_size=5))
def test_a_code_in_the_table_and_in_force_is_never_called_missing(codes: list[NhsaCode]) -> None:
    in_force = {each.code for each in codes if each.source == "table" and _holds(each)}
    others = {each.code for each in codes if _holds(each)} - in_force
    state = nhsa_state(codes, TODAY)
    assert (state in ("mapped", "ambiguous")) or not in_force
    assert state != "mapped" or len(in_force) == 1 or (not in_force and others)
    assert state != "ambiguous" or len(in_force | others) > 1


def _holds(code: NhsaCode) -> bool:
    return (code.valid_from or TODAY) <= TODAY <= (code.valid_to or TODAY)
