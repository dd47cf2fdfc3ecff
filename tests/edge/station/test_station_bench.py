"""The parts of a station one by one, and the codes that a scanner is tested with."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edge.cli import main
from edge.station.bench.codes import CODES, BenchCode, page
from edge.vision.symbols import read_symbols, write_symbol
from hardware.host.local import LineServer
from hardware.host.worker import Worker
from hardware.panel import PanelIndicator, PanelPins
from hardware.signals import Pattern, Step, Tone
from tests.support.site import ROOT, Terminal, command

FORMATS = {"datamatrix": "DataMatrix", "code128": "Code128", "qr": "QRCode"}
FILE = """
[station]
id = "OR-03"
organisation = { id = "H1", role = "hospital" }
place = "OR-03"
home_task = "CHECK"
[link]
host = "hub.site"
port = 1883
bench = true
[camera]
source = "folder"
folder = "photos"
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
light = 12
ok_button = 6
task_lamps = { USE = 24 }
"""
BUZZER = 'buzzer = { pin = 18, kind = "passive" }\n'


def config(folder: Path, extra: str = PANEL + BUZZER, device: str = "/dev/serial/by-id/usb-A") -> Path:
    path = folder / "station.toml"
    path.write_text(FILE.replace("{device}", device) + extra, encoding="utf-8")
    return path


@pytest.mark.parametrize("code", CODES, ids=[code.name for code in CODES])
def test_a_reader_gets_what_the_code_promises(code: BenchCode) -> None:
    luma = write_symbol(code.text, code.carrier, gs1=code.gs1, scale=4)
    (found,) = read_symbols(luma, [FORMATS[code.carrier]])
    assert (found.payload, found.symbology) == (code.payload, code.symbology)


def test_the_codes_prove_what_they_are_for() -> None:
    assert sum(b"\x1d" in code.payload for code in CODES) >= 2
    assert all(code.payload.upper() != code.payload != code.payload.lower() for code in CODES)
    assert len({code.symbology for code in CODES}) == len(CODES)


def test_the_page_has_every_module_in_its_place() -> None:
    rows = {code.name: write_symbol(code.text, code.carrier, gs1=code.gs1, scale=1).tolist() for code in CODES}
    picture = ET.fromstring(page(lambda code: rows[code.name]))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    for code, group in zip(CODES, picture.iter(f"{space}g"), strict=True):
        wanted = np.array(rows[code.name]) < 128
        drawn = np.zeros_like(wanted)
        for bar in group.iter(f"{space}rect"):
            x, y, width = (int(bar.attrib[name]) for name in ("x", "y", "width"))
            drawn[y, x : x + width] = True
        assert (drawn == wanted).all(), code.name


def test_facts_of_a_station(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bench", "facts", "--config", str(config(tmp_path))])
    assert json.loads(result.output) == {
        "station": "OR-03",
        "lamps": ["ready", "tick", "cross", "bar", "wrench", "light", "task:USE"],
        "buzzer": "passive",
        "buttons": ["ok"],
        "camera": True,
        "scanners": [{"name": "/dev/serial/by-id/usb-A", "no_read": "NR"}],
    }


def test_facts_without_a_panel(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bench", "facts", "--config", str(config(tmp_path, ""))])
    found = json.loads(result.output)
    assert (found["lamps"], found["buzzer"], found["buttons"]) == ([], None, [])


def bench(*words: str) -> tuple[int, list[dict[str, object]], str]:
    """A part at work until its input ends, at once."""
    ended = subprocess.run(
        [*command("edge.cli"), "bench", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


SIMULATED: list[tuple[list[str], list[dict[str, object]]]] = [
    (["lamp", "tick"], [{"lamps": {"tick": 1.0}, "tones": []}]),
    (["lamp", "light"], [{"light": True}]),
    (["lamp", "task:USE"], [{"task": "USE"}, {"lamps": {"ready": 1.0}, "tones": []}]),
    (["buzzer"], [{"lamps": {"ready": 1.0}, "tones": [2000, 2600, 3200]}]),
    (["buttons"], [{"button": "ok"}]),
]


@pytest.mark.parametrize(("words", "lines"), SIMULATED, ids=[" ".join(case[0]) for case in SIMULATED])
def test_simulated_parts(tmp_path: Path, words: list[str], lines: list[dict[str, object]]) -> None:
    status, found, _ = bench(*words, "--simulate", "--config", str(config(tmp_path)))
    assert status == 0
    assert [{key: value for key, value in line.items() if key != "at_ns"} for line in found] == lines


def test_a_simulated_scanner_reads_every_code_and_then_nothing(tmp_path: Path) -> None:
    _, found, _ = bench("scan", "--simulate", "--config", str(config(tmp_path)))
    reads = [line for line in found if "bytes" in line]
    assert [base64.b64decode(str(line["bytes"])) for line in reads] == [*(code.payload for code in CODES), b""]
    assert reads[-1]["problem"] == "no_read"


def test_a_real_scanner_byte_for_byte(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "usb-A")
    file = config(tmp_path, device=str(terminal.link))
    words = [*command("edge.cli"), "bench", "scan", "--config", str(file), "--run-dir", str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"scanner": str(terminal.link), "connected": True}
        terminal.send(b"]d2010200000000000810a\x1d21B")
        read = json.loads(process.stdout.readline())
        assert base64.b64decode(read["bytes"]) == b"010200000000000810a\x1d21B"
        assert (read["symbology"], read["problem"]) == ("]d2", None)
        process.stdin.close()
        assert process.wait(10) == 0
    terminal.close()


WRONG = [
    ("no such lamp", ["lamp", "blue", "--simulate"], PANEL, 1, "'blue' is no lamp of this panel"),
    ("no panel", ["lamp", "tick", "--simulate"], "", 1, "none, no [panel]"),
    ("no buzzer", ["buzzer", "--simulate"], PANEL, 1, "expected [panel] buzzer"),
    ("bad configuration", ["facts"], "[panels]\n", 2, "panels is not a known key"),
]


@pytest.mark.parametrize(
    ("words", "extra", "status", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: list[str], extra: str, status: int, says: str) -> None:
    code, _, err = bench(*words, "--config", str(config(tmp_path, extra)))
    assert code == status
    assert says in err


def test_a_running_station_keeps_its_parts(tmp_path: Path) -> None:
    server = LineServer(tmp_path / "station.sock")

    def answer() -> None:
        for client, _ in server.step(0.05):
            server.send(client, {"state": "ready"})

    worker = Worker("station", answer, on_stop=server.close)
    worker.start()
    try:
        code, _, err = bench("scan", "--config", str(config(tmp_path)), "--run-dir", str(tmp_path))
    finally:
        worker.stop()
    assert code == 1
    assert "sudo systemctl stop udi-station" in err


def test_codes_are_written_or_named(tmp_path: Path) -> None:
    out = tmp_path / "codes.svg"
    assert CliRunner().invoke(main, ["bench", "codes", str(out)]).exit_code == 0
    assert "扫码枪自检码" in out.read_text(encoding="utf-8")
    named = CliRunner().invoke(main, ["bench", "codes", "--json"])
    assert len(json.loads(named.output)["codes"]) == len(CODES)
    assert CliRunner().invoke(main, ["bench", "codes"]).exit_code == 2
    away = CliRunner().invoke(main, ["bench", "codes", str(tmp_path / "away/c.svg")])
    assert away.exit_code == 1
    assert "expected a file that can be written" in away.stderr


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


def test_a_real_panel_lights_one_lamp_alone(factory: MockFactory) -> None:
    panel = PanelIndicator(PanelPins(ready=5, tick=17, cross=27, bar=22, wrench=23, buzzer=18), pin_factory=factory)
    panel.show_pattern(Pattern((Step(0, {"cross": 1.0}),), (Tone(0, 50, 2600),), "叉", "cross"))
    deadline = time.monotonic() + 5
    while not any(state.state for state in factory.pin(18).states):  # the tone comes after the lamps
        assert time.monotonic() < deadline
        time.sleep(0.005)
    panel.close()
    lit = {pin for pin in (5, 17, 22, 23, 27) if any(state.state == 1 for state in factory.pin(pin).states)}
    assert lit == {27}
