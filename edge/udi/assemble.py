"""From the symbols of one package to one presentation (architecture section 5). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from edge.udi.findings import finding
from edge.udi.model import Finding, NotUdi, Presentation, Shape, Udi
from edge.udi.parse import parse
from edge.udi.read import Corners, Read

NEAR = 4.0
"""Halves in one frame belong together if their centres are at most this many diagonals of the larger one apart."""
_PARTS = ("lot", "serial", "manufactured", "expires")


@dataclass(frozen=True, slots=True)
class _Seen:
    read: Read
    udi: Udi


def assemble(reads: Sequence[Read], *, today: date, joined_by_time: bool = False) -> Presentation:
    """Join all symbols that were shown together.

    Args:
        reads: every symbol of one still frame, or of one or two triggers of a hand scanner.
        today: for the century of dates.
        joined_by_time: the reads are two triggers within the window; adds the note ``joined_by_time``.
    """
    parsed = [(read, parse(read.payload, read.symbology, today=today)) for read in reads]
    companions = tuple(result for _, result in parsed if isinstance(result, NotUdi))
    seen = [_Seen(read, result) for read, result in parsed if isinstance(result, Udi)]
    notes = (finding("joined_by_time"),) if joined_by_time else ()
    whole = replace(_join(seen, joined_by_time=joined_by_time), reads=tuple(reads), companions=companions)
    others = [f for companion in companions for f in companion.findings]
    if whole.shape is Shape.NOTHING and companions:
        whole = replace(whole, shape=Shape.OTHER)
    return replace(whole, findings=(*whole.findings, *others, *notes))


def _join(seen: Sequence[_Seen], *, joined_by_time: bool) -> Presentation:
    if not seen:
        return Presentation(Shape.NOTHING)
    faulty = [each for each in seen if not each.udi.valid]
    if faulty:
        return Presentation(Shape.INVALID, udi=faulty[0].udi, findings=faulty[0].udi.findings)
    wholes = {each.udi.di for each in seen if each.udi.di is not None}
    if len(wholes) > 1:
        return Presentation(Shape.SEVERAL, findings=_all(seen))
    return _package(seen, joined_by_time=joined_by_time)


def _package(seen: Sequence[_Seen], *, joined_by_time: bool) -> Presentation:
    """All symbols name one DI at most."""
    complete = [each for each in seen if each.udi.di is not None and each.udi.has_pi]
    di_halves = [each for each in seen if each.udi.di is not None and not each.udi.has_pi]
    pi_halves = [each for each in seen if each.udi.di is None]
    anchor = (complete or di_halves or pi_halves)[0]
    joinable = [each for each in pi_halves if joined_by_time or _near(anchor.read, each.read)]
    parts = [*complete, *di_halves, *joinable] if anchor.udi.di is not None else list(pi_halves)
    clash = _clash(parts)
    if clash is not None:
        fault = finding("symbols_disagree", value=clash)
        udi = replace(anchor.udi, findings=(*anchor.udi.findings, fault))
        return Presentation(Shape.INVALID, udi=udi, findings=(*_all(parts), fault))
    udi = _merge(anchor.udi, [each.udi for each in parts])
    return Presentation(_shape(udi), udi=udi, findings=udi.findings)


def _shape(udi: Udi) -> Shape:
    if udi.di is None:
        return Shape.PI_ONLY
    return Shape.COMPLETE if udi.has_pi else Shape.DI_ONLY


def _merge(anchor: Udi, parts: Sequence[Udi]) -> Udi:
    dated = next((part for part in parts if part.expires is not None), anchor)
    elements = tuple(dict.fromkeys(element for part in parts for element in part.elements))
    findings = tuple(dict.fromkeys(f for part in parts for f in part.findings))
    if anchor.di is not None:
        findings = tuple(f for f in findings if f.code != "ai_required" or len(parts) == 1)
    return replace(
        anchor,
        lot=next((p.lot for p in parts if p.lot is not None), None),
        serial=next((p.serial for p in parts if p.serial is not None), None),
        manufactured=next((p.manufactured for p in parts if p.manufactured is not None), None),
        expires=dated.expires,
        expires_day_given=dated.expires_day_given,
        quantity=next((p.quantity for p in parts if p.quantity is not None), None),
        elements=elements,
        findings=findings,
    )


def _clash(parts: Sequence[_Seen]) -> str | None:
    for name in _PARTS:
        values = {str(value) for each in parts if (value := getattr(each.udi, name)) is not None}
        if len(values) > 1:
            return f"{name} {' / '.join(sorted(values))}"
    return None


def _near(one: Read, other: Read) -> bool:
    if one is other:
        return True
    if one.corners is None or other.corners is None:
        return False
    reach = NEAR * max(_diagonal(one.corners), _diagonal(other.corners))
    return math.dist(_centre(one.corners), _centre(other.corners)) <= reach


def _centre(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _diagonal(corners: Corners) -> float:
    return max(math.dist(corners[0], corners[2]), math.dist(corners[1], corners[3]))


def _all(seen: Sequence[_Seen]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(f for each in seen for f in each.udi.findings))
