"""Tasks at a real desk, with a real journal behind it: cases, forms, restarts, a card that refuses, sealed patients."""

from __future__ import annotations

import base64
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge import wire
from edge.cards import CardKind
from edge.catalog.product import Storage
from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from edge.catalog.write import About, Source, Writer
from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.seal import Sealed, new_key, open_sealed, public_half
from edge.station.card_book import CardBook
from edge.station.config import Organisation, SealTable, StationTable
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.journal.store import Journal, JournalError, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Message, Pressed, Scanned, Seen
from edge.station.patterns import PatternsTable, PatternTable
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.simulators import SimulatedIndicator
from tests.support.cards import HUB, text
from tests.support.events import opening

SECOND = 1_000_000_000
HUB_KEY = new_key()
SEAL = SealTable("k1", base64.b64encode(public_half(HUB_KEY)).decode(), "ward")
PATTERNS = PatternsTable(
    badge=PatternTable("N", (4, 4)), wristband=PatternTable("ZY", (6, 10)), house_code=PatternTable("HV", (1, 8))
)
MOTHER, CHILD = b"ZY7390451826", b"ZY7390451827"
S1, S2 = b"010690123456789221S1", b"010690123456789221S2"


@dataclass
class Bench:
    """A station that can be started again; time passes when the test says so."""

    folder: Path
    knowledge: Knowledge = field(default_factory=lambda: Knowledge(None, site_rules(None, "hospital")))
    now_ns: int = 1_000 * SECOND
    lamps: SimulatedIndicator = field(default_factory=SimulatedIndicator)
    starts: Iterator[int] = field(default_factory=itertools.count)
    desk: Desk = field(init=False)
    journal: Journal = field(init=False)
    writer: JournalWriter = field(init=False)

    def start(self, *, after_power_cut: bool = False) -> Bench:
        """Start the process; a power cut empties the run directory."""
        run_dir = self.folder / ("run-anew" if after_power_cut else "run")
        run_dir.mkdir(exist_ok=True)
        self.journal = Journal.open(self.file, opening=opening)
        self.writer = JournalWriter(self.journal)
        self.desk = Desk(
            home=TaskName.USE,
            mobile=False,
            patterns=PATTERNS,
            cards=CardBook(None, [HUB]),
            knowledge=self.knowledge,
            drafter=Drafter(StationTable("OR-01", Organisation("H1", "hospital"), "OR", "USE"), Clock()),
            seal=SEAL,
            run_dir=run_dir,
            kept=self.kept(),
            journal=self.writer,
            indicator=self.lamps,
            mono_ns=lambda: self.now_ns,
        )
        self.writer.worker.start()
        self.desk.open()
        self.settle()
        return self

    def stop(self) -> None:
        """End the process."""
        self.desk.close()
        self.writer.stop()

    def restart(self, *, after_power_cut: bool = False) -> Bench:
        """End it and start it again."""
        self.stop()
        return self.start(after_power_cut=after_power_cut)

    @property
    def file(self) -> Path:
        return self.folder / "journal.sqlite3"

    def kept(self) -> bytes | None:
        """What the tasks knew, as it stands in the journal."""
        reader = JournalReader.open(self.file)
        kept = reader.kept()
        reader.close()
        return kept

    def post(self, message: Message) -> str:
        """What the panel shows for it in the end."""
        before = len(self.lamps.history)
        self.desk.post(message)
        self.desk.step()
        self.settle()
        return [each.signal.value for each in self.lamps.history][before:][-1]

    def settle(self) -> None:
        """Until the journal has answered everything."""
        while self.desk._clerk.answers._waiting or not self.desk._inbox.empty():
            self.desk.step()

    def scan(self, *payloads: bytes) -> list[str]:
        """What is shown for each of these, four seconds apart."""
        shown = []
        for payload in payloads:
            self.now_ns += 4 * SECOND
            symbology = "]d2" if payload.startswith(b"01") else None
            shown.append(self.post(Scanned(ScannerRead(payload, symbology, self.now_ns))))
        return shown

    def card(self, kind: CardKind, value: str) -> list[str]:
        return self.scan(text(kind, value).encode())

    def show(self, form: Callable[[int], Seen]) -> None:
        """Lay a form under the camera until its picture is whole."""
        self.now_ns += SECOND
        self.desk.post(form(self.now_ns))
        self.desk.step()
        self.now_ns += 2 * SECOND
        self.desk.step()
        self.settle()

    def press(self, event: ButtonEvent) -> str:
        self.now_ns += 4 * SECOND
        return self.post(Pressed(event, self.now_ns))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """As journaled, the oldest first."""
        reader = JournalReader.open(self.file)
        rows = [wire.Event.decode(row.line).data for row in reader.newest(0, 999)]
        reader.close()
        return sorted((dict(each) for each in rows if each["kind"] == kind), key=lambda each: int(each["seq"]))

    def sessions(self) -> list[tuple[str, str, str | None]]:
        changes = [each["change"] for each in self.events("session")]
        return [(each["of"], each["what"], each["why"]) for each in changes]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    Journal.open(tmp_path / "journal.sqlite3", opening=opening).close()
    bench = Bench(tmp_path).start()
    yield bench
    bench.stop()


