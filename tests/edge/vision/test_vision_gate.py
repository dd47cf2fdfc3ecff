from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.vision.gate import CELL, EVERY, Gate, coarse
from edge.vision.pixels import Luma

HEIGHT, WIDTH = 256, 320


@dataclass(frozen=True)
class Scene:
    """A table with or without a label on it."""

    at: tuple[int, int] | None = None
    light: float = 1.0
    contrast: float = 1.0
    seed: int = 0

    def luma(self, rng: np.random.Generator, noise: float = 4.0) -> Luma:
        view = np.full((HEIGHT, WIDTH), 115.0)
        if self.at is not None:
            y, x = self.at
            modules = np.random.default_rng(self.seed).integers(0, 2, (24, 24)).repeat(4, 0).repeat(4, 1)
            view[y : y + 96, x : x + 96] = 115 + self.contrast * (50 + 70 * (modules - 0.3))
        grain = rng.standard_normal(view.shape) * noise
        levels: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.clip(view * self.light + grain, 0, 255)
        return levels.astype(np.uint8)


def stood(scene: Scene, rng: np.random.Generator, noise: float = 4.0, frames: int = 12) -> Gate:
    gate = Gate()
    for number in range(frames):
        assert gate.look(coarse(scene.luma(rng, noise))).changed is (number == 0)
    return gate


@pytest.mark.parametrize("noise", [0.0, 0.5, 2.0, 4.0, 6.0])
def test_noise_does_not_wake(noise: float) -> None:
    rng = np.random.default_rng(1)
    gate = stood(Scene((40, 60)), rng, noise, frames=60)
    assert gate.sigma == pytest.approx(noise, abs=0.6)
    tell = gate.look(coarse(Scene((40, 60)).luma(rng, noise)))
    assert (tell.changed, tell.fresh, tell.still) == (False, False, 60)


LAID = Scene((40, 60))
CHANGES = {
    "a label comes": (Scene(), LAID),
    "a label goes": (LAID, Scene()),
    "a label moves by one pixel": (LAID, Scene((40, 61))),
    "another label in its place": (LAID, replace(LAID, seed=1)),
    "a faint label comes": (Scene(), Scene((40, 60), contrast=0.3)),
    "a label comes in the dark": (Scene(light=0.05), Scene((40, 60), light=0.05)),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_wakes(before: Scene, after: Scene, seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = 2.0 if before.light < 1 else 4.0
    gate = stood(before, rng, noise)
    tells = [gate.look(coarse(after.luma(rng, noise))) for _ in range(6)]
    assert any(tell.changed for tell in tells[:4])
    assert not tells[-1].changed


def test_slow_drift_of_the_light_does_not_wake() -> None:
    rng = np.random.default_rng(4)
    gate = stood(LAID, rng)
    drifting = [replace(LAID, light=1 + 0.2 * np.sin(number / 40)) for number in range(160)]
    assert not any(gate.look(coarse(scene.luma(rng))).changed for scene in drifting)


def test_creeping_wakes_in_the_end() -> None:
    rng = np.random.default_rng(5)
    gate = stood(LAID, rng, noise=6.0)
    assert any(gate.look(coarse(Scene((40, 60 + step // 2)).luma(rng, 6.0))).changed for step in range(24))


def test_the_lamps_doing_is_no_change() -> None:
    rng = np.random.default_rng(6)
    gate = stood(replace(LAID, light=0.05), rng)
    tell = gate.look(coarse(LAID.luma(rng)), blind=True)
    assert (tell.changed, tell.fresh, tell.still) == (False, True, 0)
    assert not gate.look(coarse(LAID.luma(rng))).changed


def test_another_size_is_another_view() -> None:
    gate = stood(LAID, np.random.default_rng(7))
    assert gate.look(coarse(np.zeros((100, 100), np.uint8))).changed


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 3), (31, 33), (64, 64), (3000, 4000)])
def test_any_size_is_looked_at(shape: tuple[int, int]) -> None:
    gate, seen = Gate(), coarse(np.full(shape, 100, np.uint8))
    assert seen.samples.size > 0
    assert seen.cells.size > 0
    assert [gate.look(seen).changed for _ in range(3)] == [True, False, False]
    assert abs(seen.samples.shape[0] - shape[0] / EVERY) <= 1
    assert seen.cells.shape[1] <= max(2, shape[1] / CELL + 1)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["lay", "move", "remove", "swap", "lamp", "drift", "wait"]), min_size=1, max_size=8),
    st.integers(0, 2**16),
)
def test_it_wakes_for_what_happens_and_for_nothing_else(acts: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = Scene()
    gate = stood(scene, rng)
    for act in acts:
        before, scene = scene, _after(scene, act, rng)
        blind = act == "lamp"
        # nobody changes a package for another between two frames: the table is bare in between
        bare = [gate.look(coarse(replace(scene, at=None).luma(rng)))] if act == "swap" else []
        tells = bare + [gate.look(coarse(scene.luma(rng)), blind=blind and number < 3) for number in range(8)]
        moved = (before.at, before.seed) != (scene.at, scene.seed)
        assert any(tell.changed for tell in tells) is moved, act
        assert tells[-1].still > 0


def _after(scene: Scene, act: str, rng: np.random.Generator) -> Scene:
    place = int(rng.integers(0, 120)), int(rng.integers(0, 200))
    match act:
        case "lay" | "move":
            return replace(scene, at=place)
        case "remove":
            return replace(scene, at=None, seed=0)
        case "swap" if scene.at is not None:
            return replace(scene, seed=scene.seed + 1)
        case "lamp":
            return replace(scene, light=0.4 if scene.light > 0.7 else 1.0)
        case "drift":
            return replace(scene, light=scene.light * 1.02)
        case _:
            return scene
