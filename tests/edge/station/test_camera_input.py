"""The station's end of the camera's socket, the camera being a real server that says what the test wants."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge.seal import new_key, public_half
from edge.station import camera_input
from edge.station.camera_input import CameraInput
from edge.station.config import SealTable
from edge.station.inputs import Inputs
from edge.station.messages import Message, Photographed, Prompted, Readers, Seen
from edge.station.photographer import Photographer
from edge.station.pictures import Limits, PictureStore
from edge.station.wedged import WEDGED_NS, Wedged
from edge.udi.read import Read
from hardware.host.local import LineServer
from tests.support.site import wait_for

SEAL = SealTable("k1", base64.b64encode(public_half(new_key())).decode(), "ward")
READ = Read(b"SHELF-4", "]d1", "camera", 1, corners=((1, 1), (5, 1), (5, 5), (1, 5)))
ALIVE = {"type": "alive", "fps": 29.5, "passed_over": 3, "pid": 4711}


@dataclass
class Bench:
    """The station's input, step by step, and the camera that it talks to."""

    file: Path
    wanted: Path
    photographer: Photographer
    posted: list[Message] = field(default_factory=list)
    lit: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.camera: LineServer | None = LineServer(self.file)
        self.input = CameraInput(
            self.file,
            Inputs(self.posted.append),
            on_light=self.lit.append,
            photographer=self.photographer,
            wedged=Wedged(self.wanted),
        )

    def step(self) -> list[dict[str, Any]]:
        """What the station asked the camera."""
        self.input._step()
        return [] if self.camera is None else [message for _, message in self.camera.step(0.01)]

    def say(self, **message: object) -> None:
        assert self.camera is not None
        self.camera.step(0.0)
        self.camera.broadcast({"schema": 1, **message})
        self.step()

    def silence(self, nanoseconds: int) -> None:
        """So much time passes without a word."""
        self.input._alive_ns -= nanoseconds
        self.step()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    store = PictureStore(tmp_path / "pictures", "OR-01", SEAL, Limits(spare_bytes=0))
    made = Bench(tmp_path / "camera.sock", tmp_path / "reboot-wanted", Photographer(store))
    yield made
    made.input._end()
    if made.camera is not None:
        made.camera.close()


def asked(bench: Bench) -> list[str]:
    """Types of everything that the station sends within a few steps."""
    return [message["type"] for _ in range(4) for message in bench.step()]


def test_it_asks_what_holds_once_after_each_connecting(bench: Bench) -> None:
    assert asked(bench) == ["state"]
    assert bench.camera is not None
    bench.camera.close()
    bench.camera = LineServer(bench.file)
    assert asked(bench) == ["state"]


def test_a_process_that_never_hangs_up_is_left_for_the_one_that_took_its_place(bench: Bench) -> None:
    asked(bench)
    wedged = bench.camera
    bench.camera = LineServer(bench.file)
    assert asked(bench) == [], "as long as the former one is heard of it stays"
    bench.silence(camera_input.ALIVE_NS)
    assert asked(bench) == ["state"]
    assert asked(bench) == []
    assert wedged is not None
    wedged.close()


def test_it_says_which_read_is_the_newest_that_it_knows(bench: Bench) -> None:
    bench.step()
    bench.say(type="sighting", t0_ns=9, reads=[READ.to_json(), {**READ.to_json(), "t0_ns": 7}])
    bench.say(type="sighting", t0_ns=11, reads=[])
    assert bench.camera is not None
    bench.camera.close()
    bench.camera = LineServer(bench.file)
    heard = [message for _ in range(4) for message in bench.step()]
    assert heard == [{"schema": 1, "type": "state", "since_ns": 7}]


def test_what_it_is_told_reaches_desk_and_panel(bench: Bench) -> None:
    bench.step()
    bench.say(type="sighting", t0_ns=7, reads=[READ.to_json()], frame=1, size=[80, 60], name="")
    bench.say(type="prompt", number=2, t0_ns=8)
    bench.say(type="light", on=True)
    bench.say(**ALIVE)
    assert bench.posted == [Seen((READ,), 7), Prompted(2, 8)]
    assert bench.lit == [True]
    told = bench.input.stats_json()
    assert told == {"delivers": True, "fps": 29.5, "passed_over": 3, "last_problem": None}


GONE = {
    "the camera stops": lambda bench: bench.say(type="problem", message="no frame", away=True),
    "the process is silent": lambda bench: bench.silence(camera_input.ALIVE_NS),
}


