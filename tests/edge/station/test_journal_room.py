import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from edge import wire
from edge.station import daemon
from edge.station.config import read_config
from edge.station.journal import writer as writer_module
from edge.station.journal.room import EVENT_BYTES, RESERVED_BYTES, Room
from edge.station.journal.store import Journal, JournalError, JournalFull, JournalReader
from edge.station.journal.writer import JournalWriter
from hardware.host import sqlite
from tests.bench import fixture
from tests.support.events import draft, opening

FILE = "journal.sqlite3"
LOG_BYTES = 3950 * (512 + 24) + 32


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, that can be filled for good."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """What a runaway log does."""
    other = folder / "other.log"
    with contextlib.suppress(OSError), other.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return other


def _until_full(journal: Journal, at_once: int, events: Iterator[wire.Draft] | None = None) -> tuple[int, str]:
    """Append until it is refused; how many were taken, and what was said."""
    events = fixture.drafts(20_000, fixture.sealer()) if events is None else events
    before = journal.head.last_seq
    while True:
        try:
            journal.append(list(islice(events, at_once)))
        except JournalError as error:
            return journal.head.last_seq - before, str(error)


def test_the_reserve_survives_a_disk_that_others_fill(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "LEFT_FREE", 0)
    journal = Journal.open(disk / FILE, opening=opening, reserve_bytes=2500 * 4096)
    other = fill_up(disk)
    promised = journal.room().reserved
    assert promised >= 2500 * 4096 // EVENT_BYTES
    events = list(fixture.drafts(promised - 150, fixture.sealer()))
    for first in range(0, len(events), 100):
        journal.append(events[first : first + 100])
        if first == 1000:  # a restart in between: the log's place must not have gone either
            journal.close()
            journal = Journal.open(disk / FILE, opening=opening, reserve_bytes=2500 * 4096)
    assert journal.room().disk_bytes == 0
    assert f"full; delete what is not needed on the disk that holds {disk}" in _until_full(journal, 20)[1]
    before = journal.head
    other.unlink()
    journal.append([draft()])
    assert journal.head.last_seq == before.last_seq + 1
    assert journal.verify() == []
    journal.close()


def test_a_full_disk_starts_without_a_reserve(
    disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sqlite, "LEFT_FREE", 0)
    Journal.open(disk / FILE, opening=opening).close()
    fill_up(disk)
    monkeypatch.setattr(sqlite, "_wants", lambda _conn, _path, _size: True)
    journal = Journal.open(disk / FILE, opening=opening, reserve_bytes=2500 * 4096)
    assert "nothing reserved: database or disk is full; delete what is not needed" in caplog.text
    journal.append([draft()])
    assert journal.verify() == []
    journal.close()


def test_a_journal_that_a_full_disk_keeps_from_opening_is_not_damaged(disk: Path) -> None:
    journal = Journal.open(disk / FILE, opening=opening)
    journal.append([draft()])
    head = journal.head
    journal.close()
    with contextlib.closing(sqlite3.connect(disk / FILE)) as conn:  # the last one to close deletes the log
        conn.execute("SELECT * FROM cursor").fetchone()
    other = fill_up(disk)
    with pytest.raises(sqlite.StorageError, match="delete what is not needed on the disk"):
        Journal.open(disk / FILE, opening=opening)
    assert not list(disk.glob("*.quarantine-*"))
    other.unlink()
    journal = Journal.open(disk / FILE, opening=opening)
    assert journal.head == head
    journal.close()


def test_a_log_that_cannot_grow_begins_anew(disk: Path) -> None:
    journal = Journal.open(disk / FILE, opening=opening)
    with contextlib.closing(sqlite3.connect(f"file:{disk / FILE}?mode=ro", uri=True)) as conn:
        conn.execute("BEGIN")  # a reader that lingers: the log cannot begin anew
        conn.execute("SELECT count(*) FROM outbox").fetchone()
        fill_up(disk)
        journal._conn.execute("PRAGMA busy_timeout=0")
        _until_full(journal, 2)
    before = journal.head.last_seq
    journal.append([draft()])
    assert journal.head.last_seq == before + 1
    assert journal.verify() == []
    journal.close()


def test_what_others_need_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sqlite, "LEFT_FREE", 1 << 60)
    journal = Journal.open(tmp_path / FILE, opening=opening, reserve_bytes=2500 * 4096)
    assert journal.room().file_bytes < 1600 * 4096
    assert "of 10240000 bytes: free the disk, then restart" in caplog.text
    journal.close()


def test_the_reserve_is_taken_once_and_its_log_stays_small(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / FILE, opening=opening, reserve_bytes=5000 * 4096)
    room = journal.room()
    assert (tmp_path / FILE).stat().st_size == room.file_bytes
    assert room.file_bytes >= 5000 * 4096
    assert room.log_bytes <= LOG_BYTES * 1.02
    journal.append([draft()])
    journal.close()
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in (FILE, f"{FILE}-wal")}
    journal = Journal.open(tmp_path / FILE, opening=opening, reserve_bytes=5000 * 4096)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in before} == before
    assert journal.verify() == []
    journal.close()


def test_a_reserve_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    Journal.open(tmp_path / FILE, opening=opening).close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as conn:  # as kill -9 leaves it
        conn.execute("CREATE TABLE ballast(block BLOB)")
        conn.executemany("INSERT INTO ballast VALUES (zeroblob(4096000))", [()] * 3)
        conn.commit()
    journal = Journal.open(tmp_path / FILE, opening=opening, reserve_bytes=5000 * 4096)
    room = journal.room()
    assert 5000 * 4096 <= room.file_bytes < 6600 * 4096
    assert room.free_bytes > room.file_bytes - 40 * 4096
    assert journal.verify() == []
    journal.close()


def test_the_reserve_holds_the_promised_events() -> None:
    full = Room(RESERVED_BYTES, 0, 0, EVENT_BYTES, RESERVED_BYTES, 0)
    assert full.capacity(0) == 100_000
    assert full.reserved >= 100_000


def test_the_room_is_what_really_fits(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / FILE, opening=fixture.opening, reserve_bytes=2000 * 4096)
    events = fixture.drafts(20_000, fixture.sealer())
    journal.append([next(events) for _ in range(1500)])  # enough to be measured by
    said = journal.room().reserved
    journal._conn.execute(f"PRAGMA max_page_count={journal._conn.execute('PRAGMA page_count').fetchone()[0]}")
    fitted, why = _until_full(journal, 50, events)
    assert "full" in why
    assert said == pytest.approx(fitted, rel=0.03)
    assert journal.room().reserved <= 50
    journal.close()


ROOM = Room(file_bytes=0, log_bytes=0, events=0, event_bytes=2000, free_bytes=8000, disk_bytes=4000)
CAPACITIES = {
    "the quota": (ROOM, 0, 5, 5),
    "the quota, some wait": (ROOM, 3, 5, 5),
    "what the disk has": (ROOM, 3, 100, 9),
    "nothing left": (Room(0, 0, 0, 2000, 0, 1999), 7, 100, 7),
    "nothing at all": (Room(0, 0, 0, 2000, 0, 0), 0, 100, 0),
}


@pytest.mark.parametrize(("room", "waiting", "quota", "expected"), CAPACITIES.values(), ids=CAPACITIES.keys())
def test_capacity_is_the_least_of_quota_and_room(room: Room, waiting: int, quota: int, expected: int) -> None:
    assert room.capacity(waiting, quota) == expected


@pytest.mark.parametrize(
    ("waiting", "capacity", "expected"), [(0, 100, 0.0), (80, 100, 0.8), (100, 100, 1.0), (101, 100, 1.0), (0, 0, 1.0)]
)
def test_pressure_is_a_fraction(waiting: int, capacity: int, expected: float) -> None:
    assert wire.pressure(waiting, capacity) == expected


def test_a_full_journal_says_what_to_do(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / FILE, opening=opening)
    journal.capacity = 2
    journal.append([draft()])
    with pytest.raises(JournalFull, match=r"2 of 2 events wait .* bring the network or the hub back"):
        journal.append([draft()])
    journal.close()


def test_pressure_is_told_once_and_again_after_relief(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal.open(tmp_path / FILE, opening=opening)
    journal.capacity = 10
    writer = JournalWriter(journal)
    told: list[tuple[int, int]] = []
    writer.on_pressure = lambda waiting, capacity: told.append((waiting, capacity))

    def wait_for_hub(count: int) -> None:
        head = journal.head
        if count < journal.unacknowledged:
            through = head.last_seq - count
            line = journal._conn.execute("SELECT line FROM outbox WHERE seq = ?", (through,)).fetchone()[0]
            assert journal.acknowledge(wire.Ack(head.epoch, through, wire.digest(line))) == "pruned"
        elif count > journal.unacknowledged:
            journal.append([draft() for _ in range(count - journal.unacknowledged)])
        writer._measure()

    for count, times in ((7, 0), (8, 1), (9, 1), (7, 1), (8, 1), (4, 1), (8, 1), (3, 1), (8, 2)):
        wait_for_hub(count)
        assert (count, len(told)) == (count, times)
    assert told == [(8, 10), (8, 10)]
    assert "8 events wait for the hub, at 10 scans are refused" in caplog.text
    journal.close()


CONFIG = """\
[station]
id = "OR-01"
organisation = { id = "H1", role = "hospital" }
place = "OR-01"
home_task = "CHECK"

