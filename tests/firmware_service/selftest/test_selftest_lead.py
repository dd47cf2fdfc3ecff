"""The self-test as a technician goes through it: the real command, the station's real bench, a scanner on a tty."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_service.selftest.bench import BenchError, Lines, StationBench, wait
from firmware_service.selftest.lead import Lead
from firmware_service.selftest.machine import Found, Measured, SelfTest
from firmware_service.selftest.steps import steps_of
from tests.support.machine import WELL, put
from tests.support.site import ROOT, Terminal, command

STATION = command("edge.cli")
CONFIG = """
[station]
id = "OR-03"
organisation = { id = "H1", role = "hospital" }
place = "OR-03"
home_task = "CHECK"
[link]
host = "hub.site"
port = 1883
bench = true
[[scanner]]
kind = "serial"
device = "{device}"
no_read = "NR"
"""
PANEL = """
[panel]
ready = 5
tick = 17
cross = 27
bar = 22
wrench = 23
buzzer = { pin = 18, kind = "active" }
ok_button = 6
no_code_button = 13
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(CONFIG.replace("{device}", "/dev/serial/by-id/usb-A") + PANEL, encoding="utf-8")
    return path


def run(config: Path, root: Path, keys: str) -> subprocess.CompletedProcess[str]:
    words = [*command("firmware_service.cli"), "selftest", "--simulate", "--config", str(config), "--root", str(root)]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {**os.environ, "PATH": path}
    return subprocess.run(
        words, input=keys, capture_output=True, text=True, check=False, cwd=ROOT, env=env, timeout=100
    )


def test_a_simulated_station_passes_and_the_result_is_kept(config: Path, tmp_path: Path) -> None:
    root = put(tmp_path / "root", WELL)
    ended = run(config, root, "y\n" * 7)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    kept = json.loads((root / "var/lib/udi-firmware/selftest.json").read_bytes())
    assert kept["outcome"] == "passed"
    assert {step["outcome"] for step in kept["steps"]} == {"passed"}
    assert kept["model"] == "Raspberry Pi 5 Model B Rev 1.0"
    assert "结论 / outcome: 通过 passed" in ended.stdout
    assert json.loads((root / "var/lib/udi-firmware/flush.json").read_bytes())["times"] == 200


def test_a_no_fails_and_an_ended_keyboard_leaves_the_rest_out(config: Path, tmp_path: Path) -> None:
    root = put(tmp_path / "root", WELL)
    ended = run(config, root, "y\nmaybe\nn\n")
    assert ended.returncode == 1
    assert "y = 是 yes, n = 否 no" in ended.stdout
    kept = json.loads((root / "var/lib/udi-firmware/selftest.json").read_bytes())
    outcomes = [step["outcome"] for step in kept["steps"] if step["step"].startswith("lamp")]
    assert outcomes == ["passed", "failed", "skipped", "skipped", "skipped"]


def test_a_bad_configuration_cannot_begin(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text("[station]\n", encoding="utf-8")
    ended = run(tmp_path / "station.toml", put(tmp_path / "root", WELL), "")
    assert ended.returncode == 2
    assert "station.id is missing" in ended.stderr


class Bench:
    """A station with one scanner on a pseudo-terminal, and a keyboard made of a pipe."""

    def __init__(self, folder: Path) -> None:
        self.scanner = Terminal(folder / "usb-A")
        config = folder / "station.toml"
        config.write_text(CONFIG.replace("{device}", str(self.scanner.link)), encoding="utf-8")
        options = ["--config", str(config)]
        self.bench = StationBench(STATION, options, ["--run-dir", str(folder)])
        self.keyboard, self._typed = os.pipe()
        self.said: list[str] = []

    def type(self, keys: str) -> None:
        os.write(self._typed, keys.encode())

    def lead(self, within_s: float = 30.0) -> Lead:
        well = Found(well=True)
        return Lead(
            self.bench,
            Lines(self.keyboard),
            self._say,
            card=lambda: Measured(1.0),
            clock=lambda: well,
            camera=lambda: well,
            within_s=within_s,
        )

    def _say(self, line: str) -> None:
        """A technician who scans what he is asked to, with a scanner that loses GS in one of the codes."""
        self.said.append(line)
        if self.scanner.near < 0:
            return
        if "扫 GS1 DataMatrix" in line:
            self.scanner.send(b"]d2010200000000000817301231" + b"10aB1c21X9z")
        elif "扫 GS1-128" in line:
            self.scanner.send(b"]C10102000000000008" + b"10Lot7b\x1d21q8R")
        elif "扫 QR" in line:
            self.scanner.send(b"]Q1selftest-aBc-123")
        elif "扫 Code 128" in line:
            self.scanner.send(b"]C0SELFTEST-4711")
        elif "扣一下扳机" in line:
            self.scanner.send(b"NR")

    def close(self) -> None:
        self.scanner.close()
        os.close(self._typed)
        os.close(self.keyboard)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_a_scanner_through_a_kernel_tty_is_found_out(bench: Bench) -> None:
    test = SelfTest(steps_of(bench.bench.facts(), bench.bench.codes()))
    ended = bench.lead().run(test)
    said = {done.step.key: (done.outcome, done.en) for done in ended.done}
    assert said["scan_GS1-128"] == ("passed", "")
    assert said["scan_QR Code"] == ("passed", "")
    assert said["no_read"] == ("passed", "")
    assert said["scan_GS1 DataMatrix"][0] == "failed"
    assert said["scan_GS1 DataMatrix"][1].startswith("GS is lost")
    assert said["scan_Code 128"][1].startswith("case is changed")


def test_a_step_without_an_answer_is_left_out(bench: Bench) -> None:
    bench.scanner.unplug()
    test = SelfTest(steps_of(bench.bench.facts(), bench.bench.codes())[:3])
    ended = bench.lead(within_s=1.0).run(test)
    assert [done.outcome for done in ended.done] == ["passed", "passed", "skipped"]
    assert any("the scanner is not there" in line for line in bench.said)
    bench.scanner.plug()


def test_the_technician_leaves_a_step_out(bench: Bench) -> None:
    bench.scanner.unplug()
    bench.type("s\n")
    ended = bench.lead().run(SelfTest(steps_of(bench.bench.facts(), bench.bench.codes())[:3]))
    assert ended.done[-1].outcome == "skipped"
    bench.scanner.plug()


def test_a_station_that_is_not_installed_is_said() -> None:
    with pytest.raises(BenchError, match="expected the station to be installed"):
        StationBench(["/no/such/udi-station"]).facts()
    with (
        pytest.raises(BenchError, match="expected the station to be installed"),
        StationBench(["/no/such"]).running("x"),
    ):
        pass


def test_a_part_that_ends_by_itself_fails_its_step(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[station]\n", encoding="utf-8")
    steps = steps_of(bench.bench.facts(), bench.bench.codes())[:3]
    lead = bench.lead()
    lead.bench = StationBench(STATION, ["--config", str(tmp_path / "bad.toml")])
    ended = lead.run(SelfTest(steps))
    assert ended.done[-1].outcome == "failed"
    assert "expected" in ended.done[-1].en


def test_lines_come_whole_and_the_end_is_noticed() -> None:
    read, write = os.pipe()
    lines = Lines(read)
    os.write(write, "一\nhalf".encode())
    assert wait([lines], 5.0) == [lines]
    assert (lines.take(), lines.take()) == ("一", None)
    os.write(write, b" and half\r\n")
    os.close(write)
    wait([lines], 5.0)
    assert lines.take() == "half and half"
    wait([lines], 5.0)
    assert lines.closed
    os.close(read)
