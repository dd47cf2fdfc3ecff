"""A camera that is not there: a picture seen through a lens that can be out of focus, with light, noise and faults.

For benches, demonstrations and training, and for whoever has to see that the camera path bears a bad camera. The
optics are simple: Gaussian blur, light that adds up, shot and read noise. No figure from it is one of a real camera.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hardware.camera import CameraError, Frame, FrameError, Limits, Luma
from hardware.camera_settings import FRAME_US, MOST_DIOPTRES, MOST_EXPOSURE_US, MOST_GAIN, CameraSettings

Fault = Literal["stalled", "damaged", "slow"]
LAG_FRAMES = 4
"""So many frames later a change shows, as with three buffers and a sensor that takes one frame more."""
SLOW = 20
"""So many times longer a frame takes with the fault ``slow``."""
NEAREST = 15.0
"""Dioptres that the simulated lens reaches: 7 cm."""
_TABLE = 128
_GRAIN = 64
"""Pixels by which one field of noise is shifted at random: to draw a new one for each frame takes most of its time."""
_BANDS = 5
_FINE = 2


@dataclass(frozen=True, slots=True)
class Optics:
    """What is true of the camera and the way it is mounted. As it comes, all is well but for the settings."""

    focus: float = 8.0
    """Dioptres at which the plane of the labels is sharp."""
    lift: float = 0.0
    """Dioptres by which the picture lies nearer than that plane, because it lies on something high."""
    softness: float = 0.45
    """Sigma in frame pixels that is left at best focus."""
    blur: float = 1.0
    """Sigma in frame pixels for each dioptre beside the focus."""
    zoom: float = 1.0
    """1: the whole picture fills the frame's width or height; more is nearer."""
    tilt: float = 0.0
    """Share by which the upper edge looks smaller than the lower one; it is farther away, too."""
    motor: bool = True
    """The lens position can be set."""
    light: float = 25.0
    """Grey levels that white paper gains in a millisecond at gain 1."""
    uneven: float = 0.0
    """Share of the light that is missing at the left edge."""
    veil: float = 0.0
    """Share of all light that a dirty lens scatters over the whole frame."""
    flicker: float = 0.0
    """Share by which the light of frames differs, as under lamps on alternating current."""
    shot_noise: float = 0.08
    """Sigma at 1 grey level and gain 1; grows with the root of both."""
    read_noise: float = 0.3
    """Sigma at gain 1; grows with the gain."""


@dataclass(frozen=True, slots=True)
class _Values:
    lens_position: float
    exposure_us: int
    gain: float