[link]
host = "127.0.0.1"
port = 1
bench = true

[[scanner]]
kind = "serial"
device = "/nowhere"
"""


@pytest.mark.parametrize("bench", [True, False])
def test_a_station_reserves_unless_it_is_a_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, bench: bool
) -> None:
    monkeypatch.setattr(daemon, "RESERVED_BYTES", 4000 * 4096)
    monkeypatch.setattr(sys, "stdin", None)
    (tmp_path / "station.toml").write_text(CONFIG, encoding="ascii")
    config = read_config(tmp_path / "station.toml")
    station = daemon.Station(replace(config, link=replace(config.link, bench=bench)), tmp_path, tmp_path, simulate=True)
    station._writer.worker.start()
    station._writer.on_pressure(8, 10)
    station._writer.stop()
    station._uplink._close()
    station._server.close()
    assert ((tmp_path / FILE).stat().st_size >= 4000 * 4096) is not bench
    with JournalReader.snapshot(tmp_path / FILE) as reader:
        event = wire.Event.decode(reader.newest(1, 1)[0].line)
    assert (event.kind, event.data["change"]) == ("station", {"what": "quota", "unacknowledged": 8, "capacity": 10})


def test_an_idle_writer_writes_the_cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(tmp_path / FILE, opening=opening)
    writer = JournalWriter(journal)
    row = journal.append([draft()])[0]
    writer._acknowledge(wire.Ack(journal.head.epoch, row.seq, wire.digest(row.line)))
    assert writer.head.acked_seq == row.seq
    writer._step()
    assert not journal.settled
    monkeypatch.setattr(writer_module, "SETTLED_NS", 0)
    writer._step()
    assert journal.settled
    with JournalReader.snapshot(tmp_path / FILE) as reader:
        assert reader.head().acked_seq == row.seq
    journal.close()


def test_a_running_writer_measures_by_itself(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / FILE, opening=opening)
    journal.capacity = 10
    writer = JournalWriter(journal)
    journal.append([draft() for _ in range(8)])
    told: list[int] = []
    writer.on_pressure = lambda waiting, _capacity: told.append(waiting)
    writer.worker.start()
    writer.stop()
    assert told == [9]
