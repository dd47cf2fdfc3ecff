"""Other readings of an element string whose separators were lost. They are offered, never taken.

A lost separator cannot be told from content in general: ``10A213B1211234`` may be the lot ``A213B1211234``. What
speaks for a reading is named with it: check digits, dates in order, names of usual length, and what the product
database says the label carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from edge.udi.ais import Ai, find
from edge.udi.dates import yymmdd
from edge.udi.gs1 import GS, Element, check, from_elements
from edge.udi.model import Grade, Issuer, NotUdi, PiFlags, Udi

_LIKELY = frozenset(
    ["01", "10", "11", "13", "15", "17", "20", "21", "30", "37", "240", "241", "250", "400", "710", "713", "714"]
)
"""Identifiers that stand on medical labels; any other one is not looked for inside a text."""
_MOST = 5
_BUDGET = 400
_LONGEST_TEXT = 200
_USUAL_NAME = range(3, 17)
_SHELF_LIFE = timedelta(days=15 * 366)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One other reading, with what speaks for it."""

    elements: tuple[tuple[str, str], ...]
    """(identifier, value) pairs."""
    evidence: tuple[str, ...]
    """``di_check_digit``, ``dates_in_order``, ``usual_lengths``, ``few_elements``, ``matches_database``."""


def alternatives(result: Udi | NotUdi, *, today: date, flags: PiFlags | None = None) -> tuple[Alternative, ...]:
    """Ranked other readings of a GS1 element string, best first; none for other codes or where nothing fits.

    Args:
        result: what `edge.udi.parse.parse` gave.
        today: for the century of dates.
        flags: which production identifiers the product database says the label carries.
    """
    if not isinstance(result, Udi) or result.issuer is not Issuer.GS1 or result.form != "element_string":
        return ()
    text = "".join(code + value for code, value in result.elements).replace("]C1", GS)
    rest = _unread(result)
    if rest is None or len(text) + len(rest) > _LONGEST_TEXT:
        return ()
    ranked = [
        (_evidence(udi, flags, today), udi)
        for udi in _readings(_marked(result) + rest, today)
        if udi.elements != result.elements
    ]
    ranked.sort(key=lambda each: (-len(each[0]), len(each[1].elements)))
    return tuple(Alternative(udi.elements, evidence) for evidence, udi in ranked[:_MOST])


def _marked(udi: Udi) -> str:
    """The element string with the separators that are there."""
    pieces = []
    for code, value in udi.elements:
        ai = find(code)
        pieces.append(code + value.replace("]C1", GS) + ("" if ai is None or ai.predefined else GS))
    return "".join(pieces).rstrip(GS)


def _unread(udi: Udi) -> str | None:
    """What stands behind the last element that could be cut; None if it cannot be told."""
    stopped = next((each for each in udi.findings if each.code == "ai_unknown"), None)
    if stopped is None:
        return ""
    if stopped.at is None:
        return None
    return udi.payload[stopped.at :].decode(errors="replace")


def _readings(text: str, today: date) -> Iterator[Udi]:
    budget = [_BUDGET]
    for elements in _cuts(text, 0, (), budget):
        findings = check(elements, text, today)
        if all(each.grade is not Grade.ERROR for each in findings):
            yield from_elements(text.encode(), None, "element_string", elements, today, tuple(findings))


def _cuts(text: str, at: int, done: tuple[Element, ...], budget: list[int]) -> Iterator[tuple[Element, ...]]:
    """Every way to cut the rest of the text, within a budget of steps."""
    while text.startswith(GS, at):
        at += 1
    if at == len(text):
        yield done
        return
    ai = find(text, at)
    if ai is None or budget[0] <= 0 or any(each[0].code == ai.code for each in done):
        return
    budget[0] -= 1
    start = at + len(ai.code)
    for stop in _stops(text, start, ai):
        yield from _cuts(text, stop, (*done, (ai, text[start:stop], at)), budget)


def _stops(text: str, start: int, ai: Ai) -> Iterator[int]:
    """Where a value may end: at its separator or the end, or before a likely identifier."""
    mark = text.find(GS, start)
    end = len(text) if mark < 0 else mark
    if ai.predefined:
        if start + ai.most <= end:
            yield start + ai.most
        return
    for stop in range(start + ai.least, min(end, start + ai.most) + 1):
        following = find(text, stop)
        if stop == end or (following is not None and following.code in _LIKELY):
            yield stop


def _evidence(udi: Udi, flags: PiFlags | None, today: date) -> tuple[str, ...]:
    said = []
    names = [value for code, value in udi.elements if code in ("10", "21", "240", "241")]
    if udi.di is not None:
        said.append("di_check_digit")
    if _dates_in_order(udi, today):
        said.append("dates_in_order")
    if all(len(name) in _USUAL_NAME for name in names):
        said.append("usual_lengths")
    if all(code in _LIKELY for code, _ in udi.elements):
        said.append("known_on_devices")
    if flags is not None and _matches(udi, flags):
        said += ["matches_database"] * 2
    return tuple(dict.fromkeys(said)) if flags is None else tuple(said)


def _dates_in_order(udi: Udi, today: date) -> bool:
    if udi.expires is None and udi.manufactured is None:
        return False
    made, until = udi.manufactured or today, udi.expires or today
    return made <= today + timedelta(days=1) and abs(until - today) <= _SHELF_LIFE and made <= until


def _matches(udi: Udi, flags: PiFlags) -> bool:
    pairs: Sequence[tuple[bool | None, object]] = (
        (flags.lot, udi.lot),
        (flags.serial, udi.serial),
        (flags.manufactured, udi.manufactured),
        (flags.expires, udi.expires),
    )
    return all(flag is None or flag == (value is not None) for flag, value in pairs)


def plausible_day(text: str, today: date) -> bool:
    """Whether six digits are a date."""
    return yymmdd(text, today) is not None
