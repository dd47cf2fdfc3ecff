from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card.marker import Marker, MarkerError, read_marker, sha256, write_marker, wrong_files

MARKER = Marker("site", "OR-03", "手术室", "firstrun", "2025-05-13", "udi-1", "2026-11-26T00:00:00+00:00", "1.0.0", {})
TOLD = json.loads(write_marker(MARKER))

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(site=texts, station=st.none() | texts, files=st.dictionaries(texts, texts))
def test_what_was_written_is_read(site: str, station: str | None, files: dict[str, str]) -> None:
    marker = Marker(site, station, None, "cloud-init", "2025-11-24", "udi-1", "now", None, files)
    assert read_marker(write_marker(marker)) == marker


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"\0" * 512,
        json.dumps(TOLD | {"schema": 2}).encode(),
        json.dumps(TOLD | {"files": ["a"]}).encode(),
        json.dumps(TOLD | {"files": {"a": 1}}).encode(),
        json.dumps(TOLD | {"more": 1}).encode(),
        json.dumps({key: value for key, value in TOLD.items() if key != "site"}).encode(),
    ],
)
def test_a_damaged_marker_is_told(data: bytes) -> None:
    with pytest.raises(MarkerError, match=r"udi/prepared\.json"):
        read_marker(data)


@given(st.binary(max_size=60))
def test_whatever_the_bytes_it_is_a_marker_error(data: bytes) -> None:
    with pytest.raises(MarkerError):
        read_marker(data)


def test_each_file_is_compared() -> None:
    marker = Marker(
        "s", None, None, "firstrun", "d", "i", "p", None, {"a": sha256(b"1"), "b": sha256(b"2"), "c": sha256(b"")}
    )
    on_card = {"a": b"1", "b": b"3"}
    assert [text.split(" has")[0] for text in wrong_files(marker, on_card.get)] == ["b", "c is missing"]
