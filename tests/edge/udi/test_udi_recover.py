"""Lost separators. ``biip`` are strings from issues of jodal/biip (296, 137), ``GS1Parser`` from ilopez/GS1Parser 3;
everything else is made up: labels in the orders that Chinese and other makers print, with lots and serials of usual
form."""

import random
import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi import recover
from edge.udi.build import element_string
from edge.udi.checks import mod10
from edge.udi.model import Grade, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.recover import EVIDENCE, PiFlags, alternatives, doubt

TODAY = date(2026, 11, 24)
GTIN = "06901234567892"
DI = f"01{GTIN}"
Elements = tuple[tuple[str, str], ...]
BIIP = "0104062102661608112405271727112710S2400424282400522010301NNN003"


def _read(text: str) -> Udi:
    found = parse(text, today=TODAY)
    assert isinstance(found, Udi)
    return found


def _pairs(text: str) -> Elements:
    """``01:… 10:…`` as elements."""
    return tuple((code, value) for code, _, value in (each.partition(":") for each in text.split()))


# what is meant, by name
FIRST = {
    "240 behind a lot (biip)": (BIIP, "01:04062102661608 11:240527 17:271127 10:S240042428 240:0522010301NNN003"),
    "expiry and GTIN behind a lot (biip)": (
        "1021072911172405310100693570007182",
        "10:21072911 17:240531 01:00693570007182",
    ),
    "]C1 for the separator (GS1Parser)": (
        "0134567890123457211718123]C117181231",
        "01:34567890123457 21:1718123 17:181231",
    ),
    "lot and serial": (f"{DI}10LOT121SER1", f"01:{GTIN} 10:LOT1 21:SER1"),
    "lot and serial of digits": (f"{DI}10202405212100123", f"01:{GTIN} 10:20240521 21:00123"),
    "lot of a date and serial": (
        f"{DI}1124052117270520" + "102405212100123",
        f"01:{GTIN} 11:240521 17:270520 10:240521 21:00123",
    ),
    "serial before lot": (f"{DI}21SER12310LOT4567", f"01:{GTIN} 21:SER123 10:LOT4567"),
    "expiry behind a lot": (f"{DI}10LOT123417271231", f"01:{GTIN} 10:LOT1234 17:271231"),
    "both dates behind a lot": (f"{DI}10LOT12341125010117271231", f"01:{GTIN} 10:LOT1234 11:250101 17:271231"),
    "GTIN behind a lot": (f"10LOT1234{DI}", f"10:LOT1234 01:{GTIN}"),
    "GTIN behind a serial": (f"21SER1234{DI}17271231", f"21:SER1234 01:{GTIN} 17:271231"),
    "240 behind a serial": (f"{DI}17271231" + "21SN12345240REF-77", f"01:{GTIN} 17:271231 21:SN12345 240:REF-77"),
    "30 behind a lot": (f"{DI}10LOTAB12CD305", f"01:{GTIN} 10:LOTAB12CD 30:5"),
    "three names, none separated": (
        f"{DI}17271231" + "10LOT1234" + "21SER5678" + "240REF-77",
        f"01:{GTIN} 17:271231 10:LOT1234 21:SER5678 240:REF-77",
    ),
    "three names, the first two run together": (
        f"{DI}10LOT1234" + "21SER5678\x1d240REF-77",
        f"01:{GTIN} 10:LOT1234 21:SER5678 240:REF-77",
    ),
    "three names, the last two run together": (
        f"{DI}10LOT1234\x1d21SER5678" + "240REF-77",
        f"01:{GTIN} 10:LOT1234 21:SER5678 240:REF-77",
    ),
}


@pytest.mark.parametrize(("text", "meant"), FIRST.values(), ids=FIRST)
def test_what_is_meant_comes_first(text: str, meant: str) -> None:
    offered = alternatives(_read(text), today=TODAY)
    assert offered[0].elements == _pairs(meant)


