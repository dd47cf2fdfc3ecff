import numpy as np
import pytest

from edge.vision.background import FIRST_NS, LESS_NS, STAYS_NS, Background
from edge.vision.gate import Coarse, coarse
from edge.vision.pixels import Luma

SHAPE = (480, 640)
SIGMA = 2.0


def view(*, at: tuple[int, int] | None = None, seed: int = 0, light: float = 1.0, ramp: float = 0.0) -> Coarse:
    """A wooden table, with a printed label at a place or without."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    levels = 110 + 8 * np.sin(y / 9 + np.sin(x / 90))
    if at is not None:
        print_ = np.random.default_rng(1).integers(0, 2, (30, 40)).repeat(4, 0).repeat(4, 1)
        levels[at[0] : at[0] + 120, at[1] : at[1] + 160] = 190 - 120 * print_
    levels = levels * light * (1 + ramp * (x / SHAPE[1] - 0.5))
    grain = np.random.default_rng(seed).standard_normal(SHAPE) * SIGMA
    luma: Luma = np.asarray(np.clip(levels + grain, 0, 255).astype(np.uint8))
    return coarse(luma)


def known(at: tuple[int, int] | None = None) -> Background:
    background = Background()
    assert background.look(view(at=at), SIGMA, lit=True) is None
    background.learn(view(at=at), lit=True, still_ns=FIRST_NS)
    return background


AT = (200, 300)


def test_the_first_view_that_stands_is_the_table() -> None:
    background = Background()
    background.learn(view(), lit=True, still_ns=FIRST_NS - 1)
    assert background.look(view(), SIGMA, lit=True) is None
    background.learn(view(), lit=True, still_ns=FIRST_NS)
    assert background.look(view(seed=1), SIGMA, lit=True) is False
    assert background.look(view(), SIGMA, lit=False) is None


@pytest.mark.parametrize("light", [0.4, 0.8, 1.0, 1.3])
@pytest.mark.parametrize("ramp", [-0.25, 0.0, 0.25])
def test_light_is_no_thing(light: float, ramp: float) -> None:
    background = known()
    assert background.look(view(seed=2, light=light, ramp=ramp), SIGMA, lit=True) is False
    assert background.box(SHAPE) is None


@pytest.mark.parametrize("light", [0.5, 1.0])
def test_a_thing_is_seen_with_its_place(light: float) -> None:
    background = known()
    assert background.look(view(at=AT, seed=2, light=light), SIGMA, lit=True)
    x, y, width, height = background.box(SHAPE) or (0, 0, 0, 0)
    assert (x, y) == pytest.approx((AT[1] - 10, AT[0] - 10), abs=32)
    assert (width, height) == pytest.approx((180, 140), abs=50)
    assert not background.bare((AT[1], AT[0], 100, 100))
    assert background.bare((20, 20, 100, 100))


@pytest.mark.parametrize(("still_ns", "something"), [(STAYS_NS - 1, True), (STAYS_NS, False)])
def test_what_stays_belongs_to_the_table_and_the_table_is_remembered(still_ns: int, something: bool) -> None:
    background = known()
    background.look(view(at=AT), SIGMA, lit=True)
    background.learn(view(at=AT), lit=True, still_ns=still_ns)
    assert background.look(view(at=AT, seed=3), SIGMA, lit=True) is something
    assert background.look(view(seed=3), SIGMA, lit=True) is False


@pytest.mark.parametrize(("still_ns", "something"), [(LESS_NS - 1, True), (LESS_NS, False)])
def test_a_table_that_comes_to_light_is_soon_the_table(still_ns: int, something: bool) -> None:
    background = known(at=AT)
    background.look(view(), SIGMA, lit=True)
    background.learn(view(), lit=True, still_ns=still_ns)
    assert background.look(view(seed=3), SIGMA, lit=True) is something


def test_the_dark_table_is_what_is_seen_when_the_lamp_goes_out_over_nothing() -> None:
    background = known()
    dark = view(light=0.3, ramp=0.4)
    background.look(dark, SIGMA, lit=False)
    background.learn(dark, lit=False, still_ns=0, emptied=True)
    assert background.look(view(light=0.3, ramp=0.4, seed=4), SIGMA, lit=False) is False
    assert background.look(view(at=AT, light=0.3, ramp=0.4, seed=4), SIGMA, lit=False)


def test_the_table_follows_what_changes_slowly() -> None:
    background = known()
    for step in range(30):
        now = view(ramp=0.02 * step, seed=step)
        assert background.look(now, SIGMA, lit=True) is False
        background.learn(now, lit=True, still_ns=0)


def test_a_frame_of_another_size_is_of_no_known_table() -> None:
    background = known()
    assert background.look(coarse(np.zeros((99, 99), np.uint8)), SIGMA, lit=True) is None
