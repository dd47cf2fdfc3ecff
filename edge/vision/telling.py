"""What the station is told of each look, and when. Pure: looks come in, messages come out.

The station keeps what lies under the camera until it is told of something else, so a sighting is worth a message only
when the reads changed. Two things are hard to know and are not said lightly: that nothing lies there, just after the
camera was opened (the station forgets on it, and what is read a moment later would be a second presentation); and what
was said while nobody listened (`state` says the newest again, with the times at which it was read).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.vision.capture import Captured
from edge.vision.eye import Look

SCHEMA = 1
SETTLED_NS = 1_000_000_000
"""With nothing in view for so long after the camera was opened, nothing lies there."""
Message = Mapping[str, Any]


class Telling:
    """Makes messages of looks."""

    def __init__(self) -> None:
        """Start knowing nothing of the view."""
        self._opening = 0
        self._empty_since_ns: int | None = None
        self._sighting: Message | None = None
        """The last one that holds; None while it is not known what lies there."""
        self._light: bool | None = None

    def looked(self, captured: Captured, look: Look) -> list[Message]:
        """What to say of one look; nothing for most of them."""
        if captured.opening != self._opening:
            self._opening, self._empty_since_ns, self._sighting = captured.opening, None, None
        messages: list[Message] = []
        if look.light is not self._light:
            self._light = look.light
            messages.append(_light(look.light))
        if self._worth_telling(captured, look):
            self._sighting = sighting(captured, look)
            messages.append(self._sighting)
        if look.prompt is not None:
            messages.append({"schema": SCHEMA, "type": "prompt", "number": look.prompt, "t0_ns": captured.frame.t0_ns})
        return messages

    def state(self) -> list[Message]:
        """What holds now, for a station that has just connected."""
        messages = [] if self._sighting is None else [self._sighting]
        return messages if self._light is None else [_light(self._light), *messages]

    def _worth_telling(self, captured: Captured, look: Look) -> bool:
        if look.reads:
            return self._sighting is None or look.changed
        if self._sighting is not None:
            return look.changed
        if look.present:
            self._empty_since_ns = None
            return False
        if self._empty_since_ns is None:
            self._empty_since_ns = captured.frame.t0_ns
        return captured.frame.t0_ns - self._empty_since_ns >= SETTLED_NS


def sighting(captured: Captured, look: Look) -> Message:
    """Every symbol that lies in view, with its place; an empty list of reads means that they have gone."""
    frame = captured.frame
    height, width = frame.luma.shape
    return {
        "schema": SCHEMA,
        "type": "sighting",
        "frame": frame.number,
        "t0_ns": frame.t0_ns,
        "size": [width, height],
        "name": frame.name,
        "reads": [read.to_json() for read in look.reads],
    }


def _light(on: bool) -> Message:
    return {"schema": SCHEMA, "type": "light", "on": on}
