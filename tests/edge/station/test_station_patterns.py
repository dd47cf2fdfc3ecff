"""Patterns of a site's own codes: no text is ever of two of them, or of one and of a UDI."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.station.patterns import NAMES, PatternsTable, PatternTable
from edge.station.reserved import reserved
from edge.udi.ais import every
from edge.udi.checks import mod10, mod43
from edge.udi.model import Kind, Udi
from edge.udi.parse import GS1_SYMBOLS, parse
from tests.support.gs1 import sample

TODAY = date(2026, 11, 24)
UDI = "0106901234567892" + "17291231" + "10A1"
KEYS: dict[str, tuple[PatternsTable, list[str]]] = {
    "a usual site": (
        PatternsTable(
            badge=PatternTable("N", (4, 4), "digits"),
            wristband=PatternTable("ZY", (6, 10)),
            bed=PatternTable("BED-", (1, 12)),
            document=PatternTable("DN-", (3, 12)),
            house_code=PatternTable("HV", (4, 12)),
        ),
        [],
    ),
    "ten digits, in Code 39 only": (
        PatternsTable(wristband=PatternTable("", (10, 10), "digits", symbology=("]A",))),
        [],
    ),
    "eight digits in plain Code 128": (
        PatternsTable(wristband=PatternTable("", (8, 8), "digits", symbology=("]C0",))),
        [],
    ),
    "goods numbered with an EAN of the house": (
        PatternsTable(house_code=PatternTable("29", (11, 11), "digits", "gs1", ("]E",))),
        [],
    ),
    "told apart by length": (
        PatternsTable(badge=PatternTable("N", (4, 4)), document=PatternTable("N", (5, 9))),
        [],
    ),
    "told apart by class": (
        PatternsTable(badge=PatternTable("N", (4, 4), "digits"), document=PatternTable("N", (4, 4), "letters")),
        [],
    ),
    "told apart by symbology": (
        PatternsTable(
            badge=PatternTable("", (6, 6), "digits", symbology=("]A",)),
            wristband=PatternTable("", (6, 6), "digits", symbology=("]C0",)),
        ),
        [],
    ),
    "one prefix begins with the other": (
        PatternsTable(badge=PatternTable("N"), document=PatternTable("NX")),
        ["document"],
    ),
    "three of one form": (
        PatternsTable(badge=PatternTable("N"), bed=PatternTable("N"), house_code=PatternTable("N")),
        ["bed", "house_code", "house_code"],
    ),
    "told apart by nothing but a check digit": (
        PatternsTable(
            badge=PatternTable("N", (4, 4), "digits", "mod10"), bed=PatternTable("N", (4, 4), "digits", "gs1")
        ),
        ["bed"],
    ),
    "digits like a GTIN": (PatternsTable(badge=PatternTable("69", (11, 11))), ["badge"]),
    "ten digits, in GS1-128 too": (
        PatternsTable(badge=PatternTable("", (10, 10), "digits", symbology=("]C",))),
        ["badge"],
    ),
    "digits like an element string": (PatternsTable(badge=PatternTable("01", (14, 20))), ["badge"]),
    "like a 医保 code": (PatternsTable(badge=PatternTable("C")), ["badge"]),
    "like an HIBC code": (PatternsTable(wristband=PatternTable("+/E")), ["wristband"]),
    "like an MA code": (PatternsTable(wristband=PatternTable("MA.")), ["wristband"]),
    "like a control card": (PatternsTable(document=PatternTable("UC1:")), ["document"]),
    "like a web address": (PatternsTable(document=PatternTable("https://ward.example/")), ["document"]),
}


@pytest.mark.parametrize(("patterns", "keys"), KEYS.values(), ids=KEYS.keys())
def test_patterns_that_overlap_are_named(patterns: PatternsTable, keys: list[str]) -> None:
    assert [problem.key for problem in patterns.problems()] == keys


def test_a_message_names_both_with_an_example_and_what_to_change() -> None:
    patterns = PatternsTable(badge=PatternTable("N", (4, 4)), wristband=PatternTable("N1", (3, 9), "digits"))
    (problem,) = patterns.problems()
    assert problem.message == (
        "wristband = (prefix 'N1', length [3, 9], digits): expected nothing that could also be "
        "badge (prefix 'N', length [4, 4]); 'N1000' fits both. "
        "Give one of them another prefix, length, characters or symbology"
    )


def test_a_message_says_where_check_characters_were_left_aside() -> None:
    patterns = PatternsTable(badge=PatternTable("N", (2, 2), "letters", "gs1"), bed=PatternTable("N", (2, 2)))
    (problem,) = patterns.problems()
    assert "check characters aside" in problem.message


BARE = {
    "in any symbology": (PatternTable("", (6, 6), "digits"), ["symbology"]),
    "of any characters": (PatternTable("", (6, 6), symbology=("]A",)), ["characters"]),
    "told by the rest": (PatternTable("", (6, 6), "digits", symbology=("]A",)), []),
    "with a prefix": (PatternTable("N"), []),
}


@pytest.mark.parametrize(("pattern", "keys"), BARE.values(), ids=BARE.keys())
def test_a_pattern_without_a_prefix_is_told_by_all_the_rest(pattern: PatternTable, keys: list[str]) -> None:
    assert [problem.key for problem in pattern.problems()] == keys


def test_the_value_is_what_follows_the_prefix_if_its_check_digit_is_right() -> None:
    pattern = PatternTable("N", (4, 4), "digits", "mod10")
    assert pattern.value("N1230") == "1230"
    assert pattern.value("N1231") is None
    assert PatternTable("NN").value("NNN1") == "N1"


ALPHABETS = {"digits": "0189", "letters": "ANZa", "alphanumeric": "01ANa", "any": "01AN-+"}
PREFIXES = st.sampled_from(["", "N", "NA", "N1", "1", "01", "29", "Z"])


@st.composite
def patterns(draw: st.DrawFn) -> PatternTable:
    least = draw(st.integers(1, 4))
    return PatternTable(
        draw(PREFIXES),
        (least, draw(st.integers(least, 14))),
        draw(st.sampled_from(["digits", "letters", "alphanumeric", "any"])),
        draw(st.sampled_from(["none", "mod10", "mod11", "gs1", "mod43", "mod97"])),
        draw(st.lists(st.sampled_from(["]A", "]C", "]C0", "]E"]), max_size=2, unique=True).map(tuple)),
    )


@st.composite
def texts(draw: st.DrawFn, pattern: PatternTable) -> tuple[str, str]:
    """A text of a pattern's form in a symbology of its own."""
    rest = draw(st.text(ALPHABETS[pattern.characters], min_size=pattern.length[0], max_size=pattern.length[1]))
    begin = draw(st.sampled_from(pattern.symbology or ("]A", "]C", "]E", "]d")))
    return pattern.prefix + rest, f"{begin}0"[:3]


