"""Where a station is: its own place, or of a mobile one the bed whose label was shown last. Pure.

A bed label gives the place and nothing else. A bed card whose code is a patient's number is a wristband to the station,
and belongs under that name in ``[patterns]``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.rules.verdict import Audience, Outcome, Reason, Verdict

STAY_NS = 12 * 3600 * 1_000_000_000
"""A bed counts so long after its label was shown: then the shift is over, and the station has been moved."""
NOT_HERE = Verdict(Outcome.REDO, (Reason("bed_not_here", Audience.PERSON),))
"""What a station with a place of its own says to a bed label: a light of consent would let the person believe that the
bed is recorded."""


@dataclass(frozen=True, slots=True)
class AtBed:
    """A bed whose label was shown."""

    place: str
    """The label's text behind the pattern's prefix."""
    since_ns: int
    """Monotonic, of this start of the machine: after another one the label has to be shown again."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where events happen, as far as this station knows."""

    home: str
    """The place that the configuration names."""
    mobile: bool
    bed: AtBed | None = None

    def place(self, now_ns: int) -> str:
        """The place of an event of this moment."""
        bed = self.bed
        return self.home if bed is None or now_ns - bed.since_ns >= STAY_NS else bed.place

    def shown(self, label: str, now_ns: int) -> Whereabouts | None:
        """After a bed label was shown; None where the station has a place of its own, and says `NOT_HERE`."""
        return replace(self, bed=AtBed(label, now_ns)) if self.mobile else None
