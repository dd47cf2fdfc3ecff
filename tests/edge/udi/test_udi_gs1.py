"""GS1 element strings. Identifiers and rules follow the General Specifications; the codes are made for this test."""

from datetime import date
from itertools import permutations

import pytest

from edge.udi.build import element_string
from edge.udi.checks import check_pair
from edge.udi.model import Grade, Issuer, Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete
from tests.support.gs1 import DI, GS

TODAY = date(2026, 11, 24)
KEY = f"01{DI}"
SSCC = "00106141412345678908"
GLN = "4146901234567892"
GMN = "6901GS1" + check_pair("6901GS1")
Expected = dict[str, object]

# name: (element string behind ]d2, what it says, its findings)
READABLE: dict[str, tuple[str, Expected, set[str]]] = {
    "DI alone": (KEY, {"di": DI, "lot": None, "has_pi": False}, set()),
    "all four": (
        f"{KEY}112509301726093010AB1{GS}21S1",
        {"lot": "AB1", "serial": "S1", "manufactured": date(2025, 9, 30), "expires": date(2026, 9, 30)},
        set(),
    ),
    "variable first": (f"21S1{GS}10AB1{GS}{KEY}17260930", {"di": DI, "lot": "AB1", "serial": "S1"}, set()),
    "separator behind a fixed length": (f"{KEY}{GS}17260930{GS}10AB1", {"lot": "AB1"}, set()),
    "separators in front, doubled and at the end": (f"{GS}{GS}{KEY}10AB1{GS}{GS}21S1{GS}{GS}", {"serial": "S1"}, set()),
    "day 00": (f"{KEY}17260200", {"expires": date(2026, 2, 28), "expires_day_given": False}, {"date_day_missing"}),
    "day 00 of production": (f"{KEY}11240200", {"manufactured": date(2024, 2, 29)}, {"date_day_missing"}),
    "last century": (f"{KEY}17990131", {"expires": date(1999, 1, 31)}, set()),
    "far ahead": (f"{KEY}17760131", {"expires": date(2076, 1, 31)}, set()),
    "made after it expires": (f"{KEY}1127010117260101", {"expires": date(2026, 1, 1)}, {"dates_reversed"}),
    "expiry with its time": (f"{KEY}70032609301200", {"expires": date(2026, 9, 30)}, set()),
    "expiry twice": (f"{KEY}17260930{'70032609291200'}", {"expires": date(2026, 9, 30)}, set()),
    "production with its time": (f"{KEY}800826093012", {"manufactured": date(2026, 9, 30)}, set()),
    "same element twice": (f"{KEY}10A{GS}10A", {"lot": "A"}, set()),
    "count": (f"{KEY}3012", {"quantity": 12}, set()),
    "lot of 20": (f"{KEY}10{'A' * 20}", {"lot": "A" * 20}, set()),
    "every character": (f"{KEY}10!\"%&'()*+,-./:;<={GS}21>?_az", {"serial": ">?_az"}, set()),
    "lower case stays": (f"{KEY}10aBc", {"lot": "aBc"}, set()),
    "made to order": (f"03{DI}21S1", {"di": DI, "serial": "S1"}, set()),
    "piece of a whole": (f"8006{DI}0103{GS}21S1", {"di": DI, "serial": "S1"}, set()),
    "variant and additional number": (f"{KEY}2042{'240X1'}{GS}22V", {"di": DI}, set()),
    "model and configuration": (f"{KEY}8014{GMN}", {"di": DI}, set()),
    "house number behind": (f"{KEY}99ABC", {"di": DI}, set()),
    "reimbursement number": (f"{KEY}71312345678", {"di": DI}, set()),
    "number of a house": ("0102012345678903", {"di": "02012345678903"}, {"gtin_restricted"}),
    "the other half": ("1726093010AB1", {"di": None, "lot": "AB1", "has_pi": True}, {"ai_required"}),
    "serial of a sale unit without its serial": (f"{KEY}250X", {"di": DI}, {"ai_required"}),
    "a lot that may hide an expiry": (f"{KEY}10ABC117260930", {"lot": "ABC117260930"}, {"separator_doubtful"}),
    "signature": (f"{KEY}21S1{GS}8030DIGSIG", {"serial": "S1"}, set()),
}


