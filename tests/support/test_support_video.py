import numpy as np
import pytest

from edge.udi.presentation import Shape
from edge.vision.ladder import read_frame
from tests.bench.bench_soak import compare, prompts_in
from tests.support.video import Director, Laid, Script, Video

WHOLE, HALF = Shape.COMPLETE, Shape.DI_ONLY


def script(minutes: float = 0.4) -> Script:
    return Director(3).write(minutes)


def test_the_same_seed_gives_the_same_video() -> None:
    one, other = (Video(script(), seed=3) for _ in range(2))
    assert all((one.frame(t, lamp=True) == other.frame(t, lamp=True)).all() for t in (0.0, 4.0, 4.1))


def test_what_is_said_to_lie_there_lies_there_and_reads() -> None:
    written = script()
    video = Video(written, seed=3)
    for laid in sorted(written.laid, key=lambda each: each.since_s):
        seen = read_frame(video.frame((laid.since_s + laid.until_s) / 2, lamp=True), t0_ns=0)
        assert [read.payload for read in seen] == ([] if laid.payload is None else [laid.payload])


def test_the_lamp_takes_its_time() -> None:
    video = Video(Script(), seed=1)
    levels = [float(np.mean(video.frame(at, lamp=at >= 1))) for at in (0.0, 0.9, 1.0, 1.075, 1.2)]
    assert levels[1] < 15
    assert levels[1] < levels[3] < levels[4]
    assert levels[4] > 90


A, B = Laid("plain", b"a", 1, 3), Laid("plain", b"b", 5, 7)
HEARD = {
    "all": ([(1.1, b"a", WHOLE), (5.1, b"b", WHOLE)], (0, 0, 0)),
    "one lost": ([(1.1, b"a", WHOLE)], (1, 0, 0)),
    "one twice": ([(1.1, b"a", WHOLE), (2.5, b"a", WHOLE), (5.1, b"b", WHOLE)], (0, 1, 0)),
    "one that nobody showed": ([(1.1, b"a", WHOLE), (5.1, b"b", WHOLE), (6, b"c", WHOLE)], (0, 0, 1)),
    "at another's time": ([(1.1, b"b", WHOLE), (5.1, b"b", WHOLE)], (1, 0, 1)),
    "as a half": ([(1.1, b"a", HALF), (5.1, b"b", WHOLE)], (1, 0, 1)),
}


@pytest.mark.parametrize(("heard", "expected"), HEARD.values(), ids=HEARD.keys())
def test_a_soak_counts_what_goes_wrong(
    heard: list[tuple[float, bytes | None, Shape]], expected: tuple[int, int, int]
) -> None:
    assert tuple(len(each) for each in compare([A, B], heard)) == expected


def test_prompts_belong_to_what_lies_there() -> None:
    assert prompts_in([(0.5, 1), (3.0, 1), (6.0, 2)], Laid("unreadable", None, 1, 7)) == [1, 2]