@st.composite
def fitting(draw: st.DrawFn, text: str, symbology: str) -> PatternTable:
    """Another pattern whose form a text has too."""
    cut = draw(st.integers(0, len(text) - 1))
    length = len(text) - cut
    pattern = PatternTable(
        text[:cut],
        (draw(st.integers(1, length)), draw(st.integers(length, 16))),
        draw(st.sampled_from(["digits", "letters", "alphanumeric", "any"])),
        draw(st.sampled_from(["none", "mod10", "mod11", "gs1", "mod43", "mod97"])),
        draw(st.sampled_from([(), (symbology,), ("]Q", symbology[:2])])),
    )
    assume(pattern.form.fits(text, symbology))
    return pattern


@given(st.data(), patterns())
def test_what_is_of_two_patterns_is_always_reported(data: st.DataObject, one: PatternTable) -> None:
    text, symbology = data.draw(texts(one))
    other = data.draw(fitting(text, symbology))
    problems = PatternsTable(badge=one, wristband=other).problems()
    assert any(each.key == "wristband" and "badge" in each.expected for each in problems)


@given(data=st.data(), own=st.lists(patterns(), min_size=3, max_size=3))
def test_of_patterns_without_a_problem_a_text_is_of_one_at_most_and_nothing_else(
    data: st.DataObject, own: list[PatternTable]
) -> None:
    table = PatternsTable()
    for name, pattern in zip(NAMES, own, strict=False):
        added: dict[str, Any] = {name: pattern}
        wider = replace(table, **added)
        table = wider if next(iter(wider.problems()), None) is None else table
    known = list(table.named())
    assume(known)
    text, symbology = data.draw(texts(data.draw(st.sampled_from([pattern for _, pattern in known]))))
    assert [pattern.form.fits(text, symbology) for _, pattern in known].count(True) == 1
    assert not is_more(text, symbology)


