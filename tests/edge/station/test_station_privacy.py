"""Trouble around a wristband: no message, log line or traceback may say whose it was."""

from __future__ import annotations

import base64
import json
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.seal import new_key, public_half
from edge.station.camera_input import CameraInput
from edge.station.config import Organisation, SealTable, StationTable
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.inputs import Inputs
from edge.station.journal.store import Journal
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Message, Scanned, Seen
from edge.station.patterns import PatternsTable, PatternTable
from edge.udi.read import Read
from hardware.host.clock import Clock
from hardware.host.worker import Worker
from hardware.scanner import ScannerRead
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.leaks import contents, leaks
from tests.support.site import wait_for
from tests.support.tasks import NoCards

NUMBER = "7390451826"
WRISTBAND = b"ZY" + NUMBER.encode()
GSRN = b"80186901234" + NUMBER.encode() + b"6"
PATTERNS = PatternsTable(
    badge=PatternTable("N", (4, 4)), wristband=PatternTable("ZY", (6, 10)), document=PatternTable("DN-", (3, 12))
)
STATION = StationTable("OR-01", Organisation("H1", "hospital"), "OR-01", "USE")


def seal_table(public_key: bytes) -> SealTable:
    return SealTable("k1", base64.b64encode(public_key).decode("ascii"), "test")


GOOD_KEY = seal_table(public_half(new_key()))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong at the station, and what it ends in."""

    message: Message
    seal: SealTable | None = GOOD_KEY
    task: TaskName = TaskName.USE
    capacity: int = 1000
    shows: str | None = None
    """The signal it ends in; None where the desk fails and the station restarts."""
    stored: bool = False
    """The wristband is not recognised and stored like any unknown code."""


def by_hand(payload: bytes, symbology: str | None = "]C0") -> Message:
    return Scanned(ScannerRead(payload, symbology, 1))


TROUBLES = {
    "none": Trouble(by_hand(WRISTBAND), shows="CONTEXT"),
    "no case in this task": Trouble(by_hand(WRISTBAND), task=TaskName.CHECK, shows="CONTEXT"),
    "no identifier from the scanner": Trouble(by_hand(WRISTBAND, None), shows="CONTEXT"),
    "seen by the camera": Trouble(Seen((Read(WRISTBAND, "]C0", "camera", 1),), 1), shows="CONTEXT"),
    "full journal": Trouble(by_hand(WRISTBAND), capacity=1, shows="FAULT"),
    "key that seals nothing": Trouble(by_hand(WRISTBAND), seal=seal_table(bytes(32))),
    "key of the wrong size": Trouble(by_hand(WRISTBAND), seal=seal_table(bytes(31))),
    "no key": Trouble(by_hand(WRISTBAND), seal=None),
    "a GS1 patient number": Trouble(by_hand(GSRN, "]d2"), shows="REDO"),
    "a GS1 patient number, misread": Trouble(by_hand(GSRN[:-1], "]d2"), shows="REDO"),
    "a GS1 patient number beside a package": Trouble(
        Seen((Read(b"01069012345678921729123110A1", "]d2", "camera", 1), Read(GSRN, "]d2", "camera", 1)), 1),
        shows="REDO",
    ),
    "unreadable": Trouble(by_hand(WRISTBAND + b"\xff\xfe"), shows="REDO", stored=True),
    "longer than the pattern": Trouble(by_hand(WRISTBAND + b"00000000000"), shows="REDO", stored=True),
    "read with what was before it": Trouble(by_hand(b"0106901" + WRISTBAND), shows="REDO", stored=True),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_no_message_around_a_wristband_says_whose_it_is(
    trouble: Trouble, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    journal = Journal.open(tmp_path / "journal.sqlite3", opening=opening)
    journal.capacity = trouble.capacity
    writer = JournalWriter(journal)
    lamps = SimulatedIndicator()
    desk = Desk(
        home=trouble.task,
        mobile=False,
        patterns=PATTERNS,
        cards=NoCards(),
        knowledge=Knowledge(None, site_rules(None, "hospital")),
        drafter=Drafter(STATION, Clock()),
        seal=trouble.seal,
        run_dir=tmp_path,
        kept=None,
        journal=writer,
        indicator=lamps,
        mono_ns=time.monotonic_ns,
    )
    worker = Worker("desk", desk.step)
    writer.worker.start()
    desk.post(trouble.message)
    worker.start()
    wait_for(lambda: worker.error is not None or trouble.shows in {each.signal for each in lamps.history}, "an answer")
    worker.stop()
    writer.stop()
    assert (worker.error is None) == (trouble.shows is not None)
    told = "".join(traceback.format_exception(worker.error)) if worker.error is not None else ""
    said = "\n".join([caplog.text, told, repr(worker.error), str(worker.error), repr(desk.task)])
    assert leaks(said.encode(), [NUMBER]) == []
    stored = {name: found for name, data in contents(tmp_path) if (found := leaks(data, [NUMBER]))}
    assert bool(stored) == trouble.stored, stored


READ = Read(WRISTBAND, "]C0", "camera", 1).to_json()
LINES = {
    "a read without its time": json.dumps({"type": "sighting", "t0_ns": 1, "reads": [{**READ, "t0_ns": None}]}),
    "a read of no base64": json.dumps({"type": "sighting", "t0_ns": 1, "reads": [{**READ, "bytes": NUMBER + "!"}]}),
    "a read that is no object": json.dumps({"type": "sighting", "t0_ns": 1, "reads": [READ["bytes"]]}),
    "a message of no known form": json.dumps({"type": "sighting", "t0_ns": "1", "reads": [READ]}),
    "a line that was cut": json.dumps({"reads": [READ]})[:70],
    "a line that is no object": json.dumps([READ["bytes"]]),
}


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[socket.socket]:
    """The camera's end of the socket, before the station connects."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "camera.sock"))
        server.listen()
        server.settimeout(10)
        yield server


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_what_the_camera_says_wrongly_is_logged_without_its_content(
    line: str, camera: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    source = CameraInput(tmp_path / "camera.sock", Inputs(lambda _message: None))
    source.worker.start()
    near, _ = camera.accept()
    with near:
        near.sendall(line.encode() + b"\n")
        wait_for(lambda: caplog.records, "a log line")
    source.worker.stop()
    assert leaks(caplog.text.encode(), [NUMBER]) == []
    assert leaks(line.encode(), [NUMBER]), "the line did hold it"
