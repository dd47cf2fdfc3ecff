"""What a machine says of a station that really runs: asked through its socket, as the agent asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firmware_service.checks.look import Look, take_look
from firmware_service.health import read_health, retained
from firmware_service.places import Places
from hardware.host.clock import Clock
from tests.support.site import Site, udi, wait_for

pytestmark = pytest.mark.journey


def machine(root: Path, home: Path) -> Places:
    """A root in which the station's folders are those of this home."""
    places = Places(root)
    places.station_run.parent.mkdir(parents=True)
    places.station_run.symlink_to(home)
    places.station_file.parent.mkdir(parents=True)
    places.station_file.symlink_to(home / "station.toml")
    (root / "run/systemd/timesync").mkdir(parents=True)
    (root / "run/systemd/timesync/synchronized").touch()
    return places


def states(look: Look) -> dict[str, tuple[str, object]]:
    return {each.check: (each.state, each.value) for each in read_health(look).findings}


def test_a_station_tells_how_it_is_and_when_it_scanned_last(site: Site, tmp_path: Path) -> None:
    terminal = site.prepare("OR-01")
    places = machine(tmp_path / "root", site.station_home("OR-01"))
    clock = Clock(places.root)
    assert states(take_look(places, clock))["station"] == ("fail", "no answer")

    station = site.start_station("OR-01")
    before = states(take_look(places, clock))
    assert before["last_scan"] == ("unknown", None)
    assert before["station"] == ("ok", "ready")
    terminal.send(udi("S1"))
    station.wait_shown(1)
    site.wait_delivered(station.green())
    wait_for(lambda: states(take_look(places, clock))["broker"] == ("ok", "hub present"), "the hub")
    after = states(take_look(places, clock))
    assert after["last_scan"] == ("ok", 0)
    assert after["scanner"] == ("ok", 1)
    assert after["journal"][0] == "ok"
    assert after["camera"] == ("ok", "none configured")

    terminal.unplug()
    wait_for(lambda: states(take_look(places, clock))["scanner"][0] == "fail", "the scanner to be missed")
    told = json.loads(retained(read_health(take_look(places, clock))))
    (gone,) = [each for each in told["checks"] if each["check"] == "scanner"]
    assert gone["value"] == str(terminal.link)
    assert "插好线" in gone["todo"]
    assert station.stop() == 0
