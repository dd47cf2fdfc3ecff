"""Days of a depot and a pharmacy through whole processes: deliveries, shipments, what is sold, and the hub's record."""

from __future__ import annotations

import base64
import csv
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from edge.cards import CardKind
from edge.catalog.build import COLUMNS, build
from tests.journeys.test_journeys_tasks import AUTHORITY, NURSE, SECOND, Desk, act, card, record
from tests.support.documents import BY, KEY, TABLE
from tests.support.site import ROOT, Site, command, wait_for

pytestmark = pytest.mark.journey

STENT, LENS, LENS_CASE, SCREW = "06901234567892", "06901234500028", "16901234500025", "06901234500011"
PRODUCTS = (
    (STENT, "Stent", "sale_unit", "1", STENT),
    (LENS, "Lens", "sale_unit", "1", LENS),
    (LENS_CASE, "Lens, case of 10", "case", "10", LENS),
    (SCREW, "Screw", "sale_unit", "1", SCREW),
)
HEADINGS = ("送货单号", "供应商", "行号", "产品标识", "产品名称", "批号", "数量")
OPERATOR, CHECKER = NURSE, SECOND


def label(di: str, lot: str, serial: str | None = None, expires: str = "291231") -> bytes:
    end = b"" if serial is None else b"\x1d21" + serial.encode()
    return b"]d201" + di.encode() + b"17" + expires.encode() + b"10" + lot.encode() + end


def catalogue(folder: Path) -> str:
    products = folder / "products.csv"
    with products.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for di, name, level, contains, sale_unit in PRODUCTS:
            about = {"di": di, "name": name, "level": level, "contains": contains, "sale_unit": sale_unit}
            writer.writerow({**about, "model": "M", "registrant": "R", "device_class": "3", "pi_lot": "yes"})
    build(products, folder / "catalogue.sqlite3")
    return f'\n[catalogue]\nfile = "{folder / "catalogue.sqlite3"}"\n'


class Depot:
    """A hub with a folder for documents, and stations that know its signature and a catalogue."""

    def __init__(self, site: Site, kind: str) -> None:
        self.site, self.folder = site, site.folder / "erp"
        key = site.folder / "documents.key"
        key.touch(mode=0o600)
        key.write_bytes(base64.b64encode(KEY))
        with site.hub_file.open("a", encoding="utf-8") as file:
            file.write(f'\n[documents]\nauthority = "{BY}"\nkey = "{key}"\nfolder = "{self.folder}"\nkind = "{kind}"\n')
        site.stop_hub()
        site.start_hub()
        wait_for((self.folder / "done").is_dir, "the hub's folder")

    def desk(self, task: str) -> Desk:
        terminal = self.site.prepare("D-01", task=task, extra=TABLE + AUTHORITY + catalogue(self.site.folder))
        return Desk(self.site, terminal, "D-01")

    def told(self, number: str, lines: Iterable[tuple[str, str, str, int]]) -> None:
        """Put a document into the folder, and wait until the station has it."""
        with (self.folder / f".{number}").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS)
            for line, (di, name, lot, quantity) in enumerate(lines, start=1):
                writer.writerow((number, "某某医疗", line, di, name, lot, quantity))
        (self.folder / f".{number}").rename(self.folder / f"{number}.csv")
        wait_for(
            (self.site.station_home("D-01") / "documents" / f"{number}.json").exists, "the document at the station"
        )


@pytest.fixture
def depot(site: Site) -> Callable[[str], Depot]:
    return lambda kind: Depot(site, kind)


def asked(site: Site, *words: str) -> Any:
    done = [*command("edge.hub.cli"), *words, "--config", str(site.hub_file)]
    return subprocess.run(done, check=True, capture_output=True, cwd=ROOT, text=True).stdout


def test_a_receipt_of_40_lines_with_mixed_levels(site: Site, depot: Callable[[str], Depot]) -> None:
    house = depot("receipt")
    desk = house.desk("RECEIVE")
    pieces = [(STENT, "Stent", f"S{line}", 2) for line in range(1, 11)]
    cases = [(LENS, "Lens", f"C{line}", 10) for line in range(11, 26)]
    cartons = [(SCREW, "Screw", f"L{line}", 200) for line in range(26, 41)]
    house.told("PO-40", [*pieces, *cases, *cartons])
    assert desk.show(OPERATOR, card(CardKind.DOCUMENT, "PO-40")) == ["CONTEXT", "CONTEXT"]
    for line in range(1, 11):
        assert desk.show(*(label(STENT, f"S{line}", f"N{line}{each}") for each in "AB")) == ["ACCEPTED"] * 2
    for line in range(11, 26):
        assert desk.show(label(LENS_CASE, f"C{line}")) == ["ACCEPTED"]
    for line in range(26, 40):
        assert desk.show(label(SCREW, f"L{line}"), card(CardKind.QUANTITY, "200")) == ["ACCEPTED"] * 2
    assert desk.show(label(STENT, "S1", "N1A")) == ["REDO"], "booked before"
    assert desk.show(label(LENS, "C99")) == ["REDO"], "another lot than announced"
    assert desk.show(act("CLOSE")) == ["ASK"], "line 40 is short"
    assert desk.show(act("CLOSE"), apart_s=1.1) == ["CONTEXT"]
    site.wait_delivered(desk.station.recorded())
    said = record(site, "--document", "PO-40")
    assert "短少 200" in said, said
    compared = json.loads(asked(site, "record", "--document", "PO-40", "--json"))["compared"]
    assert [each["line"] for each in compared if each["difference"]] == ["40"]
    assert sum(each["booked"] for each in compared) == 20 + 150 + 2_800
    stock = json.loads(asked(site, "stock", "--di", SCREW, "--json"))
    assert sum(each["on_hand"] for each in stock) == 2_800
    assert desk.station.stop() == 0


