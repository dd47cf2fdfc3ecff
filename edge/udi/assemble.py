"""From the symbols of one package to one presentation (architecture section 5). Pure.

A wrong join is worse than none. Where the codes themselves say that two packages are in view (unrelated DIs, lots that
differ, one half in two places) nothing is joined. Where they leave it open, place decides: in a frame only what lies
close together and in line is joined. A complete symbol that gives a lot or a serial is taken as it is.

What cannot be told at all is the DI half of one package beside the PI half of another when both other halves are
hidden: then the free paper between two boxes (`edge.udi.geometry`) is the only guard.

Codes of different agencies never join. Beside each other they are one package only if both are complete and name the
same lot and serial: a package may carry one UDI of each agency (21 CFR 830.40), and a retail symbol beside any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations

from edge.udi import geometry, halves
from edge.udi.findings import finding
from edge.udi.model import Finding, Issuer, Kind, NotUdi, Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

Packaging = Callable[[frozenset[str]], Sequence[str] | None]
"""The device identifiers from the innermost level outwards if all belong to one packaging tree, else None."""


def _unknown(_dis: frozenset[str]) -> None:
    """Without a catalogue nobody knows what contains what."""


class _Seen:
    """One symbol that holds a UDI or a half of one."""

    __slots__ = ("complete", "half", "read", "udi")

    def __init__(self, read: Read, udi: Udi) -> None:
        self.read = read
        self.udi = udi
        self.half = udi.di is None
        self.complete = not self.half and udi.has_pi


class _Table:
    """How the symbols were shown, and what else is known."""

    __slots__ = ("by_time", "packaging", "today")

    def __init__(self, today: date, packaging: Packaging, *, by_time: bool) -> None:
        self.today = today
        self.packaging = packaging
        self.by_time = by_time


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
    whole = _join(seen, _Table(today, packaging, by_time=joined_by_time))
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
    issuers = {each.udi.issuer for each in seen if each.udi.valid and not each.half}
    strays = [each for each in seen if issuers and each.half and not each.udi.valid and each.udi.issuer not in issuers]
    return [each for each in seen if each not in strays], strays


def _join(seen: Sequence[_Seen], table: _Table) -> Presentation:
    """A fault is never hidden, whatever lies beside it; then what is certainly two packages; then each agency's."""
    if not seen:
        return Presentation(Shape.NOTHING)
    faulty = next((each for each in seen if not each.udi.valid), None)
    if faulty is not None:
        return Presentation(Shape.INVALID, udi=faulty.udi, findings=faulty.udi.findings)
    if any(_doubled(*pair) for pair in combinations(seen, 2)):
        return _several(seen)
    groups = [[each for each in seen if each.udi.issuer is issuer] for issuer in Issuer]
    named = [group for group in groups if any(not each.half for each in group)]
    lone = [group for group in groups if group and group not in named]
    whole = _agencies(named, table) if named else _level(lone.pop(0), table)
    return _noted(whole, finding("half_apart")) if lone and whole.udi is not None else whole


def _doubled(one: _Seen, other: _Seen) -> bool:
    """One half twice in a frame, on the same carrier: no label does that, two packages of one product do.

    A complete symbol twice is harmless, and so is a retail symbol beside the GS1 symbol of the same GTIN.
    """
    same = one.read.symbology == other.read.symbology and one.udi.elements == other.udi.elements
    if not same or (one.complete and halves.is_named(one.udi)):
        return False
    if one.read.corners is None or other.read.corners is None:
        return False
    return geometry.at_two_places(one.read.corners, other.read.corners)