def test_what_cannot_be_told_is_offered_both_ways() -> None:
    offered = [each.elements[1:] for each in alternatives(_read(f"{DI}10A213B1211234"), today=TODAY)]
    assert offered == [(("10", "A213B1"), ("21", "1234")), (("10", "A"), ("21", "3B1211234"))]


# flags (lot, serial, manufactured, expires), code, first reading
FLAGGED = {
    "lot and serial": ((True, True, False, False), "10A213B1211234", "10:A213B1 21:1234"),
    "lot, serial, expiry": ((True, True, False, True), "10LOT121SN17271231", "10:LOT1 21:SN 17:271231"),
    "lot and expiry": ((True, False, False, True), "10LOT12117271231", "10:LOT121 17:271231"),
    "serial alone": ((False, True, False, False), "21SN1010A7711", "21:SN10 10:A7711"),
    "unknown": ((None, None, None, None), "10LOT12117271231", "10:LOT121 17:271231"),
}


@pytest.mark.parametrize(("flags", "text", "meant"), FLAGGED.values(), ids=FLAGGED)
def test_flags_of_the_database(flags: tuple[bool | None, ...], text: str, meant: str) -> None:
    offered = alternatives(_read(DI + text), today=TODAY, flags=PiFlags(*flags))
    assert offered[0].elements[1:] == _pairs(meant)


def test_a_reading_that_contradicts_the_database_comes_behind() -> None:
    flags = PiFlags(lot=True, serial=True, manufactured=False, expires=False)
    said = [
        each.evidence[0] for each in alternatives(_read(f"{DI}10LOT123417271231" + "21SER1"), today=TODAY, flags=flags)
    ]
    assert said == sorted(said, reverse=True)
    assert set(said) == {"matches_database", "contradicts_database"}


# evidence: (a code one of whose readings has it, that reading, a code whose first reading has it not)
EVIDENT = {
    "usual_identifiers": ("10LOT121SER1", "10LOTAB12CD305"),
    "made_plausible": ("10LOT123411250101", "10LOT123411280101"),
    "expiry_plausible": ("10LOT123417271231", "10LOT123417401231"),
    "dated_lot": ("10A24052121SER1", "10A24152121SER1"),
    "usual_names": ("10LOT1234" + "21SER1", "10LO21SER1"),
    "regular_names": ("10LOT1234" + "21SER1", "10L0T1A2B21SER1"),
}


@pytest.mark.parametrize(("name", "texts"), EVIDENT.items(), ids=EVIDENT)
def test_evidence(name: str, texts: tuple[str, str]) -> None:
    there, absent = (alternatives(_read(DI + text), today=TODAY)[0].evidence for text in texts)
    assert name in there
    assert name not in absent


def test_all_evidence_has_a_case() -> None:
    assert EVIDENT.keys() == EVIDENCE.keys()


