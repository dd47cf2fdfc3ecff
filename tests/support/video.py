"""Generated video of a scanning table of which everything is known: what was laid there, when, and what was done to it.

Labels and hands are drawn once and laid into each frame as they move; the noise is cut from fields made before. So half
an hour passes in minutes, and the same seed gives the same half hour but for the lamp, which obeys whoever looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.symbols import write_symbol
from tests.support import frames
from tests.support.frames import DRAWN, Luma

SIZE = (1280, 720)
EXPOSURE_S = 0.008
LAMP_S = 0.15
"""How long the lamp takes."""
DARK = 0.05
"""The light without it."""
PX = 3.0
Point = tuple[float, float]
Pose = tuple[float, float, float]
"""x, y of the middle in frame pixels, and degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Something that can lie in the view."""

    name: str
    grey: Luma
    mask: Luma
    payload: bytes | None = None
    """What it says, if it can be read."""


@dataclass(frozen=True, slots=True)
class Track:
    """A thing's way through the view: poses at times, straight between them. It is there from the first to the last."""

    thing: Thing
    keys: tuple[tuple[float, Pose], ...]

    def at(self, time_s: float) -> Pose | None:
        """Where it is; None while it is not there."""
        times = [key[0] for key in self.keys]
        if not times[0] <= time_s < times[-1]:
            return None
        x, y, angle = (float(np.interp(time_s, times, [key[1][axis] for key in self.keys])) for axis in range(3))
        return x, y, angle


@dataclass(frozen=True, slots=True)
class Laid:
    """One presentation: a thing that lay still under the camera."""

    act: str
    payload: bytes | None
    since_s: float
    until_s: float


@dataclass(slots=True)
class Script:
    """What happens, in order."""

    tracks: list[Track] = field(default_factory=list)
    laid: list[Laid] = field(default_factory=list)
    end_s: float = 0.0


def label(number: int, *, px: float = PX) -> Thing:
    """A label with a Data Matrix that no other number has."""
    text, payload = frames.content(number)
    drawn, _ = frames._label(write_symbol(text, "datamatrix", gs1=True, scale=DRAWN), text)
    grey = _levels(cv2.resize(drawn, None, fx=px / DRAWN, fy=px / DRAWN, interpolation=cv2.INTER_AREA), 0.5)
    return Thing("label", grey, np.full_like(grey, 255), payload)


def unreadable(number: int) -> Thing:
    """A label that was rubbed until nothing reads."""
    clear = label(number).grey
    rubbed = np.asarray(cv2.GaussianBlur(clear, (0, 0), 7), dtype=np.uint8)
    return Thing("unreadable", rubbed, np.full_like(clear, 255))


def hand() -> Thing:
    """A hand with its arm, the finger tips at the top of the picture's middle."""
    mask = np.zeros((1800, 240), np.uint8)
    cv2.ellipse(mask, (120, 150), (100, 150), 0, 0, 360, 255, -1)
    cv2.rectangle(mask, (50, 150), (190, 1800), 255, -1)
    shade = 150 + 25 * np.cos(np.linspace(-1.2, 1.2, 240, dtype=np.float32))[None, :]
    return Thing("hand", np.broadcast_to(shade, mask.shape).astype(np.uint8), mask)


def _levels(paper: NDArray[Any], blur: float) -> Luma:
    soft = np.asarray(cv2.GaussianBlur(paper, (0, 0), blur), dtype=np.float32)
    levels: NDArray[np.float32] = np.clip(128 + 150 * (soft - 0.5), 0, 255)
    return levels.astype(np.uint8)


