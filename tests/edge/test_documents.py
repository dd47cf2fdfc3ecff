"""Documents: one exact form, every fault named by its field."""

from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents import MOST_LINES, MOST_SERIALS, Document, DocumentError, decode, encode
from tests.support.documents import DI, document, documents, line

DAY = date(2026, 11, 26)


@given(documents())
def test_a_document_survives_the_way(said: Document) -> None:
    assert decode(encode(said)) == said


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_an_error(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        assert encode(decode(data)) == data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(json.loads(encode(document())))), JSON)
def test_any_value_of_a_field_is_taken_or_refused(key: str, value: Any) -> None:
    body = _json({**json.loads(encode(document())), key: value})
    with contextlib.suppress(DocumentError):
        assert encode(decode(body)) == body


@given(st.sampled_from(list(json.loads(encode(document()))["lines"][0])), JSON)
def test_any_value_of_a_line_is_taken_or_refused(key: str, value: Any) -> None:
    data = json.loads(encode(document()))
    data["lines"] = [{**data["lines"][0], key: value}] * 2
    with contextlib.suppress(DocumentError):
        decode(_json(data))


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


BAD = [
    ({"ident": "PO/1"}, {}, "id 'PO/1': expected 1 to 64 letters"),
    ({"version": 0}, {}, "version 0: expected a whole number from 1"),
    ({"counterparty": " x"}, {}, "counterparty ' x': expected a text"),
    ({}, {"quantity": 0}, "lines[0].quantity 0: expected a whole number from 1"),
    ({}, {"quantity": True}, "lines[0].quantity True"),
    ({}, {"name": ""}, "lines[0].name ''"),
    ({}, {"lot": "a\nb"}, r"lines[0].lot 'a\nb'"),
    ({}, {"di": None}, "lines[0].di None: expected a DI, or an item code in item"),
    ({}, {"serials": ("1", "2")}, "serials: 2 of them, expected none or as many as quantity, 10"),
    ({}, {"serials": ("1",) * 10}, "serials: '1' stands there twice"),
]


@pytest.mark.parametrize(("changed", "in_line", "text"), BAD, ids=[text for _, _, text in BAD])
def test_a_fault_is_named(changed: dict[str, Any], in_line: dict[str, Any], text: str) -> None:
    with pytest.raises(DocumentError) as found:
        encode(document("PO-1", line(**in_line), **changed) if "ident" not in changed else document(**changed))
    assert text in str(found.value)


def test_two_lines_of_one_number_are_named() -> None:
    with pytest.raises(DocumentError, match="number 7 stands there twice"):
        encode(document("PO-1", line(7), line(7)))


def test_sizes_are_bounded() -> None:
    with pytest.raises(DocumentError, match=f"expected 1 to {MOST_LINES}"):
        encode(document("PO-1", *(line(number) for number in range(1, MOST_LINES + 2))))
    serials = tuple(map(str, range(MOST_SERIALS + 1)))
    with pytest.raises(DocumentError, match=f"at most {MOST_SERIALS}"):
        encode(document("PO-1", line(quantity=len(serials), serials=serials)))


STRANGE = [
    ("{}", "has no schema"),
    ("[]", "expected an object"),
    (encode(document()).decode().replace("receipt", "gift"), "kind 'gift': expected one of receipt"),
    (encode(document()).decode().replace('"schema":1', '"schema":2'), "schema 1"),
    (encode(document()).decode().replace('"made":null', '"made":"2026-13-01"'), "lines[0].made '2026-13-01'"),
    (encode(document()).decode().replace('"made":null', '"made":null,"more":1'), "lines[0] has 'more'"),
    (encode(document()).decode().replace('"serials":[]', '"serials":"ab"'), "lines[0].serials 'ab'"),
    (encode(document()).decode() + " ", "one exact form"),
]


@pytest.mark.parametrize(("text", "why"), STRANGE, ids=[why for _, why in STRANGE])
def test_what_is_no_document_is_refused(text: str, why: str) -> None:
    with pytest.raises(DocumentError) as found:
        decode(text.encode())
    assert why in str(found.value)


def test_a_document_ends_with_its_last_day_if_that_is_known() -> None:
    said = document(expires=DAY)
    assert not said.expired(DAY)
    assert said.expired(DAY + timedelta(1))
    assert not said.expired(None)
    assert not document().expired(DAY)


def test_a_line_is_found_by_its_number() -> None:
    said = document("PO-1", line(2), line(5, di=None, item="K-1"))
    assert said.line(5) == line(5, di=None, item="K-1")
    assert said.line(1) is None
    assert said.lines[0].di == DI
