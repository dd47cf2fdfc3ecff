import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards import (
    Card,
    CardError,
    CardFault,
    CardKind,
    kind_words,
    looks_like_card,
    read_card,
    sign_card,
    values,
    words,
)
from edge.rules.verdict import TaskName
from edge.sign import Authority, new_key, public_half
from edge.udi.model import NotUdi
from edge.udi.parse import parse

KEY = new_key()
HUB = Authority("HUB", public_half(KEY), frozenset({"cards"}))
CHIEF = Authority("CHIEF", public_half(new_key()), frozenset({"order"}))
KNOWN = (HUB, CHIEF)
CHECK = Card(CardKind.TASK, "CHECK", "T1")
LISTED = [kind for kind in CardKind if values(kind)]
ALPHANUMERIC = set(string.digits + string.ascii_uppercase + " $%*+-./:")
TYPED_ALIKE = ALPHANUMERIC - set(" $%*+")
"""Characters that a scanner in keyboard mode sends as they are, in every case of letters."""
PLAIN = st.text(string.ascii_uppercase + string.digits + ".-", min_size=1, max_size=30)


def numbered(kind: CardKind) -> st.SearchStrategy[str]:
    if kind in LISTED:
        return st.sampled_from(values(kind))
    if kind in {CardKind.QUANTITY, CardKind.LINE}:
        return st.integers(1, 9999).map(str)
    if kind in {CardKind.CASE, CardKind.EMERGENCY}:
        return st.integers(0, 999_999_999).map(lambda number: f"{kind[0]}{number:06}")
    return PLAIN


def of_kind(kind: CardKind) -> st.SearchStrategy[Card]:
    rights = st.sampled_from(("", "Q", "W", "QW")) if kind is CardKind.OPERATOR else st.just("")
    return st.builds(Card, st.just(kind), numbered(kind), PLAIN, rights)


CARDS = st.sampled_from(CardKind).flatmap(of_kind)


def refusal(text: str, authorities: tuple[Authority, ...] = KNOWN) -> CardFault:
    with pytest.raises(CardError) as caught:
        read_card(text, authorities)
    return caught.value.reason


@given(CARDS)
def test_what_is_signed_is_read(card: Card) -> None:
    text = sign_card(card, KEY, "HUB")
    assert looks_like_card(text)
    assert read_card(text, KNOWN) == card
    assert set(text) <= TYPED_ALIKE
    assert text.upper() == text
    assert all(words(card))


@given(CARDS, st.data())
def test_no_changed_character_is_accepted(card: Card, data: st.DataObject) -> None:
    text = sign_card(card, KEY, "HUB")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from(sorted(TYPED_ALIKE - {text[at]})) | st.characters().filter(lambda c: c != text[at])
    )
    refusal(text[:at] + other + text[at + 1 :])
    refusal(text[:at] + text[at + 1 :])
    refusal(text[:at] + other + text[at:])


def test_every_other_last_letter_is_refused() -> None:
    text = sign_card(CHECK, KEY, "HUB")
    for letter in set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") - {text[-1]}:
        refusal(text[:-1] + letter)


@given(st.text() | st.text(alphabet=sorted(ALPHANUMERIC)).map(lambda text: f"UC1:{text}"))
def test_any_text_gives_a_card_or_the_declared_error(text: str) -> None:
    expected = {CardFault.MALFORMED} if looks_like_card(text) else {CardFault.NOT_A_CARD}
    assert refusal(text) in expected


SIGNED = sign_card(CHECK, KEY, "HUB")
REFUSED = {
    "no card": ("(01)06901234567892", CardFault.NOT_A_CARD),
    "nothing": ("", CardFault.NOT_A_CARD),
    "small letters": (SIGNED.lower(), CardFault.MALFORMED),
    "torn": (SIGNED[:-1], CardFault.MALFORMED),
    "a line end": (SIGNED + "\n", CardFault.MALFORMED),
    "a stranger": (sign_card(CHECK, new_key(), "STRANGER"), CardFault.UNKNOWN_AUTHORITY),
    "who signs orders only": (sign_card(CHECK, new_key(), "CHIEF"), CardFault.NOT_ALLOWED),
    "another's key": (sign_card(CHECK, new_key(), "HUB"), CardFault.BAD_SIGNATURE),
    "another value": (SIGNED.replace("CHECK", "USE"), CardFault.BAD_SIGNATURE),
    "another number": (SIGNED.replace("T1", "T2"), CardFault.BAD_SIGNATURE),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_says_why(text: str, reason: CardFault) -> None:
    assert refusal(text) is reason


def test_without_an_authority_no_card_counts() -> None:
    assert refusal(SIGNED, ()) is CardFault.UNKNOWN_AUTHORITY


IMPOSSIBLE = {
    "task": (CardKind.TASK, "FLY", "1", ""),
    "task that is an act": (CardKind.TASK, "WASTE", "1", ""),
    "digit": (CardKind.DIGIT, "10", "1", ""),
    "no quantity": (CardKind.QUANTITY, "0", "1", ""),
    "leading zero": (CardKind.QUANTITY, "07", "1", ""),
    "too many": (CardKind.QUANTITY, "10000", "1", ""),
    "case number": (CardKind.CASE, "E000001", "1", ""),
    "a name": (CardKind.OPERATOR, "王", "1", ""),
    "rights of no operator": (CardKind.TASK, "CHECK", "1", "Q"),
    "rights twice": (CardKind.OPERATOR, "12", "1", "QQ"),
    "colon": (CardKind.PLACE, "OR:3", "1", ""),
    "no number": (CardKind.PLACE, "OR-3", "", ""),
    "long": (CardKind.PLACE, "X" * 31, "1", ""),
}


@pytest.mark.parametrize(("kind", "value", "number", "rights"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_no_card_says_the_impossible(kind: CardKind, value: str, number: str, rights: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Card(kind, value, number, rights)


def test_an_authority_whose_name_cannot_be_printed_signs_nothing() -> None:
    with pytest.raises(ValueError, match="cannot stand on a card"):
        sign_card(CHECK, KEY, "质量部")


@given(CARDS)
def test_a_card_is_no_udi(card: Card) -> None:
    text = sign_card(card, KEY, "HUB")
    for symbology in (None, "]d1", "]Q1", "]C0"):
        assert isinstance(parse(text, symbology, today=date(2026, 6, 1)), NotUdi)
    for claims_gs1 in ("]d2", "]Q3", "]C1"):
        found = parse(text, claims_gs1, today=date(2026, 6, 1))
        assert isinstance(found, NotUdi) or (found.di is None and not found.valid)


@pytest.mark.parametrize(
    "text",
    [
        "0106901234567892",
        "(01)06901234567892(10)A",
        "+A123BJC5D6E71G",
        "=/A9999XYZ100T0944",
        "9N112345608",
        "UC1",
        "UC1-1",
    ],
)
def test_a_udi_is_no_card(text: str) -> None:
    assert not looks_like_card(text)
    assert refusal(text) is CardFault.NOT_A_CARD


def test_every_kind_and_value_has_its_own_words() -> None:
    said = [words(Card(kind, value, "1")) for kind in LISTED for value in values(kind)]
    assert len(set(said)) == len(said)
    assert all(all(kind_words(kind)) for kind in CardKind)
    assert words(Card(CardKind.OPERATOR, "0123", "1")) == ("胸牌 0123", "badge 0123")


def test_every_task_has_a_card() -> None:
    """TRAY_BACK is what the task TRAY counts once a kit was taken in."""
    assert {*values(CardKind.TASK), *values(CardKind.ACT)} >= {*TaskName} - {TaskName.TRAY_BACK}
