"""GS1 text with brackets (General Specifications 4.14). The codes are made for this test."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.bracketed import looks_bracketed
from edge.udi.model import Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete
from tests.support.gs1 import DI, GS, element_strings

TODAY = date(2026, 11, 24)
KEY = f"(01){DI}"
Elements = list[tuple[str, str]]

# name: (text, the elements behind the DI, findings beside the note that it is printed text)
READABLE: dict[str, tuple[str, Elements, set[str]]] = {
    "DI alone": (KEY, [], set()),
    "expiry and lot": (f"{KEY}(17)260930(10)AB1", [("17", "260930"), ("10", "AB1")], set()),
    "blanks around the elements": (f"{KEY} (17) 260930  (10) AB1 ", [("17", "260930"), ("10", "AB1")], set()),
    "identifier of three digits": (f"{KEY}(240)X1(21)S", [("240", "X1"), ("21", "S")], set()),
    "identifier of four digits": (f"{KEY}(7003)2609301200", [("7003", "2609301200")], set()),
    "letters in brackets": (f"{KEY}(10)AB(C)1(21)5", [("10", "AB(C)1"), ("21", "5")], set()),
    "half a bracket": (f"{KEY}(10)A(B(21)5", [("10", "A(B"), ("21", "5")], set()),
    "half an identifier": (f"{KEY}(10)A(17260930", [("10", "A(17260930")], {"brackets_ambiguous"}),
    "other half of an identifier": (f"{KEY}(10)A17)1", [("10", "A17)1")], {"brackets_ambiguous"}),
    "damaged identifier": (f"{KEY}(10)A(1I)260930", [("10", "A(1I)260930")], {"brackets_ambiguous"}),
    "identifier damaged in front": (f"{KEY}(10)A(I7)260930", [("10", "A(I7)260930")], {"brackets_ambiguous"}),
    "other half": (f"{KEY}(10)A)1(21)5", [("10", "A)1"), ("21", "5")], set()),
    "bracket in front of the lot": (f"{KEY}(10)(A)", [("10", "(A)")], set()),
    "number of one digit": (f"{KEY}(10)A(1)(21)5", [("10", "A(1)"), ("21", "5")], {"brackets_ambiguous"}),
    "number that is no identifier": (f"{KEY}(10)A(05)B", [("10", "A(05)B")], {"brackets_ambiguous"}),
    "number of five digits": (f"{KEY}(10)A(12345)", [("10", "A(12345)")], {"brackets_ambiguous"}),
    "brackets and separators": (f"{KEY}{GS}(10)A1{GS}(21)S1{GS}", [("10", "A1"), ("21", "S1")], set()),
    "day 00": (f"{KEY}(17)260900", [("17", "260900")], {"date_day_missing"}),
}


@pytest.mark.parametrize(("text", "elements", "findings"), READABLE.values(), ids=READABLE.keys())
def test_readable(text: str, elements: Elements, findings: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.form == "bracketed"
    assert list(udi.elements) == [("01", DI), *elements]
    assert {found.code for found in udi.findings} == {"bracketed_text", *findings}
    assert is_complete(udi)


# name: (text, an error of it)
FAULTY = {
    "check digit": (f"(01){DI[:-1]}3(10)A", "check_digit"),
    "nothing in an element": (f"{KEY}(10)(21)S", "ai_too_short"),
    "nothing at the end": (f"{KEY}(10)A(21)", "ai_too_short"),
    "blanks only": (f"{KEY}(10)  (21)S", "ai_too_short"),
    "a digit more": (f"{KEY}7(10)A", "ai_too_long"),
    "lot of 21": (f"{KEY}(10){'A' * 21}", "ai_too_long"),
    "blank in the lot": (f"{KEY}(10)A B", "ai_charset"),
    "separator in the lot": (f"{KEY}(10)A{GS}B", "ai_charset"),
    "separator in a model number": (f"{KEY}(8014)6901{GS}AB", "ai_charset"),
    "separator in the GTIN": (f"(01)0690{GS}1234567892", "ai_too_long"),
    "two lots": (f"{KEY}(10)A(10)B", "ai_repeat_conflict"),
    "content beside the GTIN": (f"{KEY}(02){DI}(37)1", "ai_excluded"),
    "full-width brackets": (f"（01）{DI}（10）A", "full_width"),
    "full-width digits": ("(01)０6901234567892", "ai_charset"),
}


@pytest.mark.parametrize(("text", "code"), FAULTY.values(), ids=FAULTY.keys())
def test_faulty(text: str, code: str) -> None:
    result = parse(text, today=TODAY)
    assert isinstance(result, Udi)
    assert code in {found.code for found in result.findings}
    assert not result.valid
    assert not is_complete(result)


BROKEN = [
    "(",
    "()",
    f"(){DI}",
    "(1",
    f"(1){DI}",
    "(15",
    f"(12345){DI}",
    "(05)1",
    f"(05)1(01){DI}",
    "(9",
    f"(01{DI}",
    "(1A)",
    "(01)" * 10_000,
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:12])
def test_broken_brackets_are_no_udi(text: str) -> None:
    result = parse(text, today=TODAY)
    assert isinstance(result, NotUdi)
    assert (result.kind, [found.code for found in result.findings]) == (Kind.TEXT, ["brackets_broken"])


@pytest.mark.parametrize("text", ["", "A(01)", "(A)", "01", " (01)"])
def test_other_text_is_not_taken_for_it(text: str) -> None:
    assert not looks_bracketed(text)


@pytest.mark.parametrize("symbology", ["]d2", "]C1", "]d1", "]C0", "]Q1"])
def test_brackets_in_a_symbol_are_a_label_fault(symbology: str) -> None:
    udi = parse(f"{KEY}(10)A", symbology, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.lot == "A"
    assert udi.valid
    assert "brackets_in_symbol" in {found.code for found in udi.findings}


def test_offsets_are_those_of_the_elements() -> None:
    result = parse(f"{KEY}(10)A(05)(17)261301", today=TODAY)
    places = {found.code: found.at for found in result.findings}
    assert places == {"bracketed_text": 0, "brackets_ambiguous": 18, "date_impossible": 18 + 9}


@given(element_strings())
def test_printed_and_encoded_say_the_same(elements: Elements) -> None:
    text = "".join(f"({code}){value}" for code, value in elements if "(" not in value)
    if text:
        result = parse(text, today=TODAY)
        assert list(result.elements) == [(code, value) for code, value in elements if "(" not in value]
        assert result.valid or {found.code for found in result.findings} & {"ai_excluded", "component_incomplete"}


@given(st.text(alphabet="0123456789()A \x1d", max_size=60))
def test_no_brackets_raise(text: str) -> None:
    parse(f"(01){text}", today=TODAY)
