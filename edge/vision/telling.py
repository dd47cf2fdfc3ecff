"""What the station is told of each look, and when. Pure: looks come in, messages come out.

The station keeps what lies under the camera until it is told of something else, so a sighting is worth a message only
when the reads changed. Two things are hard to know and are not said lightly: that nothing lies there, just after the
camera was opened (the station forgets on it, and what is read a moment later would be a second presentation); and what
was said while nobody listened (`state` says the newest again, with the times at which it was read).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.udi.read import Read
from edge.vision.capture import Captured
from edge.vision.eye import Look

SCHEMA = 1
SETTLED_NS = 2_000_000_000
"""With nothing in view for so long after the camera was opened, nothing lies there."""
Message = Mapping[str, Any]


class Telling:
    """Makes messages of looks."""

    def __init__(self) -> None:
        """Start knowing nothing of the view."""
        self._opening = 0
        self._empty_since_ns: int | None = None
        self._told: Sequence[Message] = ()
        """The sighting that holds, behind the empty view that came before it if one did; empty while it is not known
        what lies there."""
        self._light: bool | None = None

    def looked(self, captured: Captured, look: Look) -> list[Message]:
        """What to say of one look; nothing for most of them."""
        if captured.opening != self._opening:
            self._opening, self._empty_since_ns, self._told = captured.opening, None, ()
        messages: list[Message] = []
        if look.light is not self._light:
            self._light = look.light
            messages.append(_light(look.light))
        if self._worth_telling(captured, look):
            self._told = _sightings(captured, look)
            messages += self._told
        if look.prompt is not None:
            messages.append({"schema": SCHEMA, "type": "prompt", "number": look.prompt, "t0_ns": captured.frame.t0_ns})
        return messages

    def state(self, since_ns: int = 0) -> list[Message]:
        """What holds now, for a station that has just connected.

        Args:
            since_ns: time of the newest read that it knows; an empty view before that is not told again, or it would
                take what it knows for another package.
        """
        newest_ns = max((read["t0_ns"] for told in self._told for read in told["reads"]), default=None)
        known = newest_ns is not None and newest_ns <= since_ns
        messages = self._told[-1:] if known else self._told
        return [*messages] if self._light is None else [_light(self._light), *messages]

    def _worth_telling(self, captured: Captured, look: Look) -> bool:
        if look.reads:
            return not self._told or look.changed
        if self._told:
            return look.changed
        if look.present:
            self._empty_since_ns = None
            return False
        if self._empty_since_ns is None:
            self._empty_since_ns = captured.frame.t0_ns
        return captured.frame.t0_ns - self._empty_since_ns >= SETTLED_NS


def _sightings(captured: Captured, look: Look) -> Sequence[Message]:
    if look.gone_ns is None:
        return (sighting(captured, look.reads, captured.frame.t0_ns),)
    gone = sighting(captured, (), look.gone_ns)
    return (gone, sighting(captured, look.reads, captured.frame.t0_ns)) if look.reads else (gone,)


def sighting(captured: Captured, reads: Sequence[Read], t0_ns: int) -> Message:
    """Every symbol that lay in view at a time, with its place; an empty list of reads means that they have gone."""
    frame = captured.frame
    height, width = frame.luma.shape
    return {
        "schema": SCHEMA,
        "type": "sighting",
        "frame": frame.number,
        "t0_ns": t0_ns,
        "size": [width, height],
        "name": frame.name,
        "reads": [read.to_json() for read in reads],
    }


def _light(on: bool) -> Message:
    return {"schema": SCHEMA, "type": "light", "on": on}
