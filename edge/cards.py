"""Control cards: short signed texts on cards, badges and panels that say what scans mean (tasks, people, acts).

A card's text is ``UC1:<kind>:<value>:<rights>:<number>:<key>:<signature>``: the signature of one authority of the site
over what stands before it, in base32. It has only characters that a scanner in keyboard mode cannot spoil by its case
or its layout's letters, and that a QR code takes in its alphanumeric mode. `key` is the beginning of the public key's
hash, so that a card says by itself whose it is. `number` is the card's own, by which it can be revoked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from edge.sign import Authority, Signature, SignatureError, What, public_half, sign, signers
from hardware.host.toml import load

PREFIX = "UC1:"
"""What every card begins with, and nothing else that a station reads."""
MAY: What = "card"
"""What an authority has to be allowed to sign."""
_WORD = re.compile(r"[A-Z0-9./-]{1,30}", re.ASCII)
_RIGHTS = re.compile(r"[A-Z]{0,8}", re.ASCII)
_PARTS = 6
_KEY_SIGNS = 8


class CardKind(StrEnum):
    """What a card stands for."""

    TASK = "TASK"
    OPERATOR = "OPERATOR"
    PLACE = "PLACE"
    DOCUMENT = "DOCUMENT"
    CASE = "CASE"
    EMERGENCY = "EMERGENCY"
    REASON = "REASON"
    OVERRIDE = "OVERRIDE"
    DIGIT = "DIGIT"
    QUANTITY = "QUANTITY"
    MADE = "MADE"
    ACT = "ACT"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says."""

    kind: CardKind
    value: str
    """A word of `words`, or a number of the site's own: of staff, place, document, case, quantity."""
    number: str
    """The card's own number."""
    rights: str = ""
    """Letters, of an operator: Q may release what was held."""


class CardError(ValueError):
    """A text that claims to be a card and counts for nothing; the message says why."""


def looks_like_card(text: str) -> bool:
    """Whether a text claims to be a card."""
    return text.startswith(PREFIX)


def sign_card(card: Card, *, key: bytes) -> str:
    """The text of a card.

    Args:
        card: what it says.
        key: the authority's private key, 32 bytes.

    Raises:
        CardError: a part has characters that a card cannot carry.
    """
    said = _said(card)
    made = base64.b64decode(sign(MAY, said.encode(), by="", key=key).sig)
    return f"{said}:{_key_name(public_half(key))}:{base64.b32encode(made).decode().rstrip('=')}"


def read_card(text: str, authorities: Iterable[Authority]) -> Card:
    """What a card says, if somebody of the site has signed it.

    Raises:
        CardError: it is damaged, forged, of a kind that this version does not know, or signed by nobody known here.
    """
    said, key_name, sig = _split(text)
    able = [each for each in authorities if MAY in each.may and _key_name(each.public_key) == key_name]
    if not able:
        raise CardError(f"a card signed with key {key_name}: no [[authority]] with that key may sign cards here")
    try:
        signature = Signature(able[0].name, base64.b64encode(_b32(sig)).decode())
        signers(MAY, said.encode(), [signature], able)
    except (SignatureError, binascii.Error) as error:
        raise CardError(f"a card of {able[0].name}: {error}") from error
    return _card(said)


def _split(text: str) -> tuple[str, str, str]:
    parts = text.removeprefix(PREFIX).split(":")
    if not text.startswith(PREFIX) or len(parts) != _PARTS:
        raise CardError(f"expected {PREFIX} and {_PARTS} parts, found {len(parts)}")
    return PREFIX + ":".join(parts[:4]), parts[4], parts[5]


def _b32(sig: str) -> bytes:
    made = base64.b32decode(sig + "=" * (-len(sig) % 8))
    if base64.b32encode(made).decode().rstrip("=") != sig:
        raise CardError("the signature's last sign is none that base32 writes")
    return made


def _said(card: Card) -> str:
    for name, text, form in (
        ("value", card.value, _WORD),
        ("number", card.number, _WORD),
        ("rights", card.rights, _RIGHTS),
    ):
        if not form.fullmatch(text):
            raise CardError(f"{name} = {text!r}: expected {form.pattern}")
    return f"{PREFIX}{card.kind.value}:{card.value}:{card.rights}:{card.number}"


def _card(said: str) -> Card:
    kind, value, rights, number = said.removeprefix(PREFIX).split(":")
    if kind not in CardKind.__members__:
        raise CardError(f"a card of kind {kind}, which this version does not know")
    card = Card(CardKind[kind], value, number, rights)
    if _said(card) != said:
        raise CardError("a card whose parts have another form")
    return card


def _key_name(public_key: bytes) -> str:
    return base64.b32encode(hashlib.sha256(public_key).digest()).decode()[:_KEY_SIGNS]


@dataclass(frozen=True, slots=True)
class Words:
    """What is printed on a card."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Table:
    task: tuple[Words, ...]
    act: tuple[Words, ...]
    reason: tuple[Words, ...]
    override: tuple[Words, ...]
    made: tuple[Words, ...]
    digit: tuple[Words, ...]


@cache
def vocabulary() -> Mapping[CardKind, Mapping[str, Words]]:
    """Every value that has words, by kind: the one table `cards.toml`."""
    table = load(Path(__file__).with_name("cards.toml"), _Table)
    return {
        kind: {each.value: each for each in getattr(table, kind.value.lower())}
        for kind in (
            CardKind.TASK,
            CardKind.ACT,
            CardKind.REASON,
            CardKind.OVERRIDE,
            CardKind.MADE,
            CardKind.DIGIT,
        )
    }


def words(card: Card) -> tuple[str, str]:
    """What a card says, in Chinese and English; a number of the site's own stands for itself."""
    known = vocabulary().get(card.kind, {}).get(card.value)
    return (card.value, card.value) if known is None else (known.zh, known.en)
