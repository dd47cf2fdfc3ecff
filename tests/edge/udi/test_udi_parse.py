from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.build import element_string
from edge.udi.checks import mod10
from edge.udi.model import Kind, NotUdi, Udi
from edge.udi.parse import parse

TODAY = date(2026, 11, 24)
DI = "06901234567892"

READABLE = {
    "GS1 DataMatrix": ("]d20106901234567892112509301726093010AB1\x1d21S1", "AB1", "S1", date(2026, 9, 30)),
    "without identifier": ("0106901234567892112509301726093010AB1\x1d21S1", "AB1", "S1", date(2026, 9, 30)),
    "bracketed text": ("(01)06901234567892(17)260930(10)AB1", "AB1", None, date(2026, 9, 30)),
    "day 00": ("(01)06901234567892(17)260900(10)AB1", "AB1", None, date(2026, 9, 30)),
    "Digital Link": ("https://id.gs1.org/01/06901234567892/10/AB1/21/S1?17=260930", "AB1", "S1", date(2026, 9, 30)),
    "GTIN-13 in a link": ("https://x.cn/01/6901234567892/21/S1", None, "S1", None),
    "separators too many": ("]d20106901234567892\x1d10AB1\x1d\x1d21S1\x1d", "AB1", "S1", None),
    "a bracket in the lot": ("(01)06901234567892(10)A(B)1", "A(B)1", None, None),
    "EAN-13": ("]E06901234567892", None, None, None),
    "last century": ("(01)06901234567892(17)990131(10)L", "L", None, date(1999, 1, 31)),
}


@pytest.mark.parametrize(("text", "lot", "serial", "expires"), READABLE.values(), ids=READABLE.keys())
def test_readable_forms(text: str, lot: str | None, serial: str | None, expires: date | None) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.valid, udi.findings
    assert (udi.di, udi.lot, udi.serial, udi.expires) == (DI, lot, serial, expires)


FAULTY = {
    "wrong check digit": ("]d20106901234567893" + "10A1", "check_digit"),
    "month 13": ("(01)06901234567892(17)261301(10)A", "date_impossible"),
    "30 February": ("(01)06901234567892(17)260230(10)A", "date_impossible"),
    "conflicting repeat": ("(01)06901234567892(10)A(10)B", "ai_repeat_conflict"),
    "lot too long": ("]d20106901234567892" + "10" + "A" * 21, "ai_too_long"),
    "character not allowed": ("]d20106901234567892" + "10A|B", "ai_charset"),
    "excluded partner": ("(01)06901234567892(02)06901234567892(37)5", "ai_excluded"),
    "cut short": ("]d201069012", "ai_too_short"),
    "unknown identifier": ("]d20106901234567892" + "ZZ", "ai_unknown"),
}


@pytest.mark.parametrize(("text", "code"), FAULTY.values(), ids=FAULTY.keys())
def test_faults_are_errors_and_readable_parts_stay(text: str, code: str) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert not udi.valid
    assert code in [finding.code for finding in udi.findings]
    assert udi.elements


OTHER = {
    "SSCC": ("00106141412345678908", Kind.SSCC),
    "医保 code": ("C0101010010101000001", Kind.NHSA),
    "医保 code with serial": ("C01010100101010000010000001", Kind.NHSA),
    "text": ("SHELF-4-12", Kind.TEXT),
    "empty": ("", Kind.EMPTY),
    "a link elsewhere": ("https://example.org/a", Kind.LINK),
    "drug trace code": ("81234567890123456789", Kind.DRUG),
    "staff": ("]C18017069012345678900011", Kind.STAFF),
}


@pytest.mark.parametrize(("text", "kind"), OTHER.values(), ids=OTHER.keys())
def test_what_is_no_udi_is_named(text: str, kind: Kind) -> None:
    found = parse(text, today=TODAY)
    assert isinstance(found, NotUdi)
    assert found.kind is kind


def test_bytes_that_are_no_text() -> None:
    assert isinstance(parse(b"\xff\xfe", today=TODAY), NotUdi)
    long = parse(b"1" * 70_000, today=TODAY)
    assert isinstance(long, NotUdi)
    assert long.findings[0].code == "too_long"


@pytest.mark.parametrize("symbology", ["]d1", "]C0", "]Q1"])
def test_gs1_content_in_a_plain_symbol_is_a_label_fault_but_readable(symbology: str) -> None:
    udi = parse("0106901234567892" + "10A1", symbology, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.valid
    assert [finding.code for finding in udi.findings] == ["not_gs1_symbol"]


SYMBOLOGY = st.sampled_from([None, "]d2", "]C1", "]d1", "]C0", "]E0", "]zz"])


@given(st.binary(max_size=200), SYMBOLOGY)
def test_no_bytes_raise(data: bytes, symbology: str | None) -> None:
    parse(data, symbology, today=TODAY)


@given(st.text(max_size=200), SYMBOLOGY)
def test_no_text_raises(text: str, symbology: str | None) -> None:
    parse(text, symbology, today=TODAY)


@given(st.text(alphabet="0123456789()/:.?=&%httpsC\x1d]d2", max_size=80), SYMBOLOGY)
def test_no_near_miss_raises(text: str, symbology: str | None) -> None:
    parse(text, symbology, today=TODAY)


VALUE = st.text(alphabet="ABCabc0123456789-_.", min_size=1, max_size=20)
DAY = st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(lambda day: day.strftime("%y%m%d"))


@given(st.integers(0, 10**13 - 1), st.one_of(st.none(), DAY), st.one_of(st.none(), VALUE), st.one_of(st.none(), VALUE))
def test_what_is_built_is_read_again(number: int, day: str | None, lot: str | None, serial: str | None) -> None:
    body = f"{number:013d}"
    elements = [("01", f"{body}{mod10(body)}")]
    elements += [(code, value) for code, value in (("17", day), ("10", lot), ("21", serial)) if value is not None]
    udi = parse(element_string(elements), "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.valid
    assert list(udi.elements) == elements


@given(st.integers(0, 10**13 - 1), st.integers(0, 13), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_gtin_is_noticed(number: int, place: int, change: int) -> None:
    body = f"{number:013d}"
    gtin = f"{body}{mod10(body)}"
    wrong = gtin[:place] + str((int(gtin[place]) + change) % 10) + gtin[place + 1 :]
    udi = parse("01" + wrong + "10A", "]d2", today=TODAY)
    assert isinstance(udi, Udi)
    assert "check_digit" in [finding.code for finding in udi.findings]
