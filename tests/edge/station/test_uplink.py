"""The uplink against brokers that refuse, hang up and limit: real journal, real sockets."""

from __future__ import annotations

import logging
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import wire
from edge.station import aside
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.notices import DAY_NS, Notices
from edge.station.uplink import Uplink
from edge.station.uplink_state import UplinkSettings
from hardware.host import link as link_module
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings, Tls
from tests.support.events import AT, draft, opening
from tests.support.hostile import ACCEPTED, HANG_UP, HostileBroker
from tests.support.secure import SecureBroker
from tests.support.site import MOSQUITTO, ROOT, Site, command, udi, wait_for

CLOCK = Clock()
REFUSALS = {"quota exceeded": 0x97, "too large": 0x95, "hangs up": HANG_UP}


class Sender:
    """A journal and its uplink in this process."""

    def __init__(self, folder: Path, port: int, *, tls: Tls | None = None, clock: Clock = CLOCK) -> None:
        file = folder / "journal.sqlite3"
        self.writer = JournalWriter(Journal.open(file, opening=opening))
        self.writer.worker.start()
        settings = UplinkSettings(
            "OR-01", LinkSettings("127.0.0.1", port, "OR-01", tls), "s", "0", wire.iso(CLOCK.now().at), ()
        )
        self.uplink = Uplink(settings, JournalReader.open(file), self.writer, now=clock.now, report=self.journal)
        self.writer.on_append = self.uplink.wake
        self.uplink.worker.start()

    def journal(self, body: object) -> None:
        assert isinstance(body, dict)
        self.writer.submit(draft(body), lambda _done: None)

    def scan(self, count: int, mark: str = "good") -> None:
        for number in range(count):
            self.journal(wire.station_change("configuration", why=f"{mark} {number}"))

    def close(self) -> None:
        self.uplink.worker.stop()
        self.writer.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of minutes are as long as they are in life; here nobody has the time."""
    monkeypatch.setattr(link_module, "BACKOFF_MOST_S", 0.05)
    monkeypatch.setattr("edge.station.window.FIRST_PAUSE_NS", 2_000_000)


@pytest.fixture
def broker() -> Iterator[HostileBroker]:
    broker = HostileBroker()
    yield broker
    broker.close()


@pytest.fixture
def sender(tmp_path: Path, broker: HostileBroker, quick: None) -> Iterator[Sender]:
    assert quick is None
    sender = Sender(tmp_path, broker.port)
    yield sender
    sender.close()


def _whys(broker: HostileBroker) -> list[str]:
    changes = [event.data["change"] for _, event in sorted(broker.events.items())]
    return [change["why"] for change in changes if change["what"] == "configuration"]


@pytest.mark.parametrize("code", REFUSALS.values(), ids=REFUSALS.keys())
def test_one_event_that_is_not_taken_is_reported_and_holds_nothing_up(
    code: int, broker: HostileBroker, sender: Sender
) -> None:
    broker.judge = lambda events: code if any(b"poison" in event.line for event in events) else ACCEPTED
    sender.scan(60)
    sender.scan(1, "poison")
    sender.scan(60)
    wait_for(lambda: _whys(broker).count("good 59") == 2, "the events behind it")
    wait_for(lambda: any(b'"refused"' in event.line for event in broker.events.values()), "the report")
    report = next(e.data["change"] for e in broker.events.values() if e.data["change"]["what"] == "refused")
    row = sender.uplink._reader.after(report["seq"] - 1, 1)[0]
    event = wire.Event.decode(row.line)
    assert (report["event_id"], report["size"]) == (event.event_id, len(row.line))
    assert b"poison" in row.line, "it is kept"
    assert sender.uplink.stats_json()["set_aside"] == (report["seq"],)
    assert "it is kept" in " ".join(sender.uplink.stats_json()["notices"])
    assert sender.writer.head.acked_seq == report["seq"] - 1, "the watermark does not pass it"
    assert len(_whys(broker)) == 120


def test_what_is_taken_after_all_lets_the_watermark_pass(
    broker: HostileBroker, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "RETRY_FIRST_NS", 100_000_000)
    broker.judge = lambda events: HANG_UP if any(b"poison" in event.line for event in events) else ACCEPTED
    sender.scan(1, "poison")
    sender.scan(20)
    wait_for(lambda: sender.uplink.stats.set_aside, "the event set aside")
    broker.judge = lambda _events: ACCEPTED
    wait_for(lambda: sender.writer.head.acked_seq == sender.writer.head.last_seq, "everything")
    wait_for(lambda: not sender.uplink.stats.set_aside, "nothing set aside")
    assert sender.uplink.stats_json()["notices"] == []


def test_a_broker_that_refuses_everything_is_not_flooded_with_reports(broker: HostileBroker, sender: Sender) -> None:
    broker.judge = lambda _events: 0x87
    sender.scan(10)
    wait_for(lambda: len(sender.uplink.stats.set_aside) >= 4, "more than one event set aside")
    assert sender.uplink.stats.reported == 1
    broker.judge = lambda _events: ACCEPTED
    wait_for(lambda: sender.writer.head.acked_seq == sender.writer.head.last_seq, "everything", 30)
    assert sender.uplink.stats.reported == 1
    assert len(_whys(broker)) == 10


def test_a_broker_that_takes_connections_and_closes_them_is_not_hammered(tmp_path: Path) -> None:
    broker = HostileBroker(parting=b"")
    sender = Sender(tmp_path, broker.port)
    began = time.monotonic()
    wait_for(lambda: broker.connections >= 4, "some tries")
    wait_for(lambda: time.monotonic() - began > 1.5, "the rest of the time")
    assert broker.connections < 16, "a quarter of a second at most, then twice that, and so on"
    sender.close()
    broker.close()


@pytest.mark.parametrize(
    ("limit", "said"),
    [("message_size_limit 3000", "Packet too large"), ("max_packet_size 3000", "takes 3000 bytes at most")],
    ids=["refuses it", "announces it"],
)
@pytest.mark.usefixtures("site")
def test_mosquitto_with_a_small_limit(limit: str, said: str, site: Site) -> None:
    site.broker.stop()
    with site.broker._config.open("a", encoding="ascii") as config:
        config.write(f"{limit}\n")
    site.broker.start()
    terminal = site.prepare("OR-01")
    station = site.start_station("OR-01")
    terminal.send(b"]C0" + b"x" * 3000)
    terminal.send(udi("S1"))
    station.wait_shown(2)
    station.wait_log("does not take event")
    wait_for(lambda: station.green() <= site.held().events, "the event behind it")
    assert any(said in line for line in station.logs)
    refused = re.search(r"event seq=(\d+) of (\d+) bytes", " ".join(station.logs))
    assert refused is not None
    assert int(refused[2]) > 3000
    words = [*command("edge.cli"), "status", "--run-dir", str(site.station_home("OR-01"))]
    answer = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    assert f"the broker does not take event seq={refused[1]}".encode() in answer.stderr
    assert station.stop() == 0


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureBroker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    broker = SecureBroker(tmp_path, ["OR-01"])
    broker.start()
    yield broker
    broker.stop()


def test_the_status_says_whether_dates_were_checked_and_follows_the_clock(tmp_path: Path, secure: SecureBroker) -> None:
    root = tmp_path / "root"
    tls = secure.authority.identity("OR-01")
    sender = Sender(tmp_path, secure.port, tls=tls, clock=Clock(root, AT))
    wait_for(lambda: sender.uplink.stats.certificate_dates == "not checked", "a connection by an unset clock")
    assert "dates of the broker's certificate were not checked" in sender.uplink.stats_json()["notices"][0]
    synchronized = root / "run/systemd/timesync/synchronized"
    synchronized.parent.mkdir(parents=True)
    synchronized.touch()
    wait_for(lambda: sender.uplink.stats.certificate_dates == "checked", "a connection by a good clock")
    wait_for(lambda: len(sender.uplink.stats_json()["notices"]) == 1, "what is left to say")
    assert f"{tls.certificate} expires on" in sender.uplink.stats_json()["notices"][0]
    sender.close()


def test_an_open_key_is_told_and_nothing_crashes(tmp_path: Path, secure: SecureBroker) -> None:
    tls = secure.authority.identity("OR-01")
    tls.key.chmod(0o644)
    sender = Sender(tmp_path, secure.port, tls=tls)
    wait_for(lambda: sender.uplink.stats_json()["notices"], "advice")
    assert f"run chmod 600 {tls.key}" in sender.uplink.stats_json()["notices"][0]
    tls.key.chmod(0o600)
    wait_for(lambda: sender.uplink.stats.connected, "a connection, without a restart")
    assert sender.uplink.worker.error is None
    sender.close()


def test_what_a_person_should_know_is_logged_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    with caplog.at_level(logging.WARNING):
        for now_ns in range(0, DAY_NS, DAY_NS // 10):
            notices.hold("link", "refused", now_ns)
            notices.hold("clock", "not set", now_ns)
        notices.hold("link", "refused", DAY_NS)
    assert caplog.messages == ["refused", "not set", "refused"]
    notices.drop("link")
    notices.hold("refused", "too large", DAY_NS)
    assert notices.texts == ("not set", "too large")
