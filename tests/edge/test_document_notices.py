"""Notices of documents: signed by one who may, small enough for a broker, unharmed or refused."""

from __future__ import annotations

import base64
import json
import random
import zlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.document_notices import MOST_BYTES, MOST_UNPACKED, read_notice, signed
from edge.documents import Document, DocumentError, encode
from edge.sign import new_key
from tests.edge.test_wire import schema, validator
from tests.support.documents import AUTHORITY, BY, KEY, altered, document, documents, line, payload


@given(documents())
def test_a_notice_survives_the_way(said: Document) -> None:
    notice = read_notice(payload(said), said.ident)
    assert notice == signed(said, by=BY, key=KEY)
    notice.demand_signed((AUTHORITY,))


@settings(max_examples=30)
@given(documents())
def test_notices_are_of_the_schema(said: Document) -> None:
    data = json.loads(payload(said))
    validator("document-notice").validate(data)
    body = json.loads(encode(said))
    validator("document").validate(body)
    assert list(body) == list(schema("document")["properties"])
    assert list(body["lines"][0]) == list(schema("document")["$defs"]["line"]["properties"])


SENT = payload(document(expires=date(2027, 1, 1)))


@given(st.integers(0, len(SENT) - 1), st.integers(1, 255))
def test_a_changed_byte_changes_nothing_or_is_refused(place: int, change: int) -> None:
    changed = bytearray(SENT)
    changed[place] ^= change
    try:
        notice = read_notice(bytes(changed), "PO-1")
        notice.demand_signed((AUTHORITY,))
    except DocumentError:
        return
    assert notice.said == document(expires=date(2027, 1, 1))


STRANGERS = [
    (payload(document(), by="nobody"), "'nobody' may not sign a document here"),
    (payload(document(), key=new_key()), "does not fit: changed on the way, or forged"),
]


@pytest.mark.parametrize(("sent", "why"), STRANGERS, ids=["a name", "a key"])
def test_what_a_stranger_signed_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why):
        read_notice(sent, "PO-1").demand_signed((AUTHORITY,))


def test_who_signs_orders_signs_no_documents() -> None:
    for_orders = replace(AUTHORITY, may=frozenset(("order",)))
    with pytest.raises(DocumentError, match="may not sign a document"):
        read_notice(SENT, "PO-1").demand_signed((for_orders,))


BOMB = base64.b64encode(zlib.compress(b" " * (MOST_UNPACKED + 1))).decode()
WRONG = [
    (b" " * (MOST_BYTES + 1), "expected at most"),
    (b"\xff", "expected JSON in UTF-8"),
    (b"[" * 2000, "expected JSON in UTF-8"),
    (b"{}", "not a notice of a document"),
    (altered(SENT, kind="order"), "not a notice of a document"),
    (altered(SENT, body="!"), "not packed as a notice's"),
    (altered(SENT, body=BOMB), "has more than"),
    (altered(SENT, sha256="0" * 64), "changed on the way"),
    (altered(SENT, id="PO-2"), "'PO-2'"),
    (altered(SENT, version=2), "around a document"),
    (altered(SENT, expires=None), "around a document"),
]


@pytest.mark.parametrize(("sent", "why"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_notice_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why):
        read_notice(sent, "PO-1")


def test_a_notice_of_another_topic_is_refused() -> None:
    with pytest.raises(DocumentError, match="'PO-9'"):
        read_notice(SENT, "PO-9")


def test_a_thousand_lines_fit_and_more_are_named() -> None:
    rng = random.Random(7)  # noqa: S311 - a fixed choice
    names = [f"一次性使用{rng.choice('导管针球囊支架')}{rng.randrange(50)}型" for _ in range(100)]
    lines = [
        line(number, name=rng.choice(names), di=f"0690{rng.randrange(10**9):09}0", item=f"K{rng.randrange(10**6):06}")
        for number in range(1, 1001)
    ]
    assert len(payload(document("PO-1", *lines))) <= MOST_BYTES
    serials = tuple(f"{rng.randrange(10**16):016}" for _ in range(5_000))
    with pytest.raises(DocumentError, match=r"PO-1 of 1 lines makes a notice of .* bytes, at most 32768"):
        payload(document("PO-1", line(quantity=len(serials), serials=serials)))
