"""Codes that say who, for whom and under which document: recognised before products."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from edge.station.config import PatternsTable, PatternTable
from edge.udi.model import Kind, NotUdi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation
from edge.udi.read import Read

REPEAT_NS = {"camera": 2_000_000_000, "scanner": 1_000_000_000}
"""By reader: the same card within this time is one showing; shown again it may confirm what was asked."""
_ANY_DAY = date(2000, 1, 1)
"""For the century of dates, which numbers of persons do not have."""


class ContextKind(StrEnum):
    """What a context code stands for."""

    BADGE = "badge"
    WRISTBAND = "wristband"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class ContextCode:
    """A recognised context code."""

    kind: ContextKind
    value: str
    """The text after the pattern's prefix. A wristband's value never leaves memory unsealed."""

    def __repr__(self) -> str:
        """Without the value of a wristband: it must not reach a log."""
        shown = "…" if self.kind is ContextKind.WRISTBAND else self.value
        return f"ContextCode({self.kind.value}, {shown})"


class Lately:
    """Codes that were shown a moment ago, or still are."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[Hashable, int] = {}

    def shown(self, code: Hashable, source: Literal["camera", "scanner"], t0_ns: int) -> bool:
        """Whether this code was read a moment ago: one showing, however long."""
        former, apart = self._seen.get(code), REPEAT_NS[source]
        self._seen = {each: t for each, t in self._seen.items() if t0_ns - t < max(REPEAT_NS.values())}
        self._seen[code] = t0_ns
        return former is not None and t0_ns - former < apart


def recognise(read: Read, patterns: PatternsTable) -> ContextCode | None:
    """The context code that this read is, or None. Patterns cannot overlap (`PatternsTable.problems`)."""
    try:
        text = read.payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
    for kind in ContextKind:
        pattern: PatternTable | None = getattr(patterns, kind.value)
        if pattern is not None and matches(text, read.symbology, pattern):
            return ContextCode(kind, text.removeprefix(pattern.prefix))
    return None


def is_person(read: Read, patterns: PatternsTable) -> bool:
    """Whether a code says who somebody is: a badge or wristband of the site, or by its form (GS1, HIBC)."""
    code = recognise(read, patterns)
    if code is not None:
        return code.kind in (ContextKind.BADGE, ContextKind.WRISTBAND)
    found = parse(read.payload, read.symbology, today=_ANY_DAY)
    return isinstance(found, NotUdi) and found.kind in (Kind.PATIENT, Kind.STAFF, Kind.PROVIDER)


def recordable(presentation: Presentation) -> tuple[Read, ...]:
    """The reads that may be stored: without those that are a patient's number by their own form, GS1's (8018).

    No pattern has to name them for that. They open no case either: the person is asked to show the wristband again.
    """
    patients = {each.payload for each in presentation.companions if each.kind is Kind.PATIENT}
    return tuple(read for read in presentation.reads if read.payload not in patients)


def matches(text: str, symbology: str | None, pattern: PatternTable) -> bool:
    """Whether a text is of a pattern's form."""
    least, most = pattern.length
    rest = text.removeprefix(pattern.prefix)
    return (
        text.startswith(pattern.prefix)
        and least <= len(rest) <= most
        and rest.isprintable()
        and (pattern.symbology is None or symbology is None or symbology.startswith(pattern.symbology))
    )
