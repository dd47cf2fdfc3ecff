"""One slot, the newest frame; and a camera that stops, in every order that hypothesis finds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.capture import MOST_DAMAGED, REOPENINGS, STEADY_NS, CameraStuckError, Capture, Captured, Slot
from hardware.camera import CameraError, Frame, FrameError

Act = Literal["frame", "nothing", "damaged", "late", "shape", "no camera"]
"""What a camera does at one step; the last is asked when it is opened."""
LUMA = np.zeros((4, 6), np.uint8)
SECOND = 1_000_000_000


def captured(number: int) -> Captured:
    return Captured(Frame(LUMA, number, number, ""), 1)


@dataclass
class Bench:
    """A capture whose camera does what a script says, in a time of its own."""

    script: list[Act]
    opened: int = 0
    closed: int = 0
    now_ns: int = 0
    told: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    slot: Slot = field(default_factory=Slot)

    def __post_init__(self) -> None:
        self.capture_ = Capture(self._open, self.slot, self.told.append, self._wait, lambda: self.now_ns)

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now_ns += int(seconds * SECOND)

    def _open(self) -> Bench:
        if self.script and self.script[0] == "no camera":
            self.script.pop(0)
            raise CameraError("no camera answers")
        self.opened += 1
        return self

    def capture(self, deadline_s: float) -> Frame | None:
        act = self.script.pop(0)
        self.now_ns += int(deadline_s * SECOND) if act == "late" else SECOND // 30
        if act == "damaged":
            raise FrameError("a.png: not an image")
        if act in ("late", "no camera"):
            raise CameraError("no frame within 1.0 s")
        luma: Any = np.zeros((4, 6, 3), np.uint8) if act == "shape" else LUMA
        return None if act == "nothing" else Frame(luma, self.now_ns, 1, "")

    def close(self) -> None:
        self.closed += 1

    def play(self) -> CameraStuckError | None:
        """Step until the script ends or the camera is given up."""
        while self.script:
            try:
                self.capture_.step()
            except CameraStuckError as error:
                return error
        return None


@given(st.lists(st.booleans(), max_size=30))
def test_the_newest_frame_is_taken_once_and_what_nobody_took_is_counted(acts: list[bool]) -> None:
    slot, put, taken, newest = Slot(), 0, 0, None
    for each in acts:
        if each:
            put += 1
            newest = captured(put)
            slot.put(newest)
        else:
            assert slot.take(0.0) is newest
            taken += newest is not None
            newest = None
    assert slot.passed_over == put - taken - (newest is not None)


def test_who_waits_gets_the_frame_that_comes() -> None:
    slot = Slot()
    thread = threading.Thread(target=lambda: slot.put(captured(7)))
    thread.start()
    taken = slot.take(10.0)
    thread.join()
    assert taken is not None
    assert taken.frame.number == 7


def test_frames_are_numbered_through_however_often_the_camera_is_opened() -> None:
    bench = Bench(["frame", "frame", "late", "frame"])
    assert bench.play() is None
    taken = bench.slot.take(0.0)
    assert taken is not None
    assert (taken.frame.number, taken.opening, bench.slot.passed_over) == (3, 2, 2)
    assert (bench.opened, bench.closed, bench.told) == (2, 1, ["no frame within 1.0 s"])


CASES: dict[str, tuple[list[Any], int, bool]] = {
    "all is well": (["frame"] * 5, 0, False),
    "a folder without images": (["nothing"] * 50, 0, False),
    "damaged frames are told and passed over": (
        ["damaged", "frame", *["damaged"] * (MOST_DAMAGED - 1), "frame"],
        0,
        False,
    ),
    "nothing but damaged frames": (["damaged"] * 9 * MOST_DAMAGED, REOPENINGS, True),
    "it comes back": (["late", "frame", "late", "frame"], 2, False),
    "it comes back the last time": ([*["late"] * REOPENINGS, "frame"], REOPENINGS, False),
    "it does not come back": (["late"] * 9, REOPENINGS, True),
    "nothing but something else than luma": (["shape"] * 9, REOPENINGS, True),
    "there is none": (["no camera"] * 9, REOPENINGS, True),
    "it stops again and again": (["late", "frame"] * 9, REOPENINGS, True),
    "it stops once an hour": (["late", *["frame"] * int(30 * STEADY_NS / SECOND + 2)] * 9, 9, False),
}


@pytest.mark.parametrize(("script", "waits", "given_up"), CASES.values(), ids=CASES.keys())
def test_a_camera_that_stops_is_opened_again_with_longer_pauses_and_then_given_up(
    script: list[Act], waits: int, given_up: bool
) -> None:
    bench = Bench(list(script))
    error = bench.play()
    assert (error is not None) == given_up
    assert len(bench.waited) == waits
    if given_up:
        assert bench.waited == [0.2, 0.4, 0.8]
        assert "opened 3 times again in vain" in str(error)
        assert not bench.capture_.delivers


ACTS: Callable[[], st.SearchStrategy[list[Act]]] = lambda: st.lists(  # noqa: E731 - a name for a strategy
    st.sampled_from(["frame", "nothing", "damaged", "late", "shape", "no camera"]), max_size=60
)


@given(ACTS())
def test_every_camera_that_was_opened_is_closed_and_never_two_are_open(script: list[Act]) -> None:
    bench = Bench(script)
    bench.play()
    assert bench.opened - bench.closed in (0, 1)
    bench.capture_.close()
    bench.capture_.close()
    assert bench.opened == bench.closed
    assert len(bench.waited) <= len(bench.told)
