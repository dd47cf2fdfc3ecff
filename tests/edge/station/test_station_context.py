"""A code of the site's own is one thing or none: what could be two is REDO, and a person's content is not recorded."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge.catalog.site import SiteTables
from edge.catalog.site_build import Sources, build_site
from edge.rules.reasons import TEXTS
from edge.rules.regions import site_rules
from edge.rules.verdict import TaskName
from edge.seal import new_key, public_half
from edge.station.config import Organisation, SealTable, StationTable
from edge.station.context import ContextCode, ContextKind, Doubtful, is_person, recognise
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.house import HouseCodes
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Message, Scanned, Seen
from edge.station.patterns import PatternsTable, PatternTable
from edge.udi.read import Read
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.tasks import NoCards

PATTERNS = PatternsTable(
    badge=PatternTable("N", (4, 4), "digits", "mod10"),
    wristband=PatternTable("", (8, 8), "digits", symbology=("]C0",)),
    bed=PatternTable("BED-", (1, 8)),
    document=PatternTable("", (8, 8), "digits", symbology=("]A",)),
    house_code=PatternTable("HV", (1, 12)),
    gsrn=("badge", "wristband"),
)
HOUSE = "院内码,产品标识,批号\nBED-7,06901234567892,A1\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteTables]:
    """The site's tables, in which somebody bound what looks like a bed label."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "house.csv").write_text(HOUSE, encoding="utf-8")
    build_site(folder / "site", Sources(house_codes=folder / "house.csv"), today=date(2026, 11, 24))
    found = SiteTables.open(folder / "site")
    yield found
    found.close()


