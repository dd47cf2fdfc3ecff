"""The camera process behind its socket: step by step with an eye that says what the test wants, and as a process."""

from __future__ import annotations

import base64
import io
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from edge.udi.read import Read
from edge.vision.capture import HANGS_NS, Captured
from edge.vision.eye import Eye, Look
from edge.vision.pixels import Luma
from edge.vision.process import CameraProcess, open_camera
from hardware.camera import Camera, CameraError, FolderCamera, Frame
from hardware.camera_settings import CameraSettings
from hardware.host.local import LineClient, LineServer
from tests.support.site import ROOT, wait_for

READ = Read(b"SHELF-4", "]d1", "camera", 1, corners=((1, 1), (5, 1), (5, 5), (1, 5)))
LUMA = np.full((60, 80), 200, np.uint8)


@dataclass
class Eyes:
    """Eyes that see what they are told to."""

    look_: Look = field(default_factory=Look)
    made: int = 0

    def new(self) -> Eye:
        self.made += 1
        return cast("Eye", self)

    def look(self, _luma: Luma, _t0_ns: int) -> Look:
        return self.look_


@dataclass
class Bench:
    """A camera process without its threads, and a station."""

    process: CameraProcess
    eyes: Eyes
    station: LineClient

    def show(self, look: Look, *, opening: int = 1) -> None:
        """One frame, of which the eye says this."""
        self.eyes.look_ = look
        self.deliver()
        self.process._slot.put(Captured(Frame(LUMA, time.monotonic_ns(), 1, "a.png"), opening))
        self.process._step()

    def deliver(self, ago_ns: int = 0) -> None:
        """The camera did what it should, so long ago."""
        self.process._capture._delivers = True
        self.process._capture._well_ns = time.monotonic_ns() - ago_ns

    def heard(self) -> list[dict[str, Any]]:
        """What the station was told by now."""
        found: list[dict[str, Any]] = []
        while messages := self.station.step(0.02):
            found += messages
        return found

    def ask(self, **message: object) -> list[dict[str, Any]]:
        self.station.send(message)
        self.process._step()
        return self.heard()


def no_camera() -> Camera:
    raise CameraError("none")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    eyes, file = Eyes(), tmp_path / "camera.sock"
    process = CameraProcess(no_camera, eyes.new, LineServer(file))
    station = LineClient(file)
    station.step(0.0)
    process._step()
    yield Bench(process, eyes, station)
    station.close()
    process._say_goodbye()


def test_a_station_hears_what_changes_and_may_ask_for_what_holds(bench: Bench) -> None:
    lying = Look((READ,), changed=True, present=True, light=True, prompt=1)
    bench.show(lying)
    light, sighting, prompt = bench.heard()
    assert (light["type"], sighting["type"], prompt["type"]) == ("light", "sighting", "prompt")
    assert sighting["reads"] == [json.loads(json.dumps(READ.to_json()))]
    assert (sighting["size"], sighting["name"], prompt["number"]) == ([80, 60], "a.png", 1)
    bench.show(Look((READ,), present=True, light=True))
    assert bench.heard() == []
    for since in ({"since_ns": 0}, {"since_ns": "never"}, {}):
        assert bench.ask(type="state", **since) == [light, sighting]


def test_each_opening_of_the_camera_has_an_eye_of_its_own(bench: Bench) -> None:
    for opening in (1, 1, 2, 2, 3):
        bench.show(Look(), opening=opening)
    assert bench.eyes.made == 1 + 3


def picture_of(answer: dict[str, Any]) -> tuple[int, int]:
    image = Image.open(io.BytesIO(base64.b64decode(answer["jpeg"], validate=True)))
    return image.height, image.width


