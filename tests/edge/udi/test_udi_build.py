"""What is built of a UDI is read as the same UDI, for every issuer and every form in which a code is met."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.udi.build import build, element_string
from edge.udi.checks import HIBC_SET, ma_digit, mod10, mod37, mod43, mod97
from edge.udi.model import Issuer, Udi
from edge.udi.parse import parse

TODAY = date(2026, 11, 24)
PARTS = (
    *("issuer", "di", "lot", "serial", "manufactured", "expires", "expires_day_given", "quantity", "donation"),
    *("elements", "trace_key"),
)
DIGITS, CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DAY = st.dates(date(2000, 1, 1), date(2049, 12, 31))


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=DIGITS, min_size=least, max_size=most)


def words(least: int, most: int, more: str = "") -> st.SearchStrategy[str]:
    return st.text(alphabet=DIGITS + CAPITALS + more, min_size=least, max_size=most)


def checked(body: str) -> str:
    return body + mod43(body)


def read(text: str) -> Udi:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi), text
    assert udi.valid, (text, udi.findings)
    return udi


def returns(text: str) -> Udi:
    """Read, build, read again: the parts are the same."""
    udi = read(text)
    payload, symbology = build(udi)
    again = parse(payload, symbology, today=TODAY)
    assert isinstance(again, Udi), payload
    assert again.valid, (payload, again.findings)
    assert {name: getattr(again, name) for name in PARTS} == {name: getattr(udi, name) for name in PARTS}
    return udi


@st.composite
def hibc_fields(draw: st.DrawFn) -> list[str]:
    """A secondary, then supplements, no two of which name the same thing."""
    day, name = draw(DAY), draw(words(1, 18))
    forms = {
        "$": name,
        "$+": name,
        "$$": day.strftime("%m%y") + name,
        "$$+": day.strftime("%m%y") + name,
        "$$2": day.strftime("%m%d%y") + name,
        "$$+2": day.strftime("%m%d%y") + name,
        "$$3": day.strftime("%y%m%d") + name,
        "$$+4": day.strftime("%y%m%d") + f"{draw(st.integers(0, 23)):02d}{name}",
        "$$5": day.strftime("%y%j") + name,
        "$$+6": day.strftime("%y%j") + f"{draw(st.integers(0, 23)):02d}{name}",
        "$$7": name,
        "$$+7": "",
        "$$8": f"{draw(st.integers(0, 99)):02d}" + draw(st.sampled_from(["", f"7{name}", day.strftime("3%y%m%d")])),
        "$$9": f"{draw(st.integers(0, 99999)):05d}" + draw(st.sampled_from(["", f"7{name}", day.strftime("%m%y")])),
        "": day.strftime("%y%j") + name,
    }
    flag = draw(st.sampled_from(sorted(forms)))
    fields = [flag + forms[flag]]
    if "+" not in flag and draw(st.booleans()):
        fields.append("S" + draw(words(1, 18)))
    if draw(st.booleans()):
        fields.append(draw(DAY).strftime("16D%Y%m%d"))
    if flag in ("$", "$+", "$$7", "$$+7") and draw(st.booleans()):
        fields.append(draw(DAY).strftime("14D%Y%m%d"))
    if flag[-1:] not in ("8", "9") and draw(st.booleans()):
        fields.append(f"Q{draw(st.integers(0, 99999))}")
    return fields


@st.composite
def hibc_primary(draw: st.DrawFn) -> str:
    return "+" + draw(st.sampled_from(CAPITALS)) + draw(words(3, 3)) + draw(words(1, 18)) + draw(digits(1, 1))


@given(hibc_primary(), hibc_fields(), st.sampled_from(HIBC_SET))
def test_hibc(primary: str, fields: list[str], link: str) -> None:
    assert returns(checked(primary)).di == primary[1:]
    text = "/".join(fields)
    assert returns(checked(f"+{text}{link}")).di is None
    assert returns(checked(f"{primary}/{text}")).form == "combined"


@example("+DBJPG2", ["$+A"])  # the link is a plus sign and the name one character long
@given(hibc_primary(), hibc_fields())
def test_hibc_read_as_lines_or_combined_is_the_same(primary: str, fields: list[str]) -> None:
    """Each field in a symbol of its own, all fields in one, and the combined symbol say one thing."""
    link = mod43(primary)
    one = checked(primary) + checked(f"+{'/'.join(fields)}{link}")
    each = checked(primary) + "".join(checked(f"+{field}{link}") for field in fields)
    combined = returns(checked(f"{primary}/{'/'.join(fields)}"))
    for lines in (one, each):
        assert {name: getattr(returns(lines), name) for name in PARTS} == {
            name: getattr(combined, name) for name in PARTS
        }


@st.composite
def isbt_structures(draw: st.DrawFn) -> list[str]:
    body = draw(st.sampled_from("ABC1")) + draw(words(2, 2).filter(lambda text: "O" not in text)) + draw(digits(10, 10))
    flags = draw(st.one_of(digits(2, 2).filter(lambda text: text < "60"), st.just(f"{60 + mod37(body):02d}")))
    day, clock = draw(DAY), f"{draw(st.integers(0, 23)):02d}{draw(st.integers(0, 59)):02d}"
    facility = draw(words(5, 5).filter(lambda text: "O" not in text))
    structures = [
        f"=/{facility}{draw(words(11, 11))}",
        f"={body}{flags}",
        f"=,{draw(words(6, 6))}",
        draw(st.sampled_from([day.strftime("=>0%y%j"), day.strftime("&>0%y%j") + clock, day.strftime("=]%Y%m")])),
        draw(st.sampled_from([day.strftime("=}0%y%j"), day.strftime("&}0%y%j") + clock])),
        f"&,1{draw(words(18, 18))}",
        draw(st.sampled_from(["=%5100", "=<E0382V00", "&$01" + "0" * 14, "=*019001"])),
    ]
    return draw(
        st.lists(st.sampled_from(structures), min_size=1, unique=True).filter(lambda some: some[0][1] not in "%<$*")
    )


@given(isbt_structures(), st.booleans())
def test_isbt(structures: list[str], blanks: bool) -> None:
    text = (" " if blanks else "").join(structures)
    udi = returns(text)
    compound = returns(f"=+{len(structures):02d}000{''.join(structures)}")
    backwards = read("".join(sorted(structures)))
    if udi.di is not None:
        assert udi.trace_key == compound.trace_key == backwards.trace_key


@given(words(10, 10), words(10, 10))
def test_blood_bag(product: str, lot: str) -> None:
    assert returns(f"=){product}&){lot}").trace_key == f"ICCBBA|{product}|L|{lot}"


@st.composite
def ma_parts(draw: st.DrawFn) -> tuple[str, list[str]]:
    body = f"MA.156.M0.{draw(digits(6, 6))}.{draw(digits(1, 1))}{draw(words(1, 10, 'abcxyz'))}"
    value = words(1, 12, "abcxyz-/$,*+%#!^~@()_")
    day = DAY.map(lambda each: each.strftime("%y%m%d"))
    long = DAY.map(lambda each: each.strftime("%Y%m%d"))
    values = {"S": value, "L": value, "D": value, "M": st.one_of(day, long), "E": long, "V": day}
    letters = draw(st.lists(st.sampled_from(sorted(values)), unique=True))
    return f"{body}{ma_digit(body)}", [letter + draw(values[letter]) for letter in letters]


TAGS = {"S": "SN", "L": "LOT", "M": "MFG", "E": "EXP", "V": "VAL"}


@given(ma_parts())
def test_ma_dotted_link_and_xml(parts: tuple[str, list[str]]) -> None:
    di, fields = parts
    dotted = returns(".".join([di, *fields]))
    escaped = ".".join([di, *fields]).replace("%", "%25").replace("#", "%23").replace("/", "%2F")
    link = returns(f"https://example.cn/q?c={escaped}&from=label")
    assert {name: getattr(link, name) for name in PARTS} == {name: getattr(dotted, name) for name in PARTS}
    tags = [f"<{TAGS[each[0]]}>{each[1:]}</{TAGS[each[0]]}>" for each in fields if each[0] in TAGS]
    xml = read(f'<UDI IAC="MA"><DI>{di}</DI>{"".join(tags)}</UDI>')
    assert (xml.trace_key, xml.expires, xml.manufactured) == (dotted.trace_key, dotted.expires, dotted.manufactured)
    assert returns(f'<UDI IAC="MA"><DI>{di}</DI>{"".join(tags)}</UDI>').di == di


def test_ma_whose_xml_names_the_di_last() -> None:
    udi = read('<UDI IAC="MA"><LOT>A1</LOT><DI>MA.156.M0.100350.01004YA10017</DI></UDI>')
    assert build(udi)[0] == b"MA.156.M0.100350.01004YA10017.LA1"


@given(st.permutations(["BAL*1", "SN9", "MD250101", "BD280101", "ED271231", "PL1"]), st.integers(0, 6), words(1, 13))
def test_ahm(fields: list[str], many: int, di: str) -> None:
    names = [f"{field.replace('*', '')}*" if field[:2] in ("BA", "SN") else field for field in fields[: many + 1]]
    assert returns(f"MF{di}*{''.join(names)}").di == di


@given(words(4, 18), st.lists(st.sampled_from(["1T", "S", "D", "16D", "Q"]), unique=True), words(1, 18), DAY)
def test_ifa(number: str, names: list[str], value: str, day: date) -> None:
    values = {"1T": value, "S": value, "D": day.strftime("%y%m%d"), "16D": day.strftime("%Y%m%d"), "Q": "12"}
    fields = [f"9N{number}{mod97(number)}", *(name + values[name] for name in names)]
    assert returns(f"[)>\x1e06\x1d{chr(29).join(fields)}\x1e\x04").di == f"{number}{mod97(number)}"


@given(digits(13, 13), words(1, 20, "-_./"), words(1, 20, "-_./"), DAY)
def test_gs1(body: str, lot: str, serial: str, day: date) -> None:
    """A GTIN in format 06 comes back as an element string."""
    gtin = f"{body}{mod10(body)}"
    made, until = day.strftime("%y%m%d"), (day + timedelta(days=365)).strftime("%y%m%d")
    element_string = returns(f"]d201{gtin}11{made}17{until}10{lot}\x1d21{serial}")
    enveloped = returns(f"[)>\x1e06\x1d8P{gtin}\x1d16D20{made}\x1dD{until}\x1d1T{lot}\x1dS{serial}\x1e\x04")
    assert element_string.issuer is Issuer.GS1
    assert element_string.trace_key == enveloped.trace_key
    assert element_string.elements == enveloped.elements


SEPARATED = {
    "none behind elements of fixed length": ([("01", "06901234567892"), ("17", "271231")], b"010690123456789217271231"),
    "one between variable ones, none at the end": ([("10", "A"), ("21", "S")], b"10A\x1d21S"),
    "one before a fixed one": ([("10", "A"), ("17", "271231")], b"10A\x1d17271231"),
    "one behind an unknown identifier": ([("ZZ", "A"), ("10", "B")], b"ZZA\x1d10B"),
}


@pytest.mark.parametrize(("elements", "payload"), SEPARATED.values(), ids=SEPARATED)
def test_separators_stand_where_the_standard_needs_them(elements: list[tuple[str, str]], payload: bytes) -> None:
    assert element_string(elements) == payload


JOINED = {
    "primary and lot": ([("+", "A99912345"), ("$", "L1"), ("link", "7")], "+A99912345/$L1"),
    "the old form comes first": ([("+", "A99912345"), ("$+", "S1"), ("", "20015")], "+A99912345/20015/$+S1"),
    "the quantity comes last": ([("+", "A99912345"), ("Q", "5"), ("$", "L1")], "+A99912345/$L1/Q5"),
    "secondary alone keeps its link": ([("$", "L1"), ("link", "7")], "+$L17"),
}


@pytest.mark.parametrize(("elements", "body"), JOINED.values(), ids=JOINED)
def test_halves_become_one_symbol_in_the_order_of_the_standard(elements: list[tuple[str, str]], body: str) -> None:
    udi = Udi(b"", None, Issuer.HIBCC, "primary", elements=tuple(elements))
    assert build(udi) == (checked(body).encode(), "]d1")


def test_a_code_with_foreign_characters_cannot_be_built() -> None:
    udi = Udi(b"", None, Issuer.HIBCC, "primary", elements=(("+", "a999"),))
    with pytest.raises(ValueError, match="substring not found"):
        build(udi)