def stickers(*payloads: bytes) -> Callable[[int], Seen]:
    """A form under the camera, one sticker below the other."""

    def seen(now_ns: int) -> Seen:
        reads = []
        for number, payload in enumerate(payloads):
            top = 100 + 300 * number
            corners = ((100, top), (200, top), (200, top + 100), (100, top + 100))
            reads.append(Read(payload, "]d2", "camera", now_ns, corners=corners))
        return Seen(tuple(reads), now_ns)

    return seen


def test_checked_used_and_taken_back(bench: Bench) -> None:
    assert bench.scan(b"N1207", MOTHER, S1, S1) == ["CONTEXT", "CONTEXT", "CHECKED", "ACCEPTED"]
    assert bench.press(ButtonEvent.UNDO) == "CONTEXT"
    checked, used = bench.events("scan")
    assert [each["count"] for each in (checked, used)] == [None, 1]
    (taken_back,) = bench.events("correction")
    assert (taken_back["reason"], taken_back["corrects"]) == ("undo", used["event_id"])
    assert bench.scan(S1) == ["ACCEPTED"]


def test_a_form_closes_the_case(bench: Bench) -> None:
    bench.scan(b"N1207", MOTHER, S1, S2)
    assert bench.card(CardKind.ACT, "SHEET") == ["CONTEXT"]
    bench.show(stickers(S2, S1, S1))
    assert bench.lamps.history[-1].signal.value == "ACCEPTED"
    assert [each["count"] for each in bench.events("scan")] == [None, None, 1, 1]
    assert bench.sessions()[-1] == ("case", "closed", "sheet")


def test_a_restart_suspends_and_the_band_goes_on(bench: Bench) -> None:
    bench.scan(b"N1207", MOTHER, S1)
    bench.restart()
    assert bench.sessions()[-1] == ("case", "suspended", "restart")
    assert bench.scan(S1, MOTHER, S1) == ["REDO", "CONTEXT", "ACCEPTED"]
    first, *_, last = bench.events("scan")
    assert first["case"] == last["case"]


def test_after_a_power_cut_the_band_opens_another_case_and_the_former_one_can_be_closed(bench: Bench) -> None:
    bench.scan(b"N1207", MOTHER, S1)
    bench.restart(after_power_cut=True)
    assert bench.scan(MOTHER, S1) == ["CONTEXT", "CHECKED"]
    before, after = bench.events("scan")
    assert before["case"] != after["case"]
    assert bench.scan(S1) == ["ACCEPTED"]
    assert [*bench.card(CardKind.ACT, "CLOSE"), *bench.card(CardKind.ACT, "CLOSE")] == ["CONTEXT", "ASK"]
    bench.card(CardKind.ACT, "CLOSE")
    assert bench.sessions()[-1] == ("case", "closed", "pending 1")


def test_what_the_card_refused_never_was(bench: Bench) -> None:
    bench.scan(b"N1207", MOTHER, S1)
    former, kept = bench.desk._clerk.state, bench.kept()
    bench.journal.capacity = bench.journal.unacknowledged
    assert bench.scan(S1) == ["FAULT"]
    assert bench.desk._clerk.state.cases == former.cases
    assert bench.kept() == kept
    bench.journal.capacity = 1_000
    assert bench.scan(S1) == ["ACCEPTED"]
    assert [each["count"] for each in bench.events("scan")] == [None, 1]


def test_a_form_is_on_the_card_as_a_whole_or_not_at_all(bench: Bench) -> None:
    bench.scan(b"N1207", MOTHER, S1, S2)
    former = bench.desk._clerk.state
    bench.card(CardKind.ACT, "SHEET")
    bench.journal.capacity = bench.journal.unacknowledged + 1
    bench.show(stickers(S1, S2))
    assert bench.lamps.history[-1].signal.value == "FAULT"
    assert bench.desk._clerk.state.cases == former.cases
    assert [each["count"] for each in bench.events("scan")] == [None, None]


def test_used_despite_with_a_second_person(bench: Bench) -> None:
    assert bench.scan(b"N1207", MOTHER, b"01069012345678921720010121S9") == ["CONTEXT", "CONTEXT", "STOP"]
    assert bench.card(CardKind.OVERRIDE, "SURGEON") == ["ASK"]
    assert bench.scan(b"N1208") == ["ATTENTION"]
    event = bench.events("scan")[-1]
    assert (event["operator"], event["witness"], event["count"]) == ("N1207"[1:], "N1208"[1:], 1)
    assert event["override"] == {"reason": "SURGEON"}
    assert event["verdict"]["outcome"] == "STOP"


