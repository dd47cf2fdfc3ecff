"""Control codes: short signed texts, printed as QR Code or Data Matrix, by which people tell a station what they do.

A card reads ``UC1:<kind>:<value>:<rights>:<number>:<authority>:<signature>``. It holds only characters of the
alphanumeric mode of QR Code (ISO/IEC 18004) that come unchanged from a scanner in keyboard mode. The Ed25519 signature
covers all that stands before it, in base32 (RFC 4648) without padding. Which values there are, and their words, is the
table `cards.toml`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from edge.sign import CARD_NAME, Authority, Signature, SignatureError, sign, signers
from hardware.host.toml import load

PREFIX = "UC1"
FILE = Path(__file__).with_name("cards.toml")
NUMBER = re.compile(r"[A-Z0-9.-]{1,30}")
"""A card's own number; staff, place and document numbers have the same form."""
_SIGNED = re.compile(r"UC1:([A-Z]+):([A-Z0-9.-]{1,30}):([A-Z]*):([A-Z0-9.-]{1,30}):([A-Z0-9.-]{1,30}):([A-Z2-7]{103})")


class CardKind(StrEnum):
    """What kind of thing a card says; the value stands on the card."""

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
    LINE = "LINE"
    MADE = "MADE"
    ACT = "ACT"


class CardFault(StrEnum):
    """Why a text is no card that counts."""

    NOT_A_CARD = "not_a_card"
    """It does not claim to be one."""
    MALFORMED = "malformed"
    UNKNOWN_AUTHORITY = "unknown_authority"
    NOT_ALLOWED = "not_allowed"
    """Its authority may sign other things here, and no cards."""
    BAD_SIGNATURE = "bad_signature"
    REVOKED = "revoked"
    """It was good once; said by who knows what is revoked, not by `read_card`."""


class CardError(ValueError):
    """A text that is no card, or a card that does not count here."""

    def __init__(self, reason: CardFault, message: str) -> None:
        """Keep why, with a text for people."""
        super().__init__(message)
        self.reason = reason


_FREE: Mapping[CardKind, re.Pattern[str]] = {
    CardKind.OPERATOR: NUMBER,
    CardKind.PLACE: NUMBER,
    CardKind.DOCUMENT: NUMBER,
    CardKind.CASE: re.compile(r"C[0-9]{6,9}"),
    CardKind.EMERGENCY: re.compile(r"E[0-9]{6,9}"),
    CardKind.QUANTITY: re.compile(r"[1-9][0-9]{0,3}"),
    CardKind.LINE: re.compile(r"0|[1-9][0-9]{0,3}"),
}
"""The values of those kinds that have no rows in the table."""


@dataclass(frozen=True, slots=True)
class Card:
    """What one card says.

    Raises:
        ValueError: no card can say this.
    """

    kind: CardKind
    value: str
    """Of a task, act, reason, digit …: its code in `cards.toml`; else a number as `_FREE` has it."""
    number: str
    """The card's own, by which it can be revoked."""
    rights: str = ""
    """Of an operator, in this order: ``Q`` may release (quality), ``W`` may be the witness of an override."""

    def __post_init__(self) -> None:
        """Refuse what could not be read again."""
        for name, value, expected in (
            ("value", self.value, _expected(self.kind)),
            ("number", self.number, NUMBER),
            ("rights", self.rights, _RIGHTS if self.kind is CardKind.OPERATOR else _NONE),
        ):
            if not expected.fullmatch(value):
                raise ValueError(
                    f"{name} {value!r} of a card of kind {self.kind}: expected {expected.pattern or 'none'}"
                )


_RIGHTS = re.compile("Q?W?")
_NONE = re.compile("")


def sign_card(card: Card, key: bytes, authority: str) -> str:
    """The text of a card.

    Args:
        card: what it says.
        key: the private key, 32 bytes.
        authority: whose key that is; the name stands on the card.

    Raises:
        ValueError: the name cannot stand on a card.
    """
    if not CARD_NAME.fullmatch(authority):
        raise ValueError(f"the authority {authority!r} cannot stand on a card: expected {CARD_NAME.pattern}")
    said = ":".join((PREFIX, card.kind, card.value.replace("_", "."), card.rights, card.number, authority))
    made = sign("cards", said.encode("ascii"), by=authority, key=key)
    return f"{said}:{_base32(base64.b64decode(made.sig))}"


