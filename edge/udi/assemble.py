"""From the symbols of one package to one presentation (architecture section 5). Pure.

A wrong join is worse than none: halves of different issuers never join, in a frame only what lies close together and
in line does, a complete symbol takes nothing from a half that shares no lot or serial with it, and two device
identifiers are two packages unless the catalogue knows them as levels of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from edge.udi.build import build
from edge.udi.checks import mod43
from edge.udi.findings import finding
from edge.udi.hibcc import LINK
from edge.udi.model import Finding, Grade, Issuer, Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Corners, Read

Packaging = Callable[[frozenset[str]], Sequence[str] | None]
"""The device identifiers from the innermost level outwards if all belong to one packaging tree, else None."""

NEAR = 4.0
"""Halves in one frame belong together if their centres are at most this many diagonals of the larger one apart."""
ALIGNED = 12.0
"""Symbols of one label are parallel: their edges differ by at most this many degrees."""
_PARTS = ("lot", "serial", "manufactured", "expires", "quantity", "donation")
_NAMES = ("lot", "serial", "donation")
_HEADER = "=+"


def _unknown(_dis: frozenset[str]) -> None:
    """Without a catalogue nobody knows what contains what."""


@dataclass(frozen=True)
class _Seen:
    read: Read
    udi: Udi


def assemble(
    reads: Sequence[Read], *, today: date, joined_by_time: bool = False, packaging: Packaging = _unknown
) -> Presentation:
    """Join all symbols that were shown together.

    Args:
        reads: every symbol of one still frame, or of one or two triggers of a hand scanner.
        today: for the century of dates.
        joined_by_time: the reads are two triggers within the window; adds the note ``joined_by_time``.
        packaging: what the catalogue knows of packaging levels.
    """
    parsed = [(read, parse(read.payload, read.symbology, today=today)) for read in reads]
    seen = [_Seen(read, result) for read, result in parsed if isinstance(result, Udi) and not _weak(result)]
    seen, doubtful = _without_strays(seen)
    others = [result if isinstance(result, NotUdi) else _aside(result) for _, result in parsed if _is_other(result)]
    companions = (*others, *(_aside(each.udi) for each in doubtful))
    whole = _join(seen, today, packaging, joined_by_time=joined_by_time)
    shape = Shape.OTHER if whole.shape is Shape.NOTHING and companions else whole.shape
    notes = (finding("joined_by_time"),) if joined_by_time else ()
    beside = tuple(f for companion in companions for f in companion.findings)
    return replace(
        whole, shape=shape, reads=tuple(reads), companions=companions, findings=(*whole.findings, *beside, *notes)
    )


def _weak(udi: Udi) -> bool:
    """Digits that could be production data: without a symbology identifier, a key or a date they are any number."""
    return udi.di is None and any(each.code == "gs1_unconfirmed" for each in udi.findings)


def _is_other(result: Udi | NotUdi) -> bool:
    return isinstance(result, NotUdi) or _weak(result)


def _aside(udi: Udi) -> NotUdi:
    text = udi.payload.decode(errors="replace")
    return NotUdi(udi.payload, udi.symbology, Kind.TEXT, text, (), udi.issuer, udi.form, udi.elements)


def _without_strays(seen: Sequence[_Seen]) -> tuple[list[_Seen], list[_Seen]]:
    """A faulty half of an issuer that made none of the valid codes is some other text that looks like a half."""
    issuers = {each.udi.issuer for each in seen if each.udi.valid and each.udi.di is not None}
    strays = [
        each
        for each in seen
        if issuers and not each.udi.valid and each.udi.di is None and each.udi.issuer not in issuers
    ]
    return [each for each in seen if each not in strays], strays


def _join(seen: Sequence[_Seen], today: date, packaging: Packaging, *, joined_by_time: bool) -> Presentation:
    if not seen:
        return Presentation(Shape.NOTHING)
    faulty = next((each for each in seen if not each.udi.valid), None)
    if faulty is not None:
        return Presentation(Shape.INVALID, udi=faulty.udi, findings=faulty.udi.findings)
    dis = frozenset(each.udi.di for each in seen if each.udi.di is not None)
    notes: tuple[Finding, ...] = ()
    if len(dis) > 1:
        levels = packaging(dis)
        if levels is None:
            return Presentation(Shape.SEVERAL, findings=_all(seen))
        seen = [each for each in seen if each.udi.di == levels[0]]
        notes = tuple(finding("higher_level", None, di) for di in levels[1:])
    whole = _package(seen, today, joined_by_time=joined_by_time)
    return replace(whole, findings=(*whole.findings, *notes))


def _package(seen: Sequence[_Seen], today: date, *, joined_by_time: bool) -> Presentation:
    """All symbols name one DI at most."""
    complete = [each for each in seen if each.udi.di is not None and each.udi.has_pi]
    named = [each for each in seen if each.udi.di is not None]
    halves = [each for each in seen if each.udi.di is None]
    anchor = (complete or named or halves)[0]
    if _two_of_a_kind(complete):
        return Presentation(Shape.SEVERAL, findings=_all(seen))
    mine = [each for each in halves if each.udi.issuer is anchor.udi.issuer]
    if any(not _linked(anchor.udi, each.udi) for each in mine):
        return Presentation(Shape.SEVERAL, findings=_all(seen))
    joinable = [each for each in mine if _belongs(anchor, each, joined_by_time=joined_by_time)]
    apart = (finding("half_apart"),) if len(joinable) < len(halves) else ()
    parts = list(dict.fromkeys([anchor, *complete, *named, *joinable]))
    udi, clash = _merge(anchor.udi, [each.udi for each in parts], today)
    if clash is not None:
        fault = finding("symbols_disagree", value=clash)
        udi = replace(anchor.udi, findings=(*anchor.udi.findings, fault))
        return Presentation(Shape.INVALID, udi=udi, findings=(*_all(parts), fault))
    return Presentation(_shape(udi), udi=udi, findings=(*udi.findings, *apart))


def _two_of_a_kind(complete: Sequence[_Seen]) -> bool:
    """Complete symbols of one product that differ and lie apart: two packages, not one that contradicts itself."""
    return any(
        _clash([one.udi, other.udi]) is not None and _apart(one.read, other.read)
        for place, one in enumerate(complete)
        for other in complete[place + 1 :]
    )


def _linked(anchor: Udi, half: Udi) -> bool:
    """An HIBC secondary names its primary's check character; one that does not is of another package."""
    link = dict(half.elements).get(LINK)
    return anchor.issuer is not Issuer.HIBCC or anchor.di is None or link in (None, mod43(f"+{anchor.di}"))