COMPANY_OWN = [str(code) for code in range(90, 100)]
PLAIN = ("]A0", "]C0", "]d1", "]Q1", "]I0", "]L0", "]z0", "]X0")
EAN = ("]E0",)
BODY = "E260PPAUXEMO1"
CODES: Iterable[tuple[str, tuple[str, ...]]] = (
    ("6901234567892", EAN),
    ("690123456789" + "2|]e010A1", EAN),
    ("96385074", ("]E4",)),
    (f"1690123456789{mod10('1690123456789')}", ("]I0", "]I1")),
    (UDI, PLAIN),
    ("17291231" + "10A", PLAIN),
    ("253" + sample("253"), PLAIN),
    ("8004" + "6901234PUMP7", tuple(GS1_SYMBOLS)),
    ("8018069012345678900019", PLAIN),
    ("(01)06901234567892(10)A1", PLAIN),
    ("https://id.gs1.org/01/06901234567892/10/AB1", PLAIN),
    ("|" + UDI, PLAIN),
    ("||10AB2", PLAIN),
    ("<GS>" + UDI, PLAIN),
    ("^]" + UDI, PLAIN),
    ("\\F" + UDI, PLAIN),
    ("␝" + UDI, PLAIN),
    ("+A123BJC5D6E71G", PLAIN),
    ("*+A123BJC5D6E71G*", PLAIN),
    ("a123BJC5D6E71G", ("]A1",)),
    ("+/EAH781" + mod43("+/EAH781"), PLAIN),
    ("MA.156.M0.100350.01004YA10017", PLAIN),
    ("ma.156.m0.100350.01004YA10017", PLAIN),
    ("<UDI IAC='MA'><DI>MA.156.M0.100350.01004YA10017</DI></UDI>", PLAIN),
    ("MF1234567*BN1*ED261231", PLAIN),
    ("=/A9999XYZ100T0476", PLAIN),
    ("&)RZ12345678", PLAIN),
    ("C0101010010101000001", PLAIN),
    ("C01010100101010000010000001", PLAIN),
    ("81234567890123456789", PLAIN),
    *((code + sample(code), tuple(GS1_SYMBOLS)) for code in every() if code not in COMPANY_OWN),
)


def is_more(text: str, symbology: str) -> bool:
    """Whether a text is a UDI or another code by the rules of an issuing agency."""
    found = parse(text, symbology, today=TODAY)
    return found.valid if isinstance(found, Udi) else found.kind not in (Kind.TEXT, Kind.HOUSE)


def test_every_code_of_an_issuing_agency_is_of_a_reserved_form() -> None:
    read = {(text, symbology) for text, symbologies in CODES for symbology in symbologies if is_more(text, symbology)}
    assert {text for text, symbologies in CODES} - {text for text, _ in read} == set()
    assert [each for each in read if not any(form.fits(*each) for _, form in reserved())] == []


def test_a_letter_and_digits_are_never_of_a_reserved_form() -> None:
    for letter in string.ascii_uppercase:
        assert list(PatternsTable(badge=PatternTable(letter, (4, 12), "digits")).problems()) == []
