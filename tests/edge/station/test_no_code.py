"""The NO CODE gesture: its event is journaled once, with a picture where one may be taken and came in time."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge import wire
from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.seal import new_key, public_half
from edge.station.config import Organisation, SealTable, StationTable
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Kept, Message, Photographed, Pressed, Prompted, Readers, Scanned, Seen
from edge.station.no_code import AFTER_NS, WAIT_NS, NoCode, Persons
from edge.station.patterns import PatternsTable, PatternTable
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.site import ROOT, wait_for
from tests.support.tasks import NoCards

KEY = new_key()
SEAL = SealTable("k1", base64.b64encode(public_half(KEY)).decode(), "ward")
PATTERNS = PatternsTable(
    badge=PatternTable("N", (4, 4)), wristband=PatternTable("ZY", (6, 10)), document=PatternTable("DN-", (3, 12))
)
SHA = "ab" * 32


def draft(number: int) -> wire.Draft:
    station = StationTable("OR-01", Organisation("H1", "hospital"), "OR-01", "CHECK")
    return Drafter(station, Clock()).draft(wire.Kind.SCAN, {"reads": [], "n": number})


def seen(*payloads: bytes) -> tuple[Read, ...]:
    return tuple(Read(payload, "]C0", "camera", 1) for payload in payloads)


@dataclass
class Photographs:
    """Remembers what was asked of it."""

    room: bool = True
    asked: list[str] = field(default_factory=list)
    to_keep: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def ask(self, ident: str) -> bool:
        self.asked += [ident] if self.room else []
        return self.room

    def keep(self, ident: str, _jpeg: bytes) -> None:
        self.to_keep.append(ident)

    def drop(self, name: str) -> None:
        self.dropped.append(name)


PERSONS = {
    "a wristband": (b"ZY7390451826", True),
    "a badge": (b"N1207", True),
    "a document": (b"DN-4711", False),
    "a package": (b"01069012345678921729123110A1", False),
    "a GS1 patient number": (b"80186901234739045182642", True),
    "anything else": (b"SHELF-4", False),
}


@pytest.mark.parametrize(("payload", "person"), PERSONS.values(), ids=PERSONS.keys())
def test_whose_code_is_of_a_person(payload: bytes, person: bool) -> None:
    persons = Persons(PATTERNS)
    symbology = "]C1" if payload.startswith(b"8018") else "]C0"
    persons.seen([Read(b"SHELF", None, "camera", 1), Read(payload, symbology, "camera", 1)], 1)
    assert persons.near(1) is person


def test_a_person_is_near_while_the_code_lies_there_and_a_moment_longer() -> None:
    persons = Persons(PATTERNS)
    persons.seen(seen(b"N1207"), 10)
    assert persons.near(100 * AFTER_NS), "nobody said that it was taken away"
    persons.seen((), 100 * AFTER_NS)
    assert not persons.near(100 * AFTER_NS)
    persons.shown(200 * AFTER_NS)
    assert persons.near(201 * AFTER_NS - 1)
    assert not persons.near(201 * AFTER_NS)


STEPS = ("press", "press, no picture", "answer", "no frame", "person", "kept", "refused", "time", "end", "stranger")


@given(st.lists(st.sampled_from(STEPS), max_size=30), st.booleans())
def test_every_gesture_is_journaled_once_and_no_picture_is_left_without_its_event(steps: list[str], room: bool) -> None:
    now_ns = names = 0
    pressed: list[wire.Draft] = []
    journaled: list[wire.Draft] = []
    camera = Photographs(room)
    gestures = NoCode(camera, journaled.append)
    kept: set[tuple[str, str]] = set()
    for step in steps:
        asked = camera.asked[-1] if camera.asked else "nobody"
        match step:
            case "press" | "press, no picture":
                pressed.append(draft(len(pressed)))
                gestures.record(pressed[-1], may=step == "press", now_ns=now_ns)
            case "answer" | "no frame" | "person":
                jpeg = None if step == "no frame" else b"jpeg"
                gestures.photographed(Photographed(asked, jpeg, ()), may=step != "person")
            case "kept" | "refused" if camera.to_keep:
                names += 1
                ident = camera.to_keep.pop(0)
                name = f"{names:064x}" if step == "kept" else None
                kept |= {(ident, name)} if name else set()
                gestures.kept(Kept(ident, name))
            case "stranger":
                gestures.photographed(Photographed("nobody", b"jpeg", ()), may=True)
                gestures.kept(Kept("nobody", None))
            case "time":
                now_ns += WAIT_NS
                gestures.tick(now_ns)
                assert gestures.next_deadline_ns() is None, "nothing waits longer"
            case _:
                gestures.close()
    gestures.close()
    for number, ident in enumerate(camera.to_keep):
        kept.add((ident, f"f{number:063x}"))
        gestures.kept(Kept(ident, f"f{number:063x}"))
    assert sorted(each.event_id for each in journaled) == sorted(each.event_id for each in pressed)
    named = {each.event_id: each.body["reads"][0]["picture"] for each in journaled if each.body["reads"]}
    assert sorted(camera.dropped) == sorted(name for _, name in kept - set(named.items()))
    assert set(named.items()) <= kept
    assert all(each.body["n"] == pressed.index(_same(each, pressed)) for each in journaled)


def _same(one: wire.Draft, others: Sequence[wire.Draft]) -> wire.Draft:
    return next(each for each in others if each.event_id == one.event_id)


def test_without_camera_or_key_it_is_journaled_at_once() -> None:
    journaled: list[wire.Draft] = []
    NoCode(None, journaled.append).record(draft(0), may=True, now_ns=0)
    assert len(journaled) == 1


@dataclass
class Bench:
    """A desk whose steps the test takes, with a journal behind it."""

    desk: Desk
    lamps: SimulatedIndicator
    camera: Photographs
    file: Path

    def post(self, *messages: Message) -> list[str]:
        """What the panel showed for them."""
        before = len(self.lamps.history)
        for message in messages:
            self.desk.post(message)
            while not self.desk._inbox.empty():
                self.desk.step()
        return [each.signal.value for each in list(self.lamps.history)[before:]]

    def press(self) -> list[str]:
        return self.post(Pressed(ButtonEvent.NO_CODE, time.monotonic_ns()))

    def gestures(self, count: int) -> list[dict[str, Any]]:
        """The events of so many gestures, as journaled."""

        def found() -> list[dict[str, Any]]:
            self.desk.step()
            reader = JournalReader.open(self.file)
            lines = [wire.Event.decode(row.line).data for row in reader.newest(0, 99)]
            reader.close()
            return [dict(e) for e in lines if e["kind"] == "scan" and e["verdict"]["outcome"] == "MISSING"]

        wait_for(lambda: len(found()) == count, f"{count} events")
        return found()


@pytest.fixture
def task() -> TaskName:
    return TaskName.CHECK


@pytest.fixture
def bench(tmp_path: Path, task: TaskName) -> Iterator[Bench]:
    lamps, camera, file = SimulatedIndicator(), Photographs(), tmp_path / "journal.sqlite3"
    writer = JournalWriter(Journal.open(file, opening=opening))
    desk = Desk(
        home=task,
        mobile=False,
        patterns=PATTERNS,
        cards=NoCards(),
        knowledge=Knowledge(None, site_rules(None, "hospital")),
        drafter=Drafter(
            StationTable("OR-01", Organisation("H1", "hospital"), "OR", "USE" if task is TaskName.USE else "CHECK"),
            Clock(),
        ),
        seal=SEAL,
        run_dir=tmp_path,
        kept=None,
        journal=writer,
        indicator=lamps,
        mono_ns=time.monotonic_ns,
        photographs=camera,
    )
    writer.worker.start()
    yield Bench(desk, lamps, camera, file)
    writer.stop()


def test_missing_is_shown_at_once_and_the_event_follows_with_its_picture(bench: Bench) -> None:
    assert bench.press() == ["MISSING"]
    (ident,) = bench.camera.asked
    assert bench.gestures(0) == []
    bench.post(Photographed(ident, b"jpeg", seen(b"SHELF-4")), Kept(ident, SHA))
    (event,) = bench.gestures(1)
    assert event["event_id"] == ident
    Draft202012Validator(json.loads((ROOT / "edge/schema/event.schema.json").read_text("utf-8"))).validate(event)
    (entry,) = event["reads"]
    assert (entry["bytes"], entry["source"], entry["picture"]) == ("", "camera", SHA)
    assert bench.camera.to_keep == [ident]


def test_other_scans_go_on_while_a_picture_is_waited_for_and_each_press_is_an_event(bench: Bench) -> None:
    shown = bench.press() + bench.post(Scanned(ScannerRead(b"]d1SHELF-9", None, 5))) + bench.press()
    assert shown == ["MISSING", "REDO", "MISSING"]
    first, second = bench.camera.asked
    assert first != second
    bench.post(Photographed(second, b"jpeg", ()), Kept(second, SHA))
    events = bench.gestures(2)
    assert [bool(each["reads"]) for each in events] == [True, False], "the first one had to wait longer, in vain"


def test_a_station_that_stops_journals_what_waits(bench: Bench) -> None:
    bench.press()
    bench.desk.close()
    assert [each["reads"] for each in bench.gestures(1)] == [[]]


NEAR: dict[str, Callable[[int], Message]] = {
    "a wristband lies there": lambda now_ns: Seen(seen(b"ZY7390451826"), now_ns),
    "a wristband lies beside the package": lambda now_ns: Seen(seen(b"SHELF-4", b"ZY7390451826"), now_ns),
    "a badge was scanned by hand just now": lambda now_ns: Scanned(ScannerRead(b"N1207", "]C0", now_ns)),
    "the camera is away": lambda _now_ns: Readers(("camera",), any_left=True),
}


@pytest.mark.parametrize("before", NEAR.values(), ids=NEAR.keys())
def test_no_picture_is_asked_for_where_it_could_show_a_person(bench: Bench, before: Callable[[int], Message]) -> None:
    bench.post(before(time.monotonic_ns() + AFTER_NS * 50))
    bench.press()
    assert bench.camera.asked == []
    bench.gestures(1)


def test_a_picture_of_a_frame_with_a_wristband_in_it_is_thrown_away(bench: Bench) -> None:
    bench.press()
    (ident,) = bench.camera.asked
    bench.post(Photographed(ident, b"jpeg", seen(b"SHELF-4", b"ZY7390451826")))
    assert bench.camera.to_keep == []
    assert [each["reads"] for each in bench.gestures(1)] == [[]]


@pytest.mark.parametrize("task", [TaskName.USE])
def test_none_is_taken_while_badge_or_wristband_is_expected(bench: Bench, task: TaskName) -> None:
    assert bench.desk.task is task
    long_ago = time.monotonic_ns() - 2 * AFTER_NS
    bench.press()
    bench.post(Scanned(ScannerRead(b"N1207", "]C0", long_ago)))
    bench.press()
    assert bench.camera.asked == []
    bench.post(Scanned(ScannerRead(b"ZY7390451826", "]C0", long_ago)))
    bench.press()
    assert len(bench.camera.asked) == 1
    assert bench.gestures(2)


def test_a_scanner_that_read_nothing_is_no_gesture(bench: Bench) -> None:
    assert bench.post(Scanned(ScannerRead(b"", None, 1, problem="no_read"))) == ["MISSING"]
    assert bench.camera.asked == []
    bench.gestures(1)


def test_prompts_are_shown_and_book_nothing(bench: Bench) -> None:
    assert bench.post(Prompted(1, 5), Prompted(2, 6)) == ["PROMPT", "PROMPT_AGAIN"]
    assert bench.gestures(0) == []


def test_a_prompt_takes_neither_a_stop_nor_a_waiting_half_nor_a_fault_away(bench: Bench) -> None:
    now = time.monotonic_ns()
    assert bench.post(Scanned(ScannerRead(b"]d20106901234567892", None, now)), Prompted(1, now)) == ["INCOMPLETE"]
    expired = Scanned(ScannerRead(b"]d201069012345678921724013110A1", None, now))
    assert bench.post(expired, Prompted(1, now))[-1] == "STOP"
    assert bench.post(Readers(("camera",), any_left=False), Prompted(2, 9))[-1] == "FAULT"
    assert bench.lamps.trouble


def test_the_wrench_is_lit_as_long_as_a_reader_is_missing(bench: Bench) -> None:
    bench.desk.step()
    before = bench.lamps.trouble
    bench.post(Readers(("camera",), any_left=True))
    assert bench.lamps.trouble
    assert bench.lamps.history[-1].signal.value == "TROUBLE"
    bench.post(Readers((), any_left=True))
    assert bench.lamps.trouble is before
    assert bench.lamps.history[-1].signal.value == "READY"


def test_no_message_shows_what_a_picture_holds() -> None:
    told = repr(Photographed("e1", b"SECRET", seen(b"ZY7390451826")))
    assert "SECRET" not in told
    assert "ZY739" not in told
