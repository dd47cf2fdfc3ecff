"""What lay under the camera before a restart, from the journal; a package that still lies there is not presented."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge import wire
from edge.station.config import Organisation, StationTable
from edge.station.drafts import Drafter
from edge.station.intake import GONE_NS, Intake
from edge.station.journal.store import Journal, JournalReader
from edge.station.lying import NEWEST, last_seen
from edge.station.record import picture_entry
from edge.udi.read import Read
from hardware.host.clock import Clock
from tests.support.events import opening

TODAY = date(2026, 11, 26)
HIP = Read(b"01069012345678921729123110A1", "]d2", "camera", 5)
SHELF = Read(b"SHELF-4", "]d1", "camera", 6)
Entry = dict[str, Any]


def entry(read: Read, **more: object) -> Entry:
    shown = {"symbology": read.symbology, "source": read.source, "t0_ns": read.t0_ns, "took_ms": 0.0, "picture": None}
    return {"bytes": base64.b64encode(read.payload).decode(), **shown, **more}


def by_hand(read: Read) -> Entry:
    return entry(read, source="scanner")


JOURNALS: dict[str, tuple[list[list[Entry] | None], tuple[Read, ...]]] = {
    "nothing": ([], ()),
    "one package": ([[entry(HIP)]], (HIP,)),
    "two codes of it": ([[entry(HIP), entry(SHELF)]], (HIP, SHELF)),
    "the newer of two": ([[entry(HIP)], [entry(SHELF)]], (SHELF,)),
    "a badge and a scan by hand after it": ([[entry(HIP)], None, [by_hand(SHELF)]], (HIP,)),
    "only by hand": ([[by_hand(HIP)]], ()),
    "a NO CODE gesture with a picture after it": ([[entry(HIP)], [picture_entry("ab" * 32, 9)]], (HIP,)),
    "a read that was cut": ([[entry(HIP, length=5000, sha256="ab" * 32)]], ()),
    "too long ago": ([[entry(HIP)], *[None] * NEWEST], ()),
}


@pytest.mark.parametrize(("events", "expected"), JOURNALS.values(), ids=JOURNALS.keys())
def test_the_newest_event_of_the_camera_counts(
    tmp_path: Path, events: list[list[Entry] | None], expected: tuple[Read, ...]
) -> None:
    file = tmp_path / "journal.sqlite3"
    journal = Journal.open(file, opening=opening)
    drafter = Drafter(StationTable("OR-01", Organisation("H1", "hospital"), "OR-01", "CHECK"), Clock())
    for reads in events:
        change = wire.session_change("operator", "opened", "1207")
        kind, body = (wire.Kind.SESSION, change) if reads is None else (wire.Kind.SCAN, {"reads": reads})
        journal.append([drafter.draft(kind, body)])
    reader = JournalReader.open(file)
    assert last_seen(reader, Clock().now().boot) == expected
    assert last_seen(reader, "another boot") == tuple(replace(read, t0_ns=0) for read in expected)
    reader.close()
    journal.close()


def presented(intake: Intake, reads: list[Read], t0_ns: int) -> int:
    return len(intake.seen(reads, t0_ns, TODAY))


def test_what_still_lies_there_is_not_presented_and_everything_else_is() -> None:
    intake = Intake()
    intake.lay([HIP, SHELF], TODAY)
    assert presented(intake, [SHELF], 1) == 0
    assert presented(intake, [HIP, SHELF], 2) == 0
    assert presented(intake, [Read(b"OTHER", "]d1", "camera", 3)], 3) == 1


def test_once_it_was_taken_away_it_is_a_new_presentation() -> None:
    intake = Intake()
    intake.lay([HIP], TODAY)
    assert presented(intake, [], 1) == 0
    assert presented(intake, [HIP], 1 + GONE_NS) == 1


def test_nothing_lay_there() -> None:
    intake = Intake()
    intake.lay([], TODAY)
    assert presented(intake, [HIP], 1) == 1