NONE = {
    "other issuer": "+A123BJC5D6E71G",
    "MA": "MA.156.M0.100350.01004YA10017.LA1121",
    "text": "SHELF 21",
    "shipping unit": "00106141412345678908",
    "bracketed": f"(01){GTIN}(10)LOT121SER1",
    "Digital Link": f"https://id.gs1.org/01/{GTIN}/10/LOT121SER1",
    "nothing inside": f"{DI}10ABCDE",
    "only dates": f"{DI}1125010117271231",
    "an unknown identifier": f"{DI}10LOT121SER1\x1dZZ",
    "too long to be looked at": f"{DI}10A\x1d91" + "21" * 40 + "\x1d92" + "10" * 60,
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_nothing_to_offer(text: str) -> None:
    assert alternatives(parse(text, today=TODAY), today=TODAY) == ()


# name: (code, flags, finding, its value)
DOUBTS: dict[str, tuple[str, PiFlags | None, str | None, str]] = {
    "a usual label": ("17271231" + "10LOT1234\x1d21SER1", None, None, ""),
    "a lot that may hold a serial": ("10A1221SER", None, None, ""),
    "the database wants the serial": (
        "10LOT122321SER77",
        PiFlags(lot=True, serial=True),
        "separator_missing",
        "(10)LOT1223(21)SER77",
    ),
    "the database wants an odd serial": (
        "10A1221SER",
        PiFlags(lot=True, serial=True),
        "separator_doubtful",
        "(10)A12(21)SER",
    ),
    "the database wants no serial": ("10A1221SER", PiFlags(lot=True, serial=False), None, ""),
    "the database does not know": ("10A1221SER", PiFlags(), None, ""),
    "too many pieces for one name": (
        "17271231" + "10LOT1234" + "21SER5678",
        None,
        "separator_doubtful",
        "(10)LOT1234(21)SER5678",
    ),
    "expiry in a lot": ("10LOT123417271231", None, "separator_doubtful", "(10)LOT1234(17)271231"),
    "expiry in a lot that has none": (
        "10LOT123417271231",
        PiFlags(lot=True, serial=False, manufactured=False, expires=False),
        None,
        "",
    ),
    "what is wanted is not to be found": ("10ABCDE", PiFlags(lot=True, serial=True), None, ""),
    "article number behind a serial": (
        "21SER5678240REF-77",
        PiFlags(serial=True, lot=False),
        "separator_doubtful",
        "(21)SER5678(240)REF-77",
    ),
}


@pytest.mark.parametrize(("text", "flags", "code", "value"), DOUBTS.values(), ids=DOUBTS)
def test_doubt(text: str, flags: PiFlags | None, code: str | None, value: str) -> None:
    found = doubt(_read(DI + text), today=TODAY, flags=flags)
    assert (found and found.code, found.value if found else "") == (code, value)


def test_half_a_label_is_never_missing_what_the_other_half_may_hold() -> None:
    found = doubt(_read("17271231" + "10A1221SER"), today=TODAY, flags=PiFlags(lot=True, serial=True))
    assert found is None


def test_an_error_needs_no_doubt() -> None:
    assert doubt(_read(BIIP), today=TODAY) is None


ORDERS = [
    order.split()
    for order in (
        *("01 11 17 10 21", "01 17 10 21", "01 10 21", "01 11 10 21", "01 10 11 17", "01 10 17", "01 11 17 10 240"),
        *("01 10 17 21", "01 21 17 10", "01 21 10", "01 17 10 240", "01 10 17 240", "17 10 21", "10 17 01", "01 21 17"),
        *("01 17 10 240 21", "01 10 21 11 17", "01 17 10 30", "01 21 240", "10 11 17"),
    )
]
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def _digits(chance: random.Random, least: int, most: int) -> str:
    return "".join(chance.choices("0123456789", k=chance.randint(least, most)))


def _letters(chance: random.Random, least: int, most: int) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randint(least, most)))


def _label(chance: random.Random) -> Elements:
    made = TODAY - timedelta(days=chance.randint(1, 1200))
    until = made + timedelta(days=chance.choice([364, 729, 730, 1095, 1825]))
    lots = [
        made.strftime(chance.choice(["%y%m%d", "%Y%m%d"])) + chance.choice(["", "01", "A", "-2"]),
        _letters(chance, 1, 3) + made.strftime("%y%m%d") + _digits(chance, 0, 2),
        made.strftime("%y") + _letters(chance, 1, 2) + _digits(chance, 3, 5),
        _digits(chance, 6, 10),
        _letters(chance, 1, 3) + _digits(chance, 4, 7),
        _digits(chance, 4, 7) + _letters(chance, 1, 1),
    ]
    serials = [
        _digits(chance, 4, 12),
        _letters(chance, 1, 3) + _digits(chance, 4, 8),
        made.strftime("%y%m") + _digits(chance, 3, 6),
    ]
    body = "069" + _digits(chance, 10, 10)
    values = {
        "01": f"{body}{mod10(body)}",
        "11": made.strftime("%y%m%d"),
        "17": until.strftime("%y%m%d"),
        "10": chance.choice(lots),
        "21": chance.choice(serials),
        "240": chance.choice([_digits(chance, 5, 9), _letters(chance, 2, 3) + "-" + _digits(chance, 3, 4)]),
        "30": str(chance.choice([1, 5, 10, 100])),
    }
    return tuple((code, values[code]) for code in chance.choice(ORDERS))