class Video:
    """Renders a script."""

    def __init__(self, script: Script, *, seed: int, noise: float = 4.0, size: tuple[int, int] = SIZE) -> None:
        """Prepare the table and the noise."""
        self._rng = np.random.default_rng(seed)
        self._size = size
        self._table = _levels(frames.background("wood", size, self._rng), 0.7)
        self._waiting = sorted(script.tracks, key=lambda track: track.keys[0][0])
        self._there: list[Track] = []
        self._lamp = 1.0
        self._time_s = 0.0
        self._noise = [_noise(size, noise, self._rng) for _ in range(3)]

    def frame(self, time_s: float, *, lamp: bool) -> Luma:
        """The view at a time, which never goes back; `lamp`: it has been switched on."""
        reach = (time_s - self._time_s) / LAMP_S
        self._lamp = min(1.0, self._lamp + reach) if lamp else max(0.0, self._lamp - reach)
        self._time_s = time_s
        while self._waiting and self._waiting[0].keys[0][0] <= time_s:
            self._there.append(self._waiting.pop(0))
        self._there = [track for track in self._there if track.keys[-1][0] > time_s]
        view = self._table.copy()
        for track in self._there:
            _draw(view, track, time_s)
        drift = 0.88 + 0.08 * math.sin(time_s / 40) + 0.04 * math.sin(time_s / 7)
        light = (DARK + (1 - DARK) * self._lamp) * drift
        lit = cv2.convertScaleAbs(view, alpha=light)
        brighter, darker = self._noise[int(self._rng.integers(len(self._noise)))]
        y, x = (int(value) for value in self._rng.integers(0, 64, 2))
        cut = np.s_[y : y + self._size[1], x : x + self._size[0]]
        return np.asarray(cv2.subtract(cv2.add(lit, brighter[cut]), darker[cut]), dtype=np.uint8)


def _noise(size: tuple[int, int], sigma: float, rng: np.random.Generator) -> tuple[Luma, Luma]:
    grain = rng.standard_normal((size[1] + 64, size[0] + 64), dtype=np.float32) * sigma
    return np.maximum(grain, 0).round().astype(np.uint8), np.maximum(-grain, 0).round().astype(np.uint8)


def _draw(view: Luma, track: Track, time_s: float) -> None:
    pose = track.at(time_s)
    if pose is None:
        return
    before = track.at(time_s - EXPOSURE_S) or pose
    grey, mask = _turned(track.thing, pose[2])
    streak = round(math.hypot(pose[0] - before[0], pose[1] - before[1]))
    if streak > 1:
        grey = _streaked(grey, (pose[0] - before[0], pose[1] - before[1]), streak)
    _lay(view, grey, mask, (pose[0], pose[1]))


_TURNED: dict[tuple[int, int], tuple[Luma, Luma]] = {}


def _turned(thing: Thing, degrees: float) -> tuple[Luma, Luma]:
    """Turned about its middle; kept for the next frame."""
    key = (id(thing), round(degrees * 10))
    if key not in _TURNED:
        if len(_TURNED) > 64:
            _TURNED.clear()
        height, width = thing.grey.shape
        way = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        cos, sin = abs(way[0, 0]), abs(way[0, 1])
        size = (math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos))
        way[0, 2] += size[0] / 2 - width / 2
        way[1, 2] += size[1] / 2 - height / 2
        _TURNED[key] = (
            np.asarray(cv2.warpAffine(thing.grey, way, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8),
            np.asarray(cv2.warpAffine(thing.mask, way, size, flags=cv2.INTER_NEAREST), dtype=np.uint8),
        )
    return _TURNED[key]


def _streaked(grey: Luma, way: Point, length: int) -> Luma:
    kernel = np.zeros((length, length), np.float32)
    middle, reach = (length - 1) / 2, math.hypot(*way)
    for step in np.linspace(-middle, middle, 2 * length):
        kernel[round(middle + step * way[1] / reach), round(middle + step * way[0] / reach)] = 1
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), dtype=np.uint8)


