"""One lamp says that a technician should see to something; no scan is answered otherwise for it."""

import time
from pathlib import Path

import pytest

from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.station.cases import CaseBook
from edge.station.config import Organisation, PatternsTable, StationTable
from edge.station.desk import Desk, Knowledge, Scanned
from edge.station.drafts import Drafter
from edge.station.journal.store import Journal
from edge.station.journal.writer import JournalWriter
from edge.station.trouble import troubles
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.signals import Signal
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.judged import now
from tests.support.site import wait_for

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


def test_a_clock_that_is_only_kept_is_one_lamp_and_scans_stay_green(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "root"
    lamps = SimulatedIndicator()
    writer = JournalWriter(Journal.open(tmp_path / "journal.sqlite3", opening=opening))
    desk = Desk(
        task=TaskName.RECEIVE,
        patterns=PatternsTable(),
        knowledge=Knowledge(None, SITE),
        drafter=Drafter(StationTable("D-01", Organisation("H", "hospital"), "D", "RECEIVE"), Clock(root)),
        cases=CaseBook(tmp_path / "open_case", None),
        journal=writer,
        indicator=lamps,
        mono_ns=time.monotonic_ns,
    )
    writer.worker.start()

    def stepped(done: bool) -> bool:
        desk.step()
        return done

    desk.step()
    assert lamps.trouble
    for number in (1, 2):
        desk.post(Scanned(ScannerRead(b"01069012345678921735123110A%d" % number, "]d2", time.monotonic_ns())))
        wait_for(lambda: stepped([each.signal for each in lamps.history].count(Signal.ACCEPTED) == number), "a green")  # noqa: B023
    assert {each.signal for each in lamps.history} == {Signal.ACCEPTED}
    synchronized = root / "run/systemd/timesync/synchronized"
    synchronized.parent.mkdir(parents=True)
    synchronized.touch()
    wait_for(lambda: stepped(not lamps.trouble), "the lamp to go out")
    writer.stop()
    said = [each.getMessage() for each in caplog.records if each.getMessage().startswith("trouble=")]
    assert [each.split(":")[0] for each in said] == ["trouble=clock", "trouble=-"]
