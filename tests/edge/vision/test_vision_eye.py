from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray

from edge.station.intake import GONE_NS, Intake
from edge.vision.confirm import is_linear
from edge.vision.eye import LEFT_NS, Eye, Look
from edge.vision.light import OFF_NS, SETTLE_NS
from edge.vision.pixels import Luma
from tests.support import frames, video
from tests.support.video import Pose, Thing

S = 1_000_000_000
SIZE = (480, 360)
TODAY = date(2026, 11, 24)
HERE, THERE = (140.0, 150.0, 20.0), (340.0, 220.0, 75.0)
Lying = tuple[tuple[Thing, Pose], ...]

label = cache(video.label)
unreadable = cache(video.unreadable)
hand = cache(video.hand)


@dataclass
class Bench:
    """An eye before which things are laid, at ten frames a second; the lamp obeys it."""

    dark: float = 1.0
    eye: Eye = field(default_factory=lambda: Eye(budget_ms=10_000))
    intake: Intake = field(default_factory=Intake)
    number: int = 0
    light: bool = True
    told: list[bytes] = field(default_factory=list)

    def show(self, lying: Lying, seconds: float = 0.1) -> list[Look]:
        looks = []
        for _ in range(round(seconds * 10)):
            self.number += 1
            lamp = 1.0 if self.light else self.dark
            luma = video.still(*lying, size=SIZE, seed=self.number, light=lamp, noise=2.0)
            looks.append(self.look(luma))
        return looks

    def look(self, luma: Luma) -> Look:
        look = self.eye.look(luma, self.now_ns)
        self.light = look.light
        self._tell(look)
        return look

    @property
    def now_ns(self) -> int:
        return self.number * S // 10

    def _tell(self, look: Look) -> None:
        out = self.intake.tick(self.now_ns)
        if look.gone_ns is not None:
            out += self.intake.seen((), look.gone_ns, TODAY)
        if look.changed:
            out += self.intake.seen(look.reads, self.now_ns, TODAY)
        self.told += [each.presentation.reads[0].payload for each in out]


def payloads(look: Look) -> list[bytes | None]:
    return [read.payload for read in look.reads]


A, B = label(1), label(2)


def test_a_label_is_told_with_its_first_frame_and_once() -> None:
    bench = Bench()
    bench.show((), 2)
    first, *others = bench.show(((A, HERE),), 3)
    assert (payloads(first), first.changed, first.present, first.light) == ([A.payload], True, True, True)
    assert all(payloads(look) == [A.payload] and not look.changed for look in others)
    (read,) = others[-1].reads
    assert read.corners is not None
    assert np.mean(read.corners, axis=0) == pytest.approx(HERE[:2], abs=60)


def test_a_frame_that_misses_it_is_no_removal() -> None:
    bench = Bench()
    bench.show(((A, HERE),), 1)
    missed = bench.look(np.full(SIZE[::-1], 90, np.uint8))
    assert (payloads(missed), missed.changed) == ([A.payload], False)
    assert not any(look.changed for look in bench.show(((A, HERE),), 1))
    assert bench.told == [A.payload]


def test_what_is_taken_away_is_gone_since_it_was_seen_last() -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    seen_ns = bench.now_ns
    looks = bench.show((), 1)
    (gone,) = [look for look in looks if look.changed]
    assert (gone.reads, gone.gone_ns, gone.present) == ((), seen_ns, False)
    assert not looks[-1].present


@pytest.mark.parametrize("place", [HERE, THERE], ids=["in its place", "elsewhere"])
def test_a_package_is_exchanged_within_a_frame_or_two(place: Pose) -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    looks = bench.show(((B, place),), 1)
    assert payloads(looks[2]) == [B.payload]
    assert all(payloads(look) in ([A.payload], [B.payload]) for look in looks)
    assert bench.told == [A.payload, B.payload]


def over(place: Pose) -> tuple[Thing, Pose]:
    return hand(), (place[0], place[1] + 800, 0.0)


def test_a_hand_that_rests_on_a_label_takes_nothing_away() -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    bench.show(((A, HERE), over(HERE)), 1.2)
    bench.show(((A, HERE),), 2)
    assert bench.told == [A.payload]


def test_a_label_that_is_slid_elsewhere_is_the_same() -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    for step in range(5):
        bench.show(((A, HERE), over((HERE[0] + 10 * step, HERE[1], 0.0))))
    bench.show(((A, THERE),), 1)
    assert bench.told == [A.payload]


