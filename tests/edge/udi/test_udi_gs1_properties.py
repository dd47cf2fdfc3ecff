"""What holds for any GS1 element string, and what no single change gets past."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.ais import find
from edge.udi.build import build, element_string
from edge.udi.checks import CSET82
from edge.udi.gs1 import LONGEST, split
from edge.udi.model import Finding, Grade, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete
from tests.support.gs1 import DI, GS, element_strings, gtins

TODAY = date(2026, 11, 24)
KEY = f"01{DI}"
SSCC = "00106141412345678908"


@given(element_strings())
def test_what_is_built_is_read_again(elements: list[tuple[str, str]]) -> None:
    result = parse(element_string(elements), "]d2", today=TODAY)
    assert result.elements == tuple(elements)
    if isinstance(result, Udi):
        data, symbology = build(result)
        again = parse(data, symbology, today=TODAY)
        assert (again.elements, again.findings) == (result.elements, result.findings)


@given(element_strings(), st.data())
def test_separators_too_many_change_nothing(elements: list[tuple[str, str]], data: st.DataObject) -> None:
    parts = [code + value for code, value in elements]
    more = [GS * data.draw(st.integers(1, 3)) for _ in parts]
    text = GS * data.draw(st.integers(0, 2)) + "".join(part + gap for part, gap in zip(parts, more, strict=True))
    found, fault = split(text)
    assert fault is None
    assert [(ai.code, value) for ai, value, _ in found] == elements


@given(st.text(alphabet=st.sampled_from("0123456789AZ\x1d()０é"), max_size=120))
def test_split_loses_nothing(text: str) -> None:
    elements, fault = split(text)
    end = len(text) if fault is None else fault.at
    assert end is not None
    read = "".join(text[at : at + len(ai.code)] + value for ai, value, at in elements)
    assert read.replace(GS, "") == text[:end].replace(GS, "")
    assert all(text[at:].startswith(ai.code + value) for ai, value, at in elements)
    assert fault is None or find(text, end) is None


@given(st.binary(max_size=120), st.sampled_from(["]d2", "]C1", "]d1"]))
def test_any_bytes_give_a_result(data: bytes, symbology: str) -> None:
    result = parse(data, symbology, today=TODAY)
    assert isinstance(result, Udi | NotUdi)
    assert all(found.at is None or 0 <= found.at <= len(data) for found in result.findings)


@given(gtins(), st.integers(0, 13), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_gtin_is_noticed(gtin: str, place: int, change: int) -> None:
    wrong = f"{gtin[:place]}{(int(gtin[place]) + change) % 10}{gtin[place + 1 :]}"
    result = parse(f"01{wrong}10A", "]d2", today=TODAY)
    assert "check_digit" in {found.code for found in result.findings}
    assert not is_complete(result)


@pytest.mark.parametrize("gtin", [DI, "00000096385074", "99999999999997"])
def test_every_single_change_of_a_gtin_to_any_character_is_noticed(gtin: str) -> None:
    assert parse(f"01{gtin}", "]d2", today=TODAY).valid
    unseen = [
        (place, other)
        for place in range(14)
        for other in [*CSET82, "０", "١", GS, " "]
        if other != gtin[place] and parse(f"01{gtin[:place]}{other}{gtin[place + 1 :]}", "]d2", today=TODAY).valid
    ]
    assert unseen == []


@pytest.mark.parametrize("code", ["8013", "8014"])
def test_every_single_change_of_a_check_pair_string_is_noticed(code: str) -> None:
    """The arithmetic of the pair sees every substitution: the list of those it misses is empty."""
    value = "6901234GS1-China1234567EH"
    before = KEY if code == "8014" else ""
    assert parse(f"{before}{code}{value}", "]d2", today=TODAY).valid
    unseen = [
        (place, other)
        for place in range(len(value))
        for other in CSET82
        if other != value[place]
        and parse(f"{before}{code}{value[:place]}{other}{value[place + 1 :]}", "]d2", today=TODAY).valid
    ]
    assert unseen == []


@given(
    st.integers(0, 17), st.integers(1, 9), st.sampled_from([SSCC, "8017690123456789000015", "8018690123456789000015"])
)
def test_every_single_wrong_digit_of_another_key_is_noticed(place: int, change: int, key: str) -> None:
    at = len(key) - 18 + place
    wrong = f"{key[:at]}{(int(key[at]) + change) % 10}{key[at + 1 :]}"
    assert not parse(wrong, "]d2", today=TODAY).valid


OVERLONG = {
    "one lot": f"{KEY}10{'1' * 65_000}",
    "separators": f"{KEY}{GS * 65_000}",
    "many lots": f"{KEY}{f'10A{GS}' * 16_000}",
    "many keys": KEY * 4_000,
    "many kinds": f"{KEY}{''.join(f'9{digit}A{GS}' for digit in range(10)) * 1_600}",
}


@pytest.mark.parametrize("text", OVERLONG.values(), ids=OVERLONG.keys())
def test_more_than_a_symbol_holds_is_not_read_to_its_end(text: str) -> None:
    result = parse(text, "]d2", today=TODAY)
    assert isinstance(result, Udi)
    assert result.di == DI
    assert not result.valid
    assert "ai_too_many" in {found.code for found in result.findings}
    assert len(result.findings) < 200
    assert sum(len(code) + len(value) for code, value in result.elements) <= LONGEST


def test_what_ends_the_reading_first_is_said() -> None:
    findings = parse(f"{KEY}05{'1' * 65_000}", "]d2", today=TODAY).findings
    assert [(found.code, found.at) for found in findings] == [("ai_unknown", 16)]


def test_elements_up_to_the_limit_are_looked_at() -> None:
    elements = [("01", DI), *(("99", "A") for _ in range(63))]
    assert parse(element_string(elements), "]d2", today=TODAY).valid
    result = parse(element_string([*elements, ("99", "A")]), "]d2", today=TODAY)
    assert result.findings[0] == Finding("ai_too_many", Grade.ERROR, 16 + 63 * 4, "65")