def test_a_picture_is_of_the_frame_whose_reads_come_with_it(bench: Bench) -> None:
    bench.show(Look((READ,), present=True, box=(10, 20, 30, 15)))
    bench.heard()
    (answer,) = bench.ask(type="picture", id="e1")
    assert (answer["type"], answer["id"], picture_of(answer)) == ("picture", "e1", (15, 30))
    assert [each["bytes"] for each in answer["reads"]] == [READ.to_json()["bytes"]]
    bench.show(Look(present=True))
    assert [picture_of(each) for each in bench.ask(type="picture", id="e2")] == [(60, 80)]


def test_without_a_frame_or_from_a_camera_that_stopped_there_is_no_picture(bench: Bench) -> None:
    assert [each["jpeg"] for each in bench.ask(type="picture", id="e1")] == [None]
    bench.show(Look())
    bench.heard()
    bench.process._capture._delivers = False
    assert [each["jpeg"] for each in bench.ask(type="picture", id="e2")] == [None]


def test_a_problem_says_whether_frames_come_and_then_nothing_is_alive(bench: Bench) -> None:
    bench.process._problems.put("no frame within 1.0 s")
    bench.process._alive_ns = 0
    bench.process._step()
    assert bench.heard() == [{"schema": 1, "type": "problem", "message": "no frame within 1.0 s", "away": True}]
    bench.deliver()
    bench.process._alive_ns = 0
    bench.process._step()
    (alive,) = bench.heard()
    assert sorted(alive) == ["fps", "passed_over", "pid", "schema", "type"]


def test_a_capture_that_does_not_return_is_told_before_the_process_gives_up(bench: Bench) -> None:
    bench.show(Look())
    bench.heard()
    bench.deliver(ago_ns=HANGS_NS)
    bench.process._alive_ns = 0
    for _ in range(3):
        bench.process._step()
    (problem,) = bench.heard()
    assert (problem["type"], problem["away"]) == ("problem", True)
    assert "does not return" in problem["message"]
    assert [each["jpeg"] for each in bench.ask(type="picture", id="e1")] == [None]


ODD = {
    "no type": {"id": "x"},
    "a picture without a name": {"type": "picture"},
    "a number for a name": {"type": "picture", "id": 7},
    "a stranger": {"type": "format"},
}


@pytest.mark.parametrize("message", ODD.values(), ids=ODD.keys())
def test_what_nobody_knows_is_passed_over(bench: Bench, message: dict[str, Any]) -> None:
    assert bench.ask(**message) == []
    assert bench.ask(type="picture", id="e1") != []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="nowhere"):
        open_camera(CameraSettings("folder", tmp_path / "nowhere"))
    assert isinstance(open_camera(CameraSettings("folder", tmp_path)), FolderCamera)


def started(tmp_path: Path, kind: str) -> subprocess.Popen[str]:
    """A process whose camera behaves like this; see the program."""
    words = [sys.executable, "-m", "tests.faults.sick_camera", kind, str(tmp_path / "camera.sock")]
    return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)


SICK = {
    "hangs": "thread=capture cannot be ended",
    "hangs at close": "thread=capture cannot be ended",
    "hangs at opening": "thread=capture cannot be ended",
    "is silent": "opened 3 times again in vain",
}


def test_a_camera_that_hangs_or_is_silent_ends_the_process_for_systemd_to_start_another(tmp_path: Path) -> None:
    for number, _ in enumerate(SICK):
        (tmp_path / str(number)).mkdir()
    processes = {kind: started(tmp_path / str(number), kind) for number, kind in enumerate(SICK)}
    ended = {kind: (process.communicate(timeout=60)[1], process.returncode) for kind, process in processes.items()}
    for kind, (told, code) in ended.items():
        assert code == 1, kind
        assert SICK[kind] in told, kind


def test_a_process_that_is_told_to_stop_ends_well(tmp_path: Path) -> None:
    process = started(tmp_path, "is well")
    file = tmp_path / "camera.sock"
    wait_for(lambda: answers(file) and catches(process.pid, signal.SIGTERM), "the socket")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert not file.exists()


def catches(pid: int, number: int) -> bool:
    """Whether a process has begun to listen to a signal."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def answers(file: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(file)) == 0
