"""AHM codes. No label and no public specification were found: every case follows the one public program that reads
AHM, or a page quoting 阿里健康's rule for the names of the fields. All of it is unconfirmed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.model import Grade, Issuer, NotUdi, Udi
from edge.udi.parse import parse

TODAY = date(2026, 11, 24)
DI = "8312345678901"
Expected = dict[str, object]

# name: (where the field is described, code, what it says, findings beside ahm_unconfirmed)
READABLE: dict[str, tuple[str, str, Expected, set[str]]] = {
    "every field": (
        "program",
        f"MF{DI}*BALOT1*SN0001*MD250101BD280101ED271231PL1",
        {"lot": "LOT1", "serial": "0001", "manufactured": date(2025, 1, 1), "expires": date(2027, 12, 31)},
        {"ahm_lot_tag"},
    ),
    "lot with BA": ("program", f"MF{DI}*BAL1", {"lot": "L1", "serial": None}, {"ahm_lot_tag"}),
    "lot with BN": ("page", f"MF{DI}*BNL1", {"lot": "L1"}, {"ahm_lot_tag"}),
    "serial alone": ("program", f"MF{DI}*SN42", {"serial": "42", "lot": None}, set()),
    "day of production": ("page", f"MF{DI}*MD250630", {"manufactured": date(2025, 6, 30)}, set()),
    "best before": ("page", f"MF{DI}*BD280630", {"expires": date(2028, 6, 30)}, set()),
    "expiry": ("page", f"MF{DI}*ED280630", {"expires": date(2028, 6, 30)}, set()),
    "expiry wins over best before": ("page", f"MF{DI}*BD290101ED280101", {"expires": date(2028, 1, 1)}, set()),
    "package level": ("program", f"MF{DI}*PL2", {"has_pi": False}, set()),
    "package level and lot": ("program", f"MF{DI}*PL2BAL1", {"lot": "L1"}, {"ahm_lot_tag"}),
    "asterisk behind a date": ("unconfirmed", f"MF{DI}*ED280101*SN1", {"serial": "1"}, set()),
    "asterisk at the end": ("unconfirmed", f"MF{DI}*SN1*", {"serial": "1"}, set()),
    "serial before lot": ("program", f"MF{DI}*SN1*BAL1", {"serial": "1", "lot": "L1"}, {"ahm_lot_tag"}),
    "dates before names": (
        "unconfirmed",
        f"MF{DI}*MD250101ED280101SN1*BNL1",
        {"serial": "1", "lot": "L1", "expires": date(2028, 1, 1)},
        {"ahm_lot_tag"},
    ),
    "short DI": ("program", "MF123*SN1", {"di": "123"}, set()),
    "DI of one character": ("unconfirmed", "MF7*SN1", {"di": "7"}, set()),
    "DI with letters": ("unconfirmed", "MFAB12cd*SN1", {"di": "AB12cd"}, set()),
    "a lot that looks like a tag": (
        "unconfirmed",
        f"MF{DI}*BASN12*SN3",
        {"lot": "SN12", "serial": "3"},
        {"ahm_lot_tag"},
    ),
    "a serial with a hyphen": ("unconfirmed", f"MF{DI}*SN1-2/3", {"serial": "1-2/3"}, set()),
    "lower-case lot": ("unconfirmed", f"MF{DI}*BAab", {"lot": "ab"}, {"ahm_lot_tag"}),
    "last century": ("unconfirmed", f"MF{DI}*MD990101", {"manufactured": date(1999, 1, 1)}, set()),
    "made after it expires": ("unconfirmed", f"MF{DI}*MD280101ED270101", {}, {"dates_reversed"}),
    "in a plain Data Matrix": ("unconfirmed", f"]d1MF{DI}*SN1", {"serial": "1"}, set()),
    "in a plain QR code": ("unconfirmed", f"]Q1MF{DI}*SN1", {"serial": "1"}, set()),
    "a reader's line end behind it": ("unconfirmed", f"MF{DI}*SN1\r", {"serial": "1"}, {"reader_suffix"}),
}


@pytest.mark.parametrize(("text", "expected", "codes"), [case[1:] for case in READABLE.values()], ids=READABLE)
def test_readable_but_never_without_the_warning(text: str, expected: Expected, codes: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.AHM
    assert udi.valid, udi.findings
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {each.code for each in udi.findings} == codes | {"ahm_unconfirmed"}


FAULTY = {
    "DI of fourteen characters": ("MF12345678901234*SN1", "ahm_di"),
    "DI of forty characters": (f"MF{'1' * 40}*SN1", "ahm_di"),
    "month 13": (f"MF{DI}*ED281301", "date_impossible"),
    "day 00": (f"MF{DI}*ED280600", "date_impossible"),
    "30 February": (f"MF{DI}*MD250230", "date_impossible"),
    "date cut off": (f"MF{DI}*ED2806", "ahm_field"),
    "date of letters": (f"MF{DI}*EDABCDEF", "ahm_field"),
    "package level of a letter": (f"MF{DI}*PLX", "ahm_field"),
    "package level missing": (f"MF{DI}*PL", "ahm_field"),
    "empty serial": (f"MF{DI}*SN", "ahm_field"),
    "empty lot before a serial": (f"MF{DI}*BA*SN1", "ahm_field"),
    "blank in a serial": (f"MF{DI}*SN1 2", "ahm_field"),
    "Chinese characters in a lot": (f"MF{DI}*BA批1", "ahm_field"),
    "unknown tag behind a serial": (f"MF{DI}*SN1*XX9", "ahm_field"),
    "serial twice": (f"MF{DI}*SN1*SN2", "ahm_field_repeated"),
    "expiry twice": (f"MF{DI}*ED280101ED280102", "ahm_field_repeated"),
    "both lot tags": (f"MF{DI}*BA1*BN2", "ahm_field_repeated"),
}


@pytest.mark.parametrize(("text", "code"), FAULTY.values(), ids=FAULTY)
def test_faulty(text: str, code: str) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert not udi.valid
    assert code in {each.code for each in udi.findings}


OTHER = {
    "DI without a field": f"MF{DI}",
    "DI and an asterisk": f"MF{DI}*",
    "an article number": "MF-2000",
    "a word": "MFG DATE",
    "unknown tag": f"MF{DI}*XX1",
    "lower case": f"mf{DI}*sn1",
    "DI with a blank": "MF12 34*SN1",
    "far too long": f"MF{DI}*" + "PL1" * 200,
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_texts_that_only_look_like_it(text: str) -> None:
    assert isinstance(parse(text, today=TODAY), NotUdi)


def test_there_are_forty_cases() -> None:
    assert len(READABLE) + len(FAULTY) + len(OTHER) >= 40


@given(st.text(alphabet="MF0123BANSDEPL*-", max_size=40))
def test_no_near_miss_raises(text: str) -> None:
    found = parse(f"MF{DI}*SN" + text, today=TODAY)
    assert all(each.grade in Grade for each in found.findings)
