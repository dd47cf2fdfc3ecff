from __future__ import annotations

import itertools
import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalog.release import DeviceRecord, Problem, ReleaseError, Tally
from edge.catalog.udid_xml import BLOCK, LONGEST_RECORD, MOST_NAMES, read_part
from tests.support.udid_parts import DI, Dribble, as_part, devices, read, records
from tests.support.udid_release import Made, published

HEAD = b'<?xml version="1.0" encoding="UTF-8"?><udid version="1.0"><devices>'
TAIL = b"</devices></udid>"
ONE = f"<device><zxxsdycpbs>{DI}</zxxsdycpbs><cpmctymc>一次性使用采样器</cpmctymc></device>".encode()
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE udid [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;">' % (n + 1, n, n, n) for n in range(ord("a"), ord("y")))
    + b"]><udid><devices><device><zxxsdycpbs>&y;</zxxsdycpbs></device></devices></udid>"
)
OUTSIDE = b'<!DOCTYPE udid SYSTEM "file:///etc/passwd"><udid><devices/></udid>'

# part, what the message says, record and byte it names
BAD = {
    "empty": (b"", "ends too early", 1, 0),
    "no XML": (b"hello > there", "no XML", 1, 0),
    "a page of errors": (b"<html><body>503</body></html>", "expected <udid>, found <html>", 1, 0),
    "XML bomb": (BOMB, "XML bomb", 1, 21),
    "a bomb behind records": (HEAD + ONE + BOMB[21:], "XML bomb", None, len(HEAD + ONE)),
    "a document type elsewhere": (OUTSIDE, "XML bomb", 1, 0),
    "UTF-16": ((HEAD + ONE + TAIL).decode().encode("utf-16"), "UTF-16", 1, 0),
    "UTF-16 without a mark": ((HEAD + ONE + TAIL).decode().encode("utf-16-be"), "UTF-16", 1, 0),
    "an encoding unknown here": (HEAD.replace(b"UTF-8", b"Big5") + ONE + TAIL, "'big5' declared", 1, 0),
    "GBK that says UTF-8": (
        HEAD + ONE + ONE.decode().encode("gbk") + TAIL, "expected utf-8", 2,
        len(HEAD + ONE) + ONE.index("一".encode()) + 2,  # D2 BB is UTF-8 too
    ),
    "UTF-8 that says GBK": (HEAD.replace(b"UTF-8", b"GBK") + ONE + TAIL, "declares 'gbk', but is UTF-8", 1, 0),
    "a damaged byte": (HEAD + ONE + ONE.replace(b"\xe4", b"\xff") + TAIL, "expected utf-8", 2, len(HEAD + ONE) + 57),
    "a character cut off": (HEAD + ONE + ONE.replace("器<".encode(), b"\xe5\x99<") + TAIL, "expected utf-8", 2, None),
    "broken GBK": (
        HEAD.replace(b"UTF-8", b"GBK") + (ONE + ONE).decode().encode("gbk").replace(b"\xc6\xf7<", b"\xff<", 1) + TAIL,
        "expected gb18030", 1, None,
    ),
    "cut off in a record": ((HEAD + ONE + ONE)[:-30], "ends too early", 2, None),
    "cut off between records": (HEAD + ONE + ONE, "ends too early", 3, None),
    "tags that cross": (HEAD + ONE + b"<device><a></b></device>" + TAIL, "mismatched tag", 2, len(HEAD + ONE) + 13),
    "a bare <": (HEAD + ONE + ONE.replace(b"0694", b"a < b") + TAIL, "no XML", 2, None),
    "behind a mark": (b"\xef\xbb\xbf" + HEAD + ONE + b"<device><a></b>", "mismatched tag", 2, 3 + len(HEAD + ONE) + 13),
    "something behind the end": (HEAD + ONE + TAIL + b"<udid/>", "junk", 2, len(HEAD + ONE + TAIL)),
    "an endless text": (HEAD + ONE + b"<device><a>" + b"x" * (2 << 20), "expected a > within", 2, None),
    "an endless depth": (HEAD + ONE + b"<a>" * (2 << 20), "expected a record within", 2, None),
    "an endless record": (HEAD + b"<device>" + b"<a>b</a>" * (1 << 20), "expected a record within", 1, None),
    "endless names": (
        HEAD + b"".join(b"<device><a%d/></device>" % n for n in range(MOST_NAMES + 1)) + TAIL, "different elements",
        None, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says", "record", "byte"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_on_is_refused(data: bytes, says: str, record: int | None, byte: int | None) -> None:
    with pytest.raises(ReleaseError) as refused:
        read(data)
    message = str(refused.value)
    assert says in message
    assert message.startswith(f"PART1.xml: record {record}, byte " if record else "PART1.xml: record ")
    if byte is not None:
        assert f" byte {byte}: " in message


def test_records_before_an_error_are_given() -> None:
    found: list[DeviceRecord] = []
    with pytest.raises(ReleaseError):
        found.extend(read_part(Dribble(HEAD + ONE * 3 + b"<device><a></b>" + TAIL, []), "P", print))
    iterator = read_part(Dribble(HEAD + ONE * 3 + b"<device><a></b>" + TAIL, []), "P", print)
    assert [record.sale_unit for record in itertools.islice(iterator, 3)] == [DI] * 3


ENCODINGS = {
    "UTF-8": ("UTF-8", "utf-8"), "no declaration": (None, "utf-8"), "with a mark": ("UTF-8", "utf-8-sig"),
    "GBK": ("GBK", "gbk"), "GB2312": ("gb2312", "gb2312"), "GB 18030": ("GB18030", "gb18030"),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "codec"), ENCODINGS.values(), ids=ENCODINGS)
def test_encodings(declared: str | None, codec: str) -> None:
    text = (HEAD + ONE + TAIL).decode()
    text = text[text.index("<udid") :] if declared is None else text.replace("UTF-8", declared)
    (record,), problems = read(text.encode(codec))
    assert record == DeviceRecord(DI, name="一次性使用采样器")
    assert problems == []


def test_every_character_of_unicode_through_gb_18030() -> None:
    name = "箱\U0001f9ea\U00020000é"
    (record,), _ = read(
        (HEAD.decode().replace("UTF-8", "GB18030") + ONE.decode().replace("一次性", name)).encode("gb18030") + TAIL
    )
    assert record.name == f"{name}使用采样器"


FORMS = {
    "one line": lambda part: part,
    "a line for each element": lambda part: part.replace(b"><", b">\r\n    <"),
    "empty elements in full": lambda part: part.replace(b"<spmc/>", b"<spmc></spmc>"),
    "attributes": lambda part: part.replace(b"<device>", b'<device id="1 > 0">'),
    "comments": lambda part: part.replace(b"<spmc", b"<!-- <zxxsdycpbs>1</zxxsdycpbs> & -->\n<spmc"),
    "CDATA": lambda part: re.sub(rb"<cpmctymc>(.*?)</", rb"<cpmctymc><![CDATA[\1]]></", part),
    "unknown elements": lambda part: part.replace(b"<spmc", b"<neu><tief>x</tief></neu><spmc"),
    "blanks around values": lambda part: part.replace(b"<ggxh>", "<ggxh>\u3000 ".encode()),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_of_the_same(form: object) -> None:
    assert callable(form)
    made = Made(60, seed=3)
    given = [record for k in range(60) if (record := made.record(k)) is not None and "&" not in record.name]
    part = as_part(given)
    assert form(part) != part or form is FORMS["one line"]
    found, problems = read(form(part))
    assert found == given
    assert problems == []


@settings(max_examples=60, deadline=None)
@given(st.lists(records, max_size=4), st.lists(st.integers(1, 200), max_size=50))
def test_records_come_back_however_the_stream_is_cut(given: list[DeviceRecord], sizes: list[int]) -> None:
    found, problems = read(as_part(given), itertools.chain(sizes, itertools.repeat(31)))
    assert found == given
    assert problems == []


def test_blocks_may_end_anywhere() -> None:
    made = Made(120, seed=5)
    data = as_part(record for k in range(120) if (record := made.record(k)))
    whole = read(data)
    for size in (*range(1, 12), 61, 1_021):
        assert read(data, itertools.repeat(size)) == whole


@pytest.mark.parametrize("name", ["a > b > c", "盒" * 50_000 + ">" + "x" * 90_000, "A &amp; B > &lt;"])
def test_a_text_that_the_parser_gives_in_pieces(name: str) -> None:
    data = devices(f"<zxxsdycpbs>1</zxxsdycpbs><cpmctymc>{name}</cpmctymc><spmc>y</spmc>")
    said = name.replace("&amp;", "&").replace("&lt;", "<")
    for size in (7, 10_007):
        (record,), _ = read(data, itertools.repeat(size) if len(data) < 1_000 or size > 7 else ())
        assert (record.name, record.brand) == (said, "y")


def test_quirks_as_published() -> None:
    made = Made(1_000, seed=2)
    data = (HEAD.decode() + "".join(published(made, k) for k in range(1_000))).encode() + TAIL
    assert b"A&B" in data
    assert b"\x0b&#x1;" in data
    found, problems = read(data)
    assert found == [made.record(k) for k in range(1_000)]
    assert [(each.record, each.field, each.value) for each in problems] == [(12, "zxxsdyzsydydsl", "若干")]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_records_or_the_one_error(data: bytes) -> None:
    _records_or_error(data)
    _records_or_error(HEAD + data + TAIL)
    _records_or_error(HEAD + ONE + b"<device><cpmctymc>" + data + b"</cpmctymc></device>" + TAIL)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_part_gives_records_or_the_one_error(data: st.DataObject) -> None:
    part = bytearray(as_part([Made(4).record(k) or DeviceRecord("1") for k in range(3)]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(part) - 1))
        part[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"<", b"&", b"<!", b"]]>"])
        )
    _records_or_error(bytes(part))


