"""ISBT 128 codes. Sources of the codes, taken as facts: ``standard`` examples of ST-001, ST-012 and ST-017 as the tests
of pdesiatnyk/ISBT128 repeat them, ``table`` the UDI format table of FDA and IMDRF and HL7's examples of devices. The
rest is made for this test after the table of data structures in ST-001."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.checks import mod37
from edge.udi.model import Grade, Issuer, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete, to_json

TODAY = date(2026, 11, 24)
DI = "=/A9999XYZ100T0476"
DONATION = "=A99971712345600"
FULL = f"{DI}=,000025{DONATION}=>019032=}}017032&,1000000000000XYZ123"
Expected = dict[str, object]

# name: (source, code, what it says, its findings)
READABLE: dict[str, tuple[str, str, Expected, set[str]]] = {
    "DI": ("standard", "=/A9997AB3456T0123", {"di": "A9997AB3456T0123", "has_pi": False}, set()),
    "donation number": ("standard", "=A99991712345600", {"donation": "A99991712345600", "di": None}, set()),
    "donation number with its check": ("standard", "=G12341765432170", {"donation": "G12341765432170"}, set()),
    "donation and division": (
        "standard",
        "=A99991712345600=,000012",
        {"donation": "A99991712345600", "serial": "000012", "form": "structures"},
        set(),
    ),
    "compound message": (
        "standard",
        "=+04000=/A9997XYZ100T0479=A99991712345600=,000012=>019031",
        {"form": "compound", "di": "A9997XYZ100T0479", "serial": "000012", "expires": date(2019, 1, 31)},
        set(),
    ),
    "compound message in a specified order": (
        "standard",
        "=+04035=/A9997XYZ100T0479=,000012=A99991712345600=>019031",
        {"di": "A9997XYZ100T0479", "donation": "A99991712345600"},
        set(),
    ),
    "compound message with everything": (
        "standard",
        f"=+06000{FULL}",
        {
            "di": "A9999XYZ100T0476",
            "serial": "000025",
            "donation": "A99971712345600",
            "expires": date(2019, 2, 1),
            "manufactured": date(2017, 2, 1),
            "lot": "000000000000XYZ123",
        },
        set(),
    ),
    "tissue label with blood group, product code and European code": (
        "standard",
        "=+05000=Z54991712345600=%T300=<T0416003&>0183652359&,4PL001499Z549917123456A00T041600320181231",
        {"donation": "Z54991712345600", "expires": date(2018, 12, 31), "di": None, "form": "compound"},
        set(),
    ),
    "a structure of the country's own at the end": (
        "standard",
        "=A99991712345600&xSOME-LOCAL-DATA",
        {"donation": "A99991712345600"},
        {"isbt_national"},
    ),
    "without a header": (
        "table",
        "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123",
        {"di": "A9999XYZ100T0944", "serial": "000025", "expires": date(2014, 2, 1), "lot": "000000000000XYZ123"},
        set(),
    ),
    "printed with a blank inside an identifier": (
        "table",
        "=/A9999XYZ100T0944=,000025=A99971312345600= >014032=}013032&,1000000000000XYZ123",
        {"expires": date(2014, 2, 1), "manufactured": date(2013, 2, 1)},
        {"isbt_blank"},
    ),
    "blood bag": (
        "table",
        "=)1TE123456A&)RZ12345678",
        {"form": "blood_bag", "di": "1TE123456A", "lot": "RZ12345678"},
        set(),
    ),
    "blood bag, printed with a blank": (
        "table",
        "=)1TE123456A &)RZ12345678",
        {"di": "1TE123456A", "lot": "RZ12345678"},
        {"isbt_blank"},
    ),
    "lot of a blood bag alone": ("made", "&)RZ12345678", {"lot": "RZ12345678", "form": "blood_bag"}, set()),
    "division alone": ("made", "=,000012", {"serial": "000012"}, set()),
    "lot alone": ("made", "&,1000000000000XYZ123", {"lot": "000000000000XYZ123"}, set()),
    "donation flags for a sample tube": ("made", "=G12341765432105", {"donation": "G12341765432105"}, set()),
    "donation flags of letters": ("made", "=G123417654321N7", {"donation": "G123417654321N7"}, set()),
    "flags above those of the check": ("made", "=G12341765432197", {"donation": "G12341765432197"}, set()),
    "facility of letters": ("made", "=ABC231765432100", {"donation": "ABC231765432100"}, set()),
    "expiry with a time": ("made", f"{DI}&>0190322359", {"expires": date(2019, 2, 1)}, set()),
    "production with a time": ("made", f"{DI}&}}0190320000", {"manufactured": date(2019, 2, 1)}, set()),
    "expiry with and without a time": ("made", f"{DI}=>019032&>0190321200", {"expires": date(2019, 2, 1)}, set()),
    "expiry of a month": (
        "made",
        f"{DI}=]202602",
        {"expires": date(2026, 2, 28), "expires_day_given": False},
        set(),
    ),
    "a day and its month": (
        "made",
        f"{DI}=]201902=>019032",
        {"expires": date(2019, 2, 1), "expires_day_given": True},
        set(),
    ),
    "day 366 of a leap year": ("made", f"{DI}=>024366", {"expires": date(2024, 12, 31)}, set()),
    "next century": ("made", f"{DI}=>100001", {"expires": date(2100, 1, 1)}, {"isbt_century"}),
    "any order": ("made", f"=,000025{DONATION}{DI}", {"di": "A9999XYZ100T0476", "serial": "000025"}, set()),
    "the same structure twice": ("made", f"{DI}=,000025{DI}", {"serial": "000025"}, set()),
    "blood group first": ("made", f"=%5100{DONATION}", {"donation": "A99971712345600"}, set()),
    "blood unit": (
        "made",
        f"{DONATION}=%5100=<E0382V00&>0190322359",
        {"donation": "A99971712345600", "expires": date(2019, 2, 1), "has_pi": True},
        set(),
    ),
    "collection date is no day of production": ("made", f"{DI}=*019032", {"manufactured": None}, set()),
    "dimensions, two of them": ("made", f"{DI}&$02{'0' * 28}=,000025", {"serial": "000025"}, set()),
    "antigens with history": ("made", f"{DI}&%001{'0' * 10}=,000025", {"serial": "000025"}, set()),
    "number of a patient": ("made", f"{DI}&#0105ABC12=,000025", {"serial": "000025"}, set()),
    "retired structure": ("made", f"{DI}=[{'A' * 18}=,000025", {"serial": "000025"}, set()),
    "a device in a container": (
        "made",
        f"{DI}=)1TE123456A&)RZ12345678",
        {"di": "A9999XYZ100T0476", "lot": None, "form": "structures"},
        set(),
    ),
    "declared order not kept": (
        "made",
        "=+03034=/A9999XYZ100T0476=A99971712345600=,000025",
        {"di": "A9999XYZ100T0476"},
        {"isbt_sequence"},
    ),
    "order that is not public": ("made", f"=+01123{DI}", {"di": "A9999XYZ100T0476"}, set()),
    "made after it expires": ("made", f"{DI}=>019032=}}019033", {"expires": date(2019, 2, 1)}, {"dates_reversed"}),
    "in a plain Data Matrix": ("made", f"]d1{DI}", {"di": "A9999XYZ100T0476", "symbology": "]d1"}, set()),
    "in Code 128": ("made", f"]C0{DI}", {"di": "A9999XYZ100T0476"}, set()),
    "two linear codes read as one": ("made", f"]C4{DI}{DONATION}", {"donation": "A99971712345600"}, set()),
    "a reader's line end behind it": ("made", f"{DI}\r\n", {"di": "A9999XYZ100T0476"}, {"reader_suffix"}),
}


@pytest.mark.parametrize(("text", "expected", "codes"), [case[1:] for case in READABLE.values()], ids=READABLE)
def test_readable(text: str, expected: Expected, codes: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.ICCBBA
    assert udi.valid, udi.findings
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {each.code for each in udi.findings} == codes


# name: (code, a finding, what can be read all the same)
FAULTY: dict[str, tuple[str, str, Expected]] = {
    "facility with the letter O": ("=/A999OAB3456T0123", "isbt_charset", {}),
    "product code in lower case": ("=/A9997ab3456T0123", "isbt_charset", {}),
    "description in lower case": ("=/A9997AB3456t0123", "isbt_charset", {}),
    "donation with the letter O": ("=A9O991712345600", "isbt_charset", {}),
    "donation with a letter in its year": ("=A99991x12345600", "isbt_charset", {}),
    "donation number of letters": ("=zINVALID_DI_TEST", "isbt_charset", {"di": None}),
    "division in lower case": ("=,00001a", "isbt_charset", {}),
    "lot in lower case": ("&,1000000000000xYZ123", "isbt_charset", {}),
    "donation cut off": ("=A999917123456", "isbt_length", {"donation": None}),
    "donation check": ("=G12341765432171", "isbt_donation_check", {"donation": "G12341765432171"}),
    "example of a public database": (
        "=/08717648200274=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123",
        "isbt_length",
        {"di": "08717648200274", "serial": "000025", "expires": date(2014, 2, 1)},
    ),
    "five structures declared, four there": (
        "=+05000=/A9997XYZ100T0479=A99991712345600=,000012=>019031",
        "isbt_count",
        {"di": "A9997XYZ100T0479", "serial": "000012"},
    ),
    "header cut off": ("=+0400", "isbt_length", {}),
    "header with letters": (f"=+0X000{DI}", "isbt_length", {"di": "A9999XYZ100T0476"}),
    "DI cut off": (DI[:-1], "isbt_length", {}),
    "division of five characters": (f"{DI}=,00002", "isbt_length", {"di": "A9999XYZ100T0476"}),
    "division of seven characters": (f"{DI}=,0000255", "isbt_unknown", {"serial": "000025"}),
    "division too short before another": (f"{DI}=,00002{DONATION}", "isbt_length", {"donation": "A99971712345600"}),
    "unknown structure in the middle": (f"{DI}=~12345=,000025", "isbt_unknown", {"serial": None}),
    "a structure of the country's own in the middle": (f"{DI}&x12=,000025", "isbt_unknown", {"serial": None}),
    "dimensions cut off": (f"{DI}&$02{'0' * 27}", "isbt_length", {}),
    "dimensions without a count": (f"{DI}&$XX{'0' * 14}", "isbt_charset", {}),
    "day 366 of a common year": (f"{DI}=>023366", "date_impossible", {"expires": None}),
    "day 000": (f"{DI}=>023000", "date_impossible", {"expires": None}),
    "expiry of zeros": (f"{DI}=>000000", "date_impossible", {"expires": None}),
    "expiry of letters": (f"{DI}=>0190ab", "isbt_charset", {"expires": None}),
    "hour 24": (f"{DI}&>0190322400", "date_impossible", {"expires": None}),
    "minute 60": (f"{DI}&}}0190321260", "date_impossible", {"manufactured": None}),
    "month 13": (f"{DI}=]202613", "date_impossible", {"expires": None}),
    "expiry said twice": (f"{DI}=>019032&>0190331200", "isbt_repeated", {}),
    "expiry and another month": (f"{DI}=>019032=]201903", "isbt_repeated", {}),
    "two DIs": (f"{DI}=/A9999XYZ100T0477", "isbt_repeated", {}),
    "two donations": (f"{DI}{DONATION}=A99971712345700", "isbt_repeated", {}),
    "far too long": (DI + "=,000025" * 200, "too_long", {}),
}


@pytest.mark.parametrize(("text", "code", "expected"), FAULTY.values(), ids=FAULTY)
def test_faulty(text: str, code: str, expected: Expected) -> None:
    found = parse(text, today=TODAY)
    assert not found.valid
    assert not is_complete(found)
    assert code in {each.code for each in found.findings}
    assert {name: getattr(found, name, None) for name in expected} == expected


LENGTHS = {
    "=%": 4,
    "=<": 8,
    "=*": 6,
    "&*": 10,
    "&(": 5,
    "={": 18,
    "=\\": 18,
    "&\\": 18,
    "&{": 18,
    "=[": 18,
    '="': 18,
    "=;": 21,
    "='": 11,
    "=-": 10,
    "&-": 10,
    "=#": 10,
    '&"': 18,
    "=$": 16,
    "=(": 16,
    "&+": 11,
    "&,2": 18,
    "&,3": 19,
    "&,4": 40,
    "&:": 19,
    "&/": 15,
}
"""ST-001, table 2: data identifiers of structures that are no part of a UDI, and how long they are."""


@pytest.mark.parametrize(("identifier", "length"), LENGTHS.items(), ids=LENGTHS)
def test_what_stands_behind_another_structure_is_read(identifier: str, length: int) -> None:
    udi = parse(f"{DI}{identifier}{'0' * length}=,000025", today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.valid
    assert (udi.serial, udi.elements[1]) == ("000025", (identifier, "0" * length))
    assert not parse(f"{DI}{identifier}{'0' * (length - 1)}=,000025", today=TODAY).valid
    assert not parse(f"{DI}{identifier}{'0' * (length + 1)}=,000025", today=TODAY).valid


PLACES = {
    "structure": (f"{DI}=,00001a", "isbt_charset", 18, "=,00001a"),
    "behind a symbology identifier": (f"]C0{DI}=,00002", "isbt_length", 21, "=,00002"),
    "behind a header": (f"=+02000{DI}=,00002", "isbt_length", 25, "=,00002"),
    "unknown structure": (f"{DI}=~12345", "isbt_unknown", 18, "=~1"),
    "blank": (f"{DI} =,000025", "isbt_blank", 18, ""),
    "header": (f"=+02000{DI}", "isbt_count", 0, "02 / 1"),
    "no place is told where blanks moved it": (f"{DI} =,00002a", "isbt_charset", None, "=,00002a"),
}


@pytest.mark.parametrize(("text", "code", "at", "value"), PLACES.values(), ids=PLACES)
def test_findings_name_the_place(text: str, code: str, at: int | None, value: str) -> None:
    found = next(each for each in parse(text, today=TODAY).findings if each.code == code)
    assert (found.at, found.value) == (at, value)


OTHER = {
    "blood group": ("=%5100", "=%"),
    "product code": ("=<E0382V00", "=<"),
    "Single European Code": ("&,4PL001499Z549917123456A00T041600320181231", "&,4"),
    "number of a patient": ("&#0105ABC12", "&#"),
    "dimensions": (f"&$02{'0' * 28}", "&$"),
    "retired structure": (f"=[{'a' * 16}00", "=["),
    "staff member": ("='A9999123456", "='"),
}


@pytest.mark.parametrize(("text", "identifier"), OTHER.values(), ids=OTHER)
def test_what_says_nothing_about_a_device_is_known_but_no_udi(text: str, identifier: str) -> None:
    found = parse(text, today=TODAY)
    assert found.valid
    assert found.issuer is Issuer.ICCBBA
    assert found.elements == ((identifier, text[len(identifier) :]),)
    assert not is_complete(found)
    assert to_json(found)["has_pi"] is False


TEXTS = {
    "a structure of the country's own": "&xLOCAL",
    "Single European Code as people read it": "SEC: PL001499Z549917123456 A00T041600320171231",
    "equals sign": "=",
    "ampersand": "&",
    "HTML": "&amp;",
    "number in HTML": "&#39;",
    "formula": "=A1+B2",
    "formula with brackets": "=(A1)",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_that_only_look_like_it(text: str) -> None:
    assert isinstance(parse(text, today=TODAY), NotUdi)


def test_every_readable_case_names_its_source() -> None:
    assert len(READABLE) + len(FAULTY) + len(OTHER) >= 30
    assert {case[0] for case in READABLE.values()} == {"standard", "table", "made"}


def test_one_trace_key_whatever_the_order() -> None:
    parts = [DI, "=,000025", DONATION, "=>019032"]
    texts = ["".join(parts), "".join(reversed(parts)), f"=+04000{''.join(parts)}", " ".join(parts)]
    keys = {udi.trace_key for text in texts if isinstance(udi := parse(text, today=TODAY), Udi)}
    assert keys == {"ICCBBA|A9999XYZ100T0476|S|A99971712345600000025"}


def test_the_same_serial_of_two_donations_is_two_objects() -> None:
    one, other = (parse(f"{DI}=,000001={donation}", today=TODAY) for donation in ("A99971712345600", "A99971712345700"))
    assert isinstance(one, Udi)
    assert isinstance(other, Udi)
    assert one.serial == other.serial
    assert one.trace_key != other.trace_key


def test_every_single_wrong_character_of_a_checked_donation_number_is_noticed() -> None:
    """What the arithmetic cannot see: other flags in place of the check (below 60, above 96, or letters)."""
    text = "=G12341765432170"
    unnoticed = set()
    for place in range(1, len(text)):
        for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            found = parse(text[:place] + character + text[place + 1 :], today=TODAY)
            if character != text[place] and isinstance(found, Udi) and found.valid:
                unnoticed.add((place, character))
    flags = "0123456789ABCDEFGHJKLMNPRSTUVWXY"
    first = {(14, flag) for flag in flags if flag not in "6789"}
    second = {(15, flag) for flag in flags if flag.isalpha()}
    assert unnoticed == first | second


@given(st.integers(0, 10**10 - 1))
def test_the_flags_that_belong_to_a_donation_number_are_accepted_and_no_others(number: int) -> None:
    body = f"A12{number:010d}"
    right = 60 + mod37(body)
    accepted = [flags for flags in range(60, 97) if parse(f"={body}{flags}", today=TODAY).valid]
    assert accepted == [right]


@given(st.text(alphabet="=&/,>}+)%<*;#$01A x\x00", max_size=60))
def test_no_near_miss_raises(text: str) -> None:
    for head in ("=", "&", "=+01000", DI, DONATION):
        assert all(each.grade in Grade for each in parse(head + text, today=TODAY).findings)


@given(st.text(alphabet="=&/,>}+)%<*;#$01A x", max_size=40))
def test_nothing_behind_a_code_is_dropped(text: str) -> None:
    """Whatever is read as valid comes out again, blanks aside."""
    found = parse(FULL + text, today=TODAY)
    if isinstance(found, Udi) and found.valid:
        assert "".join(name + value for name, value in found.elements) == (FULL + text).replace(" ", "")


@pytest.mark.parametrize("unit", ["=", "&", " ", "=,", "A", "&#0000", "=%0", "&$00"])
def test_a_long_text_is_refused_at_once(unit: str) -> None:
    """Whatever it repeats: no more findings than a short one has, and nothing read from it."""
    found = parse(DI + unit * (65_000 // len(unit)), today=TODAY)
    assert not found.valid
    assert len(found.findings) <= 2
    assert len(found.elements) <= 1
