"""Codes that say who, for whom, where and under which document: recognised before products, by the site's patterns.

What could be two things is neither. Patterns cannot overlap each other or a UDI (`PatternsTable.problems`), so a doubt
arises where a reader names no symbology, where a text of a pattern is bound as a house code, or where a
check character is wrong. It is shown as REDO, and a doubt about a person is recorded without what was read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, Protocol

from edge.cards import Card, CardError, CardFault, looks_like_card
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station.patterns import PatternsTable
from edge.udi.model import Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

log = logging.getLogger(__name__)

CardReason = Literal["card_forged", "card_revoked", "card_unknown"]
REPEAT_NS = {"camera": 2_000_000_000, "scanner": 500_000_000}
"""By reader: the same card within this time is one showing; shown again it may confirm what was asked, or be the next
digit of a number."""
_REFUSED: Mapping[CardFault, CardReason] = {
    CardFault.REVOKED: "card_revoked",
    CardFault.MALFORMED: "card_unknown",
}
_ANY_DAY = date(2000, 1, 1)
"""For the century of dates, which numbers of persons do not have."""
_GSRN_MARK = b"801"
"""In every element string that holds a GSRN: spares the reading of the others."""
_NOTHING_ELSE = (Kind.TEXT, Kind.HOUSE)
"""What a text of a pattern's form is by the rules of the issuing agencies: no code, or a number of the site's own."""


class ContextKind(StrEnum):
    """What a context code stands for."""

    BADGE = "badge"
    WRISTBAND = "wristband"
    BED = "bed"
    DOCUMENT = "document"


_PERSONS = (ContextKind.BADGE, ContextKind.WRISTBAND)
_GSRN = {Kind.STAFF: ContextKind.BADGE, Kind.PATIENT: ContextKind.WRISTBAND}


@dataclass(frozen=True, slots=True)
class ContextCode:
    """A recognised context code."""

    kind: ContextKind
    value: str
    """The text after the pattern's prefix, or the 18 digits of a GSRN. A wristband's never leaves memory unsealed."""

    @property
    def person(self) -> bool:
        """It says who somebody is."""
        return self.kind in _PERSONS

    def __repr__(self) -> str:
        """Without the value of a wristband: it must not reach a log."""
        shown = "…" if self.kind is ContextKind.WRISTBAND else self.value
        return f"ContextCode({self.kind.value}, {shown})"


@dataclass(frozen=True, slots=True)
class CardRefused:
    """A text that claims to be a control card and counts for nothing here."""

    reason: CardReason


class Cards(Protocol):
    """Reads control cards; see `edge.station.card_book.CardBook`."""

    def read(self, text: str) -> Card:
        """What a card says.

        Raises:
            CardError: it does not count here.
        """


def card_of(read: Read, cards: Cards) -> Card | CardRefused | None:
    """What a control card says; None if this read claims to be none."""
    text = read.payload.decode("utf-8", "replace")
    if not looks_like_card(text):
        return None
    try:
        return cards.read(text)
    except CardError as error:
        log.warning("card refused: %s", error)
        return CardRefused(_REFUSED.get(error.reason, "card_forged"))


class Lately:
    """Codes that were shown a moment ago, or still are. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[Hashable, int] = {}
        self._in_view: frozenset[Hashable] = frozenset()
        self._scanned: tuple[Hashable, int] | None = None

    def scanned(self, code: Hashable, t0_ns: int) -> bool:
        """Whether a scanner's code is shown anew: not the same trigger again, with nothing else in between."""
        former, self._scanned = self._scanned, (code, t0_ns)
        return former is None or former[0] != code or t0_ns - former[1] >= REPEAT_NS["scanner"]

    def seen(self, codes: Sequence[Hashable], t0_ns: int) -> list[bool]:
        """Which of all codes in the camera's view are shown anew: what lies there is one showing, however long."""
        anew = [self._anew(code, t0_ns) and code not in self._in_view for code in codes]
        self._seen |= dict.fromkeys(self._in_view.difference(codes), t0_ns)  # these have just left
        self._in_view = frozenset(codes)
        return anew

    def _anew(self, code: Hashable, t0_ns: int) -> bool:
        former, apart = self._seen.get(code), REPEAT_NS["camera"]
        self._seen = {each: t for each, t in self._seen.items() if t0_ns - t < apart} | {code: t0_ns}
        return former is None or t0_ns - former >= apart


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A code of the site's that counts for nothing: it could be two things, or its check character is wrong."""

    reason: Literal["ambiguous_code", "invalid"]
    person: bool
    """It may say who somebody is."""
    payload: bytes = field(repr=False)
    read: Read = field(repr=False, compare=False)

    @property
    def verdict(self) -> Verdict:
        """What is shown."""
        return Verdict(Outcome.REDO, (Reason(self.reason, Audience.PERSON),))

    @property
    def presentation(self) -> Presentation:
        """What is recorded: nothing of what may be a person's."""
        return Presentation(Shape.OTHER, () if self.person else (self.read,))