def code(kind: ContextKind, value: str) -> ContextCode:
    return ContextCode(kind, value)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is expected of a code in doubt."""

    reason: str
    person: bool = True


READS: dict[str, tuple[str, str | None, ContextCode | Doubt | None]] = {
    "a badge": ("N1230", "]C0", code(ContextKind.BADGE, "1230")),
    "a badge, by a reader without identifiers": ("N1230", None, code(ContextKind.BADGE, "1230")),
    "a badge with a wrong check digit": ("N1231", "]C0", Doubt("invalid")),
    "a wristband": ("20261126", "]C0", code(ContextKind.WRISTBAND, "20261126")),
    "a document": ("20261126", "]A0", code(ContextKind.DOCUMENT, "20261126")),
    "one of both, by a reader without identifiers": ("20261126", None, Doubt("ambiguous_code")),
    "a GTIN too, by a reader without identifiers": ("96385074", None, Doubt("ambiguous_code")),
    "a GTIN": ("96385074", "]E4", None),
    "a bed label": ("BED-12", "]Q1", code(ContextKind.BED, "12")),
    "a bed label that is bound as a house code": ("BED-7", "]Q1", Doubt("ambiguous_code", person=False)),
    "a house code": ("HV12", "]C0", None),
    "staff by GS1's number": ("8017069012345678900019", "]C1", code(ContextKind.BADGE, "069012345678900019")),
    "a patient by GS1's number": ("8018069012345678900019", "]d2", code(ContextKind.WRISTBAND, "069012345678900019")),
    "a patient by GS1's number, misread": ("8018069012345678900018", "]d2", Doubt("invalid")),
    "a package": ("0106901234567892" + "10801", "]d2", None),
    "any other text": ("SHELF-4", "]C0", None),
}


@pytest.mark.parametrize(("text", "symbology", "expected"), READS.values(), ids=READS.keys())
def test_a_code_is_one_thing_or_none(
    text: str, symbology: str | None, expected: ContextCode | Doubt | None, tables: SiteTables
) -> None:
    found = recognise(Read(text.encode(), symbology, "scanner", 1), PATTERNS, HouseCodes(tables).known)
    if isinstance(expected, Doubt):
        assert isinstance(found, Doubtful)
        assert (found.reason, found.person) == (expected.reason, expected.person)
        assert text not in repr(found)
        assert bool(found.presentation.reads) is not expected.person
    else:
        assert found == expected


def test_patterns_of_one_form_are_ambiguous_even_if_nobody_checked_them() -> None:
    overlapping = PatternsTable(badge=PatternTable("N", (4, 4)), bed=PatternTable("N1", (1, 9)))
    found = recognise(Read(b"N1207", "]C0", "scanner", 1), overlapping)
    assert isinstance(found, Doubtful)
    assert (found.reason, found.person) == ("ambiguous_code", True)


def test_a_pattern_that_a_udi_has_too_is_ambiguous_even_if_nobody_checked_it() -> None:
    found = recognise(Read(b"010690123456789210A1", "]d2", "scanner", 1), PatternsTable(bed=PatternTable("01")))
    assert isinstance(found, Doubtful)
    assert found.reason == "ambiguous_code"


def test_gs1_numbers_open_nothing_where_the_site_does_not_use_them() -> None:
    assert recognise(Read(b"8018069012345678900019", "]d2", "scanner", 1), PatternsTable()) is None
    staff_only = PatternsTable(gsrn=("badge",))
    assert recognise(Read(b"8018069012345678900019", "]d2", "scanner", 1), staff_only) is None


PERSONS = {"N1230": True, "N1231": True, "BED-12": False, "HV12": False, "SHELF-4": False}


@pytest.mark.parametrize(("text", "person"), PERSONS.items())
def test_a_code_in_doubt_may_say_who_somebody_is(text: str, person: bool) -> None:
    assert is_person(Read(text.encode(), "]C0", "camera", 1), PATTERNS) is person


def by_hand(payload: bytes, symbology: str | None) -> Message:
    return Scanned(ScannerRead(payload, symbology, 1))


def by_camera(payload: bytes, symbology: str | None, t0_ns: int = 1) -> Message:
    return Seen((Read(payload, symbology, "camera", t0_ns),), t0_ns)


HV_TWICE = PatternsTable(bed=PatternTable("HV"), house_code=PatternTable("HV"))
SCANS: dict[str, tuple[PatternsTable, list[Message], list[tuple[str, list[bytes]]]]] = {
    "two things at once": (PATTERNS, [by_hand(b"20261126", None)], [("ambiguous_code", [])]),
    "a wrong check digit": (PATTERNS, [by_hand(b"N1231", "]C0")], [("invalid", [])]),
    "two things, none of them a person": (HV_TWICE, [by_hand(b"HV1", "]C0")], [("ambiguous_code", [b"HV1"])]),
    "lying under the camera": (
        PATTERNS,
        [by_camera(b"N1231", "]C0"), by_camera(b"N1231", "]C0", 40_000_000)],
        [("invalid", [])],
    ),
}


@pytest.mark.parametrize(("patterns", "messages", "expected"), SCANS.values(), ids=SCANS.keys())
def test_the_desk_says_redo_and_records_no_content_of_a_person(
    patterns: PatternsTable, messages: list[Message], expected: list[tuple[str, list[bytes]]], tmp_path: Path
) -> None:
    scans = answers_of(patterns, messages, tmp_path)
    assert [scan["verdict"]["outcome"] for scan in scans] == ["REDO"] * len(expected)
    assert [(scan["verdict"]["reasons"][0]["code"], contents(scan)) for scan in scans] == expected


def contents(scan: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(read["bytes"]) for read in scan["reads"]]


def answers_of(patterns: PatternsTable, messages: list[Message], folder: Path) -> list[dict[str, Any]]:
    """The scan events of a desk that was told this."""
    writer = JournalWriter(Journal.open(folder / "journal.sqlite3", opening=opening))
    seal = SealTable("k1", base64.b64encode(public_half(new_key())).decode(), "ward")
    desk = Desk(
        home=TaskName.CHECK,
        mobile=False,
        patterns=patterns,
        cards=NoCards(),
        knowledge=Knowledge(None, site_rules(None, "hospital")),
        drafter=Drafter(StationTable("OR-01", Organisation("H1", "hospital"), "OR-01", "CHECK"), Clock()),
        seal=seal,
        run_dir=folder,
        kept=None,
        journal=writer,
        indicator=SimulatedIndicator(),
        mono_ns=time.monotonic_ns,
    )
    writer.worker.start()
    for message in messages:
        desk.post(message)
        desk.step()
    writer.stop()
    reader = JournalReader.open(folder / "journal.sqlite3")
    events = [json.loads(row.line) for row in reader.after(0, 100)]
    reader.close()
    return [event for event in events if event["kind"] == "scan"]


def test_both_reasons_have_words() -> None:
    assert {"ambiguous_code", "invalid", "bed_not_here"} <= TEXTS.keys()
