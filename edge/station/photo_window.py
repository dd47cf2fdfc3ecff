"""Which picture goes to the hub now. Pure.

One at a time, and only while no event waits. Nothing but the hub's own answer ends it: a PUBACK only clears it of
having broken the connection. A picture that came to nothing `TRIES` times is set aside: those behind it go on, and it
is tried again now and then, until it is deleted for its age. After each failure the whole channel pauses, for longer
and longer, until the hub answers again: pictures have time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge import wire

TRIES = 3
ANSWER_NS = 30_000_000_000
"""How long the hub may take to answer: 150 kB at 100 kbit/s are 12 s."""
FIRST_PAUSE_NS = 1_000_000_000
MOST_PAUSE_NS = 1_800_000_000_000
RETRY_NS = 3_600_000_000_000
"""How long one that is set aside waits for its next try."""
OVERHEAD = 1024
"""Room for the topic within the broker's maximum packet size."""
_MOST_DOUBLINGS = 12


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A picture to report."""

    name: str
    reason: str

    def change(self, size: int) -> dict[str, Any]:
        """Body of the ``station`` event that reports it."""
        return wire.station_change("refused", picture=self.name, size=size, reason=self.reason)

    def text(self, size: int) -> str:
        """What to tell a person."""
        return (
            f"picture {self.name} of {size} bytes does not reach the hub: {self.reason}; it is kept for 14 days and "
            "tried again, events go on; site IT should look at the broker's limits and rights"
        )


class PhotoWindow:
    """Which picture is out, and which goes next."""

    def __init__(self, rng: random.Random | None = None) -> None:
        """Start disconnected; `rng` spreads the pauses (full jitter)."""
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._open = False
        self._names: Sequence[str] = ()
        self._out: str | None = None
        self._suspect = False
        """The broker has not answered for what is out: it may be why the connection breaks."""
        self._until_ns = 0
        """When the hub's answer is overdue."""
        self._pause_until_ns = 0
        self._failures = 0
        self._tries: dict[str, int] = {}
        self._aside: dict[str, int] = {}
        """Set aside, with the time of the next try."""
        self._unproven: list[str] = []
        """Set aside since the hub answered last, but for the one that was reported."""
        self._reported = False
        self._reports: list[RefusedPicture] = []

    @property
    def out(self) -> str | None:
        """The picture that the hub has not answered yet."""
        return self._out

    @property
    def aside(self) -> tuple[str, ...]:
        """Pictures that came to nothing so far."""
        return tuple(self._aside)

    def offer(self, names: Sequence[str]) -> None:
        """What there is to send, the oldest first; everything else is forgotten."""
        self._names = names
        there = set(names)
        self._tries = {name: tries for name, tries in self._tries.items() if name in there}
        self._aside = {name: due for name, due in self._aside.items() if name in there}
        self._unproven = [name for name in self._unproven if name in there]

    def on_hub(self, *, present: bool) -> None:
        """The hub came or went; without it nothing is out."""
        self._open = present
        self._out = self._out if present else None

    def on_disconnected(self, reason: str, now_ns: int, *, hung_up: bool) -> bool:
        """The connection broke.

        Args:
            reason: for the report.
            now_ns: monotonic.
            hung_up: what was sent last may have been the cause.

        Returns:
            Whether a picture takes the blame: it was sent before the events that are out now.
        """
        blamed = hung_up and self._out is not None and self._suspect
        if blamed:
            self.failed(reason, now_ns)
        self.on_hub(present=False)
        return blamed

    def next(self, now_ns: int, *, events_wait: bool) -> str | None:
        """What to send now, or None."""
        if self._out is not None and now_ns >= self._until_ns:
            self.failed("the hub does not answer for it", now_ns)
        if events_wait or not self._open or self._out is not None or now_ns < self._pause_until_ns:
            return None
        fresh = (name for name in self._names if name not in self._aside)
        due = (name for name, due_ns in self._aside.items() if now_ns >= due_ns)
        return next(fresh, None) or next(due, None)

    def sent(self, name: str, now_ns: int) -> None:
        """This one went out."""
        self._out, self._suspect, self._until_ns = name, True, now_ns + ANSWER_NS

    def taken(self) -> None:
        """The broker took what is out."""
        self._suspect = False

    def failed(self, reason: str, now_ns: int) -> None:
        """What is out came to nothing: refused, unanswered, or the connection broke over it."""
        name, self._out = self._out, None
        self._failures += 1
        most = min(MOST_PAUSE_NS, FIRST_PAUSE_NS * 2 ** min(self._failures, _MOST_DOUBLINGS))
        self._pause_until_ns = now_ns + int(self._rng.uniform(0, most))
        if name is not None:
            self._tries[name] = self._tries.get(name, 0) + 1
            if self._tries[name] >= TRIES:
                self._set_aside(name, reason, now_ns)

    def too_large(self, name: str, reason: str, now_ns: int) -> None:
        """The broker takes no packet of this size: it was not sent, and the others need not wait."""
        self._tries[name] = TRIES
        self._set_aside(name, reason, now_ns)

    def passed(self, name: str) -> None:
        """There is no such picture any more."""
        self.offer([each for each in self._names if each != name])

    def answered(self, name: str) -> None:
        """The hub has it.

        What was set aside meanwhile, but for the first, failed perhaps only because everything did: it begins anew.
        """
        if name == self._out:
            self._out = None
        self._failures = self._pause_until_ns = 0
        for each in self._unproven:
            self._tries.pop(each, None)
            self._aside.pop(each, None)
        self._unproven, self._reported = [], False
        self.passed(name)

    def take_reports(self) -> list[RefusedPicture]:
        """Pictures to report now; if nothing gets through at all, only the first."""
        reports, self._reports = self._reports, []
        return reports

    def _set_aside(self, name: str, reason: str, now_ns: int) -> None:
        known = name in self._aside
        self._aside[name] = now_ns + RETRY_NS
        if known:
            return
        if self._reported:
            self._unproven.append(name)
        else:
            self._reported = True
            self._reports.append(RefusedPicture(name, reason))
