"""A sheet of stickers: which symbols of one picture are of one sticker (architecture section 5). Pure.

`edge.udi.assemble` looks at one package, and two are a fault. On an implant form many packages lie side by side, each
as a peel-off sticker, and place alone tells them apart. So a half joins only where one other half is clearly the
nearest, for both of them, and a PI half only below or right of its DI half. Everything that is in doubt stays apart: a
half that is alone is asked for again, a wrong join would be a device in the wrong body.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from edge.udi import geometry, halves
from edge.udi.assemble import assemble
from edge.udi.model import Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Corners, Read

CLEAR = 1.6
"""Another candidate has to be farther away by this factor."""
LEAST_GAP = 0.15
"""Gaps below this many heights count as this one: corners are not known better."""
_APART = (Shape.SEVERAL, Shape.INVALID)


class _Symbol:
    """One symbol with its place."""

    __slots__ = ("corners", "read", "udi")

    def __init__(self, read: Read, corners: Corners, udi: Udi) -> None:
        self.read = read
        self.corners = corners
        self.udi = udi

    @property
    def half(self) -> bool:
        return self.udi.di is None


def stickers(reads: Sequence[Read], *, today: date) -> tuple[Presentation, ...]:
    """Every sticker of one picture, from the top of the picture down.

    Args:
        reads: every symbol of one still frame, with corners.
        today: for the century of dates.

    Returns:
        One presentation for each sticker: COMPLETE, a half that stayed alone, INVALID, or OTHER for a code that is no
        UDI. The same content at two places is two stickers.

    Raises:
        ValueError: a read without corners: place is all that tells stickers apart.
    """
    without = next((read for read in reads if read.corners is None), None)
    if without is not None:
        raise ValueError(f"a read of {len(without.payload)} bytes has no corners: expected reads of one camera frame")
    symbols, others = _sorted_out(reads, today)
    groups = [group for whole in _grouped(symbols) for group in _held_together(whole, today)]
    groups += [[read] for read in others]
    return tuple(assemble(group, today=today) for group in sorted(groups, key=_top))


def _sorted_out(reads: Sequence[Read], today: date) -> tuple[list[_Symbol], list[Read]]:
    """Symbols that hold a UDI or a half of one, and the rest."""
    symbols, others = [], []
    for read in reads:
        parsed = parse(read.payload, read.symbology, today=today)
        if isinstance(parsed, Udi) and read.corners is not None:
            symbols.append(_Symbol(read, read.corners, parsed))
        else:
            others.append(read)
    return symbols, others


def _grouped(symbols: Sequence[_Symbol]) -> list[list[_Symbol]]:
    """Each symbol with a DI and what is clearly of the same sticker; a half that is not clearly of one stays alone.

    A retail symbol of a DI that the picture names anyway says nothing, and may lie anywhere.
    """
    named = [each for each in symbols if not each.half]
    known = {each.udi.di for each in named if not _retail(each)}
    silent = [each for each in named if _retail(each) and each.udi.di in known]
    groups = _carriers([each for each in named if each not in silent])
    pis = [each for each in symbols if each.half]
    owners = [(pi, _owner(pi, groups, pis)) for pi in pis]
    for pi, owner in owners:
        groups.append([pi]) if owner is None else owner.append(pi)
    for each in silent:
        _nearest(each, [group for group in groups if group[0].udi.di == each.udi.di]).append(each)
    return groups


def _nearest(symbol: _Symbol, groups: Sequence[list[_Symbol]]) -> list[_Symbol]:
    return min(groups, key=lambda group: _between(group[0], symbol))


def _carriers(named: Sequence[_Symbol]) -> list[list[_Symbol]]:
    """Symbols with a DI; two of them together where one sticker says the same in two symbologies."""
    groups: list[list[_Symbol]] = []
    for each in named:
        home = next((group for group in groups if len(group) == 1 and _two_carriers(group[0], each, named)), None)
        groups.append([each]) if home is None else home.append(each)
    return groups


def _two_carriers(one: _Symbol, other: _Symbol, named: Sequence[_Symbol]) -> bool:
    """Two stickers with the same content look alike, but nothing of one is nearer to the other than its own."""
    if one.udi.di != other.udi.di or one.read.symbology == other.read.symbology or halves.clash(one.udi, other.udi):
        return False
    if not geometry.near(one.corners, other.corners):
        return False
    rivals = [_between(mine, each) for mine in (one, other) for each in named if each not in (one, other)]
    return all(rival >= CLEAR * _between(one, other) for rival in rivals)


def _owner(pi: _Symbol, groups: Sequence[list[_Symbol]], pis: Sequence[_Symbol]) -> list[_Symbol] | None:
    """The sticker that this half is clearly of: nearest to it, and no half that says the same nearer to that one."""
    ranked = sorted(((min(_gap(each, pi) for each in group), group) for group in groups), key=lambda pair: pair[0])
    if not ranked or ranked[0][0] > geometry.REACH:
        return None
    best, owner = ranked[0]
    first = owner[0].udi
    if first.issuer is not pi.udi.issuer or not halves.linked(first, pi.udi) or halves.clash(first, pi.udi):
        return None
    rivals = [gap for gap, _ in ranked[1:]]
    rivals += [_gap(each, other) for each in owner for other in pis if other is not pi and _exclude(other.udi, pi.udi)]
    return owner if all(rival >= CLEAR * best for rival in rivals) else None


def _exclude(one: Udi, other: Udi) -> bool:
    """Whether no sticker has both halves: they repeat or contradict each other."""
    return halves.overlap(one, other) or halves.clash(one, other) is not None


def _retail(each: _Symbol) -> bool:
    return each.udi.form == "gtin"


def _gap(one: _Symbol, other: _Symbol) -> float:
    return max(LEAST_GAP, geometry.gap_after(one.corners, other.corners))


def _between(one: _Symbol, other: _Symbol) -> float:
    return min(_gap(one, other), _gap(other, one))


def _held_together(group: Sequence[_Symbol], today: date) -> list[list[Read]]:
    """The group as it is, or each symbol alone where joining them says that they are of two packages."""
    reads = [each.read for each in group]
    faulty = any(not each.udi.valid for each in group)
    if len(group) > 1 and (faulty or assemble(reads, today=today).shape in _APART):
        return [[read] for read in reads]
    return [reads]


def _top(reads: Sequence[Read]) -> tuple[float, float]:
    corners = [corner for read in reads for corner in read.corners or ()]
    return sum(y for _, y in corners) / len(corners), sum(x for x, _ in corners) / len(corners)
