"""HIBC supplier labels. Sources of the codes, taken as facts: ``standard`` worked examples of ANSI/HIBC 2.6 and 1.3 as
public test suites repeat them (tc-lib-barcode, HibcBarcodeParsing, PTW-Freiburg/udi), ``suite`` codes of
DacoTaco/BarcodeParserBuilder and its issues, some of them real labels, ``label`` other labels seen in public programs.
The rest is made for this test, its check characters computed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.checks import HIBC_SET, mod43
from edge.udi.model import Grade, Issuer, Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete

TODAY = date(2026, 11, 24)
JAN_15 = date(2020, 1, 15)
SEP_28 = date(2005, 9, 28)
FULL = "+A99912345/$$52001510X3/16D20111212/S77DEFG457"
Expected = dict[str, object]


def checked(body: str) -> str:
    return body + mod43(body)


# name: (source, code, what it says, its findings)
READABLE: dict[str, tuple[str, str, Expected, set[str]]] = {
    "primary": ("standard", "+A123BJC5D6E71G", {"form": "primary", "di": "A123BJC5D6E71", "has_pi": False}, set()),
    "primary with many digits": ("standard", "+H123ABC01234567890D", {"di": "H123ABC01234567890"}, set()),
    "check character is a space": ("standard", "+A123AA40 ", {"di": "A123AA40"}, set()),
    "check character is a plus": ("suite", "+E260PPAUXEMO19+", {"di": "E260PPAUXEMO19"}, set()),
    "primary between asterisks": ("standard", "*+A123BJC5D6E71G*", {"di": "A123BJC5D6E71"}, {"hibc_asterisks"}),
    "asterisk at the end only": ("label", "+A123BJC5D6E71G*", {"di": "A123BJC5D6E71"}, {"hibc_asterisks"}),
    "label of one number": ("label", "+H2160408351", {"di": "H216040835"}, set()),
    "lot": (
        "standard",
        "+$A1234GU",
        {"form": "secondary", "lot": "A1234", "di": None, "expires_day_given": True},
        set(),
    ),
    "second line without anything": ("made", checked("+A99912345") + checked("+$7"), {"lot": None}, set()),
    "third line behind an empty one": (
        "made",
        checked("+A99912345") + checked("+$7") + checked("+$+S17"),
        {"serial": "S1", "lot": None},
        set(),
    ),
    "lot, link L": ("standard", checked("+$3C001L"), {"lot": "3C001", "expires": None}, set()),
    "old form, date alone": ("standard", checked("+05271L"), {"expires": SEP_28, "lot": None}, set()),
    "old form": ("standard", checked("+83278F8G9H0J2G"), {"lot": "F8G9H0J2", "expires": date(2083, 10, 5)}, set()),
    "month and year, lot": (
        "standard",
        "+$$09053C001L+",
        {"lot": "3C001", "expires": date(2005, 9, 30), "expires_day_given": False},
        {"hibc_month_only"},
    ),
    "MMDDYY, lot": ("standard", checked("+$$20928053C001L"), {"lot": "3C001", "expires": SEP_28}, set()),
    "YYMMDD, lot": ("standard", "+$$30509283C001LB", {"expires": SEP_28, "expires_day_given": True}, set()),
    "YYMMDDHH, lot": ("standard", "+$$4050928223C001LG", {"lot": "3C001", "expires": SEP_28}, set()),
    "YYJJJ, lot": ("standard", "+$$52001510X3GD", {"lot": "10X3", "expires": JAN_15}, set()),
    "YYJJJHH, lot": ("standard", checked("+$$605271223C001L"), {"lot": "3C001", "expires": SEP_28}, set()),
    "no date, lot": ("standard", "+$$73C001LY", {"lot": "3C001", "expires": None}, set()),
    "serial": ("standard", "+$+0001LE", {"serial": "0001", "lot": None}, set()),
    "month and year, serial": (
        "standard",
        "+$$+09050001LO",
        {"serial": "0001", "lot": None, "expires": date(2005, 9, 30)},
        {"hibc_month_only"},
    ),
    "MMDDYY, serial": ("standard", "+$$+20928050001L-", {"serial": "0001", "expires": SEP_28}, set()),
    "YYMMDD, serial": ("standard", "+$$+30509280001L.", {"serial": "0001", "expires": SEP_28}, set()),
    "YYMMDDHH, serial, check is a slash": ("standard", "+$$+4050928200001L/", {"expires": SEP_28}, set()),
    "YYJJJ, serial": ("standard", checked("+$$+5052710001L"), {"serial": "0001", "expires": SEP_28}, set()),
    "YYJJJHH, serial": ("standard", "+$$+605271200001LX", {"serial": "0001", "expires": SEP_28}, set()),
    "no date, serial": ("standard", "+$$+70001XT", {"serial": "0001", "expires": None}, set()),
    "two digits of quantity alone": ("standard", "+$$848GQ", {"quantity": 48, "lot": None, "has_pi": False}, set()),
    "quantity, month and year": (
        "standard",
        checked("+$$82409053C001L"),
        {"quantity": 24, "lot": "3C001", "expires": date(2005, 9, 30)},
        {"hibc_month_only"},
    ),
    "quantity, YYMMDD; link and check look like flags": (
        "suite",
        "+$$8053290331260301104+$",
        {"quantity": 5, "lot": "260301104", "expires": date(2029, 3, 31)},
        set(),
    ),
    "quantity of five digits, YYMMDDHH": (
        "standard",
        checked("+$$9001004050928223C001L"),
        {"quantity": 100, "lot": "3C001", "expires": SEP_28},
        set(),
    ),
    "quantity, lot without date, supplement": (
        "standard",
        "+$$86673C001/14D20050928XL",
        {"quantity": 66, "lot": "3C001", "expires": SEP_28},
        set(),
    ),
    "lot and serial": ("standard", "+$$73C001/S0001XT", {"lot": "3C001", "serial": "0001"}, set()),
    "lot and day of manufacture": (
        "standard",
        "+$$73C001/16D20160101XV",
        {"lot": "3C001", "manufactured": date(2016, 1, 1), "expires": None},
        set(),
    ),
    "link is a space": ("standard", checked("+$$73C001 "), {"lot": "3C001"}, set()),
    "link is a slash": ("standard", checked("+$$73C001/"), {"lot": "3C001"}, set()),
    "combined": (
        "standard",
        "+A99912345/$$52001510X33",
        {"form": "combined", "di": "A99912345", "lot": "10X3", "expires": JAN_15},
        set(),
    ),
    "combined, made and serial": (
        "standard",
        FULL,
        {"lot": "10X3", "serial": "77DEFG45", "manufactured": date(2011, 12, 12), "expires": JAN_15},
        set(),
    ),
    "combined, expiry as a supplement": (
        "standard",
        "+A99912345/$10X3/16D20111231/14D202001313",
        {"lot": "10X3", "manufactured": date(2011, 12, 31), "expires": date(2020, 1, 31)},
        set(),
    ),
    "combined, quantity as a supplement": (
        "standard",
        "+A99912349/$10X3/16D20111231/14D20200131/Q500Z",
        {"quantity": 500, "di": "A99912349"},
        set(),
    ),
    "quantity with another unit of measure": (
        "suite",
        "]d1+EFOR78712011/$26485266/16D20240626/Q10S",
        {"quantity": 10, "lot": "26485266", "symbology": "]d1"},
        set(),
    ),
    "empty lot, quantity": ("suite", "+EHWD3551419/$/Q100X", {"quantity": 100, "lot": None}, set()),
    "quantity without lot": ("suite", "+EHWD3551419/$$900100F", {"quantity": 100, "lot": None}, set()),
    "quantity before a date": (
        "suite",
        "+E203PB414109/$$8243280112R00089525J",
        {"quantity": 24, "lot": "R00089525", "expires": date(2028, 1, 12)},
        set(),
    ),
    "lot and serial each with flags": (
        "suite",
        "+A99912345/$$909999710X3/$$+320011577DEFG45/16D20111212K",
        {"quantity": 9999, "lot": "10X3", "serial": "77DEFG45", "expires": JAN_15},
        set(),
    ),
    "old form combined": (
        "suite",
        "]Q0+J123AQ3451/25330BC34567/S4012X",
        {"lot": "BC34567", "serial": "4012", "expires": date(2025, 11, 26)},
        set(),
    ),
    "January, combined": (
        "suite",
        "+J123AQ3451/$$0125BC34567/S4012K",
        {"expires": date(2025, 1, 31), "expires_day_given": False},
        {"hibc_month_only"},
    ),
    "dental implant": (
        "label",
        "+D00181030161/$$70000051362/16D20241101/14D20341101E",
        {"lot": "0000051362", "manufactured": date(2024, 11, 1), "expires": date(2034, 11, 1)},
        set(),
    ),
    "label between asterisks": (
        "label",
        "*+D002606030421/$$323101700056020/16D20201020Z*",
        {"lot": "00056020", "expires": date(2023, 10, 17)},
        {"hibc_asterisks"},
    ),
    "two lines": (
        "suite",
        "+A123BJC5D6E71G+$$52001510X3GD",
        {"form": "two_lines", "di": "A123BJC5D6E71", "lot": "10X3", "expires": JAN_15},
        set(),
    ),
    "two lines, old form": ("suite", "]zB+A123BJC5D6E71G+2001510X3GG", {"lot": "10X3", "expires": JAN_15}, set()),
    "two lines, link is a plus": (
        "suite",
        "+A123BJCMD6E79++$$52001510X3+ ",
        {"di": "A123BJCMD6E79", "lot": "10X3"},
        set(),
    ),
    "two lines, all of it looks like flags": (
        "suite",
        "+E260PPAUXEMO19++$$8053290331260301104+$",
        {"di": "E260PPAUXEMO19", "lot": "260301104", "quantity": 5},
        set(),
    ),
    "three lines": (
        "suite",
        "+J123AQ3451T+25330BC34567T2+S4012TJ",
        {"di": "J123AQ3451", "lot": "BC34567", "serial": "4012", "expires": date(2025, 11, 26)},
        set(),
    ),
    "four lines": (
        "suite",
        "+A999123457+$$909999710X370+$$+320011577DEFG4572+16D201112127Z",
        {"quantity": 9999, "lot": "10X3", "serial": "77DEFG45", "manufactured": date(2011, 12, 12)},
        set(),
    ),
    "lines whose check character is a dollar sign": (
        "made",
        checked("+A1231230") + checked(f"+$$3200115P{mod43('+A1231230')}") + checked(f"+$+1{mod43('+A1231230')}"),
        {"lot": "P", "serial": "1"},
        set(),
    ),
    "a month and a day of it": (
        "made",
        checked("+A99912345/$$0120L1/14D20200115"),
        {"expires": JAN_15, "expires_day_given": True},
        {"hibc_month_only"},
    ),
    "a day and its month": (
        "made",
        checked("+A99912345/$$3200115L1/$$+01201"),
        {"expires": JAN_15, "expires_day_given": True, "serial": "1"},
        {"hibc_month_only"},
    ),
    "the same lot twice": ("made", checked("+A99912345/$L1/$$7L1"), {"lot": "L1"}, set()),
    "longest lot": ("made", checked("+$" + "A" * 18 + "L"), {"lot": "A" * 18}, set()),
    "leap day": ("made", checked("+$$524366L1X"), {"expires": date(2024, 12, 31)}, set()),
    "hour 23": ("made", checked("+$$424010123L1X"), {"expires": date(2024, 1, 1)}, set()),
    "quantity that is not the last": ("made", checked("+A99912345/$L1/Q5/S9"), {"quantity": 5}, {"hibc_order"}),
    "made after it expires": (
        "made",
        checked("+A99912345/$$3200115L1/16D20210101"),
        {"manufactured": date(2021, 1, 1)},
        {"dates_reversed"},
    ),
    "Caps Lock": ("made", "+a123bjc5d6e71g", {"di": "A123BJC5D6E71"}, {"caps_lock"}),
    "read as Extended Code 39": ("made", "]A5a123BJC5D6E71G", {"di": "A123BJC5D6E71"}, {"hibc_folded"}),
    "Code 39": ("made", "]A0+A123BJC5D6E71G", {"di": "A123BJC5D6E71", "symbology": "]A0"}, set()),
    "Code 39 whose check was verified": ("made", "]A1+$$52001510X3GD", {"lot": "10X3"}, set()),
    "a reader's line end behind it": ("made", "+A123BJC5D6E71G\r\n", {"di": "A123BJC5D6E71"}, {"reader_suffix"}),
}


@pytest.mark.parametrize(("text", "expected", "codes"), [case[1:] for case in READABLE.values()], ids=READABLE)
def test_readable(text: str, expected: Expected, codes: set[str]) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.HIBCC
    assert udi.valid, udi.findings
    assert {name: getattr(udi, name) for name in expected} == expected
    assert {each.code for each in udi.findings} == codes


# name: (code, a finding, what can be read all the same)
FAULTY: dict[str, tuple[str, str, Expected]] = {
    "wrong check": ("+A123BJC5D6E71H", "hibc_check", {"di": "A123BJC5D6E71"}),
    "example of an official guide": (
        "+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C",
        "hibc_check",
        {"di": "H123PARTNO1234567890120", "lot": "LOT123456789012345", "expires": date(2020, 2, 2)},
    ),
    "placeholder for check and link": ("+$$09053C001 C", "hibc_check", {"lot": "3C001"}),
    "placeholder, asterisk at the end": ("+Z999009993020351/05271C*", "hibc_check", {"expires": SEP_28}),
    "character outside the set": ("+A99912345/$$520´01510X^0/16D20111#2é12/S77DEFG45/", "hibc_charset", {}),
    "asterisk inside": ("+A123BJC5D6E7*1", "hibc_charset", {}),
    "lower case inside": (checked("+A123BJC5D6E71").replace("D", "d"), "hibc_charset", {}),
    "primary without unit of measure": (checked("+A123BJC5D6E7A"), "hibc_primary", {"di": None}),
    "primary too short": (checked("+A1231"), "hibc_primary", {"di": None}),
    "primary too long": (checked("+A123BJC5D6E7123456789012"), "hibc_primary", {"di": None}),
    "primary with a dot": (checked("+A123BJ.C5D6E71"), "hibc_primary", {"di": None}),
    "primary with a hyphen": (checked("+A123BJ-C5D6E71"), "hibc_primary", {"di": None}),
    "labeler without a letter, combined": (checked("+%99912345/$L1"), "hibc_primary", {"lot": "L1"}),
    "nothing behind the slash": (checked("+A99912345/"), "hibc_supplement", {"di": "A99912345"}),
    "unknown supplement": (checked("+A99912345/$10X3/17D20111231"), "hibc_supplement", {"lot": "10X3"}),
    "two slashes": (checked("+A99912345/$L1//S1"), "hibc_supplement", {"lot": "L1", "serial": "1"}),
    "digits where a supplement belongs": (checked("+A99912345/$10X3/20015"), "hibc_supplement", {"expires": None}),
    "empty serial": (checked("+A99912345/$10X3/S"), "hibc_supplement", {"lot": "10X3"}),
    "quantity of letters": (checked("+A99912345/$L/QX"), "hibc_supplement", {"quantity": None}),
    "quantity of six digits": (checked("+A99912345/$L/Q123456"), "hibc_supplement", {"quantity": None}),
    "day of manufacture cut off": (checked("+A99912345/$10X3/16D2011123"), "date_impossible", {"lot": "10X3"}),
    "lot with a percent sign": (checked("+A123BJC5D6E71/$$3231031ABC%"), "hibc_secondary", {}),
    "lot of nineteen characters": (checked("+A123BJC5D6E71/$" + "A" * 19), "hibc_length", {}),
    "serial of nineteen characters": (checked("+A123BJC5D6E71/$+" + "A" * 19), "hibc_length", {}),
    "quantity and a date that is none": (checked("+$$8052713C001L"), "hibc_secondary", {"quantity": 5}),
    "quantity of one digit": (checked("+$$81L"), "hibc_secondary", {"quantity": None}),
    "quantity twice": (checked("+$$8058053C001L"), "date_impossible", {}),
    "quantity and serial": (checked("+$$+9052713C001L"), "hibc_secondary", {"quantity": None}),
    "date of letters": (checked("+$$5ABCDE3C001L"), "hibc_secondary", {"expires": None}),
    "date cut off": (checked("+$$50527L"), "hibc_secondary", {"expires": None}),
    "flags without anything": (checked("+A99912345/$$"), "hibc_secondary", {"di": "A99912345"}),
    "month 13": (checked("+$$1305L1X"), "date_impossible", {"lot": "L1", "expires": None}),
    "month 00": (checked("+$$0005L1X"), "date_impossible", {"expires": None}),
    "no date at all": (checked("+$$3000000L1X"), "date_impossible", {"expires": None}),
    "30 February": (checked("+$$2023020L1X"), "date_impossible", {"expires": None}),
    "day 00": (checked("+$$3200100L1X"), "date_impossible", {"expires": None}),
    "hour 24": (checked("+$$424010124L1X"), "date_impossible", {"expires": None}),
    "day 366 of a common year": (checked("+$$523366L1X"), "date_impossible", {"expires": None}),
    "day 000 of a year": (checked("+$$523000L1X"), "date_impossible", {"expires": None}),
    "old form, day 367": (checked("+24367L1X"), "date_impossible", {"expires": None}),
    "expiry 00000000": (checked("+A99912345/$L1/14D00000000"), "date_impossible", {"expires": None}),
    "expiry said twice": (checked("+A99912345/$$3200115L1/14D20200116"), "hibc_repeated", {}),
    "a month and a day of another": (checked("+A99912345/$$0220L1/14D20200115"), "hibc_repeated", {}),
    "lot said twice": (checked("+A99912345/$L1/$$7L2"), "hibc_repeated", {}),
    "serial said twice": (checked("+A99912345/$+S1/SS2"), "hibc_repeated", {}),
    "made twice": (checked("+A99912345/$L/16D20200101/16D20200102"), "hibc_repeated", {}),
    "quantity said twice": (checked("+A99912345/$$805/Q6"), "hibc_repeated", {}),
    "two lines, wrong link": ("+A123BJC5D6E71G+$$52001510X3+ ", "hibc_link", {"di": "A123BJC5D6E71", "lot": "10X3"}),
    "two lines, wrong check of the first": ("+A123BJC5D6E71++$$52001510X3+D", "hibc_check", {"lot": "10X3"}),
    "two lines, wrong check of the second": ("+A123BJC5D6E71G+$$52001510X3GE", "hibc_check", {"lot": "10X3"}),
    "four lines, the second spoilt": (
        "+A999123457+$909999710X370+$$+320011577DEFG4572+16D201112127Z",
        "hibc_check",
        {"serial": "77DEFG45", "manufactured": date(2011, 12, 12)},
    ),
    "lines of two labels": (checked("+A99912345") + checked("+$L17") + checked("+$L2L"), "hibc_repeated", {}),
    "far too long": ("+A99912345/" + "S1/" * 200, "too_long", {}),
    "provider data, wrong check": ("+/EO523201W", "hibc_provider", {}),
    "provider data missing": (checked("+/AC"), "hibc_provider", {}),
    "provider data of sixteen characters": (checked("+/AC1234567890123456"), "hibc_provider", {}),
    "provider flag is a digit": (checked("+/A1MRN123456"), "hibc_provider", {}),
    "provider flag of three, cut off": (checked("+/AY1MRN123456"), "hibc_provider", {}),
    "provider data with a hyphen": (checked("+/ACME/12-34"), "hibc_provider", {}),
}


@pytest.mark.parametrize(("text", "code", "expected"), FAULTY.values(), ids=FAULTY)
def test_faulty(text: str, code: str, expected: Expected) -> None:
    found = parse(text, today=TODAY)
    assert not found.valid
    assert not is_complete(found)
    assert code in {each.code for each in found.findings}
    assert {name: getattr(found, name, None) for name in expected} == expected


PLACES = {
    "check of a primary": ("+A123BJC5D6E71H", "hibc_check", 14, "H"),
    "check of a secondary": ("+$$52001510X3GE", "hibc_check", 14, "E"),
    "check of a combined code": ("+A99912345/$L1Z", "hibc_check", 14, "Z"),
    "check of the second line": ("+A123BJC5D6E71G+$$52001510X3GE", "hibc_check", 29, "E"),
    "link of the second line": ("+A123BJC5D6E71G+$$52001510X3+ ", "hibc_link", 28, "+"),
    "behind a symbology identifier": ("]d1+A123BJC5D6E71H", "hibc_check", 17, "H"),
    "primary": (checked("+A123BJ.C5D6E71"), "hibc_primary", 1, "A123BJ.C5D6E71"),
    "first foreign character": ("+A123BJ#C5#D6E71", "hibc_charset", 7, "#"),
    "foreign character of a combined code": ("+A99912345/$L#1Z", "hibc_charset", 13, "#"),
    "first field of a secondary": (checked("+$$3200230L1X"), "date_impossible", 1, "200230"),
    "first field of a combined code": (checked("+A99912345/$$3200230L1"), "date_impossible", 11, "200230"),
    "second field of a combined code": (checked("+A99912345/$L1/XX"), "hibc_supplement", 15, "XX"),
    "field of the second line": (checked("+A99912345") + checked("+$L1/XX7"), "hibc_supplement", 16, "XX"),
    "provider data": ("+/EO523201W", "hibc_provider", 0, "+/EO523201W"),
    "asterisk": ("+A123BJC5D6E71G*", "hibc_asterisks", 15, ""),
}


@pytest.mark.parametrize(("text", "code", "at", "value"), PLACES.values(), ids=PLACES)
def test_findings_name_the_place(text: str, code: str, at: int, value: str) -> None:
    found = next(each for each in parse(text, today=TODAY).findings if each.code == code)
    assert (found.at, found.value) == (at, value)


@pytest.mark.parametrize(("most", "fault"), [(400, False), (401, True)])
def test_texts_longer_than_any_label_are_not_looked_at(most: int, fault: bool) -> None:
    text = "+A99912345/$L1/" + "S" * (most - 15)
    assert ("too_long" in {each.code for each in parse(text, today=TODAY).findings}) is fault


OTHER = {
    "provider data": ("+/EO5232013", Kind.PROVIDER),
    "provider data, one field": ("+/KN12345A", Kind.PROVIDER),
    "provider data, two fields": ("+/ACMRN123456/V2009121908334", Kind.PROVIDER),
    "provider data, four fields": ("+/EU720060FF0/O523201/Z34H159/M9842431340V", Kind.PROVIDER),
    "flag missing": ("A123BJC5D6E71", Kind.TEXT),
    "plus alone": ("+", Kind.TEXT),
    "asterisk in place of the plus": ("*A99912345/$$52001510X33", Kind.TEXT),
    "a sum": ("+ 5", Kind.TEXT),
}


@pytest.mark.parametrize(("text", "kind"), OTHER.values(), ids=OTHER)
def test_what_is_no_udi_is_named(text: str, kind: Kind) -> None:
    found = parse(text, today=TODAY)
    assert isinstance(found, NotUdi)
    assert found.kind is kind


def test_every_readable_case_names_its_source() -> None:
    assert len(READABLE) + len(FAULTY) + len(OTHER) >= 60
    assert {case[0] for case in READABLE.values()} == {"standard", "suite", "label", "made"}


def test_one_trace_key_whatever_carried_it() -> None:
    combined = (checked("+A99912345/$L1"), checked("+A99912345/$$7L1"), checked("+A99912345/$$3270131L1/Q5"))
    lines = checked("+A99912345") + checked("+$L1" + mod43("+A99912345"))
    keys = {udi.trace_key for text in (*combined, lines) if isinstance(udi := parse(text, today=TODAY), Udi)}
    assert keys == {"HIBCC|A99912345|L|L1"}


WHOLE = {
    "primary": "+A123BJC5D6E71G",
    "secondary": "+$$52001510X3GD",
    "secondary with a serial": "+$$+4050928200001L/",
    "combined": FULL,
    "quantity": "+E203PB414109/$$8243280112R00089525J",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_every_single_wrong_character_is_noticed(text: str) -> None:
    """The values of any two characters differ by less than 43, so that the sum notices each exchange; what is left is
    the first character, without which a text is no HIBC code at all."""
    unnoticed = {
        (place, character)
        for place in range(len(text))
        for character in HIBC_SET
        if character != text[place]
        and isinstance(found := parse(text[:place] + character + text[place + 1 :], today=TODAY), Udi)
        and (found.valid or found.issuer is not Issuer.HIBCC)
    }
    assert unnoticed == set()


def test_every_single_wrong_character_of_two_lines_is_noticed() -> None:
    """Both check characters see their own line; the plus between them holds the lines apart."""
    text = "+A123BJC5D6E71G+$$52001510X3GD"
    for place in range(len(text)):
        for character in HIBC_SET.replace(text[place], ""):
            found = parse(text[:place] + character + text[place + 1 :], today=TODAY)
            assert not isinstance(found, Udi) or not found.valid, (place, character)


def test_transposed_characters_cannot_be_seen_by_a_sum() -> None:
    """Known limit of the standard's check: it adds values whatever their place."""
    swapped = FULL.replace("10X3", "1X03")
    found = parse(swapped, today=TODAY)
    assert isinstance(found, Udi)
    assert found.valid
    assert found.lot == "1X03"


