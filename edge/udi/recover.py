"""Other readings of an element string whose separators were lost. They are offered, never taken.

A lost separator cannot be told from content in general: ``10A213B1211234`` may be the lot ``A213B1211234``, the lot
``A213B1`` with the serial ``1234``, or neither. What speaks for a reading is named with it, and what the product
database says the label carries outweighs everything else.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from edge.udi.ais import Ai, find
from edge.udi.dates import yymmdd, yyyymmdd
from edge.udi.findings import finding
from edge.udi.gs1 import GS, Element, check, from_elements
from edge.udi.model import Finding, Grade, Issuer, NotUdi, Udi
from edge.udi.repair import MEDICAL

_USUAL = frozenset(["01", "10", "11", "17", "21", "240"])
_NAMES = frozenset(["10", "21", "240", "241", "250", "400", "710", "713", "714"])
_BEGIN = f"(?={MEDICAL})"
_IDENTIFIER_AS_SEPARATOR = "]C1"
_MOST = 5
_STEPS = 160
_LONGEST = 200

_LOT_LENGTH = range(5, 17)
_NAME_LENGTH = range(3, 17)
_RUN = "[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+"
_MOST_RUNS = 3
_DAY_IN_LOT = "[A-Za-z]{0,3}([0-9]{6,8})"
_YEAR = timedelta(days=365)
_OLDEST, _OLDEST_LOT, _LONG_OVER, _LONGEST_LIFE = 15 * _YEAR, 8 * _YEAR, 5 * _YEAR, 11 * _YEAR


@dataclass(frozen=True)
class PiFlags:
    """Which production identifiers the label carries according to UDID; None where unknown."""

    lot: bool | None = None
    serial: bool | None = None
    manufactured: bool | None = None
    expires: bool | None = None

    @property
    def none_expected(self) -> bool:
        """UDID says that the label has no production identifier at all."""
        return (self.lot, self.serial, self.manufactured, self.expires) == (False, False, False, False)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One other reading, with what speaks for it."""

    elements: tuple[tuple[str, str], ...]
    """(identifier, value) pairs."""
    evidence: tuple[str, ...]
    """``matches_database`` or ``contradicts_database`` if flags were given, then the names in `EVIDENCE` that hold."""


@dataclass(frozen=True, slots=True, order=True)
class _Ranked:
    """A reading's place among the others: the first ones are the best."""

    against: int
    """How many flags it contradicts."""
    weight: int
    """What speaks for it, negative so that more comes first."""
    pieces: int
    """Elements, negative too: a reader that loses one separator loses all of them."""
    elements: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]


def alternatives(result: Udi | NotUdi, *, today: date, flags: PiFlags | None = None) -> tuple[Alternative, ...]:
    """Ranked other readings of a GS1 element string, best first; none for other codes or where nothing fits.

    Args:
        result: what `edge.udi.parse.parse` gave.
        today: for the century of dates.
        flags: which production identifiers the product database says the label carries.
    """
    return tuple(Alternative(each.elements, each.evidence) for each in _others(result, today, flags)[:_MOST])


def doubt(udi: Udi, *, today: date, flags: PiFlags | None = None) -> Finding | None:
    """What its alternatives say of a valid reading, with the elements that may be meant instead.

    ``separator_missing`` if the product database excludes the reading of a whole label and allows another one for
    which no less speaks; ``separator_doubtful`` if less speaks for what it allows, or if more speaks for a reading
    that the database excludes no more than this one; else None. Most lots with a lost separator behind them are told
    by their length or their form: those that are not, such as ``A1221SER``, stay lots unless the database wants a
    serial.
    """
    others = _others(udi, today, flags)
    if not others or not udi.valid:
        return None
    literal, best = _rank(udi, today, flags), others[0]
    wanted = udi.di is not None and best.against == 0 < literal.against
    meant = "".join(f"({code}){value}" for code, value in best.elements if (code, value) not in udi.elements)
    if wanted and best.weight <= literal.weight:
        return finding("separator_missing", None, meant)
    doubtful = wanted or (best.against <= literal.against and best.weight < literal.weight)
    return finding("separator_doubtful", None, meant) if doubtful else None


def _others(result: Udi | NotUdi, today: date, flags: PiFlags | None) -> list[_Ranked]:
    text = _text(result)
    if text is None:
        return []
    return sorted(_rank(udi, today, flags) for udi in _readings(text, today, result.elements))


def _text(result: Udi | NotUdi) -> str | None:
    """The element string with the separators that are there; None for what is none, or is too long to be cut.

    What stands behind an unknown identifier cannot be cut by any reading: the identifier has a separator or an
    element of known length before it.
    """
    if not isinstance(result, Udi) or result.issuer is not Issuer.GS1 or result.form != "element_string":
        return None
    if len(result.payload) > _LONGEST or any(each.code == "ai_unknown" for each in result.findings):
        return None
    pieces = []
    for code, value in result.elements:
        ai = find(code)
        pieces.append(code + value + ("" if ai is None or ai.predefined else GS))
    return "".join(pieces).replace(_IDENTIFIER_AS_SEPARATOR, GS).rstrip(GS)


