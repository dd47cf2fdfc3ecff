from __future__ import annotations

import re
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.udid_mend import LONGEST, Mender, RefusedError
from tests.support.udid_parts import blocks

CASES = {
    "nothing to do": ("<a>箱 10 盒</a>", "<a>箱 10 盒</a>"),
    "bare ampersand": ("<a>A & B</a>", "<a>A &amp; B</a>"),
    "ampersand before a tag": ("<a>A&</a>", "<a>A&amp;</a>"),
    "two": ("<a>&&</a>", "<a>&amp;&amp;</a>"),
    "a query": ("<a>http://x/?a=1&b=2</a>", "<a>http://x/?a=1&amp;b=2</a>"),
    "the five entities stay": ("<a>&lt;&gt;&amp;&apos;&quot;</a>", "<a>&lt;&gt;&amp;&apos;&quot;</a>"),
    "an entity of HTML is text": ("<a>&nbsp;</a>", "<a>&amp;nbsp;</a>"),
    "no semicolon": ("<a>&amp </a>", "<a>&amp;amp </a>"),
    "references stay": ("<a>&#65;&#x41;&#x4E2D;</a>", "<a>&#65;&#x41;&#x4E2D;</a>"),
    "a reference to a control": ("<a>x&#x1;&#1;&#0;&#x1F;y</a>", "<a>xy</a>"),
    "to tab and line ends": ("<a>&#9;&#10;&#xD;</a>", "<a>&#9;&#10;&#xD;</a>"),
    "to a surrogate, beyond Unicode": ("<a>&#xD800;&#xFFFE;&#x110000;</a>", "<a></a>"),
    "no reference": ("<a>&#;&#x;&#xG;&#X41;</a>", "<a>&amp;#;&amp;#x;&amp;#xG;&amp;#X41;</a>"),
    "control characters": ("<a>x\x00\x01\x0b\x1fy\t\r\n</a>", "<a>xy\t\r\n</a>"),
    "a control within a reference": ("<a>&#\x016;&\x02amp;</a>", "<a>&amp;</a>"),
    "DEL and C1 are characters": ("<a>\x7f\x85</a>", "<a>\x7f\x85</a>"),
    "noncharacters": ("<a>x\ufffe\uffffy￥</a>", "<a>xy￥</a>"),
    "CDATA": ("<a><![CDATA[A & B &#1;]]>&</a>", "<a><![CDATA[A & B &#1;]]>&amp;</a>"),
    "CDATA with tags": ("<a><![CDATA[</a>&<b>]]>&</a>", "<a><![CDATA[</a>&<b>]]>&amp;</a>"),
    "a control in CDATA": ("<a><![CDATA[\x01]]></a>", "<a><![CDATA[]]></a>"),
    "a comment": ("<a><!-- & > <![CDATA[ -->&</a>", "<a><!-- & > <![CDATA[ -->&amp;</a>"),
    "an exclamation": ("<a>!&</a>", "<a>!&amp;</a>"),
}
_BITS = [
    "&",
    ";",
    "#",
    "x",
    "1",
    "amp",
    "&amp;",
    "&#x1;",
    "<",
    ">",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "!",
    "\x01",
    "箱",
]
soup = st.lists(st.sampled_from(_BITS) | st.text(max_size=3), max_size=30).map("".join)
encodable = soup.map(lambda text: re.sub("<!+(?=[A-Za-z])", "", text).encode(errors="ignore"))


def mended(data: bytes, sizes: list[int], encoding: str = "utf-8") -> bytes:
    mender = Mender(encoding)
    return b"".join([*(mender.feed(block) for block in blocks(data, sizes)), mender.end()])


@pytest.mark.parametrize(("published", "expected"), CASES.values(), ids=CASES)
def test_mending(published: str, expected: str) -> None:
    assert mended(published.encode(), []).decode() == expected
    assert mended(published.encode(), [1] * len(published.encode())).decode() == expected


@given(encodable, st.lists(st.integers(1, 20), max_size=30))
def test_cutting_changes_nothing(data: bytes, sizes: list[int]) -> None:
    assert mended(data, sizes) == mended(data, [])


@given(encodable)
def test_what_is_mended_stays(data: bytes) -> None:
    once = mended(data, [])
    assert mended(once, []) == once


@given(st.lists(st.sampled_from([*_BITS[:8], "\x01", "箱", "\ufffe"]) | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_becomes_xml_that_says_it(text: str) -> None:
    text = text.encode(errors="ignore").decode().replace("<", "").replace("]]>", "").replace("\r", "")
    assert _content(mended(f"<a>{text}</a>".encode(), [])) == _said(text)


def _content(xml: bytes) -> str:
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = found.append
    parser.Parse(xml, True)
    return "".join(found)


def _said(text: str) -> str:
    """What a person would say stands there: character by character, by no regular expression."""
    text = "".join(each for each in text if each in "\t\n" or (each >= " " and each not in "\ufffe\uffff"))
    out, at = [], 0
    known = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#x1;": "", "&#1;": "", "&#11;": ""}
    while at < len(text):
        name = next((each for each in known if text.startswith(each, at)), text[at])
        out.append(known.get(name, name))
        at += len(name)
    return "".join(out)


@given(st.text("箱盒<>&;\x01a", max_size=40), st.lists(st.integers(1, 9), max_size=20))
def test_gb_18030_comes_out_as_utf8(text: str, sizes: list[int]) -> None:
    assert mended(text.encode("gb18030"), sizes, "gb18030") == mended(text.encode(), [])


def test_what_is_not_gb_18030_is_said_behind_what_is() -> None:
    mender = Mender("gb18030")
    assert mender.feed("<a>箱</a><b>".encode("gb18030") + b"\xff\xff</b>") == "<a>箱</a><b>".encode()
    assert mender.undecodable() == 12
    with pytest.raises(UnicodeDecodeError):
        mender.end()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_origin(encoding: str) -> None:
    before, after = "<a>箱&amp;&\x01\x02&#x1;</a><a>盒</a><b>", "here</b>"
    mender = Mender(encoding)
    mender.feed("<x>&\x01</x>".encode(encoding))
    start = len("<x>&\x01</x>".encode(encoding))
    out = mender.feed((before + after).encode(encoding))
    passed = len(mended(b"<x>&\x01</x>", []))
    assert mender.origin(passed + out.index(b"here")) == start + len(before.encode(encoding))
    assert mender.origin(0) == start


@pytest.mark.parametrize("sizes", [[], [1] * 60, [30]])
def test_a_document_type_never_reaches_the_parser(sizes: list[int]) -> None:
    with pytest.raises(RefusedError, match="XML bomb") as refused:
        mended(b"<!-- <!DOCTYPE --><?xml?> <!DOCTYPE udid [<!ENTITY a 'b'>]>", sizes)
    assert refused.value.offset == 26


def test_no_end_of_a_tag_for_too_long() -> None:
    mender = Mender()
    mender.feed(b"<a>" + b"x" * LONGEST)
    mender.feed(b"x")
    with pytest.raises(RefusedError, match=str(LONGEST)):
        mender.feed(b"x")
