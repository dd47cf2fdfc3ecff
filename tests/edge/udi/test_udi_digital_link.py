"""GS1 Digital Link (URI Syntax 1.4). Compressed links are public examples: ``HxHKVAdpQhCT…`` and ``ARHKVAdpQg`` of the
tests of gs1/digital-link.js, ``AQnYUc1gmiCNV4JG`` and ``EEarwSM`` of Solidsoft-Reply/Gs1DigitalLinkLib."""

from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.udi.ais import every
from edge.udi.checks import CSET82
from edge.udi.model import Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.report import is_complete
from tests.support.gs1 import DI, GS, gtins, sample

TODAY = date(2026, 11, 24)
HEAD = f"https://example.cn/01/{DI}"
Elements = list[tuple[str, str]]

# name: (address, the elements behind the DI)
READABLE: dict[str, tuple[str, Elements]] = {
    "DI alone": (HEAD, []),
    "http": (f"http://example.cn/01/{DI}", []),
    "HTTP": (f"HTTP://EXAMPLE.CN/01/{DI}", []),
    "HTTPS": (f"HTTPS://EXAMPLE.CN/01/{DI}", []),
    "lot and serial": (f"{HEAD}/10/A1/21/S1", [("10", "A1"), ("21", "S1")]),
    "every qualifier": (f"{HEAD}/22/V/10/A1/21/S1", [("22", "V"), ("10", "A1"), ("21", "S1")]),
    "third-party serial": (f"{HEAD}/235/X", [("235", "X")]),
    "attributes": (f"{HEAD}?17=260930&11=250930", [("17", "260930"), ("11", "250930")]),
    "names of the server among them": (f"{HEAD}?a=1&17=260930&linkType=gs1:pip", [("17", "260930")]),
    "names without a value": (f"{HEAD}?x&17=260930&99&y", [("17", "260930")]),
    "separators too many": (f"{HEAD}?&&17=260930&&&99=A&&", [("17", "260930"), ("99", "A")]),
    "semicolon in the server's own": (f"{HEAD}?a=1;2&17=260930", [("17", "260930")]),
    "nothing behind the question mark": (f"{HEAD}?", []),
    "fragment": (f"{HEAD}/10/A#17=1", [("10", "A")]),
    "fragment behind the query": (f"{HEAD}?17=260930#x", [("17", "260930")]),
    "port": (f"https://example.cn:8443/01/{DI}", []),
    "number as a host": (f"https://192.0.2.1/01/{DI}", []),
    "IPv6": (f"https://[2001:db8::1]/01/{DI}", []),
    "path in front": (f"https://example.cn/p/q/01/{DI}/10/A", [("10", "A")]),
    "other keys in front": (f"https://example.cn/00/x/01/{DI}", []),
    "the same key in front": (f"https://example.cn/01/96385074/01/{DI}", []),
    "GTIN-13": (f"https://example.cn/01/{DI[1:]}", []),
    "percent encoding": (f"{HEAD}/10/A%2f%2D%25", [("10", "A/-%")]),
    "percent sign that encodes nothing": (f"{HEAD}/10/A%4G%", [("10", "A%4G%")]),
    "plus sign in the path": (f"{HEAD}/10/A+1", [("10", "A+1")]),
    "plus sign encoded in the query": (f"{HEAD}?240=A%2B1", [("240", "A+1")]),
    "characters that need no encoding": (f"{HEAD}/10/A!'()*,;:=&1", [("10", "A!'()*,;:=&1")]),
    "lot as an attribute beside a third-party serial": (f"{HEAD}/235/X?10=A", [("235", "X"), ("10", "A")]),
}


@pytest.mark.parametrize(("text", "elements"), READABLE.values(), ids=READABLE.keys())
def test_readable(text: str, elements: Elements) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.form == "digital_link"
    assert (list(udi.elements), udi.findings) == ([("01", DI), *elements], ())
    assert is_complete(udi)