def _records_or_error(data: bytes) -> None:
    try:
        found, _ = read(data)
    except ReleaseError:
        return
    assert all(record.sale_unit for record in found)


def test_counts_are_kept_and_compared() -> None:
    reported: list[Problem] = []
    tally = Tally()
    data = devices("<zxxsdycpbs>1</zxxsdycpbs>", "<cpmctymc>x</cpmctymc>").replace(b"XML>2<", b"XML>4850<")
    assert [each.sale_unit for each in read_part(Dribble(data, []), "P", reported.append, tally)] == ["1"]
    assert tally == Tally(records=2, skipped=1, problems=2)
    assert [str(each) for each in reported] == [
        "P: record 2: zxxsdycpbs = '': expected the DI of the smallest sale unit; record left out",
        "P: record 0: numberRkeyecordXML = '4850': expected 2, as many as the part holds; taken as unknown",
    ]


class _Endless:
    """A part of 30 GB, as it were."""

    def __init__(self, size: int) -> None:
        made = Made(200)
        self._records = "".join(published(made, k) for k in range(200)).encode()
        self._blocks = self._all(size)
        self.given = 0

    def _all(self, size: int) -> Iterator[bytes]:
        yield HEAD
        for _ in range(size // len(self._records)):
            yield from (self._records[at : at + BLOCK] for at in range(0, len(self._records), BLOCK))
        yield TAIL

    def read(self, _size: int, /) -> bytes:
        block = next(self._blocks, b"")
        self.given += len(block)
        return block


def test_a_huge_part_is_not_read_ahead() -> None:
    stream = _Endless(30 << 30)
    next(read_part(stream, "P", lambda _: None))
    assert stream.given <= 2 * BLOCK


def test_memory_does_not_grow_with_the_part() -> None:
    peaks = []
    for size in (2 << 20, 5 << 20):
        stream = _Endless(size)
        tracemalloc.start()
        count = sum(1 for _ in read_part(stream, "P", lambda _: None))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count > size / 2_000
    assert max(peaks) < LONGEST_RECORD
    assert peaks[1] < peaks[0] * 1.2