def test_a_patient_is_sealed_and_stands_nowhere_else(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench.press(ButtonEvent.EMERGENCY)
    bench.scan(S1, MOTHER, MOTHER, S2, CHILD)
    bench.restart()
    bench.scan(MOTHER)
    said = [caplog.text, repr(bench.desk._clerk.state), str(bench.kept()), json.dumps(bench.events("scan"))]
    stored = b"".join(each.read_bytes() for each in bench.folder.rglob("*") if each.is_file())
    for number in (MOTHER, CHILD):
        for form in (number, number[2:], base64.b64encode(number), base64.b64encode(number[2:])):
            assert all(form.decode() not in each for each in said)
            assert form not in stored
    (completed,) = (each["change"] for each in bench.events("session") if each["change"]["what"] == "completed")
    sealed = Sealed.from_json(completed["patient"])
    assert open_sealed(sealed, HUB_KEY, site="ward", case=completed["id"]) == MOTHER[2:]


def test_what_was_bound_here_gives_its_udi_until_it_is_taken_back(bench: Bench) -> None:
    house_code = b"HV1"
    assert bench.scan(house_code) == ["REDO"]
    bench.scan(b"N1207")
    bench.card(CardKind.ACT, "BIND")
    assert bench.scan(house_code, S1) == ["INCOMPLETE", "CHECKED"]
    assert bench.scan(MOTHER, house_code) == ["CONTEXT", "CHECKED"]
    checked = bench.events("scan")[-1]
    assert (checked["house_code"], checked["udi"]["serial"], checked["task"]) == ("HV1", "S1", "USE")
    bench.restart()
    assert bench.scan(MOTHER, house_code) == ["CONTEXT", "ACCEPTED"], "shown again, so it is used"
    bench.card(CardKind.ACT, "BIND")
    bench.scan(b"HV2", S2)
    assert bench.scan(b"HV2") == ["CHECKED"]
    assert [bench.press(ButtonEvent.UNDO) for _ in range(2)] == ["CONTEXT", "CONTEXT"]
    assert bench.scan(b"HV2") == ["REDO"]
    bench.restart().scan(b"HV2", house_code)
    found = [(each["house_code"], (each["udi"] or {}).get("serial")) for each in bench.events("scan")[-2:]]
    assert found == [("HV2", None), ("HV1", "S1")]


def test_a_binding_that_the_card_refused_holds_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.scan(b"N1207")
    bench.card(CardKind.ACT, "BIND")
    bench.scan(b"HV1")

    def refuse(*_args: object) -> None:
        raise JournalError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(bench.journal, "append", refuse)
        assert bench.scan(S1) == ["FAULT"]
    assert bench.desk._bindings.said("HV1") == []


def test_one_reading_serves_the_cold_goods_of_a_delivery(bench: Bench) -> None:
    release = date(2026, 5, 1)
    with Writer(bench.folder / "catalogue", About("base", release, (Source("test", 0, 0),))) as writer:
        storage = (Storage("冷藏2-8℃", 2, 8, "℃"),)
        writer.add(DeviceRecord("06901234567892", name="试剂", storage=storage, version_date=release))
        writer.finish()
    bench.knowledge = replace(bench.knowledge, catalog=Catalog.open(bench.folder / "catalogue"))
    bench.restart().scan(b"N1207")
    bench.card(CardKind.TASK, "RECEIVE")
    bench.card(CardKind.DOCUMENT, "DN-1")
    assert bench.scan(S1) == ["REDO"]
    bench.now_ns -= 3 * SECOND
    bench.card(CardKind.DIGIT, "5")
    bench.now_ns -= 3 * SECOND
    assert [*bench.card(CardKind.DIGIT, "ENTER"), *bench.scan(S2)] == ["ACCEPTED", "ACCEPTED"]
    assert [each["count"] for each in bench.events("scan")] == [None, 1, 1]
    bench.card(CardKind.DOCUMENT, "DN-2")
    assert bench.scan(S2.replace(b"S2", b"S3")) == ["REDO"]


def test_a_piece_is_counted_once_in_a_stock_take_and_says_so(bench: Bench) -> None:
    bench.scan(b"N1207")
    bench.card(CardKind.TASK, "COUNT")
    bench.card(CardKind.DOCUMENT, "ST-1")
    assert bench.scan(S1, S1, S2) == ["ACCEPTED", "REDO", "ACCEPTED"]
    assert bench.press(ButtonEvent.UNDO) == "CONTEXT"
    assert bench.scan(S2, S2) == ["ACCEPTED", "REDO"]
    again = [each for each in bench.events("scan") if each["count"] is None]
    assert {each["verdict"]["reasons"][0]["code"] for each in again} == {"counted_before"}
    bench.card(CardKind.DOCUMENT, "ST-2")
    assert bench.scan(S1) == ["ACCEPTED"]
