"""From reads to presentations (architecture section 5). Pure: time comes in as an argument.

A presentation is everything one package showed. A hand scanner's complete symbol is a presentation at once; a lone
half waits up to `HALF_WAIT_NS` for its other half. All symbols of one camera frame are one presentation, and what
still lies under the camera is not presented again.

Two halves of a hand scanner join only if nothing else that was shown lately leaves it open whose halves they are: no
other DI, no other PI half, no package just completed that the PI half may be a further part of. So of a label with two
PI symbols the first is joined and the second stays a half. The DI half of one package followed by the PI half of
another, and nothing else, looks like one package; only the link of HIBC codes tells, and every such join carries the
note ``joined_by_time``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from edge.udi.assemble import Packaging, assemble
from edge.udi.halves import adds, clash, linked
from edge.udi.model import Udi
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

REPEAT_NS = 300_000_000
"""Identical bytes of a hand scanner within this time are one trigger."""
HALF_WAIT_NS = 10_000_000_000
"""How long a lone half waits for its other half."""
REMEMBERED_NS = 30_000_000_000
"""How long what was shown can put a join in doubt: a late half is followed by the next package's."""
GONE_NS = 400_000_000
"""How long the view must stay empty before the same codes are a new presentation: one missed frame is no removal."""
_HALVES = (Shape.DI_ONLY, Shape.PI_ONLY)


@dataclass(frozen=True, slots=True)
class Presented:
    """A presentation that is ready to be judged."""

    presentation: Presentation
    t0_ns: int
    """Monotonic time of the read that brought it about."""
    half_pending: bool = False
    """A lone half that still waits: signal INCOMPLETE, journal nothing yet."""
    gesture: bool = False
    """A person said that this package has no code: a picture of it may be taken."""


@dataclass(frozen=True, slots=True)
class _Half:
    presented: Presented
    since_ns: int


@dataclass(frozen=True, slots=True)
class _Past:
    """A UDI, or a half of one, shown lately."""

    udi: Udi
    t0_ns: int
    whole: bool
    joined: bool
    """Whole by two triggers: its label has no complete symbol, and the next one of the product has none either."""