def looks_like_card(text: str) -> bool:
    """Whether a text claims to be a card: then it is one or nothing, and never a product."""
    return text[: len(PREFIX) + 1].upper() == f"{PREFIX}:"


def read_card(text: str, authorities: Iterable[Authority]) -> Card:
    """What a card says.

    Args:
        text: as it was read, without a terminator.
        authorities: whose word counts here.

    Raises:
        CardError: it is none, or does not count here.
    """
    if not looks_like_card(text):
        raise CardError(CardFault.NOT_A_CARD, f"a card begins with {PREFIX}:, and this does not")
    parts = _SIGNED.fullmatch(text)
    if parts is None:
        raise _malformed(f"{len(text)} characters are not of the form of a card; print it anew")
    kind, value, rights, number, authority, signature = parts.groups()
    _demand_signed(text.rpartition(":")[0], authority, signature, authorities)
    try:
        known = CardKind(kind)
        return Card(known, _codes(known).get(value, value), number, rights)
    except ValueError as error:
        raise _malformed(f"signed by {authority}, but not known here: {error}") from error


def words(card: Card) -> tuple[str, str]:
    """What a card says for people, in zh-CN and English; of a badge, a place … the kind with its value."""
    table = _table()
    known = table.said.get((card.kind, card.value))
    if known is not None:
        return known
    zh, en = table.kinds[card.kind]
    return f"{zh} {card.value}", f"{en} {card.value}"


def kind_words(kind: CardKind) -> tuple[str, str]:
    """A kind of cards for people, in zh-CN and English."""
    return _table().kinds[kind]


def values(kind: CardKind) -> tuple[str, ...]:
    """Every value of a kind, in the order of the table; none for a kind that takes numbers."""
    return tuple(code for each, code in _table().said if each is kind)


@dataclass(frozen=True, slots=True)
class _KindRow:
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _ValueRow:
    kind: str
    code: str = field(metadata={"check": re.compile("[A-Z0-9_-]{1,30}").fullmatch, "expected": "A-Z 0-9 _ -"})
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _File:
    kind: tuple[_KindRow, ...]
    value: tuple[_ValueRow, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    kinds: Mapping[CardKind, tuple[str, str]]
    said: Mapping[tuple[CardKind, str], tuple[str, str]]


@cache
def _table() -> _Table:
    rows = load(FILE, _File)
    return _Table(
        {CardKind(row.code): (row.zh, row.en) for row in rows.kind},
        {(CardKind(row.kind), row.code): (row.zh, row.en) for row in rows.value},
    )


@cache
def _codes(kind: CardKind) -> Mapping[str, str]:
    """As printed -> the code: an underscore is outside of QR's alphanumeric mode, and no code has a dot."""
    return {code.replace("_", "."): code for code in values(kind)}


@cache
def _expected(kind: CardKind) -> re.Pattern[str]:
    return _FREE.get(kind) or re.compile("|".join(map(re.escape, values(kind))))


def _demand_signed(said: str, name: str, signature: str, authorities: Iterable[Authority]) -> None:
    known = {each.name: each for each in authorities}
    able = sorted(each.name for each in known.values() if "cards" in each.may)
    if name not in known:
        raise CardError(CardFault.UNKNOWN_AUTHORITY, f"a card of {name}, which is unknown here; expected one of {able}")
    if name not in able:
        raise CardError(CardFault.NOT_ALLOWED, f"{name} may not sign cards here; expected one of {able}")
    try:
        given = base64.b32decode(signature + "=")
        if _base32(given) != signature:  # unused bits of the last letter: another text of the same card
            raise _malformed("its signature is not written as it should be; print it anew")
        signed = Signature(name, base64.b64encode(given).decode("ascii"))
        signers("cards", said.encode("ascii"), [signed], known.values())
    except (binascii.Error, SignatureError) as error:
        raise CardError(CardFault.BAD_SIGNATURE, f"a card that {name} did not sign: forged or damaged") from error


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _malformed(message: str) -> CardError:
    return CardError(CardFault.MALFORMED, message)