@pytest.mark.parametrize(("text", "expected", "findings"), READABLE.values(), ids=READABLE.keys())
def test_readable(text: str, expected: Expected, findings: set[str]) -> None:
    udi = parse(text, "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.GS1
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {found.code for found in udi.findings} == findings
    assert udi.valid


# name: (element string behind ]d2, its findings)
FAULTY: dict[str, tuple[str, set[str]]] = {
    "check digit": (f"01{DI[:-1]}3", {"check_digit"}),
    "letter in the GTIN": (f"01{DI[:-1]}A", {"ai_charset"}),
    "GTIN cut short": (KEY[:-1], {"ai_too_short"}),
    "a digit more": (f"{KEY}7", {"ai_unknown"}),
    "unknown identifier": (f"{KEY}0512", {"ai_unknown"}),
    "text behind": (f"{KEY}ZZ", {"ai_unknown"}),
    "empty lot": (f"{KEY}10{GS}21S1", {"ai_too_short"}),
    "lot of 21": (f"{KEY}10{'A' * 21}", {"ai_too_long", "separator_missing"}),
    "blank in the lot": (f"{KEY}10A B1", {"ai_charset"}),
    "tab in the lot": (f"{KEY}10A\tB", {"ai_charset"}),
    "full-width digit in the lot": (f"{KEY}10１２", {"full_width"}),
    "full-width digit in the GTIN": ("01０6901234567892", {"full_width"}),
    "Arabic digits as a count": (f"{KEY}30٣٣", {"ai_charset"}),
    "superscript as a date": (f"{KEY}17²60930", {"ai_charset"}),
    "month 13": (f"{KEY}17261301", {"date_impossible"}),
    "month 00": (f"{KEY}17260001", {"date_impossible"}),
    "30 February": (f"{KEY}17260230", {"date_impossible"}),
    "29 February of no leap year": (f"{KEY}17270229", {"date_impossible"}),
    "six zeros": (f"{KEY}17000000", {"date_impossible"}),
    "day 00 where a day is needed": (f"{KEY}70032609001200", {"date_day_required"}),
    "hour 24": (f"{KEY}70032609012400", {"time_impossible"}),
    "two lots": (f"{KEY}10A{GS}10B", {"ai_repeat_conflict"}),
    "two serials, third like the first": (f"{KEY}21A{GS}21B{GS}21A", {"ai_repeat_conflict"}),
    "GTIN and content": (f"{KEY}02{DI}3712", {"ai_excluded", "ai_required"}),
    "GTIN and count of content": (f"{KEY}3712", {"ai_excluded", "ai_required"}),
    "GTIN and made to order": (f"{KEY}03{DI}", {"ai_excluded"}),
    "serial and third-party serial": (f"{KEY}21A{GS}235B", {"ai_excluded"}),
    "staff and patient": ("8017690123456789000015" + GS + "8018690123456789000015", {"ai_excluded"}),
    "two weights": (f"{KEY}31000001003101000100", {"ai_excluded"}),
    "check pair": (f"8013{GMN[:-1]}2", {"check_pair"}),
    "configuration of digits alone": (f"{KEY}801469010000000532", {"non_digit_required"}),
    "piece 3 of 2": (f"8006{DI}0302", {"pieces_impossible"}),
    "half a country": (f"{KEY}42315684", {"component_incomplete"}),
    "asset without its zero": ("800316901234567892", {"value_not_allowed"}),
    "check digit inside an asset": ("800306901234567893X", {"check_digit"}),
    "signed key without serial": ("2536901234567892" + GS + "8030DIGSIG", {"component_incomplete"}),
    "signed coupon without serial": ("2556901234567892" + GS + "8030DIGSIG", {"component_incomplete"}),
    "signed asset without serial": ("800306901234567892" + GS + "8030DIGSIG", {"component_incomplete"}),
}


@pytest.mark.parametrize(("text", "findings"), FAULTY.values(), ids=FAULTY.keys())
def test_faulty(text: str, findings: set[str]) -> None:
    result = parse(text, "]d2", today=TODAY)
    assert {found.code for found in result.findings} == findings
    assert result.valid == (not findings)
    assert is_complete(result) == (not findings)


# lot: what may be another element in it, and where in the lot
HIDDEN: dict[str, tuple[str, int] | None] = {
    "A17260930": ("17260930", 1),
    "ABC117260930": ("17260930", 4),
    "A11260101": ("11260101", 1),
    f"A01{DI}": (f"01{DI}", 1),
    f"A01{DI}XY": (f"01{DI}", 1),
    "17260930": None,
    "A1726093": None,
    "A17260930B": None,
    "A17261301": None,
    "A17260230": None,
    "A13260930": None,
    "A15260930": None,
    f"A01{DI[:-1]}3": None,
    "A01069012345678": None,
    "A10BCDEFGH": None,
}


@pytest.mark.parametrize(("lot", "expected"), HIDDEN.items())
def test_what_may_be_an_element_of_its_own_is_said_but_not_taken(lot: str, expected: tuple[str, int] | None) -> None:
    udi = parse(f"{KEY}10{lot}", "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.lot, udi.expires) == (lot, None)
    said = [(found.value, found.at) for found in udi.findings if found.code == "separator_doubtful"]
    assert said == ([] if expected is None else [(expected[0], len(KEY) + 2 + expected[1])])


def test_digits_alone_hide_nothing() -> None:
    assert parse(f"8018690123456789000015{GS}80191117260930", "]d2", today=TODAY).findings == ()


def test_each_clash_is_said_once() -> None:
    findings = parse(f"{KEY}02{DI}02{DI}", "]d2", today=TODAY).findings
    assert [(found.code, found.value) for found in findings] == [
        ("ai_excluded", "(01) + (02)"),
        ("ai_required", "(02)"),
    ]


# name: (element string behind the DI, part, what of it is read)
SPOILT: dict[str, tuple[str, str, object]] = {
    "empty lot": (f"10{GS}", "lot", None),
    "empty serial": (f"21{GS}", "serial", None),
    "count of letters": ("30AB", "quantity", None),
    "count of nine digits": ("30123456789", "quantity", None),
    "count of thousands of digits": (f"30{'1' * 6000}", "quantity", None),
    "count of content": ("3712", "quantity", 12),
    "date of five digits": ("1726093", "expires", None),
    "date of letters": ("17AB0930", "expires", None),
    "date that does not exist": ("17260230", "expires", None),
    "production cut short": ("112609", "manufactured", None),
}


@pytest.mark.parametrize(("text", "part", "expected"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_part_is_not_read(text: str, part: str, expected: object) -> None:
    udi = parse(KEY + text, "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.di, getattr(udi, part), udi.valid) == (DI, expected, False)


def test_parts_before_a_fault_are_kept() -> None:
    udi = parse(f"{KEY}1726093010AB1{GS}0512", "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.di, udi.lot, udi.expires) == (DI, "AB1", date(2026, 9, 30))


# name: (text with its symbology identifier, offset of the finding)
OFFSETS = {
    "of the element": (f"]d2{KEY}17261301", 3 + 16),
    "behind a separator": (f"]d2{KEY}10A{GS}17261301", 3 + 16 + 4),
    "of the unknown": (f"]d2{KEY}0512", 3 + 16),
    "in bytes, not characters": (f"]d2{KEY}10中{GS}17261301", 3 + 16),
    "of the second clash": (f"]d2{KEY}10A{GS}10B", 3 + 16 + 4),
}


@pytest.mark.parametrize(("text", "at"), OFFSETS.values(), ids=OFFSETS.keys())
def test_offsets(text: str, at: int) -> None:
    errors = [found for found in parse(text, today=TODAY).findings if found.grade is Grade.ERROR]
    assert errors[0].at == at


PARTNERS = {
    "lot with its GTIN": (["01", "10"], True),
    "lot with made to order": (["03", "10"], True),
    "content needs its count": (["02"], False),
    "content and count need the unit": (["02", "37"], False),
    "content, count and unit": (["00", "02", "37"], True),
    "secondary serial needs the serial": (["01", "250"], False),
    "secondary serial": (["01", "21", "250"], True),
    "serial of a content": (["02", "21"], False),
    "extension of a place": (["254", "414"], True),
    "extension alone": (["254"], False),
    "instance of a patient": (["8018", "8019"], True),
    "refurbished": (["01", "416", "7020"], True),
    "refurbished where": (["01", "7020"], False),
    "price by a weight of any place": (["01", "3103", "3922"], True),
    "price": (["01", "3922"], False),
    "signed GTIN needs its serial": (["01", "8030"], False),
    "signed GTIN": (["01", "21", "8030"], True),
}


@pytest.mark.parametrize(("codes", "whole"), PARTNERS.values(), ids=PARTNERS.keys())
def test_partners_in_any_order(codes: list[str], whole: bool) -> None:
    known = {"01": DI, "02": DI, "03": DI, "00": SSCC[2:], "8018": "690123456789000015", "8030": "QUJD"}
    known |= {"414": GLN[3:], "416": GLN[3:], "3103": "000100"}
    for order in permutations(codes):
        data = element_string([(code, known.get(code, "1")) for code in order])
        said = {found.code for found in parse(data, "]d2", today=TODAY).findings}
        assert ("ai_required" not in said) is whole, order
        assert "ai_excluded" not in said


CARRIERS = {
    "GS1 DataMatrix": f"]d2{KEY}1726093010A/1{GS}21S1",
    "GS1 DataMatrix in DMRE": f"]d8{KEY}1726093010A/1{GS}21S1",
    "GS1-128": f"]C1{KEY}1726093010A/1{GS}21S1",
    "GS1 QR": f"]Q3{KEY}1726093010A/1{GS}21S1",
    "GS1 DotCode": f"]J1{KEY}1726093010A/1{GS}21S1",
    "DataBar": f"]e0{KEY}1726093010A/1{GS}21S1",
    "composite": f"]e1{KEY}1726093010A/1{GS}21S1",
    "composite, escaped": f"]e2{KEY}1726093010A/1{GS}21S1",
    "plain DataMatrix": f"]d1{KEY}1726093010A/1{GS}21S1",
    "plain DMRE": f"]d7{KEY}1726093010A/1{GS}21S1",
    "plain Code 128": f"]C0{KEY}1726093010A/1{GS}21S1",
    "plain QR": f"]Q1{KEY}1726093010A/1{GS}21S1",
    "no identifier": f"{KEY}1726093010A/1{GS}21S1",
    "another order": f"]d221S1{GS}10A/1{GS}{KEY}17260930",
    "printed": f"(01){DI}(17)260930(10)A/1(21)S1",
    "printed with blanks": f"(01) {DI} (17) 260930 (10) A/1 (21) S1",
    "brackets in the symbol": f"]d2(01){DI}(17)260930(10)A/1(21)S1",
    "Digital Link": f"https://id.gs1.org/01/{DI}/10/A%2F1/21/S1?17=260930",
    "capitals": f"HTTPS://ID.GS1.ORG/01/{DI}/10/A%2f1/21/S1?17=260930",
    "GTIN-13 in the link": f"http://example.cn/p/01/{DI[1:]}/10/A%2F1/21/S1?17=260930",
}


@pytest.mark.parametrize("text", CARRIERS.values(), ids=CARRIERS.keys())
def test_one_object_has_one_key_whatever_carries_it(text: str) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.valid
    assert udi.trace_key == f"GS1|{DI}|S|S1"
    assert (udi.lot, udi.expires) == ("A/1", date(2026, 9, 30))


PLAIN = ["]d1", "]d7", "]C0", "]Q1", "]A0", "]z0", "]J0"]


@pytest.mark.parametrize("symbology", PLAIN)
def test_gs1_data_in_a_plain_symbol_is_a_label_fault(symbology: str) -> None:
    udi = parse(f"{KEY}10A1", symbology, today=TODAY)
    assert [(found.code, found.grade) for found in udi.findings] == [("not_gs1_symbol", Grade.WARNING)]


OTHER = {
    "shipping unit": (SSCC, Kind.SSCC, "106141412345678908"),
    "content of one": (f"{SSCC}02{DI}3712", Kind.SSCC, "106141412345678908"),
    "place": (GLN, Kind.LOCATION, "6901234567892"),
    "shelf": (f"{GLN}254A-1", Kind.LOCATION, "6901234567892"),
}


@pytest.mark.parametrize(("text", "kind", "value"), OTHER.values(), ids=OTHER.keys())
def test_other_keys_are_no_udi(text: str, kind: Kind, value: str) -> None:
    result = parse(text, "]C1", today=TODAY)
    assert isinstance(result, NotUdi)
    assert (result.kind, result.value, result.valid, is_complete(result)) == (kind, value, True, False)
