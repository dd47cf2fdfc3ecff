"""Pictures to read and how to tell a right payload from a wrong one: generated frames, and a folder of real ones.

Generated frames have 1920 x 1080 pixels (`tests.support.frames`): each condition of `SEEN` with modules of 2 to 4
pixels, any angle, noise of 4 grey levels, on wood, paper and print in turn. Dot-peened marks lie in frames of the
camera's size (`tests.support.peened`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tests.bench.figures import MissingError
from tests.support import frames
from tests.support.frames import CONDITIONS, FOUR, Ground, Kind, Luma
from tests.support.images import ManifestError, pictures
from tests.support.peened import Peening, mark, metal

SEED = int(os.environ.get("SEED", "1"))
PX = (2.0, 2.5, 3.0, 4.0)
GROUNDS: tuple[Ground, ...] = ("wood", "plain", "text")
FORMATS: dict[Kind, str] = {"datamatrix": "DataMatrix", "qr": "QRCode", "code128": "Code128"}
SEEN: dict[Kind, tuple[str, ...]] = {"datamatrix": FOUR, "qr": FOUR, "code128": ("typical", "low_contrast")}
NONE = "no code"
CAMERA = (1456, 1088)
MATRICES: tuple[Kind, ...] = ("datamatrix", "qr")
OVER: dict[str, Callable[[Luma], Luma]] = {
    "mirrored": lambda luma: np.ascontiguousarray(luma[:, ::-1]),
    "inverse": lambda luma: 255 - luma,
}
OTHER = 5000
"""Added to a number, for frames that no other set has."""
SELDOM = 0.1
"""Weight of a dot-peened mark: there are many labels for each."""
PITCHES = (4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 26.0, 34.0)
"""Pixels from dot to dot."""


@dataclass(frozen=True, slots=True)
class Case:
    """A picture and its truth."""

    name: str
    group: str
    """The set whose rate it counts for."""
    format: str
    """Kind of symbol as zxing-cpp spells it; ``none`` where there is none."""
    count: int
    holds: Callable[[bytes], bool]
    luma: Callable[[], Luma]
    published: bool = False
    """The truth is somebody's word: where two engines agree on another payload, it is in doubt."""
    weight: float = 1.0
    """How often such a thing is met, against a label."""


def generated(number_of_frames: int) -> Iterator[Case]:
    """So many frames of each condition and size, and of each ground without a symbol, metal of each texture too."""
    for number in range(number_of_frames):
        for kind, conditions in SEEN.items():
            for condition in conditions:
                yield from (_shot(kind, condition, px, number) for px in PX)
        yield from (_empty(ground, number) for ground in GROUNDS)
        yield from (_metal(pitch, number) for pitch in PITCHES[1::2])


def _shot(kind: Kind, condition: str, px: float, number: int) -> Case:
    seed = SEED * 1_000_003 + number * 1009 + int(px * 100) * 17 + list(CONDITIONS).index(condition)
    ground = GROUNDS[seed % len(GROUNDS)]
    taken = frames.shot(kind, CONDITIONS[condition], px, seed=seed, ground=ground)
    (placed,) = taken.truth
    name = f"{kind} {condition} {px:g} px seed {seed}"
    return Case(name, f"{kind} {condition} {px:g}", FORMATS[kind], 1, placed.payload.__eq__, lambda: taken.luma)


def turned_over(number_of_frames: int) -> Iterator[Case]:
    """So many labels seen in a mirror, and so many light on dark, of both kinds of matrix codes."""
    for number in range(number_of_frames):
        for name, way in OVER.items():
            for kind in MATRICES:
                for px in PX[1:]:
                    yield _over(_shot(kind, "typical", px, number + OTHER), name, way)


def _over(case: Case, name: str, way: Callable[[Luma], Luma]) -> Case:
    return replace(case, name=f"{name} {case.name}", group=name, luma=lambda: way(case.luma()))


def peened(number_of_frames: int) -> Iterator[Case]:
    """So many dot-peened marks of each pitch, dark and light, turned by any angle."""
    for number in range(number_of_frames):
        for pitch in PITCHES:
            for light in (False, True):
                yield _mark(pitch, number, light=light)


def _mark(pitch: float, number: int, *, light: bool) -> Case:
    seed = SEED * 1_000_003 + number * 1009 + int(pitch)
    plate, payload = mark(Peening(pitch, angle=seed * 37.0 % 360, light=light), seed=seed)
    name = f"peened {'light' if light else 'dark'} {pitch:g} px seed {seed}"
    luma = partial(_plate, plate, seed)
    return Case(name, f"peened {pitch:g}", "DataMatrix", 1, payload.__eq__, luma, weight=SELDOM)


def _plate(plate: Luma, seed: int) -> Luma:
    """A plate of metal that lies in a camera's frame."""
    frame = frames.empty("wood", seed=seed, size=CAMERA)
    (height, width), rng = plate.shape, np.random.default_rng(seed)
    x, y = int(rng.integers(0, CAMERA[0] - width + 1)), int(rng.integers(0, CAMERA[1] - height + 1))
    frame[y : y + height, x : x + width] = plate
    return frame


def _empty(ground: Ground, number: int) -> Case:
    seed = SEED * 1_000_003 + number
    luma = partial(frames.empty, ground, seed=seed)
    return Case(f"{ground} seed {seed}", f"{NONE} {ground}", "none", 0, lambda _: False, luma)


def _metal(pitch: float, number: int) -> Case:
    seed = SEED * 1_000_003 + number
    luma = partial(metal, 960, 720, pitch=pitch, seed=seed)
    return Case(f"metal {pitch:g} px seed {seed}", f"{NONE} metal", "none", 0, lambda _: False, luma)


def real() -> list[Case]:
    """The pictures of the folder that IMAGES names; none if it names none.

    Raises:
        MissingError: the folder has no manifest that can be used.
    """
    if not os.environ.get("IMAGES"):
        return []
    try:
        found = pictures(Path(os.environ["IMAGES"]))
    except ManifestError as error:
        raise MissingError(str(error)) from error
    return [
        Case(
            f"{each.group}/{each.path.name}",
            each.group,
            each.format,
            each.count,
            each.holds,
            each.luma,
            published=True,
        )
        for each in found
    ]