class Intake:
    """Makes presentations of reads; knows what lies under the camera and which half waits."""

    def __init__(
        self,
        expects_no_pi: Callable[[str], bool] = lambda _di: False,
        packaging: Packaging = lambda _dis: None,
    ) -> None:
        """Start with nothing in view.

        Args:
            expects_no_pi: whether the catalogue says that labels of this DI carry no production identifier.
            packaging: what the catalogue knows of packaging levels.
        """
        self._expects_no_pi = expects_no_pi
        self._packaging = packaging
        self._half: _Half | None = None
        self._past: list[_Past] = []
        self._last: Read | None = None
        self._lying: frozenset[bytes] = frozenset()
        self._lying_udi: Udi | None = None
        self._empty_since_ns: int | None = None

    @property
    def half_waits(self) -> bool:
        """A lone half is waiting for its other half."""
        return self._half is not None

    def scanned(self, read: Read, today: date) -> list[Presented]:
        """One read of a hand scanner."""
        repeated = self._last is not None and _same_trigger(self._last, read)
        self._last = read
        if repeated:
            return []
        alone = Presented(assemble([read], today=today, packaging=self._packaging), read.t0_ns)
        joined = self._joined_by_time(alone, today)
        self._remember(joined or alone)
        return [joined] if joined is not None else self._settle(alone)

    def nothing_read(self, t0_ns: int, *, gesture: bool = False) -> list[Presented]:
        """A no-read message of a scanner or the NO CODE gesture."""
        return [*self._release(), Presented(Presentation(Shape.NOTHING), t0_ns, gesture=gesture)]

    def lay(self, reads: Sequence[Read], today: date) -> None:
        """What lay under the camera before a restart: while it still lies there it is not presented again."""
        self._lying = frozenset(read.payload for read in reads)
        presentation = assemble(reads, today=today, packaging=self._packaging)
        self._lying_udi = presentation.udi if presentation.shape is Shape.COMPLETE else None

    def seen(self, reads: Sequence[Read], t0_ns: int, today: date) -> list[Presented]:
        """All product reads of one camera frame; empty when nothing lies there any more."""
        in_view = frozenset(read.payload for read in reads)
        self._forget_removed(t0_ns)
        if not in_view:
            self._empty_since_ns = self._empty_since_ns or t0_ns
            return []
        self._empty_since_ns = None
        if in_view <= self._lying:
            return []
        self._lying = in_view
        presented = Presented(assemble(reads, today=today, packaging=self._packaging), t0_ns)
        if self._lies_there(presented.presentation):
            return []
        self._remember(presented)
        return self._settle(presented)

    def tick(self, now_ns: int) -> list[Presented]:
        """Notice what was taken away, and give up waiting for a half that is too old."""
        self._forget_removed(now_ns)
        if self._half is not None and now_ns - self._half.since_ns >= HALF_WAIT_NS:
            return self._release()
        return []

    def _forget_removed(self, now_ns: int) -> None:
        if self._empty_since_ns is not None and now_ns - self._empty_since_ns >= GONE_NS:
            self._lying = frozenset()
            self._lying_udi = self._empty_since_ns = None

    def _lies_there(self, presentation: Presentation) -> bool:
        """Whether this is the package that was presented last: another of its symbols was read, and says no more."""
        udi, former = presentation.udi, self._lying_udi
        if presentation.shape is not Shape.COMPLETE or udi is None:
            return False
        self._lying_udi = udi
        return former is not None and _part_of(udi, former)

    def _settle(self, presented: Presented) -> list[Presented]:
        """Present now, or let a lone half wait; whatever half waited before is superseded."""
        if not self._is_half(presented.presentation):
            superseded = [] if self._completes(presented.presentation) else self._release()
            return [*superseded, presented]
        superseded = self._release()
        waiting = Presented(presented.presentation, presented.t0_ns, half_pending=True)
        self._half = _Half(waiting, presented.t0_ns)
        return [*superseded, waiting]

    def _is_half(self, presentation: Presentation) -> bool:
        if presentation.shape is Shape.DI_ONLY and presentation.udi is not None and presentation.udi.di is not None:
            return not self._expects_no_pi(presentation.udi.di)
        return presentation.shape in _HALVES

    def _completes(self, presentation: Presentation) -> bool:
        """Whether this presentation contains the half that waits, so that the half needs no record of its own."""
        if self._half is None or presentation.shape is not Shape.COMPLETE:
            return False
        waiting = {read.payload for read in self._half.presented.presentation.reads}
        if not waiting <= {read.payload for read in presentation.reads}:
            return False
        self._half = None
        return True

    def _joined_by_time(self, alone: Presented, today: date) -> Presented | None:
        if self._half is None or not self._is_half(alone.presentation):
            return None
        first = self._half.presented.presentation
        late = alone.t0_ns - self._half.since_ns >= HALF_WAIT_NS
        if late or first.shape is alone.presentation.shape or any(r.source != "scanner" for r in first.reads):
            return None
        if self._in_doubt(first.udi, alone.presentation.udi, alone.t0_ns):
            return None
        reads = [*first.reads, *alone.presentation.reads]
        joined = assemble(reads, today=today, joined_by_time=True, packaging=self._packaging)
        if joined.shape is not Shape.COMPLETE:
            return None
        self._half = None
        return Presented(joined, alone.t0_ns)

    def _in_doubt(self, first: Udi | None, second: Udi | None, t0_ns: int) -> bool:
        """Whether something else that was shown lately leaves it open whose halves these are."""
        if first is None or second is None:
            return True
        self._forget_past(t0_ns)
        return any(_leaves_open(past, first, second, t0_ns) for past in self._past)

    def _forget_past(self, t0_ns: int) -> None:
        self._past = [past for past in self._past if t0_ns - past.t0_ns < REMEMBERED_NS]

    def _remember(self, presented: Presented) -> None:
        """Keep what was shown for a while. The halves of a joined package are no open halves any more."""
        presentation, udi = presented.presentation, presented.presentation.udi
        if udi is None or (presentation.shape is Shape.DI_ONLY and not self._is_half(presentation)):
            return
        self._forget_past(presented.t0_ns)
        whole = presentation.shape is Shape.COMPLETE
        if whole:
            self._past = [past for past in self._past if past.whole or not _part_of(past.udi, udi)]
        joined = any(each.code == "joined_by_time" for each in presentation.findings)
        self._past.append(_Past(udi, presented.t0_ns, whole, joined))

    def _release(self) -> list[Presented]:
        """The waiting half as it is: it will not be completed."""
        if self._half is None:
            return []
        waiting, self._half = self._half.presented, None
        return [Presented(waiting.presentation, waiting.t0_ns)]


def _same_trigger(former: Read, read: Read) -> bool:
    return (
        former.payload == read.payload and former.symbology == read.symbology and read.t0_ns - former.t0_ns < REPEAT_NS
    )


def _part_of(udi: Udi, whole: Udi) -> bool:
    return udi.issuer is whole.issuer and udi.di in (None, whole.di) and not adds(udi, whole)


def _leaves_open(past: _Past, first: Udi, second: Udi, t0_ns: int) -> bool:
    """Whether what was shown before may be of the package that one of two halves is of."""
    di, pi = (second, first) if first.di is None else (first, second)
    if past.udi.issuer is not di.issuer:
        return False
    if past.whole:
        return _may_be_part(pi, past, di, pi_first=first is pi)
    if past.udi.di is None:
        return _differ(past.udi, pi) and linked(past.udi, di)
    given_up = first is di and t0_ns - past.t0_ns >= HALF_WAIT_NS
    return not given_up and _differ(past.udi, di) and linked(past.udi, pi)


def _may_be_part(pi: Udi, past: _Past, di: Udi, *, pi_first: bool) -> bool:
    """Whether a PI half may be of a whole package that was shown before, or its DI half be another symbol of that.

    A DI half opens the next package: what comes behind it is no further half of the one before.
    """
    if not linked(past.udi, pi):
        return False
    if not adds(pi, past.udi):
        return past.udi.di != di.di
    if past.udi.di == di.di and not past.joined:
        return True
    return pi_first and clash(past.udi, pi) is None


def _differ(one: Udi, other: Udi) -> bool:
    return one.di != other.di or adds(one, other) or adds(other, one)
