"""The NO CODE gesture: a package without a UDI is recorded, with a picture of it where one may be taken.

MISSING has been shown by then: it promises nothing, so its event may wait a little for the picture. If that does not
come, the event is journaled without it. A picture that comes too late is named by no event, and is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edge import wire
from edge.station.context import is_person
from edge.station.messages import Kept, Photographed
from edge.station.patterns import PatternsTable
from edge.station.record import picture_entry
from edge.udi.read import Read

log = logging.getLogger(__name__)

WAIT_NS = 600_000_000
"""So long the event waits for its picture."""
AFTER_NS = 2_000_000_000
"""A wristband or badge that was seen so lately is still in somebody's hand."""


class Photographs(Protocol):
    """Takes and keeps pictures; see `edge.station.photographer.Photographer`."""

    def ask(self, ident: str) -> bool:
        """Have one taken; False where none can be kept."""

    def keep(self, ident: str, jpeg: bytes) -> None:
        """Have it sealed and stored; `Kept` follows."""

    def drop(self, name: str) -> None:
        """Delete one that no event will name."""


class Persons:
    """Whether a code of a person lies in view, or did a moment ago. Pure."""

    def __init__(self, patterns: PatternsTable) -> None:
        """Start with nobody in view."""
        self._patterns = patterns
        self._lies = False
        self._last_ns: int | None = None

    def seen(self, reads: Sequence[Read], t0_ns: int) -> None:
        """Every symbol that lies in view now."""
        self._lies = self.among(reads)
        if self._lies:
            self.shown(t0_ns)

    def shown(self, t0_ns: int) -> None:
        """A badge or wristband was shown, to whichever reader."""
        self._last_ns = t0_ns

    def among(self, reads: Sequence[Read]) -> bool:
        """Whether one of these is the code of a person."""
        return any(is_person(read, self._patterns) for read in reads)

    def near(self, now_ns: int) -> bool:
        """Whether a picture could show whose it is."""
        return self._lies or (self._last_ns is not None and now_ns - self._last_ns < AFTER_NS)


@dataclass(frozen=True, slots=True)
class _Waiting:
    draft: wire.Draft
    until_ns: int


class NoCode:
    """Events of the gesture that wait for their pictures. Belongs to the desk's thread."""

    def __init__(self, photographs: Photographs | None, journal: Callable[[wire.Draft], None]) -> None:
        """Start with nothing waiting.

        Args:
            photographs: None where there is no camera, or no key to seal a picture to.
            journal: takes an event to the journal.
        """
        self._photographs = photographs
        self._journal = journal
        self._waiting: dict[str, _Waiting] = {}

    def record(self, draft: wire.Draft, *, may: bool, now_ns: int) -> None:
        """Record a gesture.

        Args:
            draft: its event, made when it happened.
            may: a picture may be taken.
            now_ns: monotonic.
        """
        if may and self._photographs is not None and self._photographs.ask(draft.event_id):
            self._waiting[draft.event_id] = _Waiting(draft, now_ns + WAIT_NS)
        else:
            self._journal(draft)

    def photographed(self, answer: Photographed, *, may: bool) -> None:
        """Take the camera's answer; `may` is asked again, of the frame that the picture was made of too."""
        if answer.ident not in self._waiting or self._photographs is None:
            return
        if may and answer.jpeg is not None:
            self._photographs.keep(answer.ident, answer.jpeg)
        else:
            self._give_up(answer.ident, "nothing to see" if may else "a person's code is near or expected")

    def kept(self, kept: Kept) -> None:
        """A picture is on the card, or was refused."""
        waiting = self._waiting.pop(kept.ident, None)
        if waiting is None:
            if kept.name is not None and self._photographs is not None:
                self._photographs.drop(kept.name)
            return
        draft = waiting.draft
        if kept.name is not None:
            log.info("event_id=%s picture=%s", kept.ident, kept.name)
            draft = replace(draft, body={**draft.body, "reads": [picture_entry(kept.name, draft.clock["mono_ns"])]})
        self._journal(draft)

    def tick(self, now_ns: int) -> None:
        """Give up what has waited long enough."""
        for ident in [ident for ident, each in self._waiting.items() if now_ns >= each.until_ns]:
            self._give_up(ident, "it took too long")

    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return min((each.until_ns for each in self._waiting.values()), default=None)

    def close(self) -> None:
        """Record everything that still waits, as it is."""
        for ident in list(self._waiting):
            self._give_up(ident, "the station stops")

    def _give_up(self, ident: str, why: str) -> None:
        log.info("event_id=%s picture=- %s", ident, why)
        self._journal(self._waiting.pop(ident).draft)
