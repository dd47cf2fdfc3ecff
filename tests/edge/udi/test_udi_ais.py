"""The table of application identifiers. What is expected follows the General Specifications as the facts sheet of this
project and GS1's syntax dictionary give them."""

import re
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.ais import COMMON, every, find
from edge.udi.gs1 import check, split
from tests.support.gs1 import GS, rules, sample

TODAY = date(2026, 11, 24)
PREDEFINED = {*(f"{number:02d}" for number in (*range(5), *range(11, 21), *range(31, 37))), "41"}
FAMILIES = sorted({code[:2] for code in every()})
ALONE = {"ai_required", "date_day_missing"}
"""What an identifier may be told that stands on its own."""

# code: (its length is known by its digits, least, most)
ON_DEVICES: dict[str, tuple[bool, int, int] | None] = {
    "00": (True, 18, 18),
    "01": (True, 14, 14),
    "10": (False, 1, 20),
    "11": (True, 6, 6),
    "17": (True, 6, 6),
    "20": (True, 2, 2),
    "21": (False, 1, 20),
    "22": (False, 1, 20),
    "235": (False, 1, 28),
    "240": (False, 1, 30),
    "242": (False, 1, 6),
    "30": (False, 1, 8),
    "37": (False, 1, 8),
    "414": (True, 13, 13),
    "254": (False, 1, 20),
    "422": (False, 3, 3),
    "423": (False, 3, 15),
    "3103": (True, 6, 6),
    "390": None,
    "3902": (False, 1, 15),
    "7003": (False, 10, 10),
    "7007": (False, 6, 12),
    "710": (False, 1, 20),
    "7230": (False, 3, 30),
    "8003": (False, 14, 30),
    "8004": (False, 1, 30),
    "8006": (False, 18, 18),
    "8008": (False, 8, 12),
    "8013": (False, 1, 25),
    "8014": (False, 1, 25),
    "8017": (False, 18, 18),
    "8019": (False, 1, 10),
    "8030": (False, 1, 90),
    "90": (False, 1, 30),
    "99": (False, 1, 90),
    "04": None,
    "14": None,
    "23": None,
    "718": None,
    "8026": (False, 18, 18),
    "8200": (False, 1, 70),
}


@pytest.mark.parametrize(("code", "expected"), ON_DEVICES.items(), ids=ON_DEVICES.keys())
def test_lengths(code: str, expected: tuple[bool, int, int] | None) -> None:
    ai = find(code + "1" * 10)
    if expected is None:
        assert ai is None or ai.code != code
    else:
        assert ai is not None
        assert (ai.code, ai.predefined, ai.least, ai.most) == (code, *expected)


def test_the_whole_table_is_there() -> None:
    assert len(every()) == 541
    assert all(code == ai.code for code, ai in every().items())
    assert set(COMMON) >= {code for code in every() if len(code) == 2}


def test_nothing_of_the_table_has_changed() -> None:
    """It was held against GS1's syntax dictionary of 2026-07-27; whoever changes it holds it against the next one."""
    lines = [
        f"{ai.code} {[(part.charset, part.least, part.most, part.optional, rules(part)) for part in ai.parts]} "
        f"{ai.predefined} {ai.attribute} {sorted(ai.requires)} {sorted(ai.excludes)} {ai.qualifiers}"
        for ai in every().values()
    ]
    assert sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16] == "8b0ece890d8d110c"


def test_an_identifier_needs_no_separator_by_its_first_two_digits_alone() -> None:
    assert {code for code, ai in every().items() if ai.predefined} == {
        code for code in every() if code[:2] in PREDEFINED
    }


def test_no_identifier_begins_another() -> None:
    for code in every():
        assert not [other for other in every() if other != code and other.startswith(code)]


def test_partners_exist() -> None:
    for code, ai in every().items():
        wanted = [pattern for group in ai.requires for pattern in group] + list(ai.excludes)
        wanted += [qualifier for chain in ai.qualifiers or () for qualifier in chain]
        for pattern in wanted:
            matching = re.compile(pattern.replace("n", "[0-9]"))
            assert any(matching.fullmatch(other) for other in every()), f"{code}: {pattern}"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_reads_what_its_rules_allow(family: str) -> None:
    for code in _of(family):
        text = f"{code}{sample(code)}"
        elements, fault = split(text)
        assert fault is None, text
        assert [(ai.code, value) for ai, value, _ in elements] == [(code, sample(code))]
        assert {found.code for found in check(elements, text, TODAY)} <= ALONE, text


@pytest.mark.parametrize("family", FAMILIES)
def test_each_refuses_other_lengths_and_characters(family: str) -> None:
    for code in _of(family):
        ai, value = every()[code], sample(code)
        assert "ai_too_short" in _codes(code, value[: ai.least - 1]), code
        assert "ai_too_long" in _codes(code, value.ljust(ai.most, "1") + "1"), code
        for wrong in ("|", " ", "０", "é", GS, *("A" if ai.numeric else ())):
            assert "ai_charset" in _codes(code, wrong + value[1:]), (code, wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_ends_where_the_next_begins(family: str) -> None:
    for code in _of(family):
        between = "" if every()[code].predefined else GS
        elements, fault = split(f"{code}{sample(code)}{between}10A")
        assert fault is None, code
        assert [ai.code for ai, _, _ in elements] == [code, "10"]


@given(st.text("0123456789", max_size=6), st.integers(0, 4))
def test_what_is_found_stands_there(text: str, at: int) -> None:
    ai = find(text, at)
    if ai is not None:
        assert text.startswith(ai.code, at)
        assert every()[ai.code] is ai


def _of(family: str) -> list[str]:
    return [code for code in every() if code.startswith(family)]


def _codes(code: str, value: str) -> set[str]:
    """Findings of an element whose value is given, whatever its length."""
    return {found.code for found in check([(every()[code], value, 0)], None, TODAY)}
