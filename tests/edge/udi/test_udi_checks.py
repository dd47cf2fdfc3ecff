"""Check digits and check characters of GS1, and what they notice. ``6901234GS1-China1234567`` with ``EH`` and
``1987654Ad4X4bL5ttr2310c`` with ``2K`` are public examples of a model number, ``GB82WEST12345698765432`` of an IBAN,
106141412345678908 is GS1's SSCC. HIBC's are worked examples of ANSI/HIBC 2.6, ``G123498654321`` with H (17) is that of
ICCBBA, ``111234567842`` of IFA, the MA code is the sample of a label tool. The rest is computed here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.checks import (
    CSET39,
    CSET82,
    HIBC_SET,
    check_pair,
    has_mod10,
    iban_holds,
    is_digits,
    ma_digit,
    mod10,
    mod37,
    mod43,
    mod97,
)

DIGITS = "0123456789"

MOD10 = {
    "GTIN-8": ("9638507", 4),
    "GTIN-12": ("61414112345", 2),
    "GTIN-13": ("690123456789", 2),
    "GTIN-14": ("0690123456789", 2),
    "SSCC": ("10614141234567890", 8),
    "GSRN": ("69012345678900001", 5),
    "all zero": ("0000000", 0),
    "one digit": ("5", 5),
    "nothing": ("", 0),
}


@pytest.mark.parametrize(("body", "digit"), MOD10.values(), ids=MOD10.keys())
def test_check_digit(body: str, digit: int) -> None:
    assert mod10(body) == digit
    assert has_mod10(f"{body}{digit}")
    assert not any(has_mod10(f"{body}{other}") for other in range(10) if other != digit)


@given(st.text(DIGITS, max_size=30))
def test_the_two_ways_to_count_agree(body: str) -> None:
    assert has_mod10(f"{body}{mod10(body)}")


@given(st.text(DIGITS, min_size=1, max_size=30), st.data())
def test_a_single_wrong_digit_is_noticed(body: str, data: st.DataObject) -> None:
    whole = f"{body}{mod10(body)}"
    place = data.draw(st.integers(0, len(body)))
    other = data.draw(st.sampled_from([digit for digit in DIGITS if digit != whole[place]]))
    assert not has_mod10(whole[:place] + other + whole[place + 1 :])


def test_neighbours_that_change_places_are_missed_only_five_apart() -> None:
    missed = {
        (one, other)
        for one in DIGITS
        for other in DIGITS
        if one != other and has_mod10(f"69012345678{other}{one}{mod10(f'69012345678{one}{other}')}")
    }
    assert missed == {(one, other) for one in DIGITS for other in DIGITS if abs(int(one) - int(other)) == 5}


PAIRS = {"1987654Ad4X4bL5ttr2310c": "2K", "6901234GS1-China1234567": "EH", "": "22", "!": "22", "0": "2U"}


@pytest.mark.parametrize(("payload", "expected"), PAIRS.items())
def test_check_pair(payload: str, expected: str) -> None:
    assert check_pair(payload) == expected


@pytest.mark.parametrize("payload", ["1987654Ad4X4bL5ttr2310c", "6901234GS1-China1234567", "!" * 23, "z" * 23, "6901A"])
def test_no_single_change_of_a_pair_goes_unnoticed(payload: str) -> None:
    # A change adds (difference < 82) * (prime < 1021), and no such product is a multiple of the prime 1021.
    right = check_pair(payload)
    unseen = [
        (place, other)
        for place, character in enumerate(payload)
        for other in CSET82
        if other != character and check_pair(payload[:place] + other + payload[place + 1 :]) == right
    ]
    assert unseen == []


def test_sets_are_in_order_and_of_their_size() -> None:
    assert (len(CSET82), len(CSET39)) == (82, 39)
    assert [*CSET82] == sorted(set(CSET82))
    assert [*CSET39] == sorted(set(CSET39))
    assert not set(" #$@[\\]^`{|}~") & set(CSET82)


# name: (what the check was computed as, what it has to be)
OTHER_AGENCIES = {
    "HIBC primary": (mod43("+A123BJC5D6E71"), "G"),
    "HIBC secondary": (mod43("+$$52001510X3G"), "D"),
    "HIBC every character": (mod43(HIBC_SET), "0"),
    "donation": (mod37("G123498654321"), 17),
    "donation of zeros": (mod37("0" * 13), 1),
    "PPN": (mod97("1112345678"), "42"),
    "MA product": (ma_digit("MA.156.M0.100350.01004YA1001"), 7),
    "MA production": (ma_digit(".SLMSAGAAAC.M210628.LAY21062803.E220628.V220627"), 3),
    "MA every kind of character": (ma_digit("09AZaghz-~"), 9),
    "MA character without a number": (ma_digit("MA.156.é"), None),
}


@pytest.mark.parametrize(("computed", "expected"), OTHER_AGENCIES.values(), ids=OTHER_AGENCIES.keys())
def test_other_agencies(computed: object, expected: object) -> None:
    assert computed == expected


NO_DIGITS = ["", "１２", "1２", "²", "٣", "1 ", "-1", "1.0", "1e3", "0x1", "1_0", "\x001"]


@pytest.mark.parametrize("text", NO_DIGITS)
def test_only_ascii_digits_are_digits(text: str) -> None:
    assert not is_digits(text)
    assert is_digits("0123456789")


@given(st.sampled_from(["GB82WEST12345698765432", "DE89370400440532013000"]), st.data())
def test_a_wrong_digit_of_an_account_is_noticed(iban: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([place for place, character in enumerate(iban) if character.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in DIGITS if digit != iban[place]]))
    assert iban_holds(iban)
    assert not iban_holds(iban[:place] + other + iban[place + 1 :])
