"""Pictures from a station's folder to the hub: behind all events, each once, whatever dies on the way."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.hub.pictures import Picture
from edge.hub.store import Store
from edge.hub.tables import picture
from edge.seal import MAX_PICTURE_BYTES
from edge.station.config import SealTable
from edge.station.pictures import FOLDER, PictureStore
from hardware.host.link import Connected
from tests.support.jpeg import noisy
from tests.support.secure import ADMIN, Peer, SecureBroker
from tests.support.site import MOSQUITTO, ROOT, Running, Site, command, udi, wait_for

pytestmark = pytest.mark.journey


def pictures_of(site: Site, name: str = "OR-01") -> PictureStore:
    return PictureStore(site.station_home(name) / FOLDER, name, SealTable("k1", site.public_key, "test"))


def put(site: Site, count: int) -> dict[str, bytes]:
    """So many pictures in the station's folder, the oldest first, as large as they may be."""
    store, kept = pictures_of(site), {}
    for number in range(count):
        jpeg = b""
        for quality in range(95, 30, -5):
            jpeg = noisy(480, 320, quality=quality)
            if len(jpeg) < MAX_PICTURE_BYTES - 200:
                break
        name = store.keep(jpeg)
        assert name is not None
        at = time.time() - 100 + number
        os.utime(site.station_home("OR-01") / FOLDER / name, (at, at))
        kept[name] = jpeg
    return kept


def stored(site: Site) -> dict[str, Picture]:
    store = Store.open_reader(site.store)
    try:
        with store.read() as connection:
            rows = [Picture(*row) for row in connection.execute(picture.select())]
    finally:
        store.close()
    return {row.sha256: row for row in rows}


def opened(site: Site, name: str) -> bytes:
    out = site.folder / f"{name}.jpg"
    words = [*command("edge.hub.cli"), "picture", name, "--out", str(out), "--config", str(site.hub_file)]
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return out.read_bytes()


def status(site: Site) -> dict[str, Any]:
    words = [*command("edge.cli"), "status", "--json", "--run-dir", str(site.station_home("OR-01"))]
    done = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)["link"]
    return found


def killed(site: Site, step: str, times: int = 1) -> Running:
    program = [sys.executable, str(ROOT / "tests/faults/killed_station.py"), step, str(times)]
    running = site.start_station("OR-01", program, ready=False)
    running.wait_death(step)
    assert running.stop() == -9, f"died of something else after {step}: {running.logs[-5:]}"
    return running


def test_events_first_then_pictures_each_once(site: Site) -> None:
    terminal = site.prepare("OR-01")
    site.stop_hub()
    listener = Peer(site.broker.port, None, "listener")
    listener.until(Connected)
    listener.subscribe("udi/+/scan", "udi/+/photo/+")
    kept = put(site, 3)
    station = site.start_station("OR-01")
    for number in range(5):
        terminal.send(udi(f"S{number}"))
        station.wait_shown(number + 1)
    assert pictures_of(site).names() == list(kept), "the hub is away"
    site.start_hub()
    held = site.wait_delivered(station.recorded())
    assert held.doubled == 0
    wait_for(lambda: pictures_of(site).names() == [], "the pictures to be answered")
    found = stored(site)
    assert {name: row.station for name, row in found.items()} == dict.fromkeys(kept, "OR-01")
    assert {name: opened(site, name) for name in kept} == kept
    wait_for(lambda: status(site)["pictures"]["delivered"] == 3, "the status to count them")
    told = status(site)["pictures"]
    assert (told["waiting"], told["set_aside"]) == (0, [])
    sent = [message.topic.split("/", 2)[2] for message in listener.heard()]
    assert sent[-3:] == [f"photo/{name}" for name in kept], "behind all events, the oldest first, each once"
    assert set(sent[:-3]) == {"scan"}
    assert station.stop() == 0


def test_kill_between_sent_and_answered_sends_it_again_and_the_hub_keeps_one(site: Site) -> None:
    site.prepare("OR-01")
    kept = put(site, 2)
    killed(site, "photo")
    assert pictures_of(site).names() == list(kept), "sent is not answered"
    killed(site, "photo-ack")
    assert pictures_of(site).names() == list(kept), "answered, and the file is still there"
    first = next(iter(kept))
    received = stored(site)[first].received
    station = site.start_station("OR-01")
    wait_for(lambda: pictures_of(site).names() == [], "the pictures to be answered")
    found = stored(site)
    assert set(found) == set(kept)
    assert found[first].received == received, "the one that was there before"
    assert {name: opened(site, name) for name in kept} == kept
    assert station.stop() == 0


@pytest.fixture
def secure_site(tmp_path: Path) -> Iterator[Site]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    site = Site(tmp_path, SecureBroker(tmp_path, ["OR-01", "OR-02"]))
    try:
        site.broker.start()
        site.start_hub()
        yield site
    finally:
        site.close()


def test_through_the_shipped_broker_and_nobody_answers_but_the_hub(secure_site: Site) -> None:
    secure_site.prepare("OR-01")
    broker = secure_site.broker
    assert isinstance(broker, SecureBroker)
    admin, other = broker.peer(ADMIN), broker.peer("OR-02")
    admin.subscribe("udi/+/photo-ack", "udi/+/photo/+")
    kept = put(secure_site, 1)
    (name,) = kept
    data = pictures_of(secure_site).read(name)
    assert data is not None
    refused = [
        other.publish("udi/OR-01/photo-ack", json.dumps({"schema": 1, "sha256": name}).encode()),
        other.publish(f"udi/OR-01/photo/{name}", data),
    ]
    assert [answer.ok for answer in refused] == [False, False]
    station = secure_site.start_station("OR-01")
    wait_for(lambda: pictures_of(secure_site).names() == [], "the picture to be answered")
    topics = [each.topic for each in admin.heard()]
    assert topics == [f"udi/OR-01/photo/{name}", "udi/OR-01/photo-ack"]
    assert opened(secure_site, name) == kept[name]
    assert len(base64.b64encode(data)) > 64 * 1024, "larger than any batch of events"
    assert station.stop() == 0
