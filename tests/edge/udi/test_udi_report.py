"""The object of ``udi-station parse --json`` is of its schema, whatever goes in."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge import wire
from edge.udi.findings import GRADES
from edge.udi.model import Issuer, Kind, NotUdi
from edge.udi.parse import parse
from edge.udi.recover import alternatives
from edge.udi.report import is_complete, to_json, to_text
from edge.udi.wording import Lang

TODAY = date(2026, 11, 24)
SCHEMA = json.loads((Path(wire.__file__).with_name("schema") / "parse.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
CODE = SCHEMA["$defs"]["code"]["properties"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")

# Each name with the code, its kind, issuer and form, and whether it is valid, is complete and has a PI.
SAYS: dict[str, tuple[str, str, str | None, str | None, bool, bool, bool]] = {
    "GS1": ("]d2010690123456789210A1", "udi", "GS1", "element_string", True, True, True),
    "GS1, printed text": ("(01)06901234567892(21)S", "udi", "GS1", "bracketed", True, True, True),
    "GS1, link": ("https://x.cn/01/06901234567892/10/A1", "udi", "GS1", "digital_link", True, True, True),
    "GS1, DI alone": ("]d20106901234567892", "udi", "GS1", "element_string", True, True, False),
    "GS1, EAN-13": ("]E06901234567892", "udi", "GS1", "gtin", True, True, False),
    "digits that only might be a GTIN": ("6901234567892", "udi", "GS1", "gtin", True, False, False),
    "GS1, PI half": ("]d217271231" + "10A1", "udi", "GS1", "element_string", True, False, True),
    "GS1, wrong check digit": ("]d20106901234567893" + "10A1", "udi", "GS1", "element_string", False, False, True),
    "MA": ("MA.156.M0.100350.01004YA10017.LA1", "udi", "MA", "dotted", True, True, True),
    "AHM": ("MF8312345678901*BAL1", "udi", "AHM", "tagged", True, True, True),
    "HIBCC": ("+A123BJC5D6E71G", "udi", "HIBCC", "primary", True, True, False),
    "ICCBBA": ("=/A9999XYZ100T0474=,000025", "udi", "ICCBBA", "structures", True, True, True),
    "shipping unit": ("]C100106141412345678908", "sscc", "GS1", "element_string", True, False, False),
    "staff": ("]C18017069012345678900019", "staff", "GS1", "element_string", True, False, False),
    "医保 code": ("C0101010010101000001", "nhsa", None, None, True, False, False),
    "text": ("SHELF-4-12", "text", None, None, False, False, False),
    "text in a symbol": ("]d1SHELF-4-12", "text", None, None, True, False, False),
    "web address": ("https://example.org/a", "link", None, None, False, False, False),
    "nothing": ("", "empty", None, None, False, False, False),
    "a GS1 symbol with nothing in it": ("]d2", "empty", None, None, False, False, False),
}


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, *said in SAYS.values()], ids=SAYS)
def test_what_is_said(code: str, said: list[Any]) -> None:
    report = to_json(parse(code, today=TODAY))
    assert [report[name] for name in ("kind", "issuer", "form", "valid", "complete", "has_pi")] == said


def test_the_schema_knows_each_kind_issuer_and_grade() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert CODE["kind"]["enum"] == ["udi", *Kind]
    assert CODE["issuer"]["enum"] == [*Issuer, None]
    assert CODE["findings"]["items"]["properties"]["grade"]["enum"] == list(dict.fromkeys(GRADES.values()))


def test_the_keys_stand_in_the_order_of_the_schema() -> None:
    assert list(to_json(parse("", today=TODAY))) == list(CODE) == SCHEMA["$defs"]["code"]["required"]


HEADS = st.sampled_from(
    ["", "]d2", "]C1", "01", "(01)", "https://x/01/", "MA.156.M0.", "MF1*", "+", "=/", "[)>\x1e06\x1d9N"]
)


@given(HEADS, st.one_of(st.text(max_size=40), st.text(alphabet="0123456789AB$/+.=&*()\x1d", max_size=40)))
def test_every_report_is_of_the_schema_and_says_the_same_twice(head: str, text: str) -> None:
    result = parse(head + text, today=TODAY)
    report = to_json(result, "en", alternatives(result, today=TODAY))
    VALIDATOR.validate(json.loads(json.dumps(report)))
    assert report["complete"] <= report["valid"]
    assert report["complete"] == is_complete(result)
    assert all(each["at"] is None or each["at"] <= len(result.payload) for each in report["findings"])


@pytest.mark.parametrize("code", [says[0] for says in SAYS.values()], ids=SAYS)
def test_a_person_is_told_every_finding_in_both_languages(code: str) -> None:
    result = parse(code, today=TODAY)
    for lang in LANGUAGES:
        text = to_text(result, lang)
        assert len(text.splitlines()) >= 1 + len(result.findings)
    assert to_text(result, "zh") != to_text(result, "en")


@pytest.mark.parametrize("kind", Kind)
def test_what_a_code_is_has_a_name_in_both_languages(kind: Kind) -> None:
    zh, en = (to_text(NotUdi(b"", None, kind), lang).split(": ")[1] for lang in LANGUAGES)
    assert not zh.isascii()
    assert en.isascii()
