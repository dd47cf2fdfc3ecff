"""The shipped units on a machine that really boots: installed, started, killed, hung, taken away."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_service.card.room_label import RoomLabel, new_key, sign_label
from firmware_service.update import guard
from firmware_service.update.slots import Slots, Trial, to_bytes
from tests.support.booted import OUT, TREE, Machine, lacking

STATION = """\
[station]
id = "OR-03"
organisation = { id = "H510104", role = "hospital" }
place = "OR-03"
home_task = "CHECK"

[link]
host = "127.0.0.1"
port = 1
bench = true

[[scanner]]
kind = "serial"
device = "/dev/ttyS7"
"""
HELP = f"""
until_() {{ for _ in $(seq 300); do "$@" && return 0; sleep 0.1; done; echo "waited for: $*" >&2; return 1; }}
active() {{ [ "$(systemctl is-active $1)" = active ]; }}
restarted() {{ [ "$(systemctl show -p NRestarts --value $1)" -ge $2 ]; }}
say() {{ printf '%s\\t%s\\n' "$1" "$2"; }}
firmware=/opt/udi/current/bin/udi-firmware
station=/opt/udi/current/bin/udi-station
$firmware units install --from {TREE}/systemd > {OUT}/installed
"""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    why = lacking()
    if why is not None:
        pytest.skip(f"units were not really started: {why}")
    with Machine(tmp_path) as machine:
        yield machine


def told(text: str) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in text.splitlines())


def test_the_station_runs_comes_back_and_is_watched(machine: Machine) -> None:
    machine.write("/etc/udi-station/station.toml", STATION)
    # the shipped 40 s are for slow cards; what is shown is that the watchdog bites at all
    machine.write("/etc/systemd/system/udi-station.service.d/t.conf", "[Service]\nWatchdogSec=4\n")
    said = told(
        machine.boot(
            HELP
            + """
chgrp udi /etc/udi-station/station.toml
systemctl start udi-station
say enabled "$(systemctl is-enabled udi-station udi-firmware udi-camera | tr '\\n' ' ')"
say status "$($station status --json)"
say user "$(ps -o user= -p $(systemctl show -p MainPID --value udi-station))"
say journal "$(stat -c '%U %a' /var/lib/udi-station/journal.sqlite3)"
say ports "$(ss -Hltun | wc -l)"
kill -9 $(systemctl show -p MainPID --value udi-station)
until_ restarted udi-station 1; until_ active udi-station
kill -STOP $(systemctl show -p MainPID --value udi-station)
until_ restarted udi-station 2; until_ active udi-station
say watchdog "$(journalctl -u udi-station -o cat | grep -c 'Watchdog timeout')"
systemctl start udi-firmware; until_ active udi-firmware
systemctl start udi-camera
say camera "$(systemctl show -p ActiveState -p NRestarts --value udi-camera | sort | tr '\n' ' ')"
say failed "$(systemctl --failed --no-legend | wc -l)"
$firmware units uninstall > /dev/null
say left "$(ls /etc/systemd/system | grep -c '^udi-' || true)"
say data "$(ls /var/lib/udi-station | head -1)"
"""
        )
    )
    assert said["enabled"] == "enabled enabled enabled "
    status = json.loads(said["status"])
    assert (status["station"], status["state"]) == ("OR-03", "fault"), "its one scanner is not there"
    assert said["user"] == "udi"
    assert said["journal"].startswith("udi 6"), said["journal"]
    assert said["ports"] == "0", "no inbound port on a station"
    assert said["watchdog"] == "1"
    assert said["camera"] == "0 inactive ", "a station without a camera does not try to run one"
    assert said["failed"] == "0"
    assert said["left"] == "2", "the test's own unit, and its drop-in for the station"
    assert said["data"], "data stays"


def on_trial(machine: Machine, **changed: Any) -> None:
    """The agent has swapped to 1.1.0, and the machine starts."""
    machine.path("/opt/udi/current").unlink()
    machine.path("/opt/udi/current").symlink_to("slots/1.1.0")
    trial = Trial(counter=2, trial_s=3, units=("udi-station.service",), before={})
    state = Slots("1.0.0", floor=1, phase="trial", target="1.1.0", trial=replace(trial, **changed))
    machine.write("/var/lib/udi-firmware/slots.json", to_bytes(state).decode())
    machine.write("/opt/udi/guard/guard.py", Path(guard.__file__).read_text("utf-8"))
    machine.write("/etc/udi-station/station.toml", STATION)


TRIAL = (
    HELP
    + """
