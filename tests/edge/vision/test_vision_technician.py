import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.vision.calibrate import Calibration
from edge.vision.technician import BenchError, find, keep, report
from edge.vision.verdict import Finding, Values
from hardware.camera_settings import CameraSettings
from hardware.host.local import LineServer
from tests.support.bench import SIZE, simulated

STATION = """[station]
id = "OR-03"
organisation = { id = "H510104", role = "hospital" }
place = "OR-03"
home_task = "CHECK"
[link]
host = "localhost"
port = 1883
bench = true
[camera]  # over the table
source = "picamera2"
gain = 8.0  # too much
"""


def calibrate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["camera", "calibrate", *map(str, arguments)])


def config(tmp_path: Path, text: str = STATION) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["page.pdf", "page.png", "PAGE.PNG"])
def test_the_page_is_written_and_how_to_print_it_is_said(tmp_path: Path, name: str) -> None:
    result = calibrate("--target", tmp_path / name)
    assert result.exit_code == 0
    assert "100 mm" in result.output
    assert "实际大小" in result.output
    assert (tmp_path / name).stat().st_size > 50_000


REFUSED = {
    "a suffix": (["--target", "page.jpg"], 2, ".pdf or .png"),
    "a folder that is not there": (["--target", "none/page.png"], 2, "No such file"),
    "no configuration": (["--config", "none.toml"], 2, "none.toml"),
}


@pytest.mark.parametrize(("arguments", "status", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = calibrate(*arguments)
    assert result.exit_code == status
    assert words in result.output


CAMERAS = {
    "no table": ("", 2, "source is missing"),
    "a wrong value": ('[camera]\nsource = "picamera2"\nexposure_us = -1\n', 2, "exposure_us = -1"),
    "a folder": ('[camera]\nsource = "folder"\nfolder = "."\n', 2, "to calibrate"),
    "no picture": ('[camera]\nsource = "simulated"\nscene = "none.png"\n', 1, "none.png"),
    "no camera here": ('[camera]\nsource = "picamera2"\n', 1, "python3-picamera2"),
}


@pytest.mark.parametrize(("text", "status", "words"), CAMERAS.values(), ids=CAMERAS.keys())
def test_a_camera_that_cannot_be_calibrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, status: int, words: str
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)  # as on a machine without it, on a Pi too
    result = calibrate("--config", config(tmp_path, text), "--socket", tmp_path / "camera.sock")
    assert result.exit_code == status
    assert words in result.output


def test_a_camera_in_use_is_to_be_stopped_first(tmp_path: Path) -> None:
    server = LineServer(tmp_path / "camera.sock")
    result = calibrate("--config", config(tmp_path), "--socket", tmp_path / "camera.sock")
    server.close()
    assert result.exit_code == 1
    assert "systemctl stop udi-camera" in result.output


@pytest.fixture(scope="module")
def dirty() -> tuple[Calibration, tuple[Finding, ...]]:
    camera = simulated(motor=False, veil=0.6)
    return find(camera, CameraSettings("simulated", scene=Path("page.png"), size=SIZE), lambda _step: None)


def test_the_report_names_values_measures_and_what_to_do_in_both_languages(
    dirty: tuple[Calibration, tuple[Finding, ...]],
) -> None:
    text = report(*dirty, as_json=False)
    for words in ("exposure_us = ", "px/mm", "擦净镜头", "clean the lens", "not good enough"):
        assert words in text


def test_the_report_for_programs(dirty: tuple[Calibration, tuple[Finding, ...]]) -> None:
    found: dict[str, Any] = json.loads(report(*dirty, as_json=True))
    assert found["schema"] == 1
    assert found["good"] is False
    assert [finding["code"] for finding in found["findings"]] == ["low_contrast"]
    assert set(found["values"]) == {"exposure_us", "gain"}
    assert found["measured"]["contrast"] == pytest.approx(0.46, abs=0.05)
    nothing = json.loads(report(Calibration(Values(None, 1, 1.0), None), (), as_json=True))
    assert nothing["measured"] is None


def kept(tmp_path: Path, found: Calibration, problems: list[list[str]]) -> Path:
    path = config(tmp_path)
    path.chmod(0o640)
    answers = iter(problems)
    keep(path, found, lambda _table: next(answers))
    return path


def test_what_was_found_is_kept_and_all_else_stays(
    tmp_path: Path, dirty: tuple[Calibration, tuple[Finding, ...]]
) -> None:
    path = kept(tmp_path, dirty[0], [[], []])
    values = dirty[0].values
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text)["camera"] == {
        "source": "picamera2",
        "gain": values.gain,
        "exposure_us": values.exposure_us,
    }
    assert f"gain = {values.gain}  # too much" in text
    assert text.startswith(STATION[: STATION.index("[camera]")])
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["station.toml"]


def test_a_file_that_would_be_wrong_afterwards_stays_as_it_is(
    tmp_path: Path, dirty: tuple[Calibration, tuple[Finding, ...]]
) -> None:
    with pytest.raises(BenchError, match="gain is wrong") as caught:
        kept(tmp_path, dirty[0], [["gain is wrong", "old"], ["old"]])
    assert caught.value.status == 2
    assert (tmp_path / "station.toml").read_text(encoding="utf-8") == STATION


def test_without_a_target_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nothing is written"):
        keep(config(tmp_path), Calibration(Values(None, 1, 1.0), None), lambda _table: [])


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("station.toml", '[camera]\nsource = "folder"\n', 0),
        ("station.toml", "[station]\n", 1),
        ("template.toml", "[camera]\n", 0),
        ("template.toml", "[station]\n", 1),
        ("station.toml", "=", 0),
        ("other.toml", "", 0),
    ],
)
def test_whether_there_is_a_camera_at_all(tmp_path: Path, name: str, text: str, code: int) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    words = ["camera", "configured", "--config", str(tmp_path / "station.toml")]
    words += ["--template", str(tmp_path / "template.toml")]
    assert CliRunner().invoke(main, words).exit_code == code