class SimulatedCamera:
    """Shows one picture through `Optics`. `fault` may be set at any time, and None ends it."""

    fault: Fault | None = None

    def __init__(
        self,
        scene: Luma,
        settings: CameraSettings,
        optics: Optics | None = None,
        *,
        seed: int = 1,
        period_s: float = FRAME_US / 1e6,
    ) -> None:
        """Lay a picture under the camera.

        Args:
            scene: grey values, height x width, uint8; 255 is white paper.
            settings: size of the frames and where lens, exposure and gain begin.
            optics: how the picture is seen.
            seed: of noise and flicker; the same seed, the same frames.
            period_s: seconds a frame takes; 0: as fast as the machine makes them.
        """
        self._optics = optics or Optics()
        self._size = settings.size
        self._view = _view(scene, self._size, self._optics)
        lens = settings.lens_position if settings.lens_position is not None else 1.0
        self._now = self._wanted = _Values(lens, settings.exposure_us, settings.gain)
        self._coming: deque[_Values] = deque([self._now] * LAG_FRAMES)
        self._rng = np.random.default_rng(seed)
        shape = (self._size[1] + _GRAIN, self._size[0] + _GRAIN)
        self._grain = self._rng.standard_normal(shape, dtype=np.float32)
        self._soft: tuple[float, NDArray[np.float32]] | None = None
        self._period_s = period_s
        self._next_s = time.monotonic()
        self._number = 0

    @property
    def limits(self) -> Limits:
        """What can be set."""
        lens = (0.0, min(NEAREST, MOST_DIOPTRES)) if self._optics.motor else None
        return Limits(lens, (20, MOST_EXPOSURE_US), (1.0, MOST_GAIN))

    def set(
        self, *, lens_position: float | None = None, exposure_us: int | None = None, gain: float | None = None
    ) -> None:
        """Change what is given, `LAG_FRAMES` frames later.

        Raises:
            CameraError: outside of `limits`.
        """
        limits = self.limits
        self._wanted = replace(
            self._wanted,
            lens_position=_within("lens_position", lens_position, limits.lens_position, self._wanted.lens_position),
            exposure_us=int(_within("exposure_us", exposure_us, limits.exposure_us, self._wanted.exposure_us)),
            gain=_within("gain", gain, limits.gain, self._wanted.gain),
        )

    def capture(self, deadline_s: float) -> Frame | None:
        """The next frame when it is due.

        Raises:
            CameraError: it is stalled, damaged, or too slow.
        """
        late = self._wait(deadline_s)
        if late or self.fault == "stalled":
            raise CameraError(f"no frame within {deadline_s:g} s: the simulated camera is {self.fault or 'slow'}")
        self._coming.append(self._wanted)
        self._now = self._coming.popleft()
        self._number += 1
        if self.fault == "damaged":
            raise FrameError("the simulated camera gave a damaged frame")
        return Frame(self._expose(), time.monotonic_ns(), self._number, "")

    def close(self) -> None:
        """Nothing to let go."""

    def _wait(self, deadline_s: float) -> bool:
        """Sleep until the frame is due; True if that is after the deadline."""
        period_s = self._period_s * (SLOW if self.fault == "slow" else 1)
        due_s = deadline_s if self.fault == "stalled" else self._next_s - time.monotonic()
        time.sleep(max(0.0, min(due_s, deadline_s)))
        if due_s > deadline_s:
            return True
        self._next_s = max(self._next_s + period_s, time.monotonic() - period_s)
        return False

    def _expose(self) -> Luma:
        optics, now = self._optics, self._now
        light = optics.light * (1 + optics.flicker * float(self._rng.uniform(-1, 1)))
        levels = self._sharp(now.lens_position) * np.float32(light * now.exposure_us / 1000 * now.gain)
        shot, read = np.float32(optics.shot_noise**2 * now.gain), np.float32((optics.read_noise * now.gain) ** 2)
        sigma = np.sqrt(levels * shot + read)
        top, left = self._rng.integers(0, _GRAIN, 2)
        sigma *= self._grain[top : top + levels.shape[0], left : left + levels.shape[1]]
        levels += sigma
        np.clip(np.rint(levels, out=levels), 0, 255, out=levels)
        return levels.astype(np.uint8)

    def _sharp(self, lens_position: float) -> NDArray[np.float32]:
        """The view at this focus, 0 to 1; the last one is kept."""
        if self._soft is None or self._soft[0] != lens_position:
            self._soft = lens_position, self._focused(lens_position)
        return self._soft[1]

    def _focused(self, lens_position: float) -> NDArray[np.float32]:
        """Blurred by how far from its focus each of a few bands lies; with no tilt there is one."""
        optics = self._optics
        bands = _BANDS if optics.tilt else 1
        rows = np.linspace(0, self._size[1], bands + 1).astype(int)
        soft = np.empty((self._size[1], self._size[0]), np.float32)
        for band, (top, bottom) in enumerate(itertools.pairwise(rows)):
            away = (band / max(1, bands - 1) - 0.5) * optics.tilt * 2 * optics.focus
            beside = abs(lens_position - optics.focus - optics.lift - away)
            sigma = float(np.hypot(optics.softness, optics.blur * beside))
            soft[top:bottom] = np.asarray(self._view.filter(ImageFilter.GaussianBlur(sigma)), np.float32)[top:bottom]
        soft /= 255
        soft = soft * (1 - optics.veil) + optics.veil * float(soft.mean())
        shade = np.linspace(1 - optics.uneven, 1, self._size[0], dtype=np.float32)
        return np.asarray(soft * shade, np.float32)


def _within(name: str, value: float | None, limits: tuple[float, float] | None, now: float) -> float:
    if value is None:
        return now
    if limits is None:
        raise CameraError(f"{name} = {value:g}: this lens has no motor")
    if not limits[0] <= value <= limits[1]:
        raise CameraError(f"{name} = {value:g}: expected {limits[0]:g} to {limits[1]:g}")
    return value


def _view(scene: Luma, size: tuple[int, int], optics: Optics) -> Image.Image:
    """The picture as the lens projects it, in frame pixels, sharp; beside it lies a grey table."""
    width, height = size
    scale = optics.zoom * min(width / scene.shape[1], height / scene.shape[0])
    if not optics.tilt:
        page = Image.fromarray(scene)
        page = page.resize((max(1, round(page.width * scale)), max(1, round(page.height * scale))), _drawn_by(scale))
        table = Image.new("L", size, _TABLE)
        table.paste(page, ((width - page.width) // 2, (height - page.height) // 2))
        return table
    return _tilted(scene, size, scale, optics.tilt)


def _drawn_by(scale: float) -> Image.Resampling:
    return Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC


def _tilted(scene: Luma, size: tuple[int, int], scale: float, tilt: float) -> Image.Image:
    """The same in perspective, drawn twice as fine."""
    width, height = size
    fine = (width * _FINE, height * _FINE)
    page = Image.fromarray(scene)
    drawn = (max(1, round(page.width * scale * _FINE)), max(1, round(page.height * scale * _FINE)))
    page = page.resize(drawn, _drawn_by(scale * _FINE))
    left, top = (fine[0] - page.width) / 2, (fine[1] - page.height) / 2
    inset = tilt / 2 * fine[0]
    seen = [(inset, inset), (fine[0] - inset, inset), (float(fine[0]), float(fine[1])), (0.0, float(fine[1]))]
    flat = [(-left, -top), (fine[0] - left, -top), (fine[0] - left, fine[1] - top), (-left, fine[1] - top)]
    back = _coefficients(seen, flat)
    drawn_on = page.transform(fine, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC, fillcolor=_TABLE)
    return drawn_on.resize(size, Image.Resampling.BOX)


def _coefficients(seen: list[tuple[float, float]], flat: list[tuple[float, float]]) -> list[float]:
    """Pillow's eight numbers that lead from what is seen back to where it lies."""
    rows, values = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows, float), np.array(values, float))]
