"""Slow cards, full disks, cameras that hang: the light is always right, and scanners go on."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.demo.labels import Label, Symbol, render, save
from hardware.host.local import ask
from tests.support.site import ROOT, Running, Site, command, udi, wait_for

pytestmark = pytest.mark.journey

EXPIRED = b"]d201069012345678921724013110A1"
HIP = Label(("Hip stem",), (Symbol("(01)06901234567892(17)291231(10)A1(21)C1", "datamatrix"),))
HALVES = Label(("Screw",), (Symbol("(01)06901234567892", "code128"), Symbol("(17)291231(10)B7", "code128")))
SHELF = Label(("Shelf",), (Symbol("SHELF-4-12", "datamatrix", gs1=False),))


def lit(station: Running) -> list[str]:
    """Every signal for a scan, WORKING too."""
    return [each["signal"] for each in list(station.signals) if each["t0_ns"] is not None]


def test_a_flush_of_ten_seconds_shows_working_then_fault_then_the_answer(site: Site) -> None:
    terminal = site.prepare("OR-01")
    slow = [sys.executable, "-m", "tests.faults.slow_station", "10", "3"]
    station = site.start_station("OR-01", slow)
    terminal.send(udi("S1"))
    wait_for(lambda: lit(station), "an answer, or the wait for one")
    terminal.send(udi("S2"))
    wait_for(lambda: "WORKING" in lit(station), "WORKING")
    terminal.send(EXPIRED)
    wait_for(lambda: "STOP" in station.shown(), "a refusal while the card is busy", 3)
    assert "FAULT" not in station.shown()
    assert station.signals[-1]["signal"] == "STOP", "nothing may take an unacknowledged STOP away"
    wait_for(lambda: station.shown()[-1] == "ACCEPTED" and "FAULT" in station.shown(), "FAULT, then the answer")
    assert station.process.poll() is None
    before = station.shown()
    terminal.send(udi("S3"))
    station.wait_shown(len(before) + 1)
    wait_for(lambda: len(station.green()) == 3, f"the next scan after {before}: {station.shown()}")
    assert site.wait_delivered(station.recorded()).doubled == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk" / "OR-01"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "udi", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a disk of its own needs root and mount: run as root to test a full disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def _fill(file: Path) -> None:
    fd = os.open(file, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(fd, b"x" * 4096)
    os.close(fd)


def test_a_full_disk_is_a_fault_and_the_station_recovers(small_disk: Path, site: Site) -> None:
    site.folder = small_disk.parent
    terminal = site.prepare("OR-01")
    site.broker.stop()
    station = site.start_station("OR-01")
    filler = small_disk / "filler"
    _fill(filler)
    count = 0
    while "FAULT" not in station.shown():
        assert count < 3000
        for _ in range(25):
            terminal.send(b"]C0" + b"%06d" % count + b"x" * 3000)
            count += 1
        station.wait_shown(count)
    assert "ACCEPTED" not in station.shown()
    filler.unlink()
    socket = site.station_home("OR-01") / "station.sock"
    wait_for(lambda: (ask(socket, {"ask": "status"}, within_s=5.0) or {"fault": "?"})["fault"] is None, "no fault")
    terminal.send(udi("S1"))
    wait_for(lambda: "ACCEPTED" in station.shown(), "a green light")
    site.broker.start()
    assert station.green()
    site.wait_delivered(station.recorded(), 60)
    assert station.stop() == 0


def start_camera(site: Site) -> subprocess.Popen[bytes]:
    home = site.station_home("OR-01")
    words = [*command("edge.cli"), "camera", "run", "--config", str(home / "station.toml")]
    with (site.folder / "camera.log").open("ab") as log:
        return subprocess.Popen([*words, "--socket", str(home / "camera.sock")], stdout=log, stderr=log, cwd=ROOT)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def camera_station(site: Site, photos: Path) -> Running:
    site.prepare("OR-01", extra=f'\n[camera]\nsource = "folder"\nfolder = "{photos}"\nperiod_s = 0.9\n')
    return site.start_station("OR-01")


def test_photographs_become_scans_through_the_camera_process(site: Site, photos: Path) -> None:
    station = camera_station(site, photos)
    (photos / "0.png").touch()
    for number, label in enumerate((HIP, HALVES, SHELF), start=1):
        save(photos, str(number), render(label, seed=number))
    camera = start_camera(site)
    try:
        station.wait_shown(3)
        assert station.shown() == ["ACCEPTED", "ACCEPTED", "REDO"]
        wait_for(lambda: len(site.held().counted) >= 3, "three scans at the hub")
        held = site.wait_delivered(station.recorded())
        assert (len(held.counted), held.doubled) == (3, 0)
        camera.terminate()
        assert camera.wait(5) == 0
    finally:
        camera.kill()
        camera.wait()


def test_a_wedged_camera_is_a_lamp_and_scanners_go_on(site: Site, photos: Path) -> None:
    station = camera_station(site, photos)
    camera = start_camera(site)
    try:
        wait_for(lambda: station.signals and station.signals[-1]["signal"] == "READY", "READY")
        os.kill(camera.pid, signal.SIGSTOP)
        wait_for(lambda: station.signals[-1]["signal"] == "TROUBLE", "the lamp")
        site._terminals[0].send(udi("S1"))
        station.wait_shown(1)
        assert station.shown() == ["ACCEPTED"]
        os.kill(camera.pid, signal.SIGCONT)
        wait_for(lambda: station.signals[-1]["signal"] == "READY", "READY again")
    finally:
        camera.kill()
        camera.wait()


def test_the_no_code_button_records_a_missing_udi_and_undo_takes_back(site: Site) -> None:
    terminal = site.prepare("OR-01")
    station = site.start_station("OR-01")
    assert station.process.stdin is not None
    station.process.stdin.write(b"!no_code\n")
    station.process.stdin.flush()
    station.wait_shown(1)
    terminal.send(udi("S1"))
    station.wait_shown(2)
    station.process.stdin.write(b"!undo\n")
    station.process.stdin.flush()
    station.wait_shown(3)
    assert station.shown() == ["MISSING", "ACCEPTED", "CONTEXT"]
    site.wait_delivered(station.recorded())


def test_status_answers_from_the_local_socket(site: Site) -> None:
    site.prepare("OR-01")
    station = site.start_station("OR-01")
    words = [*command("edge.cli"), "status", "--run-dir", str(site.station_home("OR-01")), "--json"]
    answer = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    assert b'"station":"OR-01"' in answer.stdout.replace(b'": "', b'":"')
    assert station.stop() == 0
    assert subprocess.run(words, check=False, capture_output=True, cwd=ROOT).returncode == 1


def test_a_bad_configuration_ends_with_2_and_names_the_key(site: Site) -> None:
    site.prepare("OR-01")
    file = site.station_home("OR-01") / "station.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("[link]", "[lnk]"), encoding="utf-8")
    began = time.monotonic()
    ended = subprocess.run(
        [*command("edge.cli"), "run", "--config", str(file)], check=False, capture_output=True, cwd=ROOT
    )
    assert ended.returncode == 2
    assert b"lnk" in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert time.monotonic() - began < 10
