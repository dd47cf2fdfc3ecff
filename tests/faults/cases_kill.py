"""kill -9 of the station after every step in the life of a scan, of the camera process, and of everything at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from edge.demo.labels import Label, Symbol, render, save
from tests.faults.killing import WRITING
from tests.faults.table import fault, two_stations
from tests.faults.world import World
from tests.support.site import ROOT, command, wait_for

STEPS = (
    "taken", "judged", "submitted", "begun", "inserted", WRITING, "committed", "shown", "published", "watermark",
)  # fmt: skip
MOST_SCANS = 30


def _dies(world: World, step: str, times: int) -> None:
    """One life of the station that ends after the step."""
    world.station.end()
    program = [sys.executable, "-m", "tests.faults.killed_station", step, str(times)]
    world.station.start(program, ready=False).wait_log_or_death("opened")
    for _ in range(MOST_SCANS):
        if not world.station.scan():
            break
    world.station.life.wait_death(step)
    assert world.station.bury() == -signal.SIGKILL, f"died of something else after {step}"


@fault("station killed after every step in turn", quick=True)
def killed_in_turn(world: World) -> None:
    for step in STEPS:
        _dies(world, step, 2)


def _kill_after(step: str) -> None:
    @fault(f"station killed after {step}")
    def run(world: World) -> None:
        for times in (1, 2) if step == "watermark" else (1, 2, 4):  # the hub answers single events once a second
            _dies(world, step, times)


for _step in STEPS:
    _kill_after(_step)


@fault("station killed with scans under way", quick=True)
def killed_under_load(world: World) -> None:
    for _ in range(4):
        before = len(world.station.life.shown())
        world.station.pour(40)
        world.station.life.wait_shown(before + 15)
        world.station.end()
        world.station.start()


@fault("station stopped with scans under way")
def stopped_under_load(world: World) -> None:
    for _ in range(4):
        before = len(world.station.life.shown())
        world.station.pour(40)
        world.station.life.wait_shown(before + 15)
        assert world.station.end(signal.SIGTERM) == 0
        world.station.start()


@fault("everything killed at once", quick=True, build=two_stations)
def everything_killed(world: World) -> None:
    for _ in range(3):
        for station in world.stations:
            station.scan(5)
            station.pour(20)
        world.hub.end()
        world.broker.end()
        for station in world.stations:
            station.end()
        world.mend()


def with_camera(folder: Path) -> World:
    """A station with a camera over a folder of photographs."""
    world = World(folder)
    (folder / "photos").mkdir()
    with (world.station.home / "station.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[camera]\nsource = "folder"\nfolder = "{folder / "photos"}"\nperiod_s = 0.5\n')
    return world


@fault("camera process killed", quick=True, build=with_camera)
def camera_killed(world: World) -> None:
    home, photos = world.station.home, world.site.folder / "photos"
    words = [*command("edge.cli"), "camera", "run", "--config", str(home / "station.toml")]
    for life in range(3):
        for photo in photos.iterdir():
            photo.unlink()
        for number in range(2):  # a new camera process shows every photograph anew: another package each
            code = f"(01)06901234567892(17)291231(10)A1(21){world.serial()}"
            save(photos, str(number), render(Label(("Stem",), (Symbol(code, "datamatrix"),)), seed=2 * life + number))
        before = len(world.station.life.green())
        camera = subprocess.Popen([*words, "--socket", str(home / "camera.sock")], stderr=subprocess.DEVNULL, cwd=ROOT)
        try:
            wait_for(lambda wanted=before + 2: len(world.station.life.green()) >= wanted, "two sightings")  # type: ignore[misc]
        finally:
            camera.kill()
            camera.wait()
        world.station.scan(2)