def _readings(text: str, today: date, known: tuple[tuple[str, str], ...]) -> Iterator[Udi]:
    """Every reading without an error that `_cuts` finds, but for the known one: most labels have no other."""
    for elements in _cuts(text):
        if tuple((ai.code, value) for ai, value, _ in elements) == known:
            continue
        findings = check(elements, text, today)
        if all(each.grade is not Grade.ERROR for each in findings):
            yield from_elements(text.encode(), None, "element_string", elements, today, tuple(findings))


def _cuts(text: str) -> Iterator[tuple[Element, ...]]:
    """Ways to cut the text, those with the fewest lost separators first, within a bound of steps."""
    begin = [match.start() for match in re.finditer(_BEGIN, text)]
    waiting: deque[tuple[int, tuple[Element, ...]]] = deque([(0, ())])
    for _ in range(_STEPS):
        if not waiting:
            return
        at, done = waiting.popleft()
        if at == len(text):
            yield done
            continue
        ai = find(text, at)
        if ai is None or any(each[0] is ai for each in done):
            continue
        start = at + len(ai.code)
        mark = text.find(GS, start)
        end = len(text) if mark < 0 else mark
        for stop in _stops(ai, start, end, begin):
            value = text[start:stop]
            if ai.numeric and not value.isdigit():
                continue
            lost = stop < end and not ai.predefined
            (waiting.append if lost else waiting.appendleft)((stop + (stop == mark), (*done, (ai, value, at))))


def _stops(ai: Ai, start: int, end: int, begin: list[int]) -> list[int]:
    """Where a value may end: after its known length, at its separator or the end, or where another one may begin."""
    first, last = start + ai.least, start + ai.most
    if ai.predefined:
        return [last] if last <= end else []
    return [stop for stop in begin if first <= stop <= last and stop < end] + ([end] if first <= end <= last else [])


def _rank(udi: Udi, today: date, flags: PiFlags | None) -> _Ranked:
    held = [(name, points) for name, (points, holds) in EVIDENCE.items() if holds(udi, today)]
    against = 0 if flags is None else _against(udi, flags)
    said = () if flags is None else ("contradicts_database" if against else "matches_database",)
    weight = -sum(points for _, points in held)
    return _Ranked(against, weight, -len(udi.elements), udi.elements, (*said, *(name for name, _ in held)))


def _against(udi: Udi, flags: PiFlags) -> int:
    pairs = (
        (flags.lot, udi.lot),
        (flags.serial, udi.serial),
        (flags.manufactured, udi.manufactured),
        (flags.expires, udi.expires),
    )
    return sum(flag is not None and flag != (value is not None) for flag, value in pairs)


def _names(udi: Udi) -> list[tuple[str, str]]:
    return [(code, value) for code, value in udi.elements if code in _NAMES]


def _usual_identifiers(udi: Udi, _today: date) -> bool:
    return all(code in _USUAL for code, _ in udi.elements)


def _made_plausible(udi: Udi, today: date) -> bool:
    return udi.manufactured is not None and today - _OLDEST <= udi.manufactured <= today


def _expiry_plausible(udi: Udi, today: date) -> bool:
    made, until = udi.manufactured, udi.expires
    return until is not None and (made is None or made < until) and -_LONG_OVER < until - today < _LONGEST_LIFE


def _dated_lot(udi: Udi, today: date) -> bool:
    found = re.match(_DAY_IN_LOT, udi.lot or "")
    if found is None:
        return False
    digits = found[1]
    short = yymmdd(digits[:6], today)
    days = (yyyymmdd(digits) if len(digits) == 8 else None, short[0] if short and short[1] else None)  # noqa: PLR2004
    return any(day is not None and today - _OLDEST_LOT < day <= today for day in days)


def _usual_names(udi: Udi, _today: date) -> bool:
    return all(
        len(value) in (_LOT_LENGTH if code == "10" else _NAME_LENGTH) and value[0].isalnum() and value[-1].isalnum()
        for code, value in _names(udi)
    )


def _regular_names(udi: Udi, _today: date) -> bool:
    return all(len(re.findall(_RUN, value)) <= _MOST_RUNS for _, value in _names(udi))


EVIDENCE: Mapping[str, tuple[int, Callable[[Udi, date], bool]]] = {
    "usual_identifiers": (3, _usual_identifiers),
    "made_plausible": (3, _made_plausible),
    "expiry_plausible": (3, _expiry_plausible),
    "dated_lot": (2, _dated_lot),
    "usual_names": (2, _usual_names),
    "regular_names": (1, _regular_names),
}
"""What may speak for a reading, and how much. The points are what a fit to some thousand made-up labels gives, rounded.

- ``usual_identifiers``: no other ones than GTIN, lot, both dates, serial and the maker's own article number.
- ``made_plausible``: a day of manufacture within the last 15 years.
- ``expiry_plausible``: an expiry behind it, at most 5 years past and 11 years ahead.
- ``dated_lot``: the lot begins, behind at most three letters, with a day of the last 8 years.
- ``usual_names``: a lot of 5 to 16 characters, other names of 3 to 16, none with a hyphen or the like at an end.
- ``regular_names``: letters and digits change at most twice within a name.
"""