chgrp udi /etc/udi-station/station.toml
systemctl start udi-boot-guard
systemctl start --no-block udi-station
over() { systemctl start udi-trial; ! grep -q '"phase": "trial"' /var/lib/udi-firmware/slots.json; }
until_ over
until_ active udi-station
say state "$(cat /var/lib/udi-firmware/slots.json)"
say current "$(readlink /opt/udi/current)"
say station "$($station status --json | head -c 1)"
systemctl stop udi-boot-guard
say stopped "$(ls /var/lib/udi-firmware/stopped)"
"""
)


def test_a_release_that_is_well_is_kept_by_the_guard(machine: Machine) -> None:
    machine.slot("1.1.0")
    on_trial(machine)
    said = told(machine.boot(TRIAL))
    state = json.loads(said["state"])
    assert (state["committed"], state["previous"], state["floor"], state["phase"]) == ("1.1.0", "1.0.0", 2, "cleanup")
    assert said["current"] == "slots/1.1.0"
    assert said["stopped"], "the next start is not unexpected"


def test_a_release_whose_station_does_not_start_is_taken_back_by_the_guard(machine: Machine) -> None:
    machine.slot("1.1.0", station="#!/bin/sh\nexit 1\n")
    on_trial(machine)
    said = told(machine.boot(TRIAL))
    state = json.loads(said["state"])
    assert (state["committed"], state["floor"], state["phase"]) == ("1.0.0", 1, "cleanup")
    assert "times by systemd" in state["failure"]["reason"]
    assert (said["current"], said["station"]) == ("slots/1.0.0", "{"), "and the station runs again"


SITE = """\
[site]
name = "第一医院"
[authority]
url = "https://localhost:1"
pin = "{pin}"
label_key = "{label_key}"
[release]
root = "/etc/udi-station/root.json"
[station]
template = "/etc/udi-station/template.toml"
"""


def test_a_station_without_a_name_takes_it_from_its_label_within_the_agents_sandbox(machine: Machine) -> None:
    private, public = new_key()
    site = SITE.format(pin="0" * 64, label_key=base64.b64encode(public).decode("ascii"))
    machine.write("/etc/udi-station/template.toml", STATION.replace("OR-03", "NEW"))
    machine.write("/etc/udi-station/site.toml", site)
    machine.write("/opt/udi-label", sign_label(RoomLabel("第一医院", "OR-07", "七号手术室"), private))
    machine.path("/boot/firmware").mkdir(parents=True)
    said = told(
        machine.boot(
            HELP
            + """
chgrp udi /etc/udi-station/*.toml
systemctl start --no-block udi-identity udi-room-label udi-station udi-firmware
until_ active udi-room-label; until_ active udi-firmware
say unnamed "$(systemctl is-active udi-station || true)"
cp /opt/udi-label /run/udi-station/room-label
until_ active udi-station; until_ active udi-firmware
say label "$(systemctl is-active udi-room-label || true)"
say id "$(grep '^id' /etc/udi-station/station.toml)"
say rights "$(stat -c '%U %G %a' /etc/udi-station/station.toml)"
until_ test -s /run/udi-firmware/health.json
say health "$(runuser -u udi -- cat /run/udi-firmware/health.json | head -c 1)"
say status "$($station status --json)"
say failed "$(systemctl --failed --no-legend | wc -l)"
say problems "$(journalctl -u udi-firmware -o cat | grep -c 'denied\\|not permitted\\|Read-only' || true)"
"""
        )
    )
    assert (said["unnamed"], said["label"]) == ("inactive", "inactive")
    assert said["id"] == 'id = "OR-07"'
    assert said["rights"] == "root udi 640"
    assert said["health"] == "{"
    assert json.loads(said["status"])["station"] == "OR-07"
    assert (said["failed"], said["problems"]) == ("0", "0")


def test_both_units_are_enabled_and_the_file_decides(machine: Machine) -> None:
    machine.write("/etc/udi-station/template.toml", STATION)
    machine.write("/etc/udi-station/station.toml", STATION)
    said = told(
        machine.boot(
            HELP
            + """
chgrp udi /etc/udi-station/*.toml
systemctl start --no-block udi-room-label udi-station
until_ active udi-station
say label "$(systemctl is-active udi-room-label || true)"
"""
        )
    )
    assert said == {"label": "inactive"}
