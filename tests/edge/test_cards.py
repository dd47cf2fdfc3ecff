"""Control cards: what is signed is read, and nothing else."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards import Card, CardError, CardKind, looks_like_card, read_card, sign_card, vocabulary, words
from edge.rules.verdict import TaskName
from edge.sign import Authority, new_key, public_half
from edge.station.tasks.acts import ACTS
from edge.udi.model import Udi
from edge.udi.parse import parse

KEY, OTHER = new_key(), new_key()
OFFICE = Authority("office", public_half(KEY), frozenset({"card"}))
QUALITY = Authority("quality", public_half(OTHER), frozenset({"order"}))
WASTE = Card(CardKind.ACT, "WASTE", "K1")
SIGNS = set(string.ascii_uppercase + string.digits + ":.-/")

word = st.text(string.ascii_uppercase + string.digits + ".-", min_size=1, max_size=30)
cards = st.builds(Card, st.sampled_from(CardKind), word, word, st.text(string.ascii_uppercase, max_size=8))


@given(cards)
def test_what_is_signed_is_read(card: Card) -> None:
    text = sign_card(card, key=KEY)
    assert read_card(text, [QUALITY, OFFICE]) == card
    assert looks_like_card(text)
    assert set(text) <= SIGNS
    assert len(text) < 260


@given(cards, st.data())
def test_no_changed_card_is_read(card: Card, data: st.DataObject) -> None:
    text = sign_card(card, key=KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from(sorted(SIGNS - {text[place]})))
    with pytest.raises(CardError):
        read_card(text[:place] + sign + text[place + 1 :], [OFFICE])


@given(st.text(max_size=200))
def test_any_text_is_a_card_or_an_error(text: str) -> None:
    for each in (text, f"UC1:{text}", f"UC1:ACT:WASTE::K1:AAAAAAAA:{text}"):
        with pytest.raises(CardError):
            read_card(each, [OFFICE])


def test_only_an_authority_for_cards_makes_cards() -> None:
    for authorities in ([], [QUALITY], [Authority("office", public_half(KEY), frozenset({"order"}))]):
        with pytest.raises(CardError, match="no \\[\\[authority\\]\\] with that key may sign cards here"):
            read_card(sign_card(WASTE, key=KEY), authorities)


@pytest.mark.parametrize("value", ["", "a", "SEND_BACK", "A B", "A:B", "X" * 31, "批"])
def test_a_value_that_a_card_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(CardError, match="value = "):
        sign_card(Card(CardKind.ACT, value, "K1"), key=KEY)


@given(cards)
def test_a_card_is_no_udi(card: Card) -> None:
    text = sign_card(card, key=KEY)
    for symbology in ("]Q1", "]d1", "]C0", None):
        assert not isinstance(parse(text.encode(), symbology, today=date(2026, 11, 24)), Udi)


def test_every_task_and_act_has_its_words() -> None:
    known = vocabulary()
    assert set(known[CardKind.TASK]) <= set(TaskName)
    assert set(ACTS) <= set(known[CardKind.ACT])
    assert words(WASTE) == ("开封未用", "Opened, not used")
    assert words(Card(CardKind.OPERATOR, "N1207", "K2")) == ("N1207", "N1207")
    for kind, table in known.items():
        for value in table:
            assert read_card(sign_card(Card(kind, value, "K1"), key=KEY), [OFFICE]).value == value
