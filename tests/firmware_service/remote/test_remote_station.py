import json
import stat
import sys
from pathlib import Path

import pytest

from firmware_service.remote.station import UNITS, InstalledStation

GOOD = """\
[station]
id = "OR-03"
organisation = { id = "H510104", role = "hospital" }
place = "OR-03"
home_task = "CHECK"

[link]
host = "hub.site"
port = 8883
bench = true

[[scanner]]
kind = "serial"
device = "/dev/ttyACM0"
"""
OURS = (sys.executable, "-c", "from edge.cli import main; main()")
"""The real command of this tree."""


def script(folder: Path, body: str) -> tuple[str, ...]:
    file = folder / "command"
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return (str(file),)


FILES = {
    "a good one": (GOOD, ""),
    "another station's": (GOOD.replace("OR-03", "OR-04"), "expected 'OR-03'"),
    "an unknown key": (GOOD + "[panl]\n", "panl is not a known key"),
    "no TOML": ("=", "expected a readable TOML file"),
}


@pytest.mark.parametrize(("text", "why"), FILES.values(), ids=FILES.keys())
def test_the_installed_station_judges_a_file(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "tried.toml"
    file.write_text(text, encoding="utf-8")
    found = InstalledStation("OR-03", OURS).check(file)
    assert [why in each for each in found] == ([True] if why else [])


BROKEN = {
    "not there": (("/nowhere/udi-station",), "could not be run"),
    "ends without a word": (("false",), "ended with 1 and no findings"),
}


@pytest.mark.parametrize(("command", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_station_that_cannot_judge_takes_nothing(tmp_path: Path, command: tuple[str, ...], why: str) -> None:
    assert why in InstalledStation("OR-03", command).check(tmp_path / "any")[0]


STATUSES = {
    "well": ({"fault": None, "missing_readers": [], "busy": False}, True, False),
    "in a case": ({"fault": None, "missing_readers": [], "busy": True}, True, True),
    "a fault": ({"fault": "disk", "missing_readers": []}, False, False),
    "a reader is not there": ({"fault": None, "missing_readers": ["/dev/ttyACM0"]}, False, False),
}


@pytest.mark.parametrize(("status", "well", "busy"), STATUSES.values(), ids=STATUSES.keys())
def test_how_the_station_is(tmp_path: Path, status: dict[str, object], *, well: bool, busy: bool) -> None:
    station = InstalledStation("OR-03", script(tmp_path, f"echo '{json.dumps(status)}'"))
    assert (station.well(), station.busy()) == (well, busy)


def test_a_station_that_does_not_answer_is_not_well(tmp_path: Path) -> None:
    for command in (("false",), ("/nowhere",), script(tmp_path, "echo '[]'"), script(tmp_path, "echo no")):
        station = InstalledStation("OR-03", command)
        assert (station.well(), station.busy()) == (False, False)


def test_a_restart_is_asked_of_systemd(tmp_path: Path) -> None:
    systemctl = script(tmp_path, f'echo "$@" >> {tmp_path}/asked')
    InstalledStation("OR-03", OURS, systemctl).restart()
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[-1] == f"restart {UNITS[0]}"
    InstalledStation("OR-03", OURS, ("/nowhere",)).restart()