def test_a_label_that_is_pushed_too_fast_to_be_read_is_followed() -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    smeared = replace(A, grey=video._streaked(A.grey, (9.0, 3.0), 15))
    shown = [
        bench.show(((smeared, (HERE[0] + 20 * step, HERE[1] + 7 * step, HERE[2] + 2 * step)),)) for step in range(10)
    ]
    assert all(look.reads and look.reads[0].t0_ns <= S * 3 for looks in shown for look in looks)
    assert not any(look.changed for look in bench.show(((A, (HERE[0] + 200, HERE[1] + 70, HERE[2] + 20)),), 1))
    assert bench.told == [A.payload]


def test_the_next_package_with_the_same_symbol_is_another_though_the_view_was_never_empty() -> None:
    bench = Bench()
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    for step in range(9):
        bench.show((over((HERE[0] + 25 * step, HERE[1], 0.0)),))
    looks = bench.show(((A, THERE), over((THERE[0] + 60, THERE[1] + 130, 0.0))), 1)
    (again,) = [look for look in looks if look.changed]
    assert again.gone_ns is not None
    assert looks[0].reads[0].t0_ns - again.gone_ns >= GONE_NS
    assert bench.told == [A.payload, A.payload]


def test_two_packages_are_told_together_and_what_one_leaves_is_told_alone() -> None:
    bench = Bench()
    bench.show((), 2)
    looks = bench.show(((A, HERE), (B, THERE)), 1)
    changes = [sorted(read.payload for read in look.reads) for look in looks if look.changed]
    assert changes == [sorted(str(each.payload, "ascii").encode() for each in (A, B) if each.payload)]
    assert payloads(bench.show(((A, HERE),), 1)[-1]) == [A.payload]


def test_a_thing_that_does_not_read_is_asked_for_twice_and_its_place_is_known() -> None:
    bench = Bench()
    bench.show((), 3)
    looks = bench.show(((unreadable(3), HERE),), 8)
    due = [(number, look.prompt) for number, look in enumerate(looks) if look.prompt]
    assert [prompt for _, prompt in due] == [1, 2]
    assert [number / 10 for number, _ in due] == pytest.approx([2, 5], abs=0.3)
    x, y, width, height = looks[-1].box or (0, 0, 0, 0)
    assert x < HERE[0] < x + width
    assert y < HERE[1] < y + height
    assert max(width, height) < 260


def test_a_thing_that_lay_there_from_the_start_and_is_taken_leaves_the_table_which_nobody_is_asked_for() -> None:
    bench = Bench()
    bench.show(((A, HERE),), 3)
    looks = bench.show((), 8)
    assert [look.prompt for look in looks if look.prompt] == []
    assert not looks[-1].present
    assert [look.prompt for look in bench.show(((unreadable(3), THERE),), 3) if look.prompt] == [1]


def test_what_stays_for_minutes_belongs_to_the_table() -> None:
    bench = Bench()
    bench.show((), 3)
    stays = video.still((unreadable(3), HERE), size=SIZE, seed=1, noise=0.0)
    looks = []
    for _ in range(130):
        bench.number += 15
        looks.append(bench.look(stays))
    assert (looks[0].present, looks[110].present, looks[129].present) == (True, True, False)
    assert not looks[129].light
    assert not bench.show((), 1)[-1].present


def test_the_light_goes_when_nothing_comes_and_is_wanted_with_the_first_frame_that_shows_something() -> None:
    bench = Bench(dark=0.06)
    looks = bench.show((), 8)
    assert looks[0].light
    assert sum(look.light for look in looks) == OFF_NS * 10 // S
    assert not any(look.present for look in looks)
    looks = bench.show(((A, HERE),), 1)
    wanted = next(number for number, look in enumerate(looks) if look.light)
    assert wanted <= 4
    assert payloads(looks[-1]) == [A.payload]
    looks = bench.show((), 8)
    assert not looks[-1].present
    assert bench.told == [A.payload]
    assert looks[-1].prompt is None
    assert SETTLE_NS < OFF_NS


def test_over_what_is_left_lying_the_light_goes_out_and_it_stays_told() -> None:
    bench = Bench(dark=0.06)
    bench.show((), 2)
    bench.show(((A, HERE),), 1)
    bench.number += LEFT_NS * 10 // S
    looks = bench.show(((A, HERE),), 8)
    assert not looks[-1].light
    assert all(payloads(look) == [A.payload] for look in looks)
    looks = bench.show((), 3)
    assert looks[4].light
    assert looks[-1].reads == ()
    bench.show(((B, THERE),), 1)
    assert bench.told == [A.payload, B.payload]


