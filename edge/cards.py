"""Control cards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CardKind(StrEnum):
    """Kinds."""

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
    """A card."""

    kind: CardKind
    value: str
    number: str
    rights: str = ""
