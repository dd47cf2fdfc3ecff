"""Which linear reads count: a wrong read is worse than none, and check digits let some wrong ones pass.

What passes is systematic: blur that makes a 7 of a 1, a stain, a code that is cut off. The same pixels read again say
the same wrong thing, and often so does the next frame. So the first question is how clearly the symbol was read
(`edge.vision.decodability`); where that does not suffice, another frame must agree, or in a single image another rung,
which sees other edges; and two contents at one place contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edge.udi.read import Read

ALONE: Mapping[str, float] = {
    "Code128": 0.2,  # wrong: 2 of 1,225 reads below 0.1, none of 11,011 above
    "EAN13": 0.3,  # 1 of 646 below 0.1, none of 4,346 above; UPC-A is reported as EAN-13
    "UPCA": 0.3,
    "EAN8": 0.3,  # none of 2,627
    "Code39": 0.5,  # 1 of 650 below 0.5, 1 of 3,136 above: a stain over a bar, which no check digit notices
    "ITF": 0.5,  # see CARTON: 20 of 6,026 were a part of a longer one, all above 0.5
}
"""The decodability from which on one look is enough, by the reader's name of the kind.

Counted over the rungs for linear codes on small damaged pictures (1 to 2.6 pixels per module, blur, noise, stains, cut
off, low contrast). zxing-cpp alone on the same pictures: wrong 4 of 792 for Code 128, 8 of 466 for EAN-13 and UPC-A.
"""
NEVER_ALONE = ("DataBar", "UPCE")
"""Beginnings of the names of kinds whose decodability is not known or says nothing."""
FORGET_NS = 1_500_000_000
"""A look is forgotten when it was not repeated for so long."""
LOOKS = 2
"""Frames that must agree; rungs too where the decodability is not known, as a sharpened stain reads the same again."""
CARTON = ("]I1", 14)
"""Symbology (its check digit holds) and digits of the only interleaved code that counts."""
SAME_PIXELS = frozenset({"full", "native", "any"})
"""Rungs that show the decoder the pixels as they are: one look, however often."""
LEAST_REACH = 8.0
"""Pixels off its middle line within which a symbol lies at least; of some reads only a few rows are known."""
_Key = tuple[str | None, bytes]


def sure(read: Read) -> bool:
    """Whether one look is enough: a matrix symbol corrects its errors, a linear one must have been read clearly."""
    if not is_linear(read):
        return True
    return read.margin is not None and read.margin >= ALONE.get(read.format or "", math.inf)


def is_linear(read: Read) -> bool:
    """Whether this is a kind of low redundancy."""
    return read.format is not None and (read.format in ALONE or read.format.startswith(NEVER_ALONE))


def possible(read: Read) -> bool:
    """Whether it can count at all: some kinds are read, clearly and in every frame, from a part of another symbol.

    The left half of an EAN-13 is a UPC-E. An interleaved code of any length is a shorter one where it is cut off.
    """
    return read.format != "UPCE" and (read.format != "ITF" or (read.symbology, len(read.payload)) == CARTON)


def contradicts(one: Read, other: Read) -> bool:
    """Whether linear reads say different things of one place, and `other` is as good as `one` or better."""
    if one.payload == other.payload or not is_linear(one):
        return False
    return is_linear(other) and _at_one_place(one, other) and sure(other) >= sure(one)


def _at_one_place(one: Read, other: Read) -> bool:
    """Whether the middle of one lies within the other."""
    return _holds(one, other) or _holds(other, one)


def _holds(outer: Read, inner: Read) -> bool:
    if outer.corners is None or inner.corners is None:
        return False
    a, b, c, d = (complex(*corner) for corner in outer.corners)
    along, height = (b - a + c - d) / 2, abs(d - a + c - b) / 2
    offset = sum(complex(*corner) for corner in inner.corners) / 4 - (a + b + c + d) / 4
    if not along:
        return False
    turned = offset * along.conjugate() / abs(along)
    return abs(turned.real) <= abs(along) / 2 and abs(turned.imag) <= max(height / 2, LEAST_REACH)


def clear(reads: Iterable[Read]) -> tuple[Read, ...]:
    """The reads of one frame that can count and that no other read of it contradicts."""
    likely = [read for read in reads if possible(read)]
    linear = [read for read in likely if is_linear(read)]
    return tuple(read for read in likely if not any(contradicts(read, other) for other in linear))


def single(reads: Sequence[Read]) -> tuple[Read, ...]:
    """What counts of a single image: what is sure, and what two rungs say; each symbol once, the clearest look of it.

    Args:
        reads: of all rungs that were tried; the same symbol may be there from several.
    """
    return unique(read for read in clear(reads) if sure(read) or any(_agrees(read, other) for other in reads))


def unique(reads: Iterable[Read]) -> tuple[Read, ...]:
    """Each symbol once, the clearest look of it; the same content at another place is another symbol."""
    kept: list[Read] = []
    for read in sorted(reads, key=_clearness, reverse=True):
        if not any(same(read, other) for other in kept):
            kept.append(read)
    return tuple(kept)


def _agrees(one: Read, other: Read) -> bool:
    """Whether another rung read the same symbol of the same pixels."""
    return same(one, other) and _look(one.rung) != _look(other.rung)


def _look(rung: str | None) -> str | None:
    return "native" if rung in SAME_PIXELS else rung


def _clearness(read: Read) -> float:
    return -1.0 if read.margin is None else read.margin


def same(one: Read, other: Read) -> bool:
    """Whether these are two looks at one symbol."""
    return _key(one) == _key(other) and (one.corners == other.corners or _at_one_place(one, other))


def _key(read: Read) -> _Key:
    return read.format, read.payload


@dataclass(slots=True)
class _Looks:
    """What was seen of one content."""

    read: Read
    """The clearest look."""
    frames: set[int] = field(default_factory=set)
    """Completion times of the frames whose pixels said it."""
    rungs: set[str | None] = field(default_factory=set)
    settled: bool = False
    """One frame was enough, and nothing else was read at its place shortly before."""

    @property
    def count(self) -> bool:
        measured = self.read.margin is not None
        return self.settled or (len(self.frames) >= LOOKS and (measured or len(self.rungs) >= LOOKS))


class Confirm:
    """Which reads of a running camera count. Fed with every frame; time comes in with it."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._looks: dict[_Key, _Looks] = {}

    @property
    def waiting(self) -> bool:
        """Something was read that another frame may confirm: look at the same place again."""
        return not all(looks.count for looks in self._looks.values())

    def add(self, reads: Sequence[Read], now_ns: int) -> tuple[Read, ...]:
        """The reads that count now, each symbol once.

        Args:
            reads: what lies in view, of all rungs that were tried; one that still stands from an earlier frame (its
                `t0_ns`) is no second look.
            now_ns: monotonic nanoseconds of this frame.
        """
        self._looks = {key: looks for key, looks in self._looks.items() if now_ns - max(looks.frames) <= FORGET_NS}
        seen = unique(read for read in clear(reads) if not self._overruled(read))
        at_once = {_key(read) for read in single(reads)} - self._challengers(seen)
        self._looks = {
            key: looks for key, looks in self._looks.items() if not any(contradicts(looks.read, read) for read in seen)
        }
        for read in seen:
            self._look(read, settles=_key(read) in at_once)
        return tuple(read for read in seen if self._looks[_key(read)].count)

    def _overruled(self, read: Read) -> bool:
        """Something else was clearly read at its place shortly before."""
        before = (looks.read for looks in self._looks.values())
        return any(sure(other) > sure(read) and contradicts(read, other) for other in before)

    def _challengers(self, seen: Iterable[Read]) -> set[_Key]:
        """Those at whose place something else was read shortly before: one of the two is wrong."""
        before = self._looks.values()
        return {_key(read) for read in seen if any(contradicts(looks.read, read) for looks in before)}

    def _look(self, read: Read, *, settles: bool) -> None:
        looks = self._looks.setdefault(_key(read), _Looks(read))
        looks.settled = looks.settled or settles
        looks.frames.add(read.t0_ns)
        looks.rungs.add(_look(read.rung))
        if _clearness(read) > _clearness(looks.read):
            looks.read = read