def test_a_shipment_is_refused_for_one_line_and_closed_when_that_is_verified(
    site: Site, depot: Callable[[str], Depot]
) -> None:
    house = depot("shipment")
    desk = house.desk("PICK")
    goods = [label(STENT, "A1", "X1"), label(LENS, "B1"), label(SCREW, "C1")]
    house.told("SO-1", [(STENT, "Stent", "A1", 1), (LENS, "Lens", "B1", 1), (SCREW, "Screw", "C1", 1)])
    order = card(CardKind.DOCUMENT, "SO-1")
    assert desk.show(OPERATOR, card(CardKind.TASK, "PICK"), order, *goods)[3:] == ["ACCEPTED"] * 3
    assert desk.show(card(CardKind.TASK, "VERIFY"), goods[0]) == ["CONTEXT", "REDO"], "nobody verifies what he picked"
    assert desk.show(CHECKER, *goods[:2], apart_s=0.4) == ["CONTEXT", "ACCEPTED", "ACCEPTED"]
    assert desk.show(act("CLOSE")) == ["REDO"]
    assert any('"line_3"' in line and "not_verified" in line for line in map(json.dumps, desk.station.others))
    assert desk.show(goods[2], card(CardKind.TASK, "SHIP"), *goods)[2:] == ["ACCEPTED"] * 3
    assert desk.show(act("CLOSE"), apart_s=1.1) == ["CONTEXT"]
    site.wait_delivered(desk.station.recorded())
    said = record(site, "--document", "SO-1")
    assert "复核人: 1300" in said, said
    assert "拣货人: 1207" in said, said
    out = site.folder / "shipping.csv"
    asked(site, "documents", "export", "--document", "SO-1", "--what", "shipping", "--format", "csv", "--out", str(out))
    assert all(text in out.read_text(encoding="utf-8-sig") for text in ("X1", "B1", "C1", STENT))
    assert desk.station.stop() == 0


def test_a_day_of_a_pharmacy(site: Site, depot: Callable[[str], Depot]) -> None:
    desk = depot("receipt").desk("CHECK")
    assert desk.show(OPERATOR, b"]C0DN-7788") == ["CONTEXT", "CONTEXT"], "no such document is known: a blind receipt"
    assert desk.show(label(LENS_CASE, "P1")) == ["ACCEPTED"]
    assert desk.show(label(LENS_CASE, "P0", expires="240131")) == ["STOP"]
    assert desk.show(b"]C0DN-7788", apart_s=1.1) == ["CONTEXT"]
    assert desk.show(card(CardKind.TASK, "DISPENSE"), label(LENS_CASE, "P1")) == ["CONTEXT", "REDO"], "no whole carton"
    assert desk.show(label(LENS, "P1"), card(CardKind.QUANTITY, "3")) == ["ACCEPTED", "ACCEPTED"]
    assert desk.show(label(LENS, "P1"), apart_s=0.4) == ["ACCEPTED"]
    assert desk.press("undo") == "CONTEXT"
    assert (
        desk.show(act("WASTE"), label(LENS, "P1"), card(CardKind.REASON, "DAMAGED"), apart_s=0.4)[1:]
        == ["ACCEPTED"] * 2
    )
    assert desk.show(act("TRAINING"), label(LENS, "P2"), act("TRAINING"), apart_s=0.4)[1] == "CHECKED"
    site.wait_delivered(desk.station.recorded())
    known = ("--catalogue", str(site.folder / "catalogue.sqlite3"))
    (balance,) = json.loads(asked(site, "stock", "--lot", "P1", *known, "--json"))
    assert balance["on_hand"] == 10 - 3 - 1
    assert "带码入库" in record(site, "--document", "7788")
    assert desk.station.stop() == 0


def test_a_stock_take_from_the_document_to_the_differences(site: Site, depot: Callable[[str], Depot]) -> None:
    house = depot("count")
    desk = house.desk("CHECK")
    house.told("PD-1", [(STENT, "Stent", "A1", 2), (SCREW, "Screw", "C1", 10)])
    assert desk.show(OPERATOR, card(CardKind.DOCUMENT, "PD-1")) == ["CONTEXT", "CONTEXT"]
    stent = label(STENT, "A1", "X1")
    assert desk.show(stent, stent, apart_s=0.4) == ["ACCEPTED", "REDO"], "counted before"
    assert desk.show(label(SCREW, "C1"), card(CardKind.QUANTITY, "7")) == ["ACCEPTED"] * 2
    assert desk.show(label(SCREW, "D2")) == ["ATTENTION"], "nobody expects this lot"
    assert desk.show(act("CLOSE")) == ["ASK"]
    assert desk.show(act("CLOSE"), apart_s=1.1) == ["CONTEXT"]
    site.wait_delivered(desk.station.recorded())
    out = site.folder / "differences.csv"
    asked(site, "documents", "export", "--document", "PD-1", "--what", "differences", "--out", str(out))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert [(each["行号"], each["批号"], each["盈亏"]) for each in rows] == [
        ("1", "A1", "-1"),
        ("2", "C1", "-3"),
        ("", "D2", "1"),
    ]
    assert desk.station.stop() == 0
