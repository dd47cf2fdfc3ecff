"""Rules for the content of element strings, each by its name. Values are made for this test; the sets of allowed ones
follow the General Specifications 3, ISO 3166, ISO 4217, ISO 5218, RFC 3986 and RFC 4648."""

from datetime import date

import pytest

from edge.udi.checks import check_pair
from edge.udi.content import RULES, restricted
from tests.support.gs1 import DI

TODAY = date(2026, 11, 24)

# rule: (values that it allows, values that it refuses)
VALUES: dict[str, tuple[list[str], list[str]]] = {
    "mod10": (["6901234567892", "690123456789000015", "0"], ["6901234567893", "690123456789000018", "1"]),
    "gtin": ([DI, "00000096385074", "16901234567899"], ["06901234567893", "16901234567892", "96901234567890"]),
    "prefix": (["6901", "0000", "6901ABC"], ["690", "69O1", "A901", "", "690 "]),
    "pair": (
        ["6901GS1" + check_pair("6901GS1"), "a" * 23 + check_pair("a" * 23)],
        ["", "2", "22", "6901GS122", "a" * 24 + check_pair("a" * 23)],
    ),
    "has_letter": (["6901A", "6901-"], ["6901", ""]),
    "day": (["260228", "240229", "000101", "991231"], ["260229", "260200", "261301", "260001", "260132"]),
    "full_day": (["19990228", "20000229", "20261231"], ["19000229", "20260229", "20261301", "20260100", "00000101"]),
    "hh": (["00", "23"], ["24", "99"]),
    "hhmm": (["0000", "2359"], ["2400", "2360", "9999"]),
    "hhmm_or_none": (["0000", "2359", "9999"], ["2400", "2360", "9959", "2399"]),
    "mm": (["00", "59"], ["60", "99"]),
    "ss": (["00", "59"], ["60", "99"]),
    "pieces": (["0101", "0102", "9999"], ["0000", "0001", "0100", "0201"]),
    "country": (["156", "004", "840", "894"], ["000", "999", "157", "278", "895"]),
    "country_or_999": (["156", "999"], ["000", "998"]),
    "country2": (["CN", "AX", "ZW"], ["AA", "cn", "UK", "XK", "ZZ"]),
    "currency": (["156", "978", "999", "975"], ["000", "001", "280"]),
    "nonzero": (["1", "0001", "9000"], ["0", "0000"]),
    "zero": (["0"], ["1", "9"]),
    "no_zero_first": (["1", "10"], ["0", "01", "00"]),
    "yes_no": (["0", "1"], ["2", "9"]),
    "winding": (["0", "1", "9"], ["2", "8"]),
    "sex": (["0", "1", "2", "9"], ["3", "8"]),
    "hyphen": (["-"], ["+", "_", "1"]),
    "importer": (["-", "0", "9", "A", "Z", "_", "a", "z"], [".", "/", "+", "="]),
    "media": (["01", "10", "80", "99"], ["00", "11", "79"]),
    "latitude": (["0000000000", "1800000000"], ["1800000001", "9999999999"]),
    "longitude": (["0000000000", "3600000000"], ["3600000001", "9999999999"]),
    "birth_place": (["1/1", "1/9", "3/3"], ["0/1", "2/1", "1/0", "1-2", "12/", "/12", "a/b"]),
    "digits": (["1", "12"], ["1A", "-1"]),
    "percent": (["A", "%41", "a%2Fb%2f"], ["%", "%4", "A%4G", "%%41", "%0g"]),
    "base64": (
        ["QUJD", "QUI", "QUI=", "QUE=", "QQ==", "DIGSIG", "ab-_"],
        ["Q", "QUJDQ", "QUI==", "QQ=", "QR==", "QUF=", "=", "Q=Q=", "===="],
    ),
    "iban": (
        ["GB82WEST12345698765432", "DE89370400440532013000"],
        ["GB83WEST12345698765432", "gb82WEST12345698765432", "AA2712345678901234", "GB82", "GB", "GB82-WEST"],
    ),
}

CODES = {
    "mod10": {"check_digit"},
    "gtin": {"check_digit"},
    "prefix": {"company_prefix"},
    "pair": {"check_pair"},
    "has_letter": {"non_digit_required"},
    "day": {"date_impossible", "date_day_required"},
    "full_day": {"date_impossible"},
    **{name: {"time_impossible"} for name in ("hh", "hhmm", "hhmm_or_none", "mm", "ss")},
    "pieces": {"pieces_impossible"},
    **{name: {"country_unknown"} for name in ("country", "country_or_999", "country2")},
    "currency": {"currency_unknown"},
    "percent": {"percent_encoding"},
    "base64": {"base64"},
    "iban": {"iban"},
}
"""What is said of a refused value, if not that it is not allowed."""


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (allowed, _) in VALUES.items() for value in allowed]
)
def test_allowed(name: str, value: str) -> None:
    assert RULES[name](value, TODAY) is None


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, refused) in VALUES.items() for value in refused]
)
def test_refused(name: str, value: str) -> None:
    assert RULES[name](value, TODAY) in CODES.get(name, {"value_not_allowed"})


def test_every_rule_is_in_the_table() -> None:
    assert set(RULES) == set(VALUES) | {"day0"}


# value: what is said of it
DAYS: dict[str, str | None] = {
    "261231": None,
    "260200": "date_day_missing",
    "000000": "date_impossible",
    "260000": "date_impossible",
    "261300": "date_impossible",
    "260230": "date_impossible",
    "000229": None,
    "270229": "date_impossible",
}


def test_what_is_said_of_a_gtin_and_of_a_day() -> None:
    assert RULES["gtin"]("02012345678903", TODAY) == "gtin_restricted"
    assert RULES["day"]("260200", TODAY) == "date_day_required"
    assert RULES["day"]("260230", TODAY) == "date_impossible"


@pytest.mark.parametrize(("value", "expected"), DAYS.items())
def test_a_day_may_be_left_out_but_not_a_month(value: str, expected: str | None) -> None:
    assert RULES["day0"](value, TODAY) == expected


# GTIN written with 14 digits: whether it is a number of one company or region
PREFIXES = {
    "GS1 China": (DI, False),
    "prefix 02 in a UPC": ("00212345678901", True),
    "prefix 04 in a UPC": ("00412345678901", True),
    "prefix 20": ("02012345678901", True),
    "prefix 29": ("02912345678901", True),
    "prefix 30": ("03012345678901", False),
    "prefix 19": ("01912345678901", False),
    "a package of such": ("12012345678901", True),
    "GTIN-8 with 0": ("00000002345673", True),
    "GTIN-8 with 2": ("00000027066027", True),
    "GTIN-8 with 9": ("00000096385074", False),
    "UPC with 0000": ("00000123456784", False),
}


@pytest.mark.parametrize(("gtin", "expected"), PREFIXES.values(), ids=PREFIXES.keys())
def test_numbers_of_the_house(gtin: str, expected: bool) -> None:
    assert restricted(gtin) is expected