ALPHABET = st.text(alphabet=HIBC_SET, max_size=60)


@given(ALPHABET)
def test_what_is_complete_has_the_right_check(text: str) -> None:
    for body in ("+" + text, "+A99912345/" + text):
        found = parse(checked(body), today=TODAY)
        assert all(each.grade in Grade for each in found.findings)
        wrong = parse(body + HIBC_SET[(HIBC_SET.index(mod43(body)) + 1) % 43], today=TODAY)
        assert not is_complete(wrong)


@given(st.text(alphabet="+$/SQDL0123456789 *a", max_size=80))
def test_no_near_miss_raises(text: str) -> None:
    for head in ("+", "*+", "+A99912345/", "+A999123457+"):
        assert all(each.grade in Grade for each in parse(head + text, today=TODAY).findings)


@pytest.mark.parametrize("unit", ["+", "$", "/", "$$+", "/Q1", "+$$52001510X3GD", "+S", "A", " "])
def test_a_long_text_is_refused_at_once(unit: str) -> None:
    """Whatever it repeats: no more findings than a short one has, and nothing read from it."""
    found = parse("+A123BJC5D6E71G" + unit * (65_000 // len(unit)), today=TODAY)
    assert isinstance(found, NotUdi)
    assert len(found.findings) <= 2