# name: (address, its errors, the elements behind the DI that can be read)
FAULTY: dict[str, tuple[str, set[str], Elements]] = {
    "check digit": (f"https://example.cn/01/{DI[:-1]}3", {"check_digit"}, []),
    "slash at the end": (f"{HEAD}/10/A/", {"link_malformed"}, [("10", "A")]),
    "qualifiers out of order": (f"{HEAD}/21/S/10/A", {"link_qualifier"}, [("21", "S"), ("10", "A")]),
    "qualifiers of two kinds": (f"{HEAD}/10/A/235/X", {"link_qualifier"}, [("10", "A"), ("235", "X")]),
    "a qualifier twice": (f"{HEAD}/10/A/10/A", {"link_qualifier"}, [("10", "A"), ("10", "A")]),
    "attribute in the path": (f"{HEAD}/17/260930", {"link_qualifier"}, [("17", "260930")]),
    "name in the path": (f"{HEAD}/lot/A", {"link_qualifier"}, []),
    "unknown identifier in the path": (f"{HEAD}/05/A", {"link_qualifier"}, []),
    "nothing behind a qualifier": (f"{HEAD}/10//21/S", {"ai_too_short"}, [("10", ""), ("21", "S")]),
    "qualifier in the query": (f"{HEAD}?10=A", {"link_attribute"}, [("10", "A")]),
    "serial in the query": (f"{HEAD}/10/A?21=S", {"link_attribute"}, [("10", "A"), ("21", "S")]),
    "qualifier in the query beside another": (f"{HEAD}/21/S?10=A", {"link_attribute"}, [("21", "S"), ("10", "A")]),
    "attribute twice": (f"{HEAD}?99=A&99=A", {"link_attribute"}, [("99", "A")]),
    "attribute twice, differently": (f"{HEAD}?99=A&99=B", {"link_attribute"}, [("99", "A")]),
    "key in the query again": (f"{HEAD}?01={DI}", {"link_attribute"}, []),
    "no attribute": (f"{HEAD}?254=A", {"link_attribute"}, [("254", "A")]),
    "unknown identifier in the query": (f"{HEAD}?999=A", {"link_attribute"}, []),
    "attribute without content": (f"{HEAD}?99=", {"ai_too_short"}, [("99", "")]),
    "semicolon between attributes": (f"{HEAD}?17=260930;11=250930", {"link_attribute"}, []),
    "semicolon in an attribute": (f"{HEAD}?240=A;B&17=260930", {"link_attribute"}, [("17", "260930")]),
    "plus sign in the query is a blank": (f"{HEAD}?240=A+B", {"ai_charset"}, [("240", "A B")]),
    "blank in the lot": (f"{HEAD}/10/A%20B", {"ai_charset"}, [("10", "A B")]),
    "separator in the lot": (f"{HEAD}/10/A%1DB", {"ai_charset"}, [("10", f"A{GS}B")]),
    "separator in a model number": (f"{HEAD}?8012=A%1D", {"ai_charset"}, [("8012", f"A{GS}")]),
    "zero byte": (f"{HEAD}/10/A%00B", {"ai_charset"}, [("10", "A\0B")]),
    "byte that is no character": (f"{HEAD}/10/%FF", {"ai_charset"}, [("10", "\xff")]),
    "full-width digits": ("https://example.cn/01/%EF%BC%906901234567892", {"ai_too_long"}, []),
    "lot of 21": (f"{HEAD}/10/{'A' * 21}", {"ai_too_long", "separator_missing"}, [("10", "A" * 21)]),
    "content beside the GTIN": (f"{HEAD}?37=12", {"ai_excluded"}, [("37", "12")]),
}


@pytest.mark.parametrize(("text", "errors", "elements"), FAULTY.values(), ids=FAULTY.keys())
def test_faulty(text: str, errors: set[str], elements: Elements) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert {found.code for found in udi.findings if found.grade == "error"} == errors
    assert list(udi.elements[1:]) == elements
    assert not is_complete(udi)


# name: (address, why it is no UDI)
NO_UDI = {
    "no path": ("https://example.cn", "link_no_key"),
    "root": ("https://example.cn/", "link_no_key"),
    "page": ("https://example.cn/a/b.html?id=1", "link_no_key"),
    "key without a value": ("https://example.cn/01", "link_no_key"),
    "key as a host": (f"https://01/{DI}", "link_no_key"),
    "nothing between key and value": (f"https://example.cn/01//{DI}", "link_no_key"),
    "one part too many": (f"{HEAD}/x1", "link_no_key"),
    "names of identifiers": (f"https://example.cn/gtin/{DI}", "link_no_key"),
    "identifier that is no key": ("https://example.cn/10/A", "link_no_key"),
    "mixed case": (f"HtTps://example.cn/01/{DI}", "link_malformed"),
    "no host": (f"https:///01/{DI}", "link_malformed"),
    "user in the host": (f"https://a@b/01/{DI}", "link_malformed"),
    "zone in the host": (f"https://[fe80::1%25a]/01/{DI}", "link_malformed"),
    "character of no address": (f"{HEAD}<", "link_malformed"),
    "blank": (f"{HEAD}/10/A B", "link_malformed"),
    "Chinese": (f"{HEAD}/10/中", "link_malformed"),
    "longer than a symbol": (f"https://example.cn{'/01' * 21_000}", "link_malformed"),
    "compressed": ("https://example.cn/AQnYUc1gmiCNV4JG", "link_compressed"),
    "compressed with a usual sequence": (
        "https://example.cn/HxHKVAdpQhCTxbrOF_yEFcx_4a2GeAh1mFOZkChg6Z8pgcEMEWpMganmIfESxTyJ5UvMJa9Za",
        "link_compressed",
    ),
    "compressed GTIN alone": ("https://example.cn/ARHKVAdpQg", "link_compressed"),
    "compressed behind the key": ("https://example.cn/01/05412345000013/EEarwSM", "link_compressed"),
    "like compressed behind a number": ("https://example.cn/news/20261124/EEarwSM", "link_no_key"),
    "like compressed, GTIN wrong": ("https://example.cn/ARHKVAdpRg", "link_no_key"),
    "like compressed, too short": ("https://example.cn/ARHKVA", "link_no_key"),
    "a word of letters": ("https://example.cn/ABCDEFGHIJKL", "link_no_key"),
}


