"""Station and hub through the broker that is shipped: TLS, a certificate each, and no right too many."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge import wire
from tests.support.secure import ADMIN, SecureBroker
from tests.support.site import MOSQUITTO, ROOT, Site, command, udi, wait_for

pytestmark = pytest.mark.journey


@pytest.fixture
def broker(tmp_path: Path) -> SecureBroker:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return SecureBroker(tmp_path, ["OR-01"])


@pytest.fixture
def secure_site(tmp_path: Path, broker: SecureBroker) -> Iterator[Site]:
    site = Site(tmp_path, broker)
    try:
        broker.start()
        site.start_hub()
        yield site
    finally:
        site.close()


def _status(site: Site, name: str) -> dict[str, Any]:
    words = [*command("edge.cli"), "status", "--json", "--run-dir", str(site.station_home(name))]
    done = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_scan_arrives_and_the_watermark_comes_back(secure_site: Site, broker: SecureBroker) -> None:
    terminal = secure_site.prepare("OR-01")
    station = secure_site.start_station("OR-01")
    terminal.send(udi("S1"))
    station.wait_shown(1)
    assert station.shown() == ["ACCEPTED"]
    secure_site.wait_delivered(station.green())
    wait_for(lambda: _status(secure_site, "OR-01")["unacknowledged"] == 0, "the watermark at the station")
    reader = broker.peer(ADMIN)
    reader.subscribe("udi/OR-01/ack", "udi/OR-01/status", "udi/site/hub")
    held = {message.topic: message.payload for message in reader.heard()}
    assert wire.Ack.decode(held["udi/OR-01/ack"]).epoch == json.loads(held["udi/OR-01/status"])["epoch"]
    assert wire.HubPresence.decode(held["udi/site/hub"]).present
    assert station.stop() == 0


def test_a_killed_broker_delays_and_loses_nothing(secure_site: Site, broker: SecureBroker) -> None:
    terminal = secure_site.prepare("OR-01")
    station = secure_site.start_station("OR-01")
    terminal.send(udi("S1"))
    station.wait_shown(1)
    broker.stop(signal.SIGKILL)
    terminal.send(udi("S2"))
    station.wait_shown(2)
    broker.start()
    held = secure_site.wait_delivered(station.green())
    assert len(held.counted) == len(station.green()) == 2
    assert station.stop() == 0