def _agencies(groups: Sequence[Sequence[_Seen]], table: _Table) -> Presentation:
    """Codes of one agency, or of several that name one package. The first agency's is taken, in a fixed order."""
    own = [group for group in groups if len(groups) == 1 or not _retail_beside(group, groups)]
    if not own:
        return _several([each for group in groups for each in group])
    wholes = [_tree(group, table) for group in own]
    notes = [finding("other_agency", None, di) for group in groups if group is not own[0] for di in _dis(group)]
    bad = next((whole for whole in wholes if whole.shape in (Shape.SEVERAL, Shape.INVALID)), None)
    if bad is not None or len(own) == 1:
        return _noted(bad or wholes[0], *notes)
    udis = [whole.udi for whole in wholes if whole.udi is not None and whole.shape is Shape.COMPLETE]
    agree = len(udis) == len(own) and all(halves.same_issue(udis[0], udi) for udi in udis[1:])
    if not agree or not all(_beside(own[0], group) for group in own[1:]):
        return _several([each for group in groups for each in group])
    return _noted(wholes[0], *notes)


def _retail_beside(group: Sequence[_Seen], groups: Sequence[Sequence[_Seen]]) -> bool:
    """A trade item's number for the till beside another agency's UDI: it does not claim to be a half of one."""
    return all(map(_retail, group)) and any(_beside(group, other) for other in groups if other is not group)


def _retail(each: _Seen) -> bool:
    return each.udi.form == "gtin"


def _beside(group: Sequence[_Seen], other: Sequence[_Seen]) -> bool:
    return any(_near(one, another) for one in group for another in other)


def _tree(seen: Sequence[_Seen], table: _Table) -> Presentation:
    """Codes of one agency: of one DI, or of levels of one packaging tree, of which the innermost counts."""
    dis = _dis(seen)
    if len(dis) == 1:
        return _level(seen, table)
    levels = table.packaging(frozenset(dis))
    complete = [each.udi for each in seen if each.complete]
    if not levels or any(halves.clash(*pair, halves.IN_COMMON) for pair in combinations(complete, 2)):
        return _several(seen)
    inner = [each for each in seen if each.udi.di == levels[0]]
    outer = [each for each in seen if not each.half and each.udi.di != levels[0]]
    open_halves = [each for each in seen if each.half]
    theirs = table.by_time or any(_continues(one, half) for one in outer for half in open_halves)
    notes = [finding("higher_level", None, di) for di in levels[1:]]
    if open_halves and theirs:
        notes.append(finding("half_apart"))
    return _noted(_level(inner if theirs else [*inner, *open_halves], table), *notes)


def _level(seen: Sequence[_Seen], table: _Table) -> Presentation:
    """Codes of one agency that name one DI at most. Complete symbols are never mixed, and never with halves."""
    contradiction = _contradiction(seen)
    if contradiction is not None:
        return contradiction
    named = sorted((each for each in seen if not each.half), key=lambda each: halves.tells_most(each.udi), reverse=True)
    if not named:
        return _merged(max(seen, key=lambda each: (*halves.tells_most(each.udi), each.read.payload)), [], seen, table)
    fullest = named[0]
    if any(each.complete and halves.adds(each.udi, fullest.udi) for each in named):
        return _several(seen)
    together = [fullest] if halves.is_named(fullest.udi) else _together(named, seen, table)
    if together is None or (fullest.complete and fullest not in together):
        return _several(seen)
    anchor = next(each for each in named if each in together)
    return _merged(anchor, together, seen, table)


def _contradiction(seen: Sequence[_Seen]) -> Presentation | None:
    """Two packages if what contradicts lies apart or names another primary; else a label that contradicts itself."""
    clash: str | None = None
    for one, other in combinations(seen, 2):
        if not halves.linked(one.udi, other.udi):
            return _several(seen)
        found = halves.clash(one.udi, other.udi)
        placed = one.read.corners is not None and other.read.corners is not None
        if found is not None and placed and not _near(one, other):
            return _several(seen)
        clash = clash or found
    return None if clash is None else _disagreeing(seen, clash)


