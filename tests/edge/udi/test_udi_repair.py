"""What readers and keyboards do to codes. ``|``, ``#``, ``~``, ``^]``, ``<GS>``, ``{GS}`` and blanks in place of the
separator are from public issues (odoo 157179, OCA/stock-logistics-barcode 230, jodal/biip 253, Sleavely/Bark-JS 14),
``\\F`` from phonegap-plugin-barcodescanner 862, ``^FNC1`` from bwip-js 95, lower case of an HIBC flag from zxing-cpp's
Extended Code 39; what keys give under which layout is from xkeyboard-config. The codes themselves are made up."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi import repair
from edge.udi.build import element_string
from edge.udi.checks import mod10, mod43
from edge.udi.model import Grade, Issuer, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete

TODAY = date(2026, 11, 24)
GTIN = "0106901234567892"
HEAD = f"{GTIN}112509301726093010AB1"
WHOLE = f"{HEAD}\x1d21S1"
END = len(WHOLE)
PARTS = ("06901234567892", "AB1", "S1")
HIBC = "+A123BJC5D6E71G"
COMBINED = "+A123BJC5D6E71/$$52001510X3/16D20130202$"

SUBSTITUTES = (
    *(
        "|",
        "^",
        "~",
        "#",
        "@",
        "{",
        "}",
        "\\",
        "`",
        " ",
        "↔",
        "｜",
        "＾",
        "～",
        "＃",
        "＠",
        "｛",
        "｝",
        "＼",
        "｀",
        "\u3000",
    ),
    *("<GS>", "{GS}", "[GS]", "(GS)", "<gs>", "{gs}", "<FNC1>", "{FNC1}", "[FNC1]", "<0x1D>", "^FNC1", "\\FNC1"),
    *("\\x1d", "\\x1D", "\\u001d", "\\u001D", "\\035", "\\F", "&#29;", "&#029;", "&#x1d;", "&#x1D;", "%1D", "%1d"),
    *("^]", "␝"),
)


@pytest.mark.parametrize("kind", SUBSTITUTES)
@pytest.mark.parametrize("head", ["]d2", "]C1", ""])
def test_substitutes_for_the_separator(kind: str, head: str) -> None:
    udi = parse(f"{head}{HEAD}{kind}21S1", today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.di, udi.lot, udi.serial) == PARTS
    assert [(each.code, each.at, each.value) for each in udi.findings] == [
        ("separator_replaced", len(head) + len(HEAD), kind)
    ]
    assert is_complete(udi)


Found = list[tuple[str, int | None]]

# name: (code, its findings with their places in bytes)
REPAIRED: dict[str, tuple[str, Found]] = {
    "at the beginning too": (f"|{HEAD}|21S1", [("separator_replaced", 0)]),
    "at the beginning and behind": (f"]d2#{HEAD}#21S1#", [("separator_replaced", 3)]),
    "a word at the beginning": (f"{{GS}}{HEAD}{{GS}}21S1", [("separator_replaced", 0)]),
    "in a plain symbol": (f"]d1{HEAD}#21S1", [("not_gs1_symbol", 3), ("separator_replaced", 40)]),
    "line end": (f"]d2{WHOLE}\r\n", [("reader_suffix", 3 + END)]),
    "line end, no identifier": (f"{WHOLE}\r", [("reader_suffix", END)]),
    "tabulator": (f"]C1{WHOLE}\t", [("reader_suffix", 3 + END)]),
    "STX and ETX": (f"\x02{WHOLE}\x03", [("reader_suffix", 0)]),
    "STX and ETX around the identifier": (f"\x02]d2{WHOLE}\x03", [("reader_suffix", 0)]),
    "ETX inside the identifier's data": (f"]d2{WHOLE}\x03\r\n", [("reader_suffix", 3 + END)]),
    "identifier in the data": (f"]C1]C1{WHOLE}", [("identifier_in_data", 3)]),
    "identifier, substitutes and line end": (
        f"]d2]d2{HEAD}~21S1~\r",
        [("reader_suffix", 49), ("identifier_in_data", 3), ("separator_replaced", 43)],
    ),
    "Caps Lock, Data Matrix": (f"]D2{WHOLE.swapcase()}", [("caps_lock", 3)]),
    "Caps Lock, Code 128": (f"]c1{WHOLE.swapcase()}", [("caps_lock", 3)]),
    "Caps Lock, QR code": (f"]q3{WHOLE.swapcase()}", [("caps_lock", 3)]),
    "Caps Lock, plain symbol": (f"]D1{WHOLE.swapcase()}", [("caps_lock", 3), ("not_gs1_symbol", 3)]),
    "Caps Lock and substitute": (f"]D2{HEAD.swapcase()}<gs>21s1", [("caps_lock", 3), ("separator_replaced", 40)]),
    "Caps Lock and line end": (f"]D2{WHOLE.swapcase()}\n", [("caps_lock", 3), ("reader_suffix", 3 + END)]),
    "German layout": (f"+d2{WHOLE}", [("keyboard_layout", 0)]),
    "German layout and substitute": (f"+d2{HEAD}§21S1", [("keyboard_layout", 0), ("separator_replaced", 40)]),
    "Swiss layout": (f"¨d2{WHOLE}", [("keyboard_layout", 0)]),
    "French layout": (
        '$dé\u00e0&\u00e0-çà&é"\'(-è_çé&&é(àç"à&èé-àç"à&àQB&\x1dé&S&',
        [("keyboard_layout", 0)],
    ),
    "Belgian layout": (
        '$C&\u00e0&\u00e0§çà&é"\'(§è!çé&&é(àç"à&èé§àç"à&àQB&\x1dé&S&',
        [("keyboard_layout", 0)],
    ),
    "Chinese punctuation": (f"】C1{WHOLE}", [("keyboard_layout", 0)]),
    "layout and line end": (f"+d2{WHOLE}\r\n", [("reader_suffix", 3 + END), ("keyboard_layout", 0)]),
}


@pytest.mark.parametrize(("text", "found"), REPAIRED.values(), ids=REPAIRED)
def test_repaired(text: str, found: Found) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.di, udi.lot, udi.serial) == PARTS
    assert [(each.code, each.at) for each in udi.findings] == found
    assert udi.payload == text.encode()
    assert is_complete(udi)


def test_places_are_bytes_of_the_payload() -> None:
    udi = parse(f"]d2{GTIN}10AB1␝11250900", today=TODAY)
    assert [(each.code, each.at) for each in udi.findings] == [("separator_replaced", 24), ("date_day_missing", 27)]
    assert udi.valid


def test_a_code_given_without_its_swapped_identifier() -> None:
    udi = parse(WHOLE.swapcase(), "]D2", today=TODAY)
    assert isinstance(udi, Udi)
    assert (udi.symbology, udi.serial) == ("]d2", "S1")


# name: (code, symbology, its findings with their places)
HIBC_REPAIRED: dict[str, tuple[str, str | None, str, Found]] = {
    "folded primary": ("a123BJC5D6E71G", None, HIBC, [("hibc_folded", 0)]),
    "folded primary, identifier": ("a123BJC5D6E71G", "]A5", HIBC, [("hibc_folded", 0)]),
    "folded combined": ("a" + COMBINED[2:], None, COMBINED, [("hibc_folded", 0)]),
    "folded serial": ("+$sER9G0", "]A4", "+$+SER9G0", [("hibc_folded", 0)]),
    "folded lot": ("+\x0cOT1G%", "]A4", "+$LOT1G%", [("hibc_folded", 0)]),
    "folded, month only": (
        f"a{(two := '+A99912345/$$0928LOT')[2:]}{mod43(two)}",
        None,
        two + mod43(two),
        [("hibc_folded", 0), ("hibc_month_only", 10)],
    ),
    "lower case primary": (HIBC.lower(), None, HIBC, [("caps_lock", 0)]),
    "lower case combined": (COMBINED.lower(), None, COMBINED, [("caps_lock", 0)]),
    "lower case secondary": ("+$$52001510x3gd", None, "+$$52001510X3GD", [("caps_lock", 0)]),
    "lower case, identifier": (f"]c0{HIBC.lower()}", None, HIBC, [("caps_lock", 3)]),
    "asterisks": (f"*{HIBC}*", None, HIBC, [("hibc_asterisks", 0)]),
    "asterisks and lower case": (f"*{HIBC.lower()}*", None, HIBC, [("hibc_asterisks", 0), ("caps_lock", 1)]),
    "line end": (f"{HIBC}\r\n", "]A0", HIBC, [("reader_suffix", 15)]),
    "STX, ETX": (f"\x02{COMBINED}\x03", "]C0", COMBINED, [("reader_suffix", 0)]),
}


@pytest.mark.parametrize(("text", "symbology", "meant", "found"), HIBC_REPAIRED.values(), ids=HIBC_REPAIRED)
def test_repaired_hibc(text: str, symbology: str | None, meant: str, found: Found) -> None:
    udi, right = parse(text, symbology, today=TODAY), parse(meant, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.issuer is Issuer.HIBCC
    assert udi.valid
    assert udi.elements == right.elements
    assert [(each.code, each.at) for each in udi.findings] == found


REFUSED = {
    "two kinds of substitute": f"]d2{HEAD}|21S1^240A",
    "a substitute beside a real separator": f"]d2{HEAD}\x1d21S1|240A",
    "a substitute at the end alone": f"]d2{HEAD}|",
    "no identifier behind it": f"]d2{HEAD}|ZZ1",
    "no medical identifier behind a bar": f"]d2{HEAD}|91ZZ1",
    "no element behind <GS>": f"]d2{HEAD}<GS>ZZ",
    "wrong check digit": f"]d2{GTIN[:-1]}310AB1|21S1",
    "impossible date": f"]d2{GTIN}17261301" + "10AB1|21S1",
    "a second lot": f"]d2{HEAD}|10AB2",
    "full-width digits": "０１０６９０１２３４５６７８９２",
    "full-width digits and identifier": "］ｄ２０１０６９０１２３４５６７８９２",
    "full-width digits behind the identifier": "]d2０１０６９０１２３４５６７８９２",
    "full-width lot": f"]d2{GTIN}10ＡＢ１",
    "Caps Lock and wrong check digit": f"]D2{GTIN[:-1]}310ab1",
    "folded, wrong check character": "a123BJC5D6E71H",
    "lower case, wrong check character": "+a123bjc5d6e71h",
    "mixed case": "+A123bjc5d6e71g",
    "folded in a Data Matrix": "]d1a123BJC5D6E71G",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text: str) -> None:
    found = parse(text, today=TODAY)
    assert not is_complete(found)
    assert isinstance(found, NotUdi) or not found.valid


def test_a_percent_sign_in_a_lot_is_content() -> None:
    for lot in ("5%1DX", "AB1%1", "100%"):
        udi = parse(f"]d2{GTIN}10{lot}", today=TODAY)
        assert isinstance(udi, Udi)
        assert (udi.lot, udi.findings) == (lot, ())


def test_y_and_z_leave_the_layout_open() -> None:
    assert isinstance(parse(f"+d2{GTIN}10AZ1", today=TODAY), NotUdi)
    german = parse(f"+d2{GTIN}10AZ1ß2", today=TODAY)
    assert isinstance(german, Udi)
    assert (german.lot, german.findings[0].value) == ("AY1-2", "German")


def test_a_valid_hibc_code_that_may_be_a_damaged_gs1_code_is_neither() -> None:
    bodies = (f"069{number}" for number in range(9678900000, 9679000000, 7))
    code = next(text for body in bodies if mod43((text := f"+C101{body}{mod10(body)}")[:-1]) == text[-1])
    assert isinstance(parse(code, today=TODAY), NotUdi)
    assert isinstance(parse("]C1" + code[3:], today=TODAY), Udi)


def test_parts_of_full_width_text_can_be_read() -> None:
    for text in ("０１０６９０１２３４５６７８９２１０ＡＢ１", f"]d2{GTIN}10ＡＢ１", f"{GTIN}10ＡＢ１"):
        udi = parse(text, today=TODAY)
        assert isinstance(udi, Udi)
        assert (udi.di, udi.lot) == ("06901234567892", "AB1")
        assert (udi.findings[0].code, udi.findings[0].grade) == ("full_width", Grade.ERROR)


@pytest.mark.parametrize(
    "text", ["你好，世界", "|", "<GS>", "\x02\x03", "# 10 SCREW", "SHELF |21", "+d2", "$dé", "】C1", "a"]
)
def test_other_texts_stay_texts(text: str) -> None:
    found = parse(text, today=TODAY)
    assert not is_complete(found)
    assert not (isinstance(found, Udi) and found.valid)


def test_a_text_longer_than_any_label_is_not_repaired() -> None:
    short, long = (parse(f"]d2{GTIN}10AB1" + "|11250930" * count, today=TODAY) for count in (5, 500))
    assert short.valid
    assert "separator_replaced" not in [each.code for each in long.findings]


NAME = st.text(alphabet="ABCXYZabc0123456789-_./!\"'*+,:;=?", min_size=1, max_size=20)
DAY = st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(lambda day: day.strftime("%y%m%d"))
SHAPES = st.sampled_from(
    [("01", "17", "10", "21"), ("01", "10", "11", "17"), ("01", "21", "10"), ("01", "10", "240", "30")]
)


@given(st.integers(0, 10**11 - 1), SHAPES, DAY, NAME, NAME, st.sampled_from(SUBSTITUTES), st.booleans())
def test_each_substitute_gives_the_code_back_with_one_warning_more(
    number: int, shape: tuple[str, ...], day: str, one: str, other: str, kind: str, identified: bool
) -> None:
    body = f"06{number:011d}"
    values = {"01": f"{body}{mod10(body)}", "11": day, "17": day, "10": one, "21": other, "240": other, "30": "12"}
    text = element_string([(code, values[code]) for code in shape]).decode()
    head = "]d2" if identified else ""
    right, udi = parse(head + text, today=TODAY), parse(head + text.replace("\x1d", kind), today=TODAY)
    assert udi.elements == right.elements
    assert isinstance(udi, Udi)
    assert isinstance(right, Udi)
    assert (udi.lot, udi.serial, udi.di) == (right.lot, right.serial, right.di)
    more = [each.code for each in udi.findings]
    more.remove("separator_replaced")
    assert more == [each.code for each in right.findings]
    assert [each.at for each in udi.findings if each.code == "separator_replaced"] == [
        len(head) + len(text[: text.index("\x1d")])
    ]


@given(st.integers(0, 10**11 - 1), NAME, st.sampled_from(range(len(repair._LAYOUTS))))
def test_what_a_layout_typed_is_read_right_or_not_at_all(number: int, lot: str, which: int) -> None:
    body = f"06{number:011d}"
    text = f"]d201{body}{mod10(body)}10{lot}"
    _, meant, typed = repair._LAYOUTS[which]
    found = parse(text.translate(str.maketrans(meant, typed)), today=TODAY)
    assert isinstance(found, NotUdi) or not found.valid or found.lot == lot


def test_a_layout_gives_every_key_another_character() -> None:
    for _, meant, typed in repair._LAYOUTS:
        assert len(set(meant)) == len(meant) == len(typed) == len(set(typed))


REPAIRS = frozenset(
    ["reader_suffix", "identifier_in_data", "caps_lock", "keyboard_layout", "separator_replaced", "hibc_folded"]
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _invalid_gs1(chance: random.Random) -> str:
    """An element string whose check digit or one of whose dates is wrong."""
    body = "06" + _digits(chance, 11)
    check, month = str(mod10(body)), "07"
    if chance.random() < 0.5:
        check = str((int(check) + chance.randint(1, 9)) % 10)
    else:
        month = chance.choice(["00", "13", "19", "20"])
    lot, serial = chance.choice(LETTERS) + _digits(chance, chance.randint(2, 8)), _digits(chance, chance.randint(2, 9))
    pieces = [("17", f"28{month}15"), ("10", lot), ("21", serial)]
    chance.shuffle(pieces)
    return element_string([("01", body + check), *pieces]).decode()


def _carried(chance: random.Random, text: str) -> str:
    """What a reader or a keyboard makes of an element string."""
    whole = "]d2" + text
    _, meant, typed = chance.choice(repair._LAYOUTS)
    kind = chance.choice(SUBSTITUTES)
    return chance.choice(
        [
            whole.replace("\x1d", kind),
            kind + text.replace("\x1d", kind),
            whole.swapcase(),
            whole.translate(str.maketrans(meant, typed)),
            f"\x02{whole}\r\n",
            "]d2" + whole,
            text + "\n",
        ]
    )


def _invalid_hibc(chance: random.Random) -> str:
    """A primary or combined structure with one character changed, folded or in lower case."""
    body = "+" + chance.choice(LETTERS) + _digits(chance, 3) + chance.choice(LETTERS) + _digits(chance, 6)
    text = body + chance.choice(["", "/$$3280715LOT" + _digits(chance, 4)])
    code = text + mod43(text)
    place = chance.randrange(1, len(code))
    wrong = chance.choice([each for each in LETTERS + "0123456789" if each != code[place]])
    code = code[:place] + wrong + code[place + 1 :]
    return chance.choice([code.lower(), code[1].lower() + code[2:], f"]c0{code.swapcase()}", f"*{code.lower()}*"])


def test_no_repair_makes_an_invalid_code_valid() -> None:
    chance = random.Random(20261124)  # noqa: S311 - repeatable
    for _ in range(20_000):
        gs1 = chance.random() < 0.7
        text = _carried(chance, _invalid_gs1(chance)) if gs1 else _invalid_hibc(chance)
        found = parse(text, today=TODAY)
        repaired = REPAIRS.intersection(each.code for each in found.findings)
        assert not (repaired and is_complete(found)), text


@given(
    st.text(alphabet="01|^<GS>{}]dC2+$éà\r\n\x02\x03%1D A\x1d", max_size=60),
    st.sampled_from([None, "]d2", "]D2", "]A4"]),
)
def test_no_near_miss_raises(text: str, symbology: str | None) -> None:
    found = parse(text, symbology, today=TODAY)
    length = len(text.encode())
    places = [each.at for each in found.findings if each.at is not None and each.code != "symbology_unknown"]
    assert all(0 <= place <= length for place in places)