@pytest.mark.parametrize("go", GONE.values(), ids=GONE.keys())
def test_a_camera_that_is_away_is_a_missing_reader_with_its_light_idle_until_it_is_back(bench: Bench, go: Any) -> None:
    bench.input._inputs.add(bench.input)
    bench.step()
    bench.say(**ALIVE)
    bench.say(type="light", on=True)
    go(bench)
    assert bench.posted[-1] == Readers(("camera",), any_left=False)
    assert bench.lit == [True, False]
    assert bench.input.stats_json()["delivers"] is False
    bench.say(**ALIVE)
    assert bench.posted[-1] == Readers((), any_left=True)
    assert bench.lit == [True, False, True], "it lights what still lies there"


def test_a_problem_alone_takes_nothing_away_and_stays_in_the_status(bench: Bench) -> None:
    bench.step()
    bench.say(type="problem", message="0.png: expected an image", away=False)
    assert bench.input.connected
    assert bench.input.stats_json()["last_problem"] == "0.png: expected an image"


def test_pictures_are_asked_for_and_answered(bench: Bench) -> None:
    bench.step()
    assert bench.photographer.ask("e1")
    assert {"schema": 1, "type": "picture", "id": "e1"} in bench.step()
    jpeg = base64.b64encode(b"jpeg").decode()
    bench.say(type="picture", id="e1", t0_ns=5, reads=[READ.to_json()], jpeg=jpeg)
    bench.say(type="picture", id="e2", t0_ns=0, reads=[], jpeg=None)
    assert bench.posted == [Photographed("e1", b"jpeg", (READ,)), Photographed("e2", None, ())]


DOUBTFUL = {
    "no base64": {"reads": [], "jpeg": "no base64!"},
    "a read that cannot be understood, perhaps a wristband": {"reads": [{"bytes": "Wlk3"}], "jpeg": "anBlZw=="},
}


@pytest.mark.parametrize("answer", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_a_picture_in_doubt_is_none(bench: Bench, answer: dict[str, Any]) -> None:
    bench.step()
    bench.say(type="picture", id="e1", t0_ns=5, **answer)
    assert bench.posted == [Photographed("e1", None, ())]


ODD: dict[str, dict[str, Any]] = {
    "a third prompt": {"type": "prompt", "number": 3, "t0_ns": 1},
    "a light that is no truth value": {"type": "light", "on": 1},
    "a picture without a name": {"type": "picture", "jpeg": None, "reads": []},
    "a problem without words": {"type": "problem", "message": None},
    "no type": {"on": True},
}


@pytest.mark.parametrize("message", ODD.values(), ids=ODD.keys())
def test_what_nobody_knows_changes_nothing(
    bench: Bench, message: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    bench.step()
    bench.say(**message)
    assert (bench.posted, bench.lit) == ([], [])
    assert "no known form" in caplog.text


def test_an_alive_without_figures_is_alive(bench: Bench) -> None:
    bench.step()
    bench.silence(camera_input.ALIVE_NS)
    bench.say(type="alive")
    assert bench.input.connected


def test_when_the_station_ends_the_light_is_idle(bench: Bench) -> None:
    bench.step()
    bench.say(type="light", on=True)
    bench.input._end()
    assert bench.lit == [True, False]


def test_a_process_that_outlives_its_end_asks_for_a_reboot(bench: Bench) -> None:
    bench.step()
    bench.say(**{**ALIVE, "pid": os.getpid()})
    bench.silence(WEDGED_NS - 1_000_000_000)
    assert not bench.wanted.exists()
    bench.silence(1_000_000_000)
    assert bench.wanted.exists()
    bench.wanted.unlink()
    bench.step()
    assert not bench.wanted.exists(), "asked once"


def test_the_worker_speaks_by_itself(bench: Bench) -> None:
    bench.input.worker.start()
    assert bench.camera is not None
    camera = bench.camera
    heard: list[dict[str, Any]] = []

    def asks() -> bool:
        heard.extend(message for _, message in camera.step(0.01))
        return bool(heard)

    wait_for(asks, "the question")
    assert heard == [{"schema": 1, "type": "state", "since_ns": 0}]
    camera.broadcast({"schema": 1, "type": "light", "on": True})
    wait_for(lambda: bench.lit, "the light")
    bench.input.worker.stop()
    assert bench.lit == [True, False]
