"""From frame to frame: what lies under the camera, what it says, and whether a person should be asked to turn it.

The one thing that the camera process talks to; it knows nothing of sockets and lamps. Time comes in with the frame.
A frame that shows nothing new is done with after the gate, while there is nothing left to try on what lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from edge.udi.read import Read
from edge.vision.background import Background
from edge.vision.confirm import Confirm, same
from edge.vision.gate import Coarse, Gate, Tell, coarse
from edge.vision.light import Light
from edge.vision.lying import Lying, Told, View
from edge.vision.pixels import Box, Luma, luma_problem
from edge.vision.presence import Presence
from edge.vision.scene import Scene
from hardware.camera_settings import DEFAULT_FORMATS

BUDGET_MS = 60.0
"""Most that one frame may take; what is left is tried on the next frame of a still scene."""
MOVING_SHARE = 0.3
"""The share of it that is spent on a frame of a scene that moves."""
GLANCE_NS, SEEK_NS = 5_000_000_000, 1_000_000_000
"""How often a view that rests is held against the table, and while it differs from it or none is known."""
LEFT_NS = 240_000_000_000
"""How long the light burns over something that nobody touches; longer than it takes to belong to the table."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame brought."""

    reads: tuple[Read, ...] = ()
    """Every symbol that lies in view now and counts."""
    changed: bool = False
    """`reads` are others than at the look before, or the same of another package: the station is told."""
    present: bool = False
    """Something lies in view, whether it reads or not."""
    prompt: int | None = None
    """1 or 2 with the frame at which a thing that lies still and does not read is to be asked for."""
    light: bool = False
    """The light is wanted."""
    box: Box | None = None
    """Where the thing lies; for a picture of it."""
    gone_ns: int | None = None
    """With `changed`: what was told before was seen last at this time. The station is told of an empty view of that
    time first, or it takes a package that was exchanged for one with the same symbol for the one before."""


class Eye:
    """Looks at frames, the newest first; keeps what a still scene has shown."""

    def __init__(self, formats: Sequence[str] = DEFAULT_FORMATS, *, budget_ms: float = BUDGET_MS) -> None:
        """Start with an unknown view.

        Args:
            formats: kinds of symbols.
            budget_ms: time for one frame.
        """
        self._formats = tuple(formats)
        self._budget_ms = budget_ms
        self._gate, self._light = Gate(), Light()
        self._background, self._presence, self._lying = Background(), Presence(), Lying()
        self._scene, self._confirm = Scene(self._formats), Confirm()
        self._since_ns = self._touched_ns = self._glanced_ns = 0
        self._something: bool | None = None
        """Whether the view differs from the table; None: not known."""
        self._switched_off_empty = False
        self._told = Told()
        self._shape: tuple[int, ...] = ()

    def look(self, luma: Luma, t0_ns: int) -> Look:
        """Take the next frame.

        Args:
            luma: height x width, uint8.
            t0_ns: monotonic nanoseconds when the camera had completed it.

        Raises:
            ValueError: not a two-dimensional uint8 array.
        """
        problem = luma_problem(luma)
        if problem is not None:
            raise ValueError(problem)
        now = coarse(luma)
        settling = self._light.settling(t0_ns)
        tell = self._gate.look(now, blind=settling)
        if tell.fresh:
            self._scene, self._since_ns = Scene(self._formats), t0_ns
        rests = self._scene.rests(t0_ns)
        due_ns = GLANCE_NS if self._something is False else SEEK_NS
        if not settling and (not rests or t0_ns - self._glanced_ns >= due_ns):
            self._glance(now, tell, t0_ns)
        left_in_the_dark = bool(self._told.reads) and not self._light.on
        if left_in_the_dark or (rests and self._lying.rest(self._since_ns, t0_ns)):
            told = Told(self._told.reads)
        else:
            told = self._take(() if rests else self._try(luma, t0_ns, tell), luma, t0_ns, tell)
        self._told = told
        return self._said(told, tell, luma.shape, t0_ns, settling=settling)

    def _glance(self, now: Coarse, tell: Tell, t0_ns: int) -> None:
        """Whether something lies on the table, and whether this is what the table looks like."""
        self._glanced_ns, lit = t0_ns, self._light.on
        self._something = self._background.look(now, self._gate.sigma, lit=lit)
        if not tell.still:
            return
        nothing_told = not self._told.reads
        emptied, self._switched_off_empty = self._switched_off_empty and nothing_told, False
        self._background.learn(now, lit=lit, still_ns=t0_ns - self._since_ns if nothing_told else 0, emptied=emptied)
        if emptied or self._something is None:
            self._something = self._background.look(now, self._gate.sigma, lit=lit)

    def _try(self, luma: Luma, t0_ns: int, tell: Tell) -> tuple[Read, ...]:
        """What is new in this scene and counts; what does not count yet is not painted over, and read again."""
        known = self._lying.seen_since(self._since_ns)
        looks = self._scene.step(
            luma,
            t0_ns,
            known=known,
            budget_ms=self._budget_ms * (MOVING_SHARE if tell.fresh else 1),
            bare=self._something is False,
        )
        counted = self._confirm.add(looks, t0_ns)
        return tuple(read for read in counted if not any(same(read, other) for other in known))

    def _take(self, counted: tuple[Read, ...], luma: Luma, t0_ns: int, tell: Tell) -> Told:
        bare = partial(self._bare, still=not tell.fresh) if luma.shape == self._shape else _elsewhere
        self._shape = luma.shape
        return self._lying.take(
            counted, luma, t0_ns, View(self._scene.tried, t0_ns - self._since_ns, self._scene.done, bare)
        )

    def _bare(self, read: Read, *, still: bool) -> bool:
        """Whether the table is seen where a symbol lay; a moving view does not tell."""
        if not still or read.corners is None:
            return False
        xs, ys = zip(*read.corners, strict=True)
        return self._background.bare((min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))

    def _said(self, told: Told, tell: Tell, shape: tuple[int, ...], t0_ns: int, *, settling: bool) -> Look:
        present = bool(told.reads) or bool(self._something)
        prompt = self._presence.step(
            t0_ns,
            present=present,
            still=not tell.changed and not settling,
            reads=bool(told.reads),
        )
        self._switch(tell, t0_ns, present=present)
        return Look(
            told.reads,
            changed=told.changed,
            present=present,
            prompt=prompt,
            light=self._light.on,
            box=self._background.box(shape) if present else None,
            gone_ns=told.gone_ns,
        )

    def _switch(self, tell: Tell, t0_ns: int, *, present: bool) -> None:
        if tell.changed:
            self._touched_ns = t0_ns
        was_on = self._light.on
        self._light.step(t0_ns, needed=tell.changed or (present and t0_ns - self._touched_ns < LEFT_NS))
        if was_on and not self._light.on:
            self._switched_off_empty = self._something is False


def _elsewhere(_read: Read) -> bool:
    """A frame of another size is of another view: nothing lies there that was not read in it."""
    return True
