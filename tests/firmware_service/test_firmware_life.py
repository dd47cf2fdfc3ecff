"""What a machine cannot do must not end the agent that looks after it."""

from __future__ import annotations

import base64
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_service.agent import link_settings
from firmware_service.card.room_label import RoomLabel, new_key, sign_label
from firmware_service.card.site import Site
from firmware_service.identity.names import ROLES
from firmware_service.life import MOST_S, Life
from firmware_service.naming import LABEL, station_name
from firmware_service.places import Places
from firmware_service.remote.link import Topics
from firmware_service.update.slots import Slots, Store
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings
from hardware.host.toml import parse

KEY, PUBLIC = new_key()
STATION = '[station]\nid = "OR-03"\nplace = "P"\n'


def site(**network: object) -> Site:
    key = base64.b64encode(PUBLIC).decode("ascii")
    return parse(
        {
            "site": {"name": "第一医院"},
            "network": network,
            "authority": {"url": "https://localhost:1", "pin": "0" * 64, "label_key": key},
            "release": {"root": "/etc/udi-station/root.json"},
            "station": {"template": "/etc/udi-station/template.toml"},
        },
        Site,
    )


def machine(root: Path, station: str | None = None) -> Places:
    places = Places(root)
    for folder in (places.station_file.parent, places.station_run, places.boot / "udi"):
        folder.mkdir(parents=True)
    if station is not None:
        places.station_file.write_text(station, encoding="utf-8")
    return places


def test_a_label_waits_for_its_template(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    places = machine(tmp_path)
    label = sign_label(RoomLabel("第一医院", "OR-03", "三号手术室"), KEY)
    (places.station_run / LABEL).write_text(label, encoding="ascii")
    life = Life(places, site(), Clock(tmp_path))
    assert not life.tick(0.0)
    assert "station=OR-03 not named" in caplog.text
    (places.station_file.parent / "template.toml").write_text(STATION, encoding="utf-8")
    assert life.tick(MOST_S), "tried again by itself"
    assert station_name(places) == "OR-03"


NMCLI = """#!/bin/sh
[ -e {root}/up ] || exit 8
case "$2" in
    UUID) echo u-1 ;;
    connection.interface-name) echo eth0 ;;
    *) echo "$*" >>{root}/asked ;;
esac
"""
STATIC = {"gateway": "10.20.3.1", "dns": ["10.20.0.2"]}


def test_an_address_waits_for_the_network_as_long_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "nmcli").write_text(NMCLI.format(root=tmp_path), encoding="ascii")
    (tmp_path / "nmcli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    places = machine(tmp_path)
    places.state.mkdir(parents=True)
    (places.station_file.parent / "template.toml").write_text(STATION, encoding="utf-8")
    label = sign_label(RoomLabel("第一医院", "OR-03", "三号手术室", address="10.20.3.17/24"), KEY)
    (places.station_run / LABEL).write_text(label, encoding="ascii")
    assert Life(places, site(static=STATIC), Clock(tmp_path)).tick(0.0), "it has a name"
    again = Life(places, site(static=STATIC), Clock(tmp_path))
    again.tick(0.0)
    assert "address not set, it is tried again" in caplog.text, "NetworkManager does not run yet"
    (tmp_path / "up").touch()
    again.tick(MOST_S)
    assert "ipv4.addresses 10.20.3.17/24 ipv4.gateway 10.20.3.1" in (tmp_path / "asked").read_text("utf-8")
    (tmp_path / "asked").unlink()
    again.tick(2 * MOST_S)
    assert not (tmp_path / "asked").exists(), "set once"


def test_an_address_without_a_gateway_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    places = machine(tmp_path, STATION)
    places.state.mkdir(parents=True)
    places.address.write_text("10.20.3.17/24", encoding="ascii")
    life = Life(places, site(), Clock(tmp_path))
    for now_s in (0.0, MOST_S):
        life.tick(now_s)
    assert caplog.text.count("site.toml has no [network.static]") == 1


def test_an_identity_that_cannot_be_opened_leaves_the_machine_looked_after(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    places = machine(tmp_path, STATION)
    for role in ROLES:
        (places.identity / role).mkdir(parents=True)
        for name in ("confirmed", "certificate.pem", "key.cred"):
            (places.identity / role / name).write_text("of another installation", encoding="ascii")
    (places.identity / "ca.pem").write_text("", encoding="ascii")
    life = Life(places, site(), Clock(tmp_path))
    assert "decommission and enrol anew" in caplog.text
    assert (life.state, life.tls()) == ("unenrolled", None)
    assert not life.tick(0.0)


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    port: int | None


LINKS = {
    "plain": Link('[link]\nhost = "h"\nport = 1\nbench = true\n', 1),
    "the usual port": Link('[link]\nhost = "h"\nbench = true\n', 8883),
    "a port in words": Link('[link]\nhost = "h"\nport = "x"\nbench = true\n', None),
    "no table": Link("link = 3\n", None),
    "none": Link("", None),
    "no TOML": Link("[", None),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_a_station_file_of_any_kind_ends_no_agent(link: Link, tmp_path: Path) -> None:
    places = machine(tmp_path, link.text)
    life = Life(places, None, Clock(tmp_path))
    expected = None if link.port is None else LinkSettings("h", link.port, "OR-03.fw", None)
    assert link_settings(places.station_file, Topics("OR-03"), life) == expected


@pytest.mark.parametrize("text", ["station = 3\n", "[station]\nid = 3\n", "["])
def test_a_name_is_a_text(text: str, tmp_path: Path) -> None:
    assert station_name(machine(tmp_path, text)) is None


def test_looking_at_the_slots_writes_nothing(tmp_path: Path) -> None:
    places = machine(tmp_path)
    store = Store(places)
    assert store.read() == Slots()
    lock = places.state / "slots.lock"
    os.utime(lock, (1, 1))
    store.read()
    assert lock.stat().st_mtime == 1


@pytest.fixture(autouse=True)
def _all_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
