"""A store with something on every page of the hub: stations, cases, documents, a kit, machines; and names that bite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from edge import wire
from edge.documents import Document, DocumentKind, Line
from edge.hub.documents import keeping as documents
from edge.hub.fleet import archives, asking, machines
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.stations import store_status
from edge.hub.store import Store
from edge.sign import new_key
from tests.edge.hub.conftest import FakeJournal
from tests.edge.hub.test_hub_kit_record import LIST, loan
from tests.edge.hub.test_hub_records import EXPIRED, Room, implant_case, shipment

LONG = "ZYDSYY-SHOUSHUSHI-03-QIXIEJIAN9"
"""A station may have 31 letters."""
EVIL = "<script>document.title='run'</script><img src=//evil.test/x onerror=document.title='run'>"
NOW = datetime.now(UTC)
DI = "06901234567892"
CASE, EVIL_CASE = "0193c7a2-5b1e-7c44-9f0a-3d2b8e6f4a71", f"c/{EVIL}"
FAULT = {
    "check": "rtc",
    "state": "fail",
    "value": "1.9 V",
    "zh": "时钟电池",
    "en": "clock battery",
    "expected": "a battery above 2.5 V",
    "todo": "换电池 CR2032,换好后在扫码站上长按确认键 / fit a new battery, then hold OK at the station",
}


def fill(store: Store, folder: Path) -> None:
    """Everything that the pages can show; the day is this one, so that the week has it."""
    for journal in _journals():
        store_messages(store, [Incoming(journal.topic, line, {}) for line in journal.lines], wire.iso(NOW))
        _status(store, journal, "lost" if journal.station == "DEPOT-1" else "ready")
    project_all(store, no_index)
    with store.begin() as connection:
        documents.keep(connection, LIST, "K-7.csv", wire.iso(NOW))
        lines = tuple(Line(number, "Lens", units, di=DI) for number, units in ((2, 12), (3, 1), (10, 5)))
        documents.keep(
            connection, Document("DN-1", DocumentKind.SHIPMENT, None, None, lines), "DN-1.csv", wire.iso(NOW)
        )
    _machines(store, folder)


def _journals() -> Iterator[FakeJournal]:
    room = Room(FakeJournal("OR-03"))
    implant_case(room)
    yield room.journal
    depot = Room(FakeJournal("DEPOT-1"), case=None)
    shipment(depot)
    loan(depot)
    for _ in range(2):
        depot.does("RECEIVE", 1, serial="SN-20260001", document="DN-20261127-000123")
    yield depot.journal
    yield _today().journal


def _today() -> Room:
    """One of every outcome, with texts as long as they come and names that bite."""
    room = Room(FakeJournal(LONG), CASE)
    at = (NOW - timedelta(minutes=number) for number in range(40, 0, -1))

    def scan(outcome: str, **changed: Any) -> None:
        room.does("USE", outcome=outcome, **{**changed, "fields": {"at": wire.iso(next(at))}})

    room.session("opened", "emergency E-20261127-01", ident=CASE, at=wire.iso(NOW - timedelta(hours=30)))
    room.session("opened", ident=EVIL_CASE, operator=EVIL)
    for outcome in ("ACCEPTED", "CHECKED", "ATTENTION", "INCOMPLETE", "REDO", "MISSING", "STOP", "FAULT"):
        reasons = EXPIRED if outcome in ("STOP", "ATTENTION") else []
        scan(outcome, lot="ABCDEFGHIJ1234567890", serial="SN" + "0123456789" * 2, reasons=reasons)
    scan("ACCEPTED", lot=EVIL, serial="S-7", case=EVIL_CASE, by=EVIL, document=f"D/{EVIL}")
    scan("MISSING", udi=None, counterparty=EVIL)
    scan("MISSING", udi=None, counterparty="成都某某医疗器械供应链管理有限责任公司双流分公司")
    scan("STOP", serial="S-7", by="N2", witness="N9", reasons=EXPIRED, override={"reason": "OPENED"})
    return room


def _status(store: Store, journal: FakeJournal, state: Literal["ready", "lost"]) -> None:
    status = wire.Status("b6", state, wire.iso(NOW), "1.4.0", journal.epoch, 85_000, 100_000, ("camera",))
    with store.begin() as connection:
        heard = Incoming(wire.topic(journal.station, "status"), status.encode(), {})
        store_status(connection, heard, wire.iso(NOW - timedelta(hours=3)))
        if state != "ready":
            store_status(connection, heard, wire.iso(NOW))


def _machines(store: Store, folder: Path) -> None:
    evil = {**dict.fromkeys(FAULT, EVIL), "state": "warn"}
    well = {"check": "certificate", "state": "ok", "value": 311}
    with store.begin() as connection:
        rev = asking.want(connection, LONG, "a = 1\n", NOW, by="it", key=new_key())
        asking.want(connection, "NEW-1", "a = 1\n", NOW, by="it", key=new_key())
        asked = asking.ask(connection, LONG, "diagnostics", {}, at=NOW, expires=NOW + timedelta(hours=1))
        asking.answered(connection, asked, "successful", "7 bytes are at the hub", wire.iso(NOW))
        asking.ask(connection, LONG, "restart", {}, at=NOW, expires=NOW + timedelta(hours=1))
        for name, health, reported in (
            (LONG, {"checks": [well, FAULT, evil]}, {"rev": rev, "status": "kept", "errors": []}),
            ("OR-03", {"checks": [well]}, {"rev": 7, "status": "refused", "errors": [EVIL, "panel.ready: 99"]}),
        ):
            told = {"schema": 1, "version": "1.4.0", "clock": "ntp", **health}
            machines.note(connection, name, "health", json.dumps(told), wire.iso(NOW))
            update = {"phase": "trial", "target": "1.5.0", "told": "1.5.0 is on trial until somebody confirms it"}
            told = {"schema": 1, **reported, "update": update}
            machines.note(connection, name, "reported", json.dumps(told), wire.iso(NOW))
    archives.keep(folder, LONG, asked, b"archive")
