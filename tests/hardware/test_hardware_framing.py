import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.framing import ABANDONED_NS, IDLE_GAP_NS, Framer, Framing
from hardware.scanner import MAX_PAYLOAD, ScannerRead

T = 1_000_000_000
CODE = b"]d20106901234567892\x1d10A1"
STREAMS: dict[str, tuple[Framing, bytes]] = {
    "cr": ("cr", CODE + b"\r"),
    "lf": ("lf", CODE + b"\n"),
    "crlf": ("crlf", CODE + b"\r\n"),
    "stx_etx": ("stx_etx", b"\x02" + CODE + b"\x03"),
    "a scanner that ends with CR LF where CR was configured": ("cr", CODE + b"\r\n"),
    "a scanner that ends with CR LF where LF was configured": ("lf", CODE + b"\r\n"),
    "noise before STX": ("stx_etx", b"noise\x02" + CODE + b"\x03"),
}


@pytest.mark.parametrize(("framing", "stream"), STREAMS.values(), ids=STREAMS.keys())
def test_messages_are_cut(framing: Framing, stream: bytes) -> None:
    reads = Framer(framing, None).feed(stream * 3, T)
    assert [(read.payload, read.symbology) for read in reads] == [(CODE[3:], "]d2")] * 3


def test_a_pause_ends_a_message_under_idle_framing() -> None:
    framer = Framer("idle", None)
    assert framer.feed(CODE, T) == []
    assert framer.idle(T + IDLE_GAP_NS - 1) == []
    assert framer.idle(T + IDLE_GAP_NS) == [ScannerRead(CODE[3:], "]d2", T + IDLE_GAP_NS)]


def test_a_rest_without_terminator_is_not_lost() -> None:
    framer = Framer("cr", None)
    framer.feed(CODE, T)
    assert [read.payload for read in framer.idle(T + ABANDONED_NS)] == [CODE[3:]]


def test_a_no_read_message_is_known() -> None:
    assert Framer("cr", b"NR").feed(b"NR\r", T) == [ScannerRead(b"", None, T, "no_read")]


def test_an_identifier_is_taken_off_only_in_its_form() -> None:
    reads = Framer("cr", None).feed(b"]-2abc\r]\rabc\r", T)
    assert [(read.payload, read.symbology) for read in reads] == [(b"]-2abc", None), (b"]", None), (b"abc", None)]


def test_64_kib_without_terminator_are_one_cut_read_with_length_and_digest() -> None:
    data = bytes(range(32, 96)) * 1024
    framer = Framer("cr", None)
    for start in range(0, len(data), 1000):
        assert framer.feed(data[start : start + 1000], T) == []
        assert len(framer._rest) <= MAX_PAYLOAD
    (read,) = framer.feed(b"\r", T)
    assert (read.problem, read.length, len(read.payload)) == ("too_long", len(data), MAX_PAYLOAD)
    assert read.sha256 == hashlib.sha256(data).hexdigest()
    assert [r.payload for r in framer.feed(CODE + b"\r", T)] == [CODE[3:]]


@given(st.sampled_from(["cr", "lf", "crlf", "stx_etx"]), st.binary(max_size=300), st.lists(st.integers(1, 40)))
def test_any_split_of_the_stream_gives_the_same_reads(framing: Framing, data: bytes, cuts: list[int]) -> None:
    whole = Framer(framing, b"NR").feed(data, T) if data else []
    framer, parts, at = Framer(framing, b"NR"), [], 0
    for cut in [*cuts, len(data)]:
        piece = data[at : at + cut]
        parts += framer.feed(piece, T) if piece else []
        at += cut
    assert parts == whole


@given(st.sampled_from(["cr", "idle", "stx_etx"]), st.lists(st.binary(max_size=9000), max_size=6))
def test_garbage_never_raises_and_memory_stays_bounded(framing: Framing, pieces: list[bytes]) -> None:
    framer = Framer(framing, None)
    for number, piece in enumerate(pieces):
        for read in framer.feed(piece, T + number):
            assert len(read.payload) <= MAX_PAYLOAD
        assert len(framer._rest) <= MAX_PAYLOAD
