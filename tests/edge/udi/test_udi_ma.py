"""MA codes. ``readme`` and ``tool`` are codes seen in public programs for IDcode (a README of a code checker, the
sample of a label tool, the test of a barcode parser); ``rule`` follows the published rule page; everything else is
made for this test from those and stays unconfirmed until a label shows it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.model import Grade, Issuer, NotUdi, Udi
from edge.udi.parse import parse

TODAY = date(2026, 11, 24)
HEAD = "MA.156.M0.100350.01004YA10017"
FULL = f"{HEAD}.SLMSAGAAAC.M210628.LAY21062803.E220628.V220627.C3"
XML = '<UDI IAC="MA"><DI>{}</DI><SN>S9</SN><MFG>210628</MFG><LOT>L7</LOT><EXP>220628</EXP><VAL>220627</VAL></UDI>'
Expected = dict[str, object]

# name: (where it is from, code, what it says, its findings)
READABLE: dict[str, tuple[str, str, Expected, set[str]]] = {
    "every field": (
        "tool",
        FULL,
        {"serial": "LMSAGAAAC", "lot": "AY21062803", "manufactured": date(2021, 6, 28), "expires": date(2022, 6, 28)},
        {"ma_valid_until"},
    ),
    "lower-case item code": (
        "readme",
        "MA.156.M0.100011.2cscp023.Ste002.M200206.L343432.D555555.E200228.V200307.C9",
        {"di": "MA.156.M0.100011.2cscp023", "serial": "te002", "lot": "343432", "expires": date(2020, 2, 28)},
        {"ma_valid_until"},
    ),
    "old form": (
        "readme",
        "MA.156.M0.100472.11103316.S1576130942.P190101.LABS20191201.E191201",
        {"serial": "1576130942", "manufactured": date(2019, 1, 1), "lot": "ABS20191201", "expires": date(2019, 12, 1)},
        {"ma_old_letter"},
    ),
    "DI alone": ("readme", "MA.156.M0.100472.11103316", {"di": "MA.156.M0.100472.11103316", "lot": None}, set()),
    "DI whose check digit does not fit": (
        "readme",
        "MA.156.M0.100274.13360111",
        {"di": "MA.156.M0.100274.13360111"},
        {"ma_di_check"},
    ),
    "invented DI of a test": ("readme", "MA.156.M0.100761.21234561", {"has_pi": False}, {"ma_di_check"}),
    "XML": ("tool", XML.format(HEAD), {"form": "xml", "serial": "S9", "lot": "L7"}, {"ma_valid_until"}),
    "behind a web address": (
        "rule",
        f"https://www.example.cn/q?c={FULL}",
        {"form": "link", "di": HEAD, "serial": "LMSAGAAAC"},
        {"ma_valid_until"},
    ),
    "web address, DI alone": ("rule", f"http://x.cn/?={HEAD}", {"form": "link", "di": HEAD}, set()),
    "web address with more behind": (
        "unconfirmed",
        f"https://x.cn/q?c={HEAD}.LA1&from=label",
        {"lot": "A1"},
        set(),
    ),
    "code as the last part of a path": ("unconfirmed", f"https://x.cn/{HEAD}.LA1", {"lot": "A1"}, set()),
    "a slash at the end of a web address": ("unconfirmed", f"https://x.cn/{HEAD}.LA1/", {"lot": "A1"}, set()),
    "escaped characters in a web address": (
        "unconfirmed",
        f"https://x.cn/?c={HEAD}%2ELA%2F1",
        {"form": "link", "di": HEAD, "lot": "A/1"},
        set(),
    ),
    "parameters and a fragment behind a path": (
        "unconfirmed",
        f"https://x.cn/{HEAD}.LA1?from=label&v=2#top",
        {"lot": "A1"},
        set(),
    ),
    "every field, lower-case serial": (
        "readme",
        "MA.156.M0.100761.21234561.Sx00008.M220117.L20220117.D20220118.E220130.V220117.C3",
        {"serial": "x00008", "lot": "20220117", "manufactured": date(2022, 1, 17), "expires": date(2022, 1, 30)},
        {"ma_di_check", "ma_valid_until"},
    ),
    "DI of another program's test": ("readme", "MA.156.M0.100204.13351764", {"has_pi": False}, set()),
    "lot before serial": ("rule", f"{HEAD}.LA1.SB2", {"lot": "A1", "serial": "B2"}, set()),
    "serial before lot": ("rule", f"{HEAD}.SB2.LA1", {"lot": "A1", "serial": "B2"}, set()),
    "eight-digit dates": (
        "rule",
        f"{HEAD}.M20210628.E20260628",
        {"manufactured": date(2021, 6, 28), "expires": date(2026, 6, 28)},
        set(),
    ),
    "V alone is the expiry": ("rule", f"{HEAD}.V261231", {"expires": date(2026, 12, 31)}, set()),
    "E before V": ("unconfirmed", f"{HEAD}.E261231.V261231", {"expires": date(2026, 12, 31)}, set()),
    "D is a sterilisation lot, no date": (
        "rule",
        f"{HEAD}.LA1.D990099",
        {"lot": "A1", "expires": None, "manufactured": None},
        set(),
    ),
    "a lot that looks like a date": ("readme", f"{HEAD}.L20191201", {"lot": "20191201", "expires": None}, set()),
    "a lot with a hyphen": ("unconfirmed", f"{HEAD}.LA-1/2", {"lot": "A-1/2"}, set()),
    "lower-case lot stays": ("readme", f"{HEAD}.Lab9", {"lot": "ab9"}, set()),
    "issuer in lower case": ("unconfirmed", f"ma.156.m0{HEAD[9:]}.LA1", {"di": HEAD, "lot": "A1"}, {"ma_case"}),
    "issuer in mixed case": ("unconfirmed", f"Ma.156.M0{HEAD[9:]}", {"di": HEAD}, {"ma_case"}),
    "field letter in lower case": ("unconfirmed", f"{HEAD}.lA1", {"lot": "A1"}, {"ma_case"}),
    "longest item code seen": (
        "rule",
        "MA.156.M0.100350.01004YA10017",
        {"di": HEAD},
        set(),
    ),
    "package level 2": ("rule", "MA.156.M0.100350.2100001", {}, {"ma_di_check"}),
    "wrong PI check digit": ("unconfirmed", FULL[:-1] + "4", {"lot": "AY21062803"}, {"ma_valid_until", "ma_pi_check"}),
    "PI check that is no digit": ("unconfirmed", FULL[:-1] + "Z", {}, {"ma_valid_until", "ma_pi_check"}),
    "check field in the middle": ("unconfirmed", f"{HEAD}.C3.LA1", {"lot": "A1"}, {"ma_check_not_last"}),
    "unknown field": ("unconfirmed", f"{HEAD}.LA1.XQ7", {"lot": "A1"}, {"ma_field_unknown"}),
    "医保 field of one program": ("tool", f"{HEAD}.YC0101", {"has_pi": False}, {"ma_unconfirmed_field"}),
    "XML, DI alone": ("tool", f'<UDI IAC="MA"><DI>{HEAD}</DI></UDI>', {"di": HEAD, "has_pi": False}, set()),
    "XML with empty tags": (
        "tool",
        f'<UDI IAC="MA"><DI>{HEAD}</DI><SN/><LOT></LOT></UDI>',
        {"di": HEAD, "lot": None, "serial": None},
        set(),
    ),
    "XML in lines": ("unconfirmed", f'<UDI IAC="MA">\n <DI>{HEAD}</DI>\n <LOT>A1</LOT>\n</UDI>', {"lot": "A1"}, set()),
    "XML with a declaration": (
        "unconfirmed",
        f'<?xml version="1.0"?><UDI IAC="MA"><DI>{HEAD}</DI></UDI>',
        {"di": HEAD},
        set(),
    ),
    "XML in lower case": ("unconfirmed", f'<udi iac="ma"><di>{HEAD}</di><lot>A1</lot></udi>', {"lot": "A1"}, set()),
    "a reader's line end behind it": ("unconfirmed", f"{HEAD}.LA1\r\n", {"lot": "A1"}, {"reader_suffix"}),
    "in a plain QR code": ("rule", f"]Q1{HEAD}.LA1", {"lot": "A1"}, set()),
    "in a plain Data Matrix": ("rule", f"]d1{HEAD}.LA1", {"lot": "A1"}, set()),
    "made after it expires": (
        "unconfirmed",
        f"{HEAD}.M260101.E250101",
        {"expires": date(2025, 1, 1)},
        {"dates_reversed"},
    ),
}


@pytest.mark.parametrize(("text", "expected", "codes"), [case[1:] for case in READABLE.values()], ids=READABLE)
def test_readable(text: str, expected: Expected, codes: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.MA
    assert udi.valid, udi.findings
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {each.code for each in udi.findings} == codes


FAULTY = {
    "country of letters": ("MA.ABC.M0.100350.01004YA10017", "ma_prefix"),
    "another industry": ("MA.156.M1.100350.01004YA10017", "ma_prefix"),
    "short registrant": ("MA.156.M0.10035.01004YA10017", "ma_registrant"),
    "registrant with a letter": ("MA.156.M0.1003S0.01004YA10017", "ma_registrant"),
    "template of the rule page": ("MA.156.M0.123456.N123456Y", "ma_template"),
    "template with fields": ("MA.156.M0.123456.N123456Y.SXXXX.CZ", "ma_template"),
    "product that ends with a letter": ("MA.156.M0.100350.01004YA1A", "ma_product"),
    "product of two digits": ("MA.156.M0.100350.01", "ma_product"),
    "product missing": ("MA.156.M0.100350", "ma_product"),
    "product with a hyphen": ("MA.156.M0.100350.0-1004", "ma_product"),
    "empty field": (f"{HEAD}.L", "ma_field_empty"),
    "two dots in a row": (f"{HEAD}..LA1", "ma_field_empty"),
    "dot at the end": (f"{HEAD}.LA1.", "ma_field_empty"),
    "blank in a lot": (f"{HEAD}.LA 1", "ma_field_charset"),
    "Chinese characters in a lot": (f"{HEAD}.L批号1", "ma_field_charset"),
    "control character in a serial": (f"{HEAD}.SA\x1d1", "ma_field_charset"),
    "lot twice": (f"{HEAD}.LA1.LA2", "ma_field_repeated"),
    "old and new date of production": (f"{HEAD}.M210101.P210101", "ma_field_repeated"),
    "month 13": (f"{HEAD}.E221301", "date_impossible"),
    "day 00": (f"{HEAD}.E220600", "date_impossible"),
    "30 February, eight digits": (f"{HEAD}.M20230230", "date_impossible"),
    "date of seven digits": (f"{HEAD}.E2206281", "date_impossible"),
    "date of letters": (f"{HEAD}.EABCDEF", "date_impossible"),
    "XML that is cut off": ('<UDI IAC="MA"><DI>MA.156', "ma_xml"),
    "XML with an unknown tag": (f'<UDI IAC="MA"><DI>{HEAD}</DI><BAD>1</BAD></UDI>', "ma_xml"),
    "XML without anything": ('<UDI IAC="MA"></UDI>', "ma_xml"),
    "XML without a DI": ('<UDI IAC="MA"><SN>S9</SN><LOT>L7</LOT></UDI>', "ma_xml"),
    "XML with two DIs": (f'<UDI IAC="MA"><DI>{HEAD}</DI><DI>{HEAD[:-1]}6</DI></UDI>', "ma_xml"),
    "XML with two lots": (f'<UDI IAC="MA"><DI>{HEAD}</DI><LOT>1</LOT><LOT>2</LOT></UDI>', "ma_field_repeated"),
    "XML, a dot in a lot": (f'<UDI IAC="MA"><DI>{HEAD}</DI><LOT>A.1</LOT></UDI>', "ma_field_charset"),
    "XML, Chinese characters in a lot": (f'<UDI IAC="MA"><DI>{HEAD}</DI><LOT>批</LOT></UDI>', "ma_field_charset"),
    "XML, fields inside the DI": (f'<UDI IAC="MA"><DI>{HEAD}.LA1</DI><LOT>A1</LOT></UDI>', "ma_product"),
    "web address whose lot has an ampersand": (f"https://x.cn/?c={HEAD}.LA&B.S1", "ma_field_charset"),
    "web address with an escaped blank": (f"https://x.cn/?c={HEAD}.LA%201", "ma_field_charset"),
    "web address with an escaped Chinese character": (f"https://x.cn/?c={HEAD}.L%E6%89%B9", "ma_field_charset"),
    "markup behind a lot": (f"{HEAD}.LA1</DI>", "ma_field_charset"),
    "template of another page": ("MA.156.M0.123456.N123456Y.L190726A.S1907260001.E200725.CZ", "ma_template"),
    "expiry of zeros": (f"{HEAD}.E00000000", "date_impossible"),
    "XML with a broken DI": ('<UDI IAC="MA"><DI>12345</DI></UDI>', "ma_product"),
}


@pytest.mark.parametrize(("text", "code"), FAULTY.values(), ids=FAULTY)
def test_faulty(text: str, code: str) -> None:
    found = parse(text, today=TODAY)
    assert not found.valid
    assert code in {each.code for each in found.findings}


PLACES = {
    "field": (f"{HEAD}.LA1.L", "ma_field_empty", 34, "L"),
    "field behind a symbology identifier": (f"]Q1{HEAD}.LA1.L", "ma_field_empty", 37, "L"),
    "first field in a web address": (f"https://x.cn/{HEAD}.L", "ma_field_empty", 43, "L"),
    "registrant in a web address": ("https://x.cn/MA.156.M0.1003.01004YA10017", "ma_registrant", 13, "1003"),
    "letter": (f"{HEAD}.LA1.sB2", "ma_case", 34, "s"),
    "blank": (f"{HEAD}.LA1.SB 2", "ma_field_charset", 34, "SB 2"),
    "product": ("MA.156.M0.100350.0-1004", "ma_product", 0, "0-1004"),
    "product with one letter in front": ("MA.156.M0.100350.A-1", "ma_product", 0, "A-1"),
    "XML, the tag that cannot be read": (f'<UDI IAC="MA"><DI>{HEAD}</DI><BAD/></UDI>', "ma_xml", None, "<BAD/>"),
    "XML, cut off": ('<UDI IAC="MA"><DI>MA.156', "ma_xml", None, '<UDI IAC="MA"><DI>MA.156'),
}


@pytest.mark.parametrize(("text", "code", "at", "value"), PLACES.values(), ids=PLACES)
def test_findings_name_the_place(text: str, code: str, at: int | None, value: str) -> None:
    found = next(each for each in parse(text, today=TODAY).findings if each.code == code)
    assert (found.at, found.value) == (at, value)


OTHER = {
    "test issuer MB": "MB.234.M0.100350.01004YA10017",
    "MA without dots": "MA156M0100350",
    "a word": "MASK",
    "XML of another issuer": '<UDI IAC="GS1"><DI>06901234567892</DI></UDI>',
    "web address without a code": "https://www.example.cn/ma",
    "far too long": f"{HEAD}." + "LA1." * 600,
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_other_texts_are_no_ma_code(text: str) -> None:
    found = parse(text, today=TODAY)
    assert isinstance(found, NotUdi)
    assert found.issuer is None


def test_every_case_names_its_source() -> None:
    assert len(READABLE) + len(FAULTY) >= 40
    assert {case[0] for case in READABLE.values()} == {"readme", "tool", "rule", "unconfirmed"}


def test_one_trace_key_whatever_carried_it() -> None:
    forms = [
        f"{HEAD}.SS9.LL7",
        f"ma.156.m0{HEAD[9:]}.LL7.SS9",
        f"https://x.cn/?c={HEAD}.SS9",
        XML.format(HEAD),
    ]
    assert {parse(form, today=TODAY).trace_key for form in forms} == {f"MA|{HEAD}|S|S9"}  # type: ignore[union-attr]


@given(st.text(alphabet="MA.156M0SLEVPDCY<>/UDI=\"' \n", max_size=60))
def test_no_near_miss_raises(text: str) -> None:
    for head in ("MA.156.", '<UDI IAC="MA">', "http://x/=MA.156."):
        found = parse(head + text, today=TODAY)
        assert all(each.grade in Grade for each in found.findings)