@pytest.mark.parametrize(("text", "code"), NO_UDI.values(), ids=NO_UDI.keys())
def test_other_addresses_are_links(text: str, code: str) -> None:
    result = parse(text, today=TODAY)
    assert isinstance(result, NotUdi)
    assert (result.kind, [found.code for found in result.findings]) == (Kind.LINK, [code])


PLACES = {
    "of the key": (f"https://a/01/{DI[:-1]}3", "check_digit", len("https://a/")),
    "of a qualifier": (f"https://a/01/{DI}/10/A%20", "ai_charset", len(f"https://a/01/{DI}/")),
    "of an attribute": (f"https://a/01/{DI}?x=1&17=261301", "date_impossible", len(f"https://a/01/{DI}?x=1&")),
    "of the scheme": (f"HtTps://a/01/{DI}", "link_malformed", 0),
    "of the slash": (f"https://a/01/{DI}/", "link_malformed", len(f"https://a/01/{DI}")),
    "of qualifiers out of order": (f"https://a/01/{DI}/21/S/10/A", "link_qualifier", len(f"https://a/01/{DI}/")),
}


@pytest.mark.parametrize(("text", "code", "at"), PLACES.values(), ids=PLACES.keys())
def test_offsets(text: str, code: str, at: int) -> None:
    assert [found.at for found in parse(text, today=TODAY).findings if found.code == code] == [at]


KEYS = sorted(code for code, ai in every().items() if ai.qualifiers is not None)


@pytest.mark.parametrize("code", KEYS)
def test_every_key_is_read_with_its_qualifiers(code: str) -> None:
    for chain in every()[code].qualifiers or ():
        pairs = [(each, sample(each)) for each in (code, *chain)]
        path = "/".join(f"{each}/{quote(value, safe='')}" for each, value in pairs)
        result = parse(f"https://example.cn/x/{path}", today=TODAY)
        assert list(result.elements) == pairs
        assert result.valid


def test_what_is_out_of_order_is_said() -> None:
    assert [found.value for found in parse(f"{HEAD}/21/S/10/A", today=TODAY).findings] == ["21/S/10/A"]


@pytest.mark.parametrize("value", ["A234567890123", "123", "1" * 7, "1" * 9, "1" * 11, "1" * 15, ""])
def test_other_values_are_not_padded(value: str) -> None:
    result = parse(f"https://example.cn/01/{value}/10/A", today=TODAY)
    assert result.elements == (("01", value), ("10", "A"))
    assert not result.valid


@given(gtins(), st.sampled_from([8, 12, 13, 14]))
def test_short_gtins_are_padded(gtin: str, length: int) -> None:
    short = gtin[-length:]
    udi = parse(f"https://example.cn/01/{short}/21/S", today=TODAY)
    assert isinstance(udi, Udi)
    assert udi.di == short.zfill(14)


@given(st.text(CSET82, min_size=1, max_size=20))
def test_what_is_encoded_is_decoded(lot: str) -> None:
    udi = parse(f"{HEAD}/10/{quote(lot, safe='')}?240={quote(lot, safe='')}", today=TODAY)
    assert udi.elements[1:] == (("10", lot), ("240", lot))


@given(st.text(alphabet="0123456789/?&=%;+#.AaZ:-", max_size=60))
def test_no_address_raises(text: str) -> None:
    parse(f"https://a/01/{text}", today=TODAY)


@pytest.mark.parametrize("symbology", ["]Q3", "]d2"])
def test_a_link_in_a_gs1_symbol_is_a_label_fault_but_readable(symbology: str) -> None:
    link, other = (parse(text, symbology, today=TODAY) for text in (f"{HEAD}/10/A1", "https://example.cn/help"))
    assert isinstance(link, Udi)
    assert (link.trace_key, is_complete(link)) == (f"GS1|{DI}|L|A1", True)
    assert [each.code for each in link.findings] == ["link_in_gs1_symbol"]
    assert isinstance(other, NotUdi)
    assert {each.code for each in other.findings} == {"link_in_gs1_symbol", "link_no_key"}