def _lay(view: Luma, grey: Luma, mask: Luma, middle: Point) -> None:
    """The part of it that is in the view."""
    left, top = round(middle[0] - grey.shape[1] / 2), round(middle[1] - grey.shape[0] / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(view.shape[1], left + grey.shape[1]), min(view.shape[0], top + grey.shape[0])
    if x0 < x1 and y0 < y1:
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        cv2.copyTo(grey[part], mask[part], view[y0:y1, x0:x1])


def still(*lying: tuple[Thing, Pose], size: tuple[int, int], seed: int, light: float = 1.0, noise: float = 4.0) -> Luma:
    """One frame of things that lie on the table; `seed`: of the noise alone."""
    view = _table(size).copy()
    for thing, pose in lying:
        _lay(view, *_turned(thing, pose[2]), (pose[0], pose[1]))
    grain = np.random.default_rng(seed).standard_normal(view.shape, dtype=np.float32) * np.float32(noise)
    levels: NDArray[np.float32] = np.clip(view * np.float32(light) + grain, 0, 255)
    return levels.astype(np.uint8)


@cache
def _table(size: tuple[int, int]) -> Luma:
    return _levels(frames.background("wood", size, np.random.default_rng(1)), 0.7)


class Director:
    """Writes a script: one act after the other, with an empty table between them."""

    def __init__(self, seed: int) -> None:
        """The same seed, the same script."""
        self._rng = np.random.default_rng(seed)
        self._hand = hand()
        self._number = int(self._rng.integers(1, 900_000))
        self.script = Script()
        self._acts: dict[str, tuple[float, Callable[[str], None]]] = {
            "plain": (0.3, self._plain),
            "moved": (0.14, self._moved),
            "covered": (0.1, self._covered),
            "exchanged": (0.12, self._exchanged),
            "same again": (0.08, self._exchanged),
            "cut": (0.08, self._cut),
            "unreadable": (0.06, self._unreadable),
            "hands": (0.12, self._hands),
        }

    def write(self, minutes: float) -> Script:
        """Acts until the time is full."""
        names = list(self._acts)
        shares = np.array([self._acts[name][0] for name in names])
        self.script.end_s = 3.0
        while self.script.end_s < minutes * 60:
            name = names[int(self._rng.choice(len(names), p=shares / shares.sum()))]
            self._acts[name][1](name)
            self.script.end_s += self._between(9, 14) if self._rng.uniform() < 0.15 else self._between(0.8, 2.5)
        return self.script

    def _between(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))

    def _label(self) -> Thing:
        self._number += 1
        return label(self._number)

    def _place(self) -> Pose:
        width, height = SIZE
        return self._between(0.22, 0.78) * width, self._between(0.28, 0.72) * height, self._between(0, 360)

    def _edge(self) -> Point:
        """Somewhere outside the view, from where hands come."""
        width, height = SIZE
        return self._between(0, width), height + 260.0

    def _hold(self, pose: Pose) -> Pose:
        """The hand's pose that holds a thing there at its lower side."""
        return pose[0], pose[1] + 900 + 90, 0.0

    def _bring(self, place: Pose, at_s: float) -> list[tuple[float, Pose]]:
        """The hand comes in with the thing, lays it down and goes; the thing's keys until it lies."""
        (x, y), took = self._edge(), self._between(0.35, 0.7)
        start = (x, y, place[2] + self._between(-25, 25))
        away = (self._edge()[0], self._edge()[1] + 1100, 0.0)
        lies = at_s + took
        hand_keys = ((at_s, self._hold(start)), (lies, self._hold(place)), (lies + self._between(0.25, 0.5), away))
        self.script.tracks.append(Track(self._hand, hand_keys))
        return [(at_s, start), (lies, place)]

    def _take(self, place: Pose, at_s: float) -> list[tuple[float, Pose]]:
        """The hand comes, takes the thing and goes; the thing's keys from when it is touched."""
        came = at_s + self._between(0.2, 0.4)
        left = came + self._between(0.3, 0.6)
        (x, y) = self._edge()
        out = (x, y, place[2])
        away = (x, y + 1100, 0.0)
        keys = ((at_s, away), (came, self._hold(place)), (left, self._hold(out)))
        self.script.tracks.append(Track(self._hand, keys))
        return [(came, place), (left, out)]

    def _show(self, act: str, thing: Thing, keys: list[tuple[float, Pose]]) -> None:
        """A thing was brought, lay there and was taken: its first two keys and its last two are with a hand."""
        self.script.tracks.insert(0, Track(thing, tuple(keys)))
        self.script.laid.append(Laid(act, thing.payload, keys[1][0], keys[-2][0]))
        self.script.end_s = keys[-1][0]

    def _plain(self, act: str) -> None:
        thing, place = self._label(), self._place()
        keys = self._bring(place, self.script.end_s)
        keys += self._take(place, keys[-1][0] + self._between(0.5, 4))
        self._show(act, thing, keys)

    def _moved(self, act: str) -> None:
        thing, place, other = self._label(), self._place(), self._place()
        keys = self._bring(place, self.script.end_s)
        goes = keys[-1][0] + self._between(0.7, 2.5)
        reach = math.hypot(place[0] - other[0], place[1] - other[1])
        comes = goes + reach / self._between(500, 1500)
        other = (other[0], other[1], place[2] + self._between(-20, 20))
        came, away = goes - 0.2, (place[0], self._edge()[1] + 1100, 0.0)
        moving = ((came, away), (goes, self._hold(place)), (comes, self._hold(other)), (comes + 0.3, away))
        self.script.tracks.append(Track(self._hand, moving))
        keys += [(goes, place), (comes, other)]
        keys += self._take(other, comes + self._between(0.7, 2))
        self._show(act, thing, keys)

    def _covered(self, act: str) -> None:
        thing, place = self._label(), self._place()
        keys = self._bring(place, self.script.end_s)
        covers, stays = keys[-1][0] + self._between(0.7, 2), self._between(0.2, 1.2)
        over, away = (place[0], place[1] + 900 - 150, 0.0), (place[0], self._edge()[1] + 1100, 0.0)
        way = ((covers, away), (covers + 0.3, over), (covers + 0.3 + stays, over), (covers + 0.6 + stays, away))
        self.script.tracks.append(Track(self._hand, way))
        keys += self._take(place, covers + 0.6 + stays + self._between(0.5, 2))
        self._show(act, thing, keys)

    def _exchanged(self, act: str) -> None:
        """One hand takes a package, the other brings the next: of the same product, or with the very same symbol."""
        thing, place, other = self._label(), self._place(), self._place()
        while math.hypot(place[0] - other[0], place[1] - other[1]) < 160:
            other = self._place()
        keys = self._bring(place, self.script.end_s)
        keys += self._take(place, keys[-1][0] + self._between(0.7, 3))
        self._show(act, thing, keys)
        follows = thing if act == "same again" else self._label()
        keys = self._bring(other, keys[-2][0] + self._between(0.45, 0.6))
        keys += self._take(other, keys[-1][0] + self._between(0.7, 3))
        self._show(act, follows, keys)

    def _cut(self, act: str) -> None:
        """A package takes another's place from one frame to the next."""
        thing, place = self._label(), self._place()
        keys = self._bring(place, self.script.end_s)
        cut = keys[-1][0] + self._between(0.7, 3)
        self._show(act, thing, [*keys, (cut, place), (cut, place)])
        follows = self._label()
        keys = [(cut, place), (cut, place), *self._take(place, cut + self._between(0.7, 3))]
        self._show(act, follows, keys)

    def _unreadable(self, act: str) -> None:
        self._number += 1
        thing, place = unreadable(self._number), self._place()
        keys = self._bring(place, self.script.end_s)
        keys += self._take(place, keys[-1][0] + self._between(6.5, 9))
        self._show(act, thing, keys)

    def _hands(self, act: str) -> None:
        """Hands that bring nothing and never rest."""
        del act
        at_s, end = self.script.end_s, self.script.end_s + self._between(1, 5)
        keys = [(at_s, (self._edge()[0], self._edge()[1] + 1100, 0.0))]
        while keys[-1][0] < end:
            x, y, _ = self._place()
            keys.append((keys[-1][0] + self._between(0.3, 0.8), (x, y + 900, 0.0)))
        keys.append((keys[-1][0] + 0.4, (self._edge()[0], self._edge()[1] + 1100, 0.0)))
        self.script.tracks.append(Track(self._hand, tuple(keys)))
        self.script.end_s = keys[-1][0]


def times(minutes: float, per_second: float) -> Iterator[float]:
    """When frames are due, in seconds."""
    for number in range(round(minutes * 60 * per_second)):
        yield number / per_second
