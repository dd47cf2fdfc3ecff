"""Pictures behind events, against brokers that refuse, hang up and are silent: real files, journal and sockets."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge import wire
from edge.seal import new_key, public_half
from edge.station.config import SealTable
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.pictures import Limits, PictureStore
from edge.station.uplink import Uplink
from edge.station.uplink_state import UplinkSettings
from hardware.host import link as link_module
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings
from tests.support.events import draft, opening
from tests.support.hostile import ACCEPTED, HANG_UP, MUTE, SILENT, HostileBroker
from tests.support.jpeg import noisy
from tests.support.site import wait_for

SEAL = SealTable("k1", base64.b64encode(public_half(new_key())).decode())
CLOCK = Clock()
JPEG = noisy()
PRESENT = wire.HubPresence("h", present=True, since="2026-11-24T08:00:00.000000Z")


class Sender:
    """Journal, pictures and their uplink in this process."""

    def __init__(self, folder: Path, port: int) -> None:
        file = folder / "journal.sqlite3"
        self.taken_s = time.time() - 1000
        self.store = PictureStore(folder / "pictures", "OR-01", SEAL, Limits(spare_bytes=0))
        self.writer = JournalWriter(Journal.open(file, opening=opening))
        self.writer.worker.start()
        settings = UplinkSettings("OR-01", LinkSettings("127.0.0.1", port, "OR-01"), "s", "0", PRESENT.since, ())
        self.uplink = Uplink(
            settings,
            JournalReader.open(file),
            self.writer,
            now=CLOCK.now,
            report=self.journal,
            pictures=self.store,
        )
        self.writer.on_append = self.uplink.wake

    def journal(self, body: object) -> None:
        assert isinstance(body, dict)
        self.writer.submit(draft(body), lambda _done: None)

    def keep(self, jpeg: bytes = JPEG) -> str:
        name = self.store.keep(jpeg)
        assert name is not None
        self.taken_s += 1.0
        os.utime(self.store._folder / name, (self.taken_s, self.taken_s))
        return name

    def counts(self) -> dict[str, object]:
        found: dict[str, object] = self.uplink.stats_json()["pictures"]
        return found

    def close(self) -> None:
        self.uplink.worker.stop()
        self.writer.stop()


@pytest.fixture
def broker() -> Iterator[HostileBroker]:
    broker = HostileBroker()
    yield broker
    broker.close()


@pytest.fixture
def sender(tmp_path: Path, broker: HostileBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """The waits of minutes are as long as they are in life; here nobody has the time."""
    monkeypatch.setattr(link_module, "BACKOFF_MOST_S", 0.05)
    monkeypatch.setattr("edge.station.window.FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr("edge.station.photo_window.FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr("edge.station.photo_window.MOST_PAUSE_NS", 20_000_000)
    monkeypatch.setattr("edge.station.photo_window.RETRY_NS", 200_000_000)
    monkeypatch.setattr("edge.station.photo_uplink.LOOK_NS", 10_000_000)
    sender = Sender(tmp_path, broker.port)
    yield sender
    sender.close()


def test_pictures_go_behind_all_events_each_once(broker: HostileBroker, sender: Sender) -> None:
    names = [sender.keep() for _ in range(3)]
    for _ in range(120):
        sender.journal(wire.station_change("configuration"))
    sender.uplink.worker.start()
    wait_for(lambda: sender.counts()["delivered"] == 3, "the pictures")
    assert sender.store.names() == []
    wanted = [each for each in broker.heard if each != "status"]
    assert wanted[-3:] == names, "the oldest first"
    assert set(wanted[:-3]) == {"scan"}
    assert len(broker.events) == 121


TROUBLES: dict[str, tuple[int, str]] = {
    "quota exceeded": (0x97, "Quota exceeded"),
    "not authorized": (0x87, "Not authorized"),
    "hangs up": (HANG_UP, "closed"),
    "a silent hub": (SILENT, "the hub does not answer"),
}


@pytest.mark.parametrize(("code", "reason"), TROUBLES.values(), ids=TROUBLES.keys())
def test_a_picture_that_is_not_taken_is_reported_and_holds_nothing_up(
    code: int, reason: str, broker: HostileBroker, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.station.photo_window.ANSWER_NS", 50_000_000)
    poison = sender.keep()
    good = [sender.keep() for _ in range(2)]
    bad = sender.store.read(poison)
    broker.judge_picture = lambda picture: code if picture == bad else ACCEPTED
    sender.uplink.worker.start()
    wait_for(lambda: sender.store.names() == [poison], "the others")
    wait_for(lambda: any(b'"refused"' in event.line for event in broker.events.values()), "the report")
    change = next(e.data["change"] for e in broker.events.values() if e.data["change"]["what"] == "refused")
    assert (change["picture"], change["size"]) == (poison, sender.store.size(poison))
    assert reason in change["reason"]
    assert broker.heard.count(poison) >= 3
    assert [broker.heard.count(name) for name in good] == [1, 1]
    assert sender.counts()["set_aside"] == [poison]
    assert poison in " ".join(sender.uplink.stats_json()["notices"])
    assert sender.uplink.stats.set_aside == (), "no event is blamed"
    sender.journal(wire.station_change("configuration"))
    wait_for(lambda: sender.writer.head.acked_seq == sender.writer.head.last_seq, "events go on")
    broker.judge_picture = lambda _picture: ACCEPTED
    wait_for(lambda: sender.store.names() == [], "its next try")
    wait_for(lambda: sender.uplink.stats_json()["notices"] == [], "nothing left to say")


def test_a_break_under_a_picture_is_not_blamed_on_the_event_behind_it(broker: HostileBroker, sender: Sender) -> None:
    """The broker chokes on the picture; by the time it closes an event is out too."""
    name = sender.keep()
    choking: list[bytes] = []

    def choke(picture: bytes) -> int:
        choking.append(picture)
        sender.journal(wire.station_change("configuration"))
        return MUTE

    def judge(_events: list[wire.Event]) -> int:
        if not choking:
            return ACCEPTED
        choking.clear()
        return HANG_UP

    broker.judge_picture, broker.judge = choke, judge
    sender.uplink.worker.start()
    wait_for(lambda: sender.counts()["set_aside"] == [name], "the picture set aside")
    assert sender.uplink.stats.set_aside == ()
    assert sender.uplink._window._limit == wire.MAX_BATCH_EVENTS, "nor are batches halved for it"


def test_a_picture_above_the_broker_s_limit_is_not_sent(
    broker: HostileBroker, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that says what it takes breaks the connection over more."""
    original: Callable[..., None] = link_module.Link._on_connect

    def limited(link: link_module.Link, *about: object) -> None:
        original(link, *about)
        link.maximum_packet_size = 8_000

    monkeypatch.setattr(link_module.Link, "_on_connect", limited)
    large, _small = sender.keep(noisy(200, 100, quality=95)), sender.keep()
    sender.uplink.worker.start()
    wait_for(lambda: sender.store.names() == [large], "the small one")
    assert large not in broker.heard
    wait_for(lambda: sender.counts()["set_aside"] == [large], "the large one set aside")
    assert "8000 bytes at most" in " ".join(sender.uplink.stats_json()["notices"])


def test_an_event_that_is_never_taken_keeps_pictures_back(broker: HostileBroker, sender: Sender) -> None:
    broker.judge = lambda _events: 0x97
    name = sender.keep()
    sender.uplink.worker.start()
    wait_for(lambda: len(broker.sizes) >= 3, "some tries")
    assert name not in broker.heard
    assert sender.store.names() == [name]
