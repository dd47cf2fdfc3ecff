"""IFA codes (PPN) in format 06. ``suite`` codes of DacoTaco/BarcodeParserBuilder, ``ifa`` example of a page that
explains IFA's coding system; the rest is made for this test."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi import ifa
from edge.udi.checks import mod97
from edge.udi.model import Grade, Issuer, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete

TODAY = date(2026, 11, 24)
PPN = "9N111234568408"
GTIN = "8P03574661451947"
Expected = dict[str, object]


def code(*fields: str) -> str:
    return f"[)>\x1e06\x1d{chr(29).join(fields)}\x1e\x04"


# name: (source, code, what it says, its findings)
READABLE: dict[str, tuple[str, str, Expected, set[str]]] = {
    "product alone": ("suite", code(PPN), {"has_pi": False, "expires_day_given": True}, set()),
    "lot and serial": (
        "suite",
        code(PPN, "1TANDSOMEBatchNumber20", "SHAHASERIAL12385"),
        {"lot": "ANDSOMEBatchNumber20", "serial": "HAHASERIAL12385"},
        set(),
    ),
    "serial first, Aztec": (
        "suite",
        "]z5" + code("SHAHASERIAL12385", PPN, "1TANDSOMEBatchNumber20"),
        {"di": "111234568408", "serial": "HAHASERIAL12385"},
        set(),
    ),
    "expiry": ("suite", code(PPN, "D201220"), {"expires": date(2020, 12, 20), "expires_day_given": True}, set()),
    "made": ("suite", code(PPN, "16D20201231"), {"manufactured": date(2020, 12, 31)}, set()),
    "made, day 00": ("suite", code(PPN, "16D20201200"), {"manufactured": date(2020, 12, 31)}, {"date_day_missing"}),
    "expiry, day 00": (
        "made",
        code(PPN, "D280200"),
        {"expires": date(2028, 2, 29), "expires_day_given": False},
        {"date_day_missing"},
    ),
    "everything": (
        "ifa",
        code("9N110375286414", "1T12345ABCDE", "D270617", "S12345678901234567890"),
        {"di": "110375286414", "lot": "12345ABCDE", "expires": date(2027, 6, 17), "serial": "12345678901234567890"},
        set(),
    ),
    "expiry with another identifier": ("made", code(PPN, "14D20281231"), {"expires": date(2028, 12, 31)}, set()),
    "both expiries agree": ("made", code(PPN, "D281231", "14D20281231"), {"expires": date(2028, 12, 31)}, set()),
    "quantity": ("made", code(PPN, "Q5"), {"quantity": 5}, set()),
    "lot with hyphen and underscore": ("made", code(PPN, "1TA-1_2"), {"lot": "A-1_2"}, set()),
    "a field of another trade": ("made", code(PPN, "25SXYZ", "1TL1"), {"lot": "L1"}, set()),
    "end of transmission kept back": ("made", code(PPN)[:-1], {"di": "111234568408"}, {"ifa_envelope"}),
    "in a plain Data Matrix": ("made", "]d1" + code(PPN), {"symbology": "]d1"}, set()),
    "made after it expires": ("made", code(PPN, "D201220", "16D20201231"), {}, {"dates_reversed"}),
}


@pytest.mark.parametrize(("text", "expected", "codes"), [case[1:] for case in READABLE.values()], ids=READABLE)
def test_readable(text: str, expected: Expected, codes: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert ifa.is_code(text[text.index("[") :])
    assert udi.issuer is Issuer.IFA
    assert udi.form == "format_06"
    assert udi.valid, udi.findings
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {each.code for each in udi.findings} == codes


FAULTY = {
    "wrong check digits": (code("9N111234568415"), "ppn_check"),
    "product too short": (code("9N111"), "ppn"),
    "product in lower case": (code("9N14Haha92140"), "ppn"),
    "product with a letter as check digit": (code("9NNONUMBERS"), "ppn"),
    "product too long": (code("9N11" + "1" * 21), "ppn"),
    "PPN and GTIN": (code(GTIN, "27Q9915489", PPN), "ifa_repeated"),
    "end missing": (code(PPN, "1TLOT1")[:-2], "ifa_cut"),
    "end missing, lot cut off": (code(PPN, "1TLOT1")[:-4], "ifa_cut"),
    "field without identifier": (code(PPN, "9915489"), "ifa_field"),
    "empty field": (code(PPN, "", "1TL"), "ifa_field"),
    "empty lot": (code(PPN, "1T"), "ifa_field"),
    "control character in a serial": (code(PPN, "SHAHA\x03"), "ifa_field"),
    "number sign in a lot": (code(PPN, "1TA#NDSOMEBatch"), "ifa_field"),
    "bracket in a serial": (code(PPN, "SH]AHASERIAL"), "ifa_field"),
    "lot of 21 characters": (code(PPN, "1TANDSOMEBatchNumber023"), "ifa_field"),
    "serial of 30 characters": (code(PPN, "SHAHASERIAL12385975189674154165"), "ifa_field"),
    "quantity of letters": (code(PPN, "QX"), "ifa_field"),
    "date of letters": (code(PPN, "16D202BOGUS"), "ifa_field"),
    "expiry cut off": (code(PPN, "D2012"), "ifa_field"),
    "month 13": (code(PPN, "D201301"), "date_impossible"),
    "month 00, day 00": (code(PPN, "16D20200000"), "date_impossible"),
    "30 February": (code(PPN, "14D20200230"), "date_impossible"),
    "two lots": (code(PPN, "1TA", "1TB"), "ifa_repeated"),
    "two expiries": (code(PPN, "D281231", "14D20281230"), "ifa_repeated"),
    "GTIN with a wrong digit": (code("8P03574661451948", "1TL1"), "check_digit"),
    "GTIN, an expiry that would hide a lot": (code(GTIN, "D20122010A1"), "ifa_field"),
    "GTIN of 13 digits": (code("8P3574661451947"), "ifa_field"),
    "far too long": (code(PPN, *["1TA"] * 400), "too_long"),
}


@pytest.mark.parametrize(("text", "fault"), FAULTY.values(), ids=FAULTY)
def test_faulty(text: str, fault: str) -> None:
    found = parse(text, today=TODAY)
    assert not found.valid
    assert not is_complete(found)
    assert fault in {each.code for each in found.findings}


PLACES = {
    "second field": (code(PPN, "9915489"), "ifa_field", 22, "9915489"),
    "third field": (code(PPN, "1TA1", "9915489"), "ifa_field", 27, "9915489"),
    "field that repeats another": (code(PPN, "1TA", "1TB"), "ifa_repeated", 26, "1T"),
    "end": (code(PPN)[:-2], "ifa_cut", 21, ""),
    "date": (code(PPN, "D201301"), "date_impossible", None, "D201301"),
}


@pytest.mark.parametrize(("text", "fault", "at", "value"), PLACES.values(), ids=PLACES)
def test_findings_name_the_place(text: str, fault: str, at: int | None, value: str) -> None:
    found = next(each for each in parse(text, today=TODAY).findings if each.code == fault)
    assert (found.at, found.value) == (at, value)


def test_an_expiry_that_is_none_leaves_the_day_as_given() -> None:
    found = parse(code(PPN, "D201300"), today=TODAY)
    assert isinstance(found, Udi)
    assert (found.expires, found.expires_day_given) == (None, True)


OTHER = {
    "nothing inside": code(""),
    "a part of another trade": code("P12345", "1TLOT", "Q5"),
    "another format": "[)>\x1e05\x1d0106901234567892\x1e\x04",
    "head only": "[)>",
    "head without its number": "[)>9N111234568408\x1e\x04",
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_texts_without_a_product_of_health_care(text: str) -> None:
    assert isinstance(parse(text, today=TODAY), NotUdi)
    assert not ifa.is_code(text)


def test_every_readable_case_names_its_source() -> None:
    assert len(READABLE) + len(FAULTY) >= 15
    assert {case[0] for case in READABLE.values()} == {"suite", "ifa", "made"}


def test_a_gtin_in_the_same_envelope_is_the_gs1_code_that_it_is() -> None:
    enveloped = parse(code(GTIN, "1TL1", "D281200", "16D20271231", "SX1", "Q7", "27Q9"), today=TODAY)
    element_string = parse("]d2010357466145194717281200112712313007\x1d10L1\x1d21X1", today=TODAY)
    assert isinstance(enveloped, Udi)
    assert isinstance(element_string, Udi)
    assert enveloped.issuer is Issuer.GS1
    assert enveloped.valid
    assert enveloped.trace_key == element_string.trace_key == "GS1|03574661451947|S|X1"
    for name in ("di", "lot", "serial", "manufactured", "expires", "expires_day_given", "quantity"):
        assert getattr(enveloped, name) == getattr(element_string, name)


def test_every_single_wrong_character_of_a_ppn_is_noticed() -> None:
    """The weights are no multiples of 97 and the characters lie less than 97 apart: no exchange escapes."""
    text = code("9N110375286414")
    start = text.index("9N") + 2
    for place in range(start, start + 12):
        for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-".replace(text[place], ""):
            found = parse(text[:place] + character + text[place + 1 :], today=TODAY)
            assert not found.valid, (place, character)


@given(st.text(alphabet="0123456789ABCXYZ", min_size=4, max_size=20))
def test_only_the_right_check_digits_are_accepted(body: str) -> None:
    accepted = [digits for digits in range(100) if parse(code(f"9N{body}{digits:02d}"), today=TODAY).valid]
    assert accepted == [int(mod97(body))]


@given(st.text(alphabet="9N1TSDQ8P0246\x1d\x1e\x04 a", max_size=60))
def test_no_near_miss_raises(text: str) -> None:
    for head in ("[)>\x1e06\x1d", code(PPN)[:-2]):
        assert all(each.grade in Grade for each in parse(head + text, today=TODAY).findings)


@pytest.mark.parametrize("unit", ["\x1d", "S1\x1d", "\x1e", "\x04", "1A\x1d", "A"])
def test_a_long_text_is_refused_at_once(unit: str) -> None:
    """Whatever it repeats: no more findings than a short one has, and nothing read from it."""
    found = parse(f"[)>\x1e06\x1d{PPN}\x1d" + unit * (65_000 // len(unit)), today=TODAY)
    assert isinstance(found, NotUdi)
    assert len(found.findings) <= 4