def _together(named: Sequence[_Seen], seen: Sequence[_Seen], table: _Table) -> Sequence[_Seen] | None:
    """A symbol with the DI and the PI halves that lie with it; None if they lie with two, or may be of two packages."""
    pis = [each for each in seen if each.half]
    if pis and len({(each.read.symbology, each.udi.elements) for each in named if not _retail(each)}) > 1:
        return None
    clusters = [_gather(each, [*named, *pis], table) for each in named]
    joined = list({frozenset(each) for each in clusters if any(one.half for one in each)})
    if len(joined) > 1 or (len({each.udi.elements for each in pis}) > 1 and not _one_label(joined, pis, table)):
        return None
    return next(each for each in clusters if not joined or joined[0] == frozenset(each))


def _one_label(joined: Sequence[Iterable[_Seen]], pis: Sequence[_Seen], table: _Table) -> bool:
    """Whether several PI halves can be of one label: one line of like symbols with one DI, none repeating another."""
    if table.by_time or not joined or not set(pis) <= set(joined[0]):
        return False
    if any(halves.overlap(one.udi, other.udi) for one, other in combinations(pis, 2)):
        return False
    own = [each.read.corners for each in joined[0] if each.half or not _retail(each)]
    alike = len({each.read.symbology for each in pis}) == 1
    return alike and geometry.in_one_line([each for each in own if each is not None])


def _merged(anchor: _Seen, together: Sequence[_Seen], seen: Sequence[_Seen], table: _Table) -> Presentation:
    """What lies together as one UDI. What says nothing else may lie anywhere; what does is left out, and named."""
    parts = [each for each in seen if each in together or not halves.adds(each.udi, anchor.udi)]
    udi, fault = halves.merge(anchor.udi, [each.udi for each in parts if each is not anchor], table.today)
    if fault is not None:
        return _disagreeing([anchor, *parts], fault)
    left = any(halves.adds(each.udi, udi) for each in seen if each not in parts)
    notes = (finding("half_apart"),) if left else ()
    shape = Shape.PI_ONLY if udi.di is None else Shape.COMPLETE if udi.has_pi else Shape.DI_ONLY
    return Presentation(shape, udi=udi, findings=(*udi.findings, *notes))


def _gather(start: _Seen, others: Iterable[_Seen], table: _Table) -> list[_Seen]:
    """`start` and what lies with it, from symbol to symbol."""
    found, rest = [start], [each for each in others if each is not start]
    for member in found:
        with_it = [each for each in rest if table.by_time or _continues(member, each)]
        found += with_it
        rest = [each for each in rest if each not in with_it]
    return found


def _continues(one: _Seen, other: _Seen) -> bool:
    """Whether two symbols of a frame can be of one label, where a PI half follows its DI half."""
    if one.half == other.half:
        return _near(one, other)
    first, second = (other, one) if one.half else (one, other)
    if first.read.corners is None or second.read.corners is None:
        return False
    return geometry.follows(first.read.corners, second.read.corners)


def _near(one: _Seen, other: _Seen) -> bool:
    if one.read.corners is None or other.read.corners is None:
        return False
    return geometry.near(one.read.corners, other.read.corners)


def _dis(seen: Iterable[_Seen]) -> list[str]:
    return list(dict.fromkeys(each.udi.di for each in seen if each.udi.di is not None))


def _all(seen: Iterable[_Seen]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(f for each in seen for f in each.udi.findings))


def _several(seen: Iterable[_Seen]) -> Presentation:
    return Presentation(Shape.SEVERAL, findings=_all(seen))


def _disagreeing(seen: Sequence[_Seen], what: str) -> Presentation:
    """Symbols of one label that contradict each other: none of them can be believed."""
    fault = finding("symbols_disagree", value=what)
    udi = seen[0].udi
    return Presentation(Shape.INVALID, udi=replace(udi, findings=(*udi.findings, fault)), findings=(*_all(seen), fault))


def _noted(whole: Presentation, *notes: Finding) -> Presentation:
    return replace(whole, findings=tuple(dict.fromkeys((*whole.findings, *notes))))