def recognise(
    read: Read, patterns: PatternsTable, is_house_code: Callable[[str], bool] = lambda _text: False
) -> ContextCode | Doubtful | None:
    """What this read is among the site's own codes; None: a product, a house code, or anything else.

    Args:
        read: one symbol.
        patterns: the site's.
        is_house_code: whether a text is bound to a UDI: such a code needs no pattern.
    """
    try:
        text = read.payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
    fitting = [(name, pattern) for name, pattern in patterns.named() if pattern.form.fits(text, read.symbology)]
    context = [ContextKind(name) for name, _ in fitting if name != "house_code"]
    if not context:
        return _gsrn(read, patterns)
    if len(fitting) > 1 or _is_more(read) or is_house_code(text):
        return _doubtful("ambiguous_code", read, context)
    value = fitting[0][1].value(text)
    return _doubtful("invalid", read, context) if value is None else ContextCode(context[0], value)


def is_person(read: Read, patterns: PatternsTable) -> bool:
    """Whether a code says who somebody is: a badge or wristband of the site, or by its form (GS1, HIBC)."""
    code = recognise(read, patterns)
    if code is not None:
        return code.person
    found = parse(read.payload, read.symbology, today=_ANY_DAY)
    return isinstance(found, NotUdi) and found.kind in (Kind.PATIENT, Kind.STAFF, Kind.PROVIDER)


def recordable(presentation: Presentation) -> tuple[Read, ...]:
    """The reads that may be stored: without those that are a patient's number by their own form, GS1's (8018).

    No pattern has to name them for that. Where `PatternsTable.gsrn` does not either, they open no case: the person is
    asked to show the wristband again.
    """
    patients = {each.payload for each in presentation.companions if each.kind is Kind.PATIENT}
    return tuple(read for read in presentation.reads if read.payload not in patients)


def _gsrn(read: Read, patterns: PatternsTable) -> ContextCode | Doubtful | None:
    if not patterns.gsrn or _GSRN_MARK not in read.payload:
        return None
    found = parse(read.payload, read.symbology, today=_ANY_DAY)
    kind = _GSRN.get(found.kind) if isinstance(found, NotUdi) else None
    if kind not in patterns.gsrn or not isinstance(found, NotUdi) or found.value is None:
        return None
    return ContextCode(kind, found.value) if found.valid else _doubtful("invalid", read, [kind])


def _is_more(read: Read) -> bool:
    """Whether it is a UDI, or another code by the rules of an issuing agency."""
    found = parse(read.payload, read.symbology, today=_ANY_DAY)
    return found.valid if isinstance(found, Udi) else found.kind not in _NOTHING_ELSE


def _doubtful(reason: Literal["ambiguous_code", "invalid"], read: Read, kinds: Sequence[ContextKind]) -> Doubtful:
    return Doubtful(reason, any(kind in _PERSONS for kind in kinds), read.payload, read)
