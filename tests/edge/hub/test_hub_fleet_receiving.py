"""What becomes of the pieces that machines send: asked for, whole, in the folder, bounded; and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.hub.config import HubTable
from edge.hub.fleet import archives, asking
from edge.hub.fleet.desk import LOOK_NS, FleetDesk
from edge.hub.fleet.receiving import MOST_NEWS, MOST_NEWS_EACH, ReceivingDesk, received
from edge.hub.store import Store
from firmware_service.diagnostics.sending import PIECE_BYTES, pieces, read_received
from firmware_service.remote.link import Topics
from hardware.host.clock import ClockReading

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)


def noise(size: int, seed: int = 0) -> bytes:
    return hashlib.shake_256(b"%d" % seed).digest(size)


class Hub:
    """The desk of a hub, and what machines say to it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.now_ns = 0
        self.desk = self.start()

    def start(self) -> ReceivingDesk:
        self.desk = ReceivingDesk(self.store, self.folder, self.now)
        self.desk.begin(self.now_ns)
        return self.desk

    def now(self) -> ClockReading:
        return ClockReading(AT, "ntp", "boot", self.now_ns)

    def ask(self, station: str = "OR-03", kind: str = "diagnostics") -> str:
        with self.store.begin() as connection:
            return asking.ask(connection, station, kind, {}, at=AT, expires=AT + timedelta(hours=1))

    def hear(self, *payloads: bytes, station: str = "OR-03") -> list[tuple[str, bytes]]:
        for each in payloads:
            self.desk.heard(Topics(station).diagnostics, each)
        self.now_ns += LOOK_NS
        return list(self.desk.due(self.now_ns))

    def status(self, command: str) -> str:
        with self.store.read() as connection:
            return next(each.status for each in asking.commands(connection) if each.ident == command)

    def files(self) -> dict[str, bytes]:
        found = [file for file in self.folder.rglob("*") if file.is_file()]
        return {str(file.relative_to(self.folder)): file.read_bytes() for file in found}


@pytest.fixture
def hub(store: Store, tmp_path: Path) -> Hub:
    return Hub(store, tmp_path / "kept/diagnostics")


def test_an_archive_that_was_asked_for_is_stored_and_told(hub: Hub) -> None:
    command, data = hub.ask(), noise(3 * PIECE_BYTES)
    first, *others = pieces(command, data)
    assert hub.hear(*others) == []
    assert hub.files() == {}
    [(topic, payload)] = hub.hear(first)
    assert topic == Topics("OR-03").command("diagnostics", command)
    assert read_received(payload) is not None
    assert hub.files() == {f"OR-03/{command}.tar.gz": data}
    file = hub.folder / f"OR-03/{command}.tar.gz"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert hub.status(command) == "executing", "the machine has to say that it knows"


def test_what_is_sent_again_is_told_again_and_written_once(hub: Hub) -> None:
    command = hub.ask()
    sent = pieces(command, noise(PIECE_BYTES + 1))
    told = hub.hear(*sent)
    written = (hub.folder / f"OR-03/{command}.tar.gz").stat().st_ino
    assert hub.hear(*sent, *sent) == told
    assert hub.hear(sent[0]) == told
    assert (hub.folder / f"OR-03/{command}.tar.gz").stat().st_ino == written
    hub.start()
    assert hub.hear(*sent) == told, "a hub that started anew takes it again"


def test_two_archives_of_forty_machines_at_once(hub: Hub) -> None:
    asked = [(f"R-{number}", hub.ask(f"R-{number}")) for number in range(40)]
    sent = [(station, each) for station, command in asked for each in pieces(command, noise(100_000, len(command)))]
    sent.sort(key=lambda each: hashlib.sha256(each[1]).digest())
    for station, payload in sent:
        hub.desk.heard(Topics(station).diagnostics, payload)
    assert len(hub.hear()) == 40
    assert set(hub.files()) == {f"{station}/{command}.tar.gz" for station, command in asked}


REFUSED: dict[str, Any] = {
    "never asked": lambda _hub: ("OR-03", "0193-nobody-asked"),
    "asked of another": lambda hub: ("OR-03", hub.ask("OR-04")),
    "another kind": lambda hub: ("OR-03", hub.ask(kind="restart")),
    "done already": lambda hub: ("OR-03", _done(hub)),
    "no station": lambda hub: ("or-03", hub.ask()),
}


def _done(hub: Hub) -> str:
    command = hub.ask()
    with hub.store.begin() as connection:
        asking.answered(connection, command, "failed", "no", "2026-11-26T09:00:00Z")
    return command


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_was_not_asked_of_this_machine_is_not_taken(hub: Hub, case: Any) -> None:
    station, command = case(hub)
    assert hub.hear(*pieces(command, noise(1000)), station=station) == []
    assert hub.files() == {}


TOPICS = ("udi/OR-03/diagnostics", "udi/OR-03.fw/diagnostics/more", "udi/../x.fw/diagnostics", "udi/OR-03.fw/health")


