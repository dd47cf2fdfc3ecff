from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card.room_label import MOST, RoomLabel, RoomLabelError, new_key, read_label, sign_label

KEY, PUBLIC = new_key()
LABEL = RoomLabel("第一医院", "OR-03", "手术室 3", "10.20.3.17/24")
TEXT = sign_label(LABEL, KEY)

places = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)


@given(place=places, station=st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,30}", fullmatch=True))
def test_what_was_signed_is_read_again(place: str, station: str) -> None:
    label = RoomLabel("site", station, place)
    text = sign_label(label, KEY)
    assert read_label(text, PUBLIC) == label
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", text)


@given(st.text(max_size=100))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(RoomLabelError):
        read_label(text, PUBLIC)


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567."))
def test_one_changed_character_is_noticed(at: int, other: str) -> None:
    changed = TEXT[:at] + other + TEXT[at + 1 :]
    if changed != TEXT:
        with pytest.raises(RoomLabelError):
            read_label(changed, PUBLIC)


def test_another_sites_label_is_refused() -> None:
    with pytest.raises(RoomLabelError, match="not signed for this site"):
        read_label(sign_label(LABEL, new_key()[0]), PUBLIC)


def test_what_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(RoomLabelError, match="station"):
        read_label(sign_label(RoomLabel("site", "or 3", "x"), KEY), PUBLIC)


def test_a_label_that_no_camera_would_read_is_not_made() -> None:
    with pytest.raises(RoomLabelError, match=f"at most {MOST}: shorten its place"):
        sign_label(RoomLabel("site", "OR-03", "长" * 200), KEY)
