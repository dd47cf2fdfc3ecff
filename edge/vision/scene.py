"""What is tried on one scene, from the frame on which it changed until it changes again.

First the frame by itself, then, as long as the scene stands, means of two, three and four frames, each with what has
been read painted over: only what is unread is tried again. Whatever the time of one frame does not reach goes on with
the next. Then the scene is left alone, and tried with four new frames after longer and longer pauses.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi.read import Read
from edge.vision.average import MOST, Average
from edge.vision.cover import covered
from edge.vision.ladder import Search
from edge.vision.pixels import Luma

FIRST_PAUSE_NS = 500_000_000
MOST_PAUSE_NS = 60_000_000_000
MOST_STEPS = 12
"""Frames after which a scene is left alone that does not stand well enough to be averaged."""


class Scene:
    """One scene and what was tried on it."""

    def __init__(self, formats: Sequence[str]) -> None:
        """Start with a scene of which no frame was seen."""
        self._formats = tuple(formats)
        self._average = Average()
        self._search: Search | None = None
        self._steps = 0
        """Frames since the scene began, or since it was tried last."""
        self._on = 0
        """Frames in the picture that the search began with."""
        self._whole = False
        """The full frame was tried."""
        self._next_ns: int | None = None
        """When the scene is tried again; None: it is being tried."""
        self._pause_ns = FIRST_PAUSE_NS
        self.tried = False
        """On the scene as it stands everything was tried, on a frame by itself and on one mean."""

    @property
    def done(self) -> bool:
        """Nothing is left to try on the frames so far."""
        return self._search is None or self._search.done

    def rests(self, t0_ns: int) -> bool:
        """Whether nothing is to be done with a frame of now."""
        return self._next_ns is not None and t0_ns < self._next_ns

    def step(self, luma: Luma, t0_ns: int, *, known: Sequence[Read], budget_ms: float, bare: bool) -> tuple[Read, ...]:
        """Go on with the next frame.

        Args:
            luma: the frame.
            t0_ns: monotonic.
            known: what was seen in this scene and counts.
            budget_ms: time for this frame.
            bare: the table is empty, as far as it is known: no need to try hard.

        Returns:
            What every rung has read on the picture that is being tried, on this frame and on those before.
        """
        if self._next_ns is not None:
            self._average, self._search, self._steps, self._on, self._next_ns = Average(), None, 0, 0, None
        self._steps += 1
        if not self._average.add(luma):
            self._on = 0
        if self.tried and self._average.frames < MOST and self._steps < MOST_STEPS:
            return ()
        picture = luma if self._average.frames == 1 else _without(self._average.picture, known)
        search = self._turn(picture, full=not known and not bare)
        search.step(picture, t0_ns=t0_ns, budget_ms=budget_ms)
        if search.done and (self._on > 1 or self._steps > 2):  # noqa: PLR2004 - a scene that trembles has no mean
            self._rest(t0_ns, MOST_PAUSE_NS if bare else self._pause_ns)
        return search.looks

    def _turn(self, picture: Luma, *, full: bool) -> Search:
        """Begin with a better picture when the former is tried; the first frame was tried in haste."""
        frames = self._average.frames
        if self._search is not None and (frames == self._on or not (self._search.done or self._on == 1)):
            return self._search
        full = full and not self._whole and frames > 1
        self._search, self._on = Search(picture, self._formats, full=full), frames
        self._whole = self._whole or full
        return self._search

    def _rest(self, t0_ns: int, pause_ns: int) -> None:
        """Everything was tried on this picture: when to go on, if there is no better one."""
        self.tried = True
        if self._on == MOST or self._steps >= MOST_STEPS:
            self._next_ns, self._pause_ns = t0_ns + pause_ns, min(2 * pause_ns, MOST_PAUSE_NS)


def _without(picture: Luma, known: Sequence[Read]) -> Luma:
    return covered(picture, [read.corners for read in known if read.corners is not None])
