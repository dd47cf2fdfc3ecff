from edge.udi.read import Read
from edge.vision.pixels import Luma
from edge.vision.scene import FIRST_PAUSE_NS, MOST_PAUSE_NS, MOST_STEPS, Scene
from tests.support import video

S = 1_000_000_000
SIZE = (480, 360)
HERE, THERE = (140.0, 150.0, 20.0), (340.0, 220.0, 75.0)
FORMATS = ("DataMatrix",)
A, B = video.label(1), video.label(2)
RUBBED = video.unreadable(3)


def frame(*lying: tuple[video.Thing, video.Pose], seed: int) -> Luma:
    return video.still(*lying, size=SIZE, seed=seed, noise=2.0)


def shown(scene: Scene, *lying: tuple[video.Thing, video.Pose], frames: range) -> list[Read]:
    found: list[Read] = []
    for number in frames:
        if scene.rests(number * S // 10):
            break
        luma = frame(*lying, seed=number)
        found += scene.step(luma, number * S // 10, known=found, budget_ms=10_000, bare=False)
    return found


def test_every_symbol_is_read_once_then_the_scene_is_left_alone() -> None:
    scene = Scene(FORMATS)
    found = shown(scene, (A, HERE), (B, THERE), frames=range(10))
    assert sorted(read.payload for read in found) == sorted(each.payload for each in (A, B) if each.payload)
    assert scene.tried
    assert scene.rests(7 * S // 10)


def test_an_empty_table_is_left_alone_for_long() -> None:
    scene = Scene(FORMATS)
    for number in range(4):
        assert not scene.rests(number)
        scene.step(frame(seed=number), number, known=(), budget_ms=10_000, bare=True)
    assert scene.tried
    assert scene.rests(MOST_PAUSE_NS)
    assert not scene.rests(MOST_PAUSE_NS + 3)


def test_what_does_not_read_is_tried_again_after_longer_and_longer_pauses() -> None:
    scene, worked = Scene(FORMATS), []
    for number in range(200):
        now_ns = number * S // 10
        if not scene.rests(now_ns):
            worked.append(number)
            scene.step(frame((RUBBED, HERE), seed=number), now_ns, known=(), budget_ms=10_000, bare=False)
    assert worked[:4] == [0, 1, 2, 3]
    begins = [number for number, before in zip(worked[1:], worked, strict=False) if number - before > 1]
    pauses = [number - worked[worked.index(number) - 1] for number in begins]
    assert pauses[0] == FIRST_PAUSE_NS * 10 // S
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4 * pauses[0]
    assert len(worked) == 4 + 4 * len(begins)


def test_a_scene_that_trembles_is_tried_and_left_alone_too() -> None:
    scene = Scene(FORMATS)
    steps = 0
    for number in range(40):
        place = (HERE[0] + 2 * (number % 2), *HERE[1:])
        if not scene.rests(number * S // 100):
            steps += 1
            scene.step(frame((A, place), seed=number), number * S // 100, known=(), budget_ms=10_000, bare=True)
    assert scene.tried
    assert steps == MOST_STEPS