@pytest.mark.parametrize("topic", TOPICS)
def test_other_topics_are_none(hub: Hub, topic: str) -> None:
    for each in pieces(hub.ask(), noise(1000)):
        hub.desk.heard(topic, each)
    assert hub.hear() == []
    assert hub.files() == {}


def test_one_machine_cannot_keep_out_the_others(hub: Hub) -> None:
    loud, quiet = hub.ask("LOUD"), hub.ask("QUIET")
    for _ in range(MOST_NEWS):
        hub.desk.heard(Topics("LOUD").diagnostics, pieces(loud, noise(2 * PIECE_BYTES))[0])
    assert len(hub.desk._news["LOUD"]) == MOST_NEWS_EACH
    assert len(hub.hear(*pieces(quiet, noise(1000)), station="QUIET")) == 1


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    command = hub.ask()
    hub.folder.parent.mkdir()
    hub.folder.write_text("a file", encoding="ascii")
    sent = pieces(command, noise(1000))
    assert hub.hear(*sent) == []
    assert "not stored" in caplog.text
    hub.folder.unlink()
    assert len(hub.hear(*sent)) == 1


def test_the_oldest_go_by_number_and_by_bytes(tmp_path: Path) -> None:
    for number in range(8):
        file = archives.keep(tmp_path, "OR-03", f"a{number}", b"x" * 10)
        os.utime(file, (number, number))
    archives.keep(tmp_path, "OR-04", "a0", b"y")
    found = archives.archives(tmp_path)
    assert [each.command for each in found["OR-03"]] == ["a3", "a4", "a5", "a6", "a7"]
    assert [each.command for each in found["OR-04"]] == ["a0"], "another machine's are its own"
    for number in range(8, 12):
        file = archives.keep(tmp_path, "OR-03", f"a{number}", b"x" * (archives.MOST_BYTES // 2 - 5))
        os.utime(file, (number, number))
    found = archives.archives(tmp_path)
    assert [each.command for each in found["OR-03"]] == ["a9", "a10", "a11"][1:]
    assert sum(each.size for each in found["OR-03"]) <= archives.MOST_BYTES


def test_the_newest_stays_whatever_its_time(tmp_path: Path) -> None:
    for number in range(6):
        file = archives.keep(tmp_path, "OR-03", f"a{number}", b"x")
        os.utime(file, (2**32, 2**32))  # a clock that was wrong
    archives.keep(tmp_path, "OR-03", "now", b"x")
    found = archives.archives(tmp_path)["OR-03"]
    assert "now" in [each.command for each in found]
    assert len(found) == archives.MOST_KEPT


def test_the_oldest_of_all_machines_go_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What has only just come stays, though the times of all others are later: the hub's clock was wrong then."""
    monkeypatch.setattr(archives, "MOST_BYTES_OF_ALL", 100)
    for age, station in enumerate(("OR-05", "OR-04", "OR-03"), 1):
        file = archives.keep(tmp_path, station, "a0", b"x" * 33)
        os.utime(file, ns=(10**19 - age * 10**9, 10**19 - age * 10**9))
    assert len(archives.archives(tmp_path)) == 3
    assert caplog.text == ""
    newest = archives.keep(tmp_path, "OR-06", "a0", b"y" * 34)
    left = {station: [each.file for each in sent] for station, sent in archives.archives(tmp_path).items() if sent}
    assert left.keys() == {"OR-04", "OR-05", "OR-06"}
    assert left["OR-06"] == [newest]
    assert [each.getMessage() for each in caplog.records] == [
        f"file={tmp_path}/OR-03/a0.tar.gz let go: the archives of all machines may have 100 bytes"
    ]


def test_what_is_no_archive_is_not_shown(tmp_path: Path) -> None:
    assert archives.archives(tmp_path / "missing") == {}
    archives.keep(tmp_path, "OR-03", "a0", b"x")
    (tmp_path / "a file").touch()
    (tmp_path / "OR-03/a1.tar.gz.part").touch()
    assert [each.command for each in archives.archives(tmp_path)["OR-03"]] == ["a0"]
    archives.keep(tmp_path, "OR-03", "a2", b"x")
    assert not (tmp_path / "OR-03/a1.tar.gz.part").exists(), "half an archive of a hub that was killed goes"


def test_where_archives_lie() -> None:
    assert HubTable("/srv/udi/hub.sqlite3").diagnostics_folder == Path("/srv/udi/diagnostics")
    assert HubTable("postgresql://db/udi").diagnostics_folder == Path("/var/lib/udi-hub/diagnostics")
    assert HubTable("hub.sqlite3", diagnostics=Path("/srv/d")).diagnostics_folder == Path("/srv/d")


def test_what_the_hub_says_itself_does_not_hide_the_answer_of_the_machine(hub: Hub) -> None:
    command = hub.ask()
    fleet, topic = FleetDesk(hub.store, hub.now), Topics("OR-03").command("diagnostics", command)
    fleet.begin(0)
    fleet.heard(topic, json.dumps({"schema": 1, "status": "successful", "said": "there"}).encode())
    fleet.heard(topic, received("0" * 64))
    hub.now_ns += LOOK_NS
    assert (topic, b"") in list(fleet.due(hub.now_ns))
    assert hub.status(command) == "successful"
