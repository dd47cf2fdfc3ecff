"""House codes at the desk: judged as the UDI they are bound to, and never better."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.build import build
from edge.catalog.site import SiteTables
from edge.catalog.site_build import Sources, build_site
from edge.catalog.store import Catalog
from edge.rules.judge import judge
from edge.rules.reasons import TEXTS
from edge.rules.regions import site_rules
from edge.rules.verdict import Now, Outcome, TaskName, Verdict
from edge.station.config import Organisation, StationTable
from edge.station.desk import Desk
from edge.station.drafts import Drafter
from edge.station.house import HouseCodes, overrule, stand_in
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import Message, Scanned, Seen
from edge.station.patterns import PatternsTable, PatternTable
from edge.udi.assemble import assemble
from edge.udi.read import Corners, Read
from hardware.host.clock import Clock
from hardware.scanner import ScannerRead
from hardware.simulators import SimulatedIndicator
from tests.support.events import opening
from tests.support.site import wait_for
from tests.support.tasks import NoCards

TODAY = date(2026, 11, 26)
DI, OTHER, CASE = "06901234567892", "06901234500028", "16901234567899"
MA = "MA.156.M0.100350.01004YA10017"
GS = "\x1d"
HOUSE = f"""院内码,产品标识,批号,序列号,有效期至
HV1,{DI},A1,S1,2070-12-31
HV2,{DI},A1,S2,2070-12-31
LOT1,{DI},A1,,2070-12-31
LOT2,{DI},A1,,2070-12-31
OLD,{DI},A1,S9,2020-01-31
BARE,{DI},A1,,
SER,{DI},,S1,
"""
PRODUCTS = f"""di,sale_unit,level,contains,name
{DI},,sale_unit,1,hip
{CASE},{DI},case,10,hip
"""
PATTERNS = PatternsTable(badge=PatternTable("N", (4, 4)), house_code=PatternTable("HV", (1, 12)))
STATION = StationTable("DEPOT-1", Organisation("H1", "hospital"), "DEPOT-1", "RECEIVE")
UDI = f"01{DI}1770123110A1{GS}21S1"


def near(at: int) -> Corners:
    return ((at, 0), (at + 90, 0), (at + 90, 40), (at, 40))


def frame(*payloads: str) -> Message:
    """Codes of one still frame, beside each other."""
    reads = [
        Read(text.encode(), _symbology(text), "camera", 1, corners=near(100 * at)) for at, text in enumerate(payloads)
    ]
    return Seen(tuple(reads), 1)


def hand(text: str) -> Message:
    return Scanned(ScannerRead(text.encode(), _symbology(text), 1))


def _symbology(text: str) -> str:
    return "]d2" if text.startswith("01") else "]C0"


@dataclass(frozen=True)
class Case:
    message: Message
    signal: str
    first: str | None = None
    """The reason that decides the light."""
    lot: str | None = "A1"
    serial: str | None = "S1"
    house_code: str | None = "HV1"


CASES = {
    "alone, by hand": Case(hand("HV1"), "ACCEPTED"),
    "alone, by camera": Case(frame("HV1"), "ACCEPTED"),
    "bound to a lot": Case(hand("LOT1"), "ACCEPTED", serial=None, house_code="LOT1"),
    "bound to what has expired": Case(hand("OLD"), "STOP", "expired", serial="S9", house_code="OLD"),
    "bound to nothing": Case(hand("HV9"), "REDO", "house_code_unknown", None, None, "HV9"),
    "bound to nothing, by camera": Case(frame("HV9"), "REDO", "house_code_unknown", None, None, "HV9"),
    "of no pattern and no table": Case(hand("XX9"), "REDO", "not_a_udi", None, None, None),
    "beside its UDI": Case(frame("HV1", UDI), "ACCEPTED"),
    "beside the DI half of its UDI": Case(frame("HV1", f"01{DI}"), "ACCEPTED"),
    "beside the UDI of another serial": Case(
        frame("HV1", UDI[:-1] + "7"), "STOP", "house_code_conflict", None, None
    ),
    "far from the UDI of another serial": Case(
        Seen((Read(b"HV1", "]C0", "camera", 1, corners=near(0)),
              Read((UDI[:-1] + "7").encode(), "]d2", "camera", 1, corners=near(9000))), 1),
        "STOP", "house_code_conflict", None, None,
    ),
    "beside a UDI that expires earlier": Case(
        frame("HV1", UDI.replace("1770", "1769")), "STOP", "house_code_conflict", None, None
    ),
    "beside the UDI of another product": Case(
        frame("HV1", UDI.replace(DI, OTHER)), "STOP", "house_code_conflict", None, None
    ),
    "beside another product's retail code": Case(frame("HV1", f"01{OTHER}"), "STOP", "house_code_conflict", None, None),
    "beside the case of its product": Case(frame("HV1", f"01{CASE}1770123110A1"), "ACCEPTED"),
    "beside a case of another lot": Case(
        frame("HV1", f"01{CASE}1770123110B7"), "STOP", "house_code_conflict", None, None
    ),
    "beside a UDI that adds an expiry to a serial": Case(
        frame("SER", f"01{DI}1720013110A1"), "REDO", "several_packages", None, None, "SER"
    ),
    "beside a UDI with a wrong check digit": Case(
        frame("HV1", UDI.replace(DI, DI[:-1] + "3")), "REDO", "invalid", None, None
    ),
    "two that are bound to one lot": Case(
        frame("LOT1", "LOT2"), "REDO", "several_packages", "A1", None, "LOT1"
    ),
    "two serials": Case(frame("HV1", "HV2"), "REDO", "several_packages", None, None),
    "beside symbols that may be of two packages": Case(
        frame("HV1", f"01{DI}10A1", f"01{DI}21S1"), "REDO", "several_packages"
    ),
    "against one of symbols that may be of two packages": Case(
        frame(f"01{DI}10A1", f"01{DI}21S1", "HV2"), "STOP", "symbols_disagree", None, None, "HV2"
    ),
    "beside the MA code of the same lot and serial": Case(frame("HV1", f"{MA}.LA1.SS1"), "ACCEPTED"),
    "beside the MA code of another lot": Case(
        frame("HV1", f"{MA}.LB7.SS1"), "STOP", "house_code_conflict", None, None
    ),
    "one that is bound and one that is not": Case(frame("HV1", "HV9"), "ACCEPTED"),
    "bound to nothing, beside a UDI": Case(frame("HV9", UDI), "ACCEPTED", "house_code_unknown", house_code="HV9"),
    "bound to nothing, beside a text": Case(frame("HV9", "hello"), "REDO", "house_code_unknown", None, None, "HV9"),
    "a UDI alone": Case(hand(UDI), "ACCEPTED", house_code=None),
}  # fmt: skip


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("knowledge")
    (folder / "house.csv").write_text(HOUSE, encoding="utf-8")
    (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    build_site(folder / "site", Sources(house_codes=folder / "house.csv"), today=TODAY)
    build(folder / "products.csv", folder / "catalogue")
    return Knowledge(
        Catalog.open(folder / "catalogue"), site_rules(None, "hospital"), tables=SiteTables.open(folder / "site")
    )


def answered(message: Message, knowledge: Knowledge, folder: Path) -> tuple[str, dict[str, Any]]:
    """What the desk shows, and the event it leaves in the journal."""
    journal = Journal.open(folder / "journal.sqlite3", opening=opening)
    writer = JournalWriter(journal)
    lamps = SimulatedIndicator()
    desk = Desk(
        home=TaskName.RECEIVE,
        mobile=False,
        patterns=PATTERNS,
        cards=NoCards(),
        knowledge=knowledge,
        drafter=Drafter(STATION, Clock()),
        seal=None,
        run_dir=folder,
        kept=None,
        journal=writer,
        indicator=lamps,
        mono_ns=time.monotonic_ns,
    )
    writer.worker.start()
    desk.post(message)
    outcomes = {outcome.value for outcome in Outcome}

    def shown() -> bool:
        desk.step()
        return any(each.signal in outcomes for each in lamps.history)

    wait_for(shown, "an answer")
    writer.stop()
    reader = JournalReader.open(folder / "journal.sqlite3")
    events = [json.loads(row.line) for row in reader.after(0, 100)]
    reader.close()
    (scan,) = [event for event in events if event["kind"] == "scan"]
    return next(s.signal for s in lamps.history if s.signal in outcomes), scan


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_a_house_code_is_answered(case: Case, knowledge: Knowledge, tmp_path: Path) -> None:
    signal, scan = answered(case.message, knowledge, tmp_path)
    person = [reason["code"] for reason in scan["verdict"]["reasons"]]
    assert (signal, scan["verdict"]["outcome"]) == (case.signal, case.signal)
    assert case.first is None or person[0] == case.first or (signal == "ACCEPTED" and case.first in person)
    assert scan["house_code"] == case.house_code
    assert scan["count"] == (1 if signal == "ACCEPTED" else None)
    if signal in ("ACCEPTED", "STOP") and case.lot is not None:
        assert (scan["udi"]["di"], scan["udi"]["lot"], scan["udi"]["serial"]) == (DI, case.lot, case.serial)
        assert scan["product"]["level"] == "sale_unit"


def test_the_event_holds_what_was_printed(knowledge: Knowledge, tmp_path: Path) -> None:
    _, scan = answered(frame("HV1", UDI), knowledge, tmp_path)
    printed = [(base64.b64decode(read["bytes"]).decode(), read["symbology"]) for read in scan["reads"]]
    assert printed == [("HV1", "]C0"), (UDI, "]d2")]
    assert scan["udi"]["trace_key"] == f"GS1|{DI}|S|S1"


def test_without_tables_only_the_pattern_knows_house_codes(knowledge: Knowledge, tmp_path: Path) -> None:
    _, scan = answered(hand("HV1"), replace(knowledge, tables=None), tmp_path)
    assert (scan["verdict"]["reasons"][0]["code"], scan["house_code"]) == ("house_code_unknown", "HV1")


def test_a_badge_is_no_house_code(knowledge: Knowledge) -> None:
    read = Read(b"\xff\xfe", None, "scanner", 1)
    assert stand_in(read, HouseCodes(knowledge.tables), PATTERNS) is read


@pytest.mark.parametrize("code", ["house_code_unknown", "house_code_conflict"])
def test_every_reason_has_words(code: str) -> None:
    assert len(TEXTS[code].voice) <= 8


GREEN = (Outcome.ACCEPTED, Outcome.CHECKED)
SERIALS = st.sampled_from(["", f"{GS}21S1", f"{GS}21S2", f"{GS}21S9"])
LABELS = st.builds(
    lambda di, expires, lot, serial: f"01{di}{expires}10{lot}{serial}",
    st.sampled_from([DI, OTHER, CASE]),
    st.sampled_from(["17701231", "17200131", ""]),
    st.sampled_from(["A1", "B7"]),
    SERIALS,
)
SHOWN = st.lists(
    st.one_of(st.sampled_from(["HV1", "HV2", "LOT1", "LOT2", "OLD", "BARE", "SER", "HV9", f"01{DI}"]), LABELS),
    min_size=1,
    max_size=3,
    unique=True,
)


@given(shown=SHOWN, apart=st.booleans())
def test_a_house_code_turns_nothing_green_that_its_udi_would_not(
    shown: list[str], apart: bool, knowledge: Knowledge
) -> None:
    gap = 9000 if apart else 100
    reads = [Read(t.encode(), _symbology(t), "camera", 1, corners=near(gap * at)) for at, t in enumerate(shown)]
    stood = [stand_in(read, HouseCodes(knowledge.tables), PATTERNS) for read in reads]
    if said(stood, knowledge).outcome not in GREEN:
        return
    bound = [each for each in stood if each.printed is not None and each.printed.payload != each.payload]
    real = [each for each in stood if each.printed is None]
    assert all(plainly([each], knowledge) in GREEN for each in bound)
    assert len(bound) <= 1
    assert plainly(real if not bound else stood, knowledge) in GREEN


def said(reads: Sequence[Read], knowledge: Knowledge) -> Verdict:
    presentation = assemble(reads, today=TODAY, packaging=knowledge.packaging)
    now = Now(datetime(2026, 11, 26, tzinfo=UTC), TODAY, "ntp")
    product = knowledge.lookup(None if presentation.udi is None else presentation.udi.di, TODAY)
    verdict = judge(presentation, product, TaskName.RECEIVE, knowledge.site, now)
    return overrule(verdict, presentation, TODAY, knowledge.packaging, HouseCodes(knowledge.tables))


def plainly(reads: Sequence[Read], knowledge: Knowledge) -> Outcome:
    """The verdict on the same codes, were they printed as UDIs."""
    return said([replace(read, printed=None) for read in reads], knowledge).outcome
