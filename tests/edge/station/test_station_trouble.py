"""One lamp says that a technician should see to something; no scan is answered otherwise for it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.station.config import Organisation, StationTable
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.journal.store import Journal
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Scanned
from edge.station.patterns import PatternsTable
from edge.station.trouble import troubles
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.signals import Signal
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.judged import now
from tests.support.site import wait_for
from tests.support.tasks import NoCards

SITE = site_rules(None, "hospital")
TROUBLES: dict[str, tuple[str, int | None, list[str]]] = {
    "all is well": ("ntp", 35, []),
    "a clock of its own": ("rtc", None, []),
    "a clock that was only kept": ("floor", None, ["clock: quality floor"]),
    "a clock that was never set": ("none", None, ["clock: quality none"]),
    "a catalogue of 36 days": ("ntp", 36, ["catalogue: 36 days old, at most 35 expected"]),
    "both": ("floor", 400, ["clock: quality floor", "catalogue: 400 days old"]),
}


@pytest.mark.parametrize(("quality", "age", "expected"), TROUBLES.values(), ids=TROUBLES.keys())
def test_what_to_see_to(quality: str, age: int | None, expected: list[str]) -> None:
    found = troubles(now(quality), age, SITE)  # type: ignore[arg-type] # a row of the table
    assert len(found) == len(expected)
    assert all(text.startswith(begin) for text, begin in zip(found, expected, strict=True))


@dataclass(frozen=True, slots=True)
class Bench:
    """A desk whose steps the test takes, with the journal behind it."""

    desk: Desk
    lamps: SimulatedIndicator

    def scan(self, payload: bytes) -> Signal:
        """What the panel shows for it."""
        before = len(self.lamps.history)
        self.desk.post(Scanned(ScannerRead(payload, "]d2", time.monotonic_ns())))
        wait_for(lambda: self.stepped(len(self.lamps.history) > before), "an answer")
        return self.lamps.history[-1].signal

    def stepped(self, done: bool) -> bool:
        self.desk.step()
        return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def bench(folder: Path, clock: Clock) -> Iterator[Bench]:
    lamps = SimulatedIndicator()
    writer = JournalWriter(Journal.open(folder / "journal.sqlite3", opening=opening))
    desk = Desk(
        home=TaskName.RECEIVE,
        mobile=False,
        patterns=PatternsTable(),
        cards=NoCards(),
        knowledge=Knowledge(None, SITE),
        drafter=Drafter(StationTable("D-01", Organisation("H", "hospital"), "D", "RECEIVE"), clock),
        seal=None,
        run_dir=folder,
        kept=None,
        journal=writer,
        indicator=lamps,
        mono_ns=time.monotonic_ns,
    )
    writer.worker.start()
    yield Bench(desk, lamps)
    writer.stop()


@pytest.fixture
def kept(tmp_path: Path, root: Path) -> Iterator[Bench]:
    """Its clock is ahead of its floor, and nobody has set it."""
    yield from bench(tmp_path, Clock(root))


@pytest.fixture
def unset(tmp_path: Path, root: Path) -> Iterator[Bench]:
    """Its clock is behind its floor: the last day of 2034."""
    yield from bench(tmp_path, Clock(root, datetime(2034, 12, 31, 12, tzinfo=UTC)))


def expiring(day: str) -> bytes:
    return b"010690123456789217%s10A1" % day.encode()


def test_a_clock_that_is_only_kept_is_one_lamp_and_scans_stay_green(
    kept: Bench, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept.desk.step()
    assert kept.lamps.trouble
    assert [kept.scan(expiring(day)) for day in ("351231", "360101")] == [Signal.ACCEPTED] * 2
    synchronized = root / "run/systemd/timesync/synchronized"
    synchronized.parent.mkdir(parents=True)
    synchronized.touch()
    wait_for(lambda: kept.stepped(not kept.lamps.trouble), "the lamp to go out")
    said = [each.getMessage() for each in caplog.records if each.getMessage().startswith("trouble=")]
    assert [each.split(":")[0] for each in said] == ["trouble=clock", "trouble=-"]


def test_what_expires_before_the_floor_is_stopped_by_any_clock(unset: Bench) -> None:
    answers = [unset.scan(expiring(day)) for day in ("341230", "341231", "351231")]
    assert answers == [Signal.STOP, Signal.ATTENTION, Signal.ATTENTION]