def _flags(label: Elements) -> PiFlags:
    codes = {code for code, _ in label}
    return PiFlags("10" in codes, "21" in codes, "11" in codes, "17" in codes)


@pytest.mark.parametrize(
    ("one", "flagged", "least"), [(True, False, 97), (True, True, 98), (False, False, 96), (False, True, 97)]
)
def test_labels_that_lost_one_separator_or_all(one: bool, flagged: bool, least: int) -> None:
    chance = random.Random(296)  # noqa: S311 - repeatable
    first = 0
    for _ in range(1000):
        label = _label(chance)
        text = element_string(label).decode()
        text = text.replace("\x1d", "", 1 if one else -1)
        offered = alternatives(_read(f"]d2{text}"), today=TODAY, flags=_flags(label) if flagged else None)
        readings = [each.elements for each in offered]
        assert label in readings
        first += readings[0] == label
    assert first >= 10 * least


@pytest.mark.parametrize("flagged", [False, True])
def test_whole_labels_are_hardly_ever_doubted(flagged: bool) -> None:
    chance = random.Random(137)  # noqa: S311 - repeatable
    labels = [_label(chance) for _ in range(1000)]
    doubted = [
        label
        for label in labels
        if doubt(_read(f"]d2{element_string(label).decode()}"), today=TODAY, flags=_flags(label) if flagged else None)
    ]
    assert len(doubted) <= 3


CROWDED = (
    DI + "10" + "2110240303711" * 12,
    DI + "3713717010121A21010690123456789221" + "17400A373071247101071024124250B-710120A221",
    DI + "10A" + "241240250400710713714" * 7,
    DI + "10" + "\x1d21".join("1021" * 4 for _ in range(9)),
    "10" * 95,
    "1" * 200,
)


@pytest.mark.parametrize("text", CROWDED)
def test_crowded_texts_take_no_longer(text: str) -> None:
    """Five milliseconds on a desk computer, ten times that on a busy one."""
    found, took = parse(text, today=TODAY), []
    for _ in range(3):
        begun = time.perf_counter()
        alternatives(found, today=TODAY, flags=PiFlags(lot=True))
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.05
    assert len(list(recover._cuts(text))) <= recover._STEPS


PIECES = st.sampled_from(
    ["10", "21", "240", "17", "271231", "11", "240101", "01", GTIN, "30", "A", "7", "B-2", "\x1d", "]C1", "é", "]d2"]
)


@given(st.lists(PIECES, max_size=24), st.booleans())
def test_an_alternative_is_another_reading_without_an_error(pieces: list[str], led: bool) -> None:
    found = parse(("]d2" if led else "") + DI + "".join(pieces), today=TODAY)
    offered = alternatives(found, today=TODAY)
    assert found.elements not in [each.elements for each in offered]
    assert len({each.elements for each in offered}) == len(offered) <= 5
    for each in offered:
        again = parse(element_string(each.elements), "]d2", today=TODAY)
        assert again.elements == each.elements
        assert all(finding.grade is not Grade.ERROR for finding in again.findings)


@given(st.text(max_size=200))
def test_any_text_gives_an_answer(text: str) -> None:
    found = parse(text, today=TODAY)
    assert isinstance(alternatives(found, today=TODAY, flags=PiFlags(serial=True)), tuple)
    if isinstance(found, NotUdi):
        assert alternatives(found, today=TODAY) == ()


@given(st.text(alphabet="0123456789AB\x1d", max_size=120))
def test_near_misses_give_the_same_answer_twice(text: str) -> None:
    found = parse(f"]C1{text}", today=TODAY)
    assert alternatives(found, today=TODAY) == alternatives(found, today=TODAY)