def _belongs(anchor: _Seen, half: _Seen, *, joined_by_time: bool) -> bool:
    if anchor is half:
        return True
    if not (joined_by_time or _near(anchor.read, half.read)):
        return False
    if anchor.udi.lot is None and anchor.udi.serial is None:
        return True
    return any(getattr(half.udi, name) is not None and getattr(anchor.udi, name) is not None for name in _NAMES)


def _shape(udi: Udi) -> Shape:
    if udi.di is None:
        return Shape.PI_ONLY
    return Shape.COMPLETE if udi.has_pi else Shape.DI_ONLY


def _merge(anchor: Udi, parts: Sequence[Udi], today: date) -> tuple[Udi, str | None]:
    """One UDI of all parts, read anew so that the issuer's rules hold for the whole; else what contradicts."""
    elements = tuple(dict.fromkeys(e for part in parts for e in part.elements if e[0] != _HEADER))
    if len({part.elements for part in parts}) == 1:
        return anchor, None
    clash = _clash(parts)
    if clash is not None:
        return anchor, clash
    joined = parse(*build(replace(anchor, elements=elements)), today=today)
    if not isinstance(joined, Udi) or not joined.valid:
        return anchor, ", ".join(each.value or each.code for each in joined.findings if each.grade is Grade.ERROR)
    carried = tuple(dict.fromkeys(f for part in parts for f in part.findings if f.code not in _SETTLED))
    findings = (*carried, *(f for f in joined.findings if f.code not in {each.code for each in carried}))
    whole = replace(joined, payload=anchor.payload, symbology=anchor.symbology, form=anchor.form, findings=findings)
    return whole, None


_SETTLED = frozenset({"ai_required", "gtin_only"})
"""What was said of a half alone."""


def _clash(parts: Sequence[Udi]) -> str | None:
    for name in _PARTS:
        values = {str(value) for part in parts if (value := getattr(part, name)) is not None}
        if len(values) > 1:
            return f"{name} {' / '.join(sorted(values))}"
    return None


def _near(one: Read, other: Read) -> bool:
    if one.corners is None or other.corners is None:
        return False
    reach = NEAR * max(_diagonal(one.corners), _diagonal(other.corners))
    close = math.dist(_centre(one.corners), _centre(other.corners)) <= reach
    return close and _turned(one.corners, other.corners) <= ALIGNED


def _apart(one: Read, other: Read) -> bool:
    """Both were seen in one frame, and not as parts of one label."""
    return one.corners is not None and other.corners is not None and not _near(one, other)


def _turned(one: Corners, other: Corners) -> float:
    """Degrees between two symbols, a quarter turn counting as none: some labels set one code upright."""
    difference = (_angle(one) - _angle(other)) % 90.0
    return min(difference, 90.0 - difference)


def _angle(corners: Corners) -> float:
    (x0, y0), (x1, y1) = max((corners[:2], corners[1:3]), key=lambda edge: math.dist(*edge))
    return math.degrees(math.atan2(y1 - y0, x1 - x0))


def _centre(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _diagonal(corners: Corners) -> float:
    return max(math.dist(corners[0], corners[2]), math.dist(corners[1], corners[3]))


def _all(seen: Sequence[_Seen]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(f for each in seen for f in each.udi.findings))