def test_a_label_at_the_limit_is_read_within_four_frames_of_standing_still() -> None:
    read = 0
    for seed in (5002, 5017, 5023):
        scene, truth = frames.scene("datamatrix", 1.75, seed=seed)
        eye = Eye(budget_ms=10_000)
        shown = [frames.again(scene, frames.CONDITIONS["typical"], seed=seed * 10 + n) for n in range(4)]
        looks = [eye.look(luma, number * S // 10) for number, luma in enumerate(shown)]
        read += [truth.payload] == payloads(looks[-1])
    assert read >= 2


ANY = hn.arrays(
    st.sampled_from([np.uint8, np.uint16, np.float64, np.bool_]),
    hn.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=70),
)


def is_refused(eye: Eye, luma: NDArray[Any], number: int) -> bool:
    try:
        eye.look(luma, number * S // 10)
    except ValueError as refused:
        return "expected luma of height x width, uint8" in str(refused)
    return False


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=5))
def test_any_array_is_looked_at_or_refused(arrays: Sequence[NDArray[Any]]) -> None:
    eye = Eye()
    for number, luma in enumerate(arrays):
        no_frame = luma.ndim != 2 or luma.dtype != np.uint8 or luma.size == 0
        assert [is_refused(eye, luma, 2 * number + again) for again in range(2)] == [no_frame, no_frame]


def _strided(luma: Luma) -> Luma:
    wide = np.zeros((luma.shape[0] * 2, luma.shape[1] + 64), np.uint8)
    wide[::2, : luma.shape[1]] = luma
    view: Luma = wide[::2, : luma.shape[1]]
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("way", ["strided and read-only", "mirrored view", "transposed view"])
def test_views_are_read_like_arrays(way: str) -> None:
    luma = video.still((A, HERE), size=SIZE, seed=1)
    view = {
        "strided and read-only": _strided(luma),
        "mirrored view": luma[::-1, ::-1],
        "transposed view": luma.T,
    }[way]
    eye = Eye(budget_ms=10_000)
    assert [payloads(eye.look(view, number * S // 10)) for number in range(4)][-1] == [A.payload]


def test_twelve_megapixels_one_pixel_and_a_size_that_changes() -> None:
    eye = Eye(budget_ms=200)
    large = np.tile(video.still((A, HERE), size=SIZE, seed=1), (9, 9))[:3000, :4000]
    shown = [large, large, np.zeros((1, 1), np.uint8), large[:360, :480], large[:360, :480], large[:64, :64]]
    looks = [eye.look(luma, number * S // 10) for number, luma in enumerate(shown)]
    assert payloads(looks[4]) == [A.payload]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sampled_from(["lay A", "lay B", "move", "both", "rubbed", "remove", "wait"]), max_size=5))
def test_whatever_is_done_what_lies_there_is_told_in_the_end(acts: list[str]) -> None:
    bench = Bench(dark=0.06)
    lying: Lying = ()
    bench.show((), 1.5)
    for number, act in enumerate(acts):
        before, lying = lying, _after(act, lying, number)
        looks = bench.show(lying, 2.6 if act == "wait" else 2)
        readable = sorted(thing.payload for thing, _ in lying if thing.payload)
        assert sorted(read.payload for read in looks[-1].reads) == readable
        assert looks[-1].present or not lying
        assert before != lying or not any(look.changed for look in looks)
        assert sum(look.changed for look in looks) <= 2


def _after(act: str, lying: Lying, number: int) -> Lying:
    place = (130.0 + 47 * (number % 5), 140.0 + 29 * (number % 4), 31.0 * number)
    match act:
        case "lay A":
            return ((A, place),)
        case "lay B":
            return ((B, place),)
        case "both":
            return (A, HERE), (B, THERE)
        case "rubbed":
            return ((unreadable(3), place),)
        case "move" if len(lying) == 1:
            return ((lying[0][0], place),)
        case "remove":
            return ()
        case _:
            return lying


def bars(text: str) -> Luma:
    """A linear code on paper, as it lies under the camera."""
    image = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128).to_image(scale=2))
    frame = np.full(SIZE[::-1], 200, np.uint8)
    frame[100 : 100 + image.shape[0], 60 : 60 + image.shape[1]] = np.minimum(image, 200)
    return frame


def test_a_linear_symbol_that_is_not_clear_enough_counts_with_the_second_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.vision.confirm.sure", lambda read: not is_linear(read))
    monkeypatch.setattr("edge.vision.confirm._agrees", lambda _one, _other: False)
    eye, view = Eye(budget_ms=10_000), bars("LOT4711")
    noise = np.random.default_rng(1)
    looks = [
        eye.look(np.clip(view + noise.normal(0, 2, view.shape), 0, 255).astype(np.uint8), number * S // 10)
        for number in range(1, 4)
    ]
    assert [[read.payload for read in look.reads] for look in looks] == [[], [b"LOT4711"], [b"LOT4711"]]


def test_a_linear_symbol_that_is_clear_counts_at_once() -> None:
    assert [read.payload for read in Eye(budget_ms=10_000).look(bars("LOT4711"), S).reads] == [b"LOT4711"]
