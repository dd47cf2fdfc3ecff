"""A loaner kit through whole processes: its list, its screws at a patient, and both signatures in the record."""

from __future__ import annotations

import csv
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cards import CardKind
from edge.demo.labels import Label
from edge.station.no_code import AFTER_NS
from tests.journeys.test_journeys_camera import Table
from tests.journeys.test_journeys_goods import SCREW, STENT, Depot, asked, label
from tests.journeys.test_journeys_tasks import AUTHORITY, MOTHER, NURSE, SECOND, Desk, act, card, record
from tests.support.site import Site, wait_for

pytestmark = pytest.mark.journey

HEADINGS = ("单据号", "供应商", "行号", "产品标识", "物资编码", "产品名称", "批号", "数量")
GIAI = b"]C180046901234X17"
LINES = (
    (STENT, "", "髓内钉", "A1", 2),
    ("", "SCREW-35", "皮质骨螺钉 3.5", "", 10),
    ("", "", "螺钉 4.0", "", 6),
)


@pytest.fixture
def house(site: Site) -> Depot:
    return Depot(site, "kit")


def told(house: Depot, number: str) -> None:
    """The lender's list, put into the folder; known at the station."""
    with (house.folder / f".{number}").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for line, each in enumerate(LINES, start=1):
            writer.writerow((number, "某器械商", line, *each))
    (house.folder / f".{number}").rename(house.folder / f"{number}.csv")
    known = house.site.station_home("D-01") / "documents" / f"{number}.json"
    wait_for(known.exists, "the list at the station")


def row(number: int) -> bytes:
    return card(CardKind.LINE, str(number))


def count(number: int) -> bytes:
    return card(CardKind.QUANTITY, str(number))


def test_a_loaner_kit_comes_is_used_and_goes(site: Site, house: Depot) -> None:
    desk = house.desk("USE")
    told(house, "K-1")
    assert desk.show(NURSE, card(CardKind.DOCUMENT, "K-1")) == ["CONTEXT", "CONTEXT"]
    assert desk.show(label(STENT, "A1", "N1"), label(STENT, "A1", "N2")) == ["ACCEPTED"] * 2
    assert desk.show(row(2), count(9), act("TRAY_REST")) == ["ATTENTION"] * 3
    assert desk.show(act("CLOSE"), NURSE) == ["ASK", "REDO"], "nobody signs twice"
    assert desk.show(SECOND) == ["CONTEXT"]
    assert desk.show(MOTHER) == ["CONTEXT"]
    assert desk.use(label(STENT, "A1", "N1")) == ["CHECKED", "ACCEPTED"]
    assert desk.show(row(2), count(4)) == ["ATTENTION"] * 2
    assert desk.show(label(SCREW, "L7")) == ["CHECKED"], "the hospital's own"
    assert desk.press("undo") == "CONTEXT"
    desk.station.stop(signal.SIGKILL)
    desk.station = site.start_station("D-01")
    assert desk.show(MOTHER, row(3)) == ["CONTEXT", "ATTENTION"], "after the power cut"
    assert desk.show(act("CLOSE"), card(CardKind.DOCUMENT, "K-1")) == ["CONTEXT", "CONTEXT"]
    assert desk.show(label(STENT, "A1", "N2")) == ["ACCEPTED"]
    assert desk.show(act("TRAY_MISSING"), row(2)) == ["CONTEXT", "ATTENTION"]
    assert desk.show(row(2), count(5), apart_s=0.6) == ["ATTENTION"] * 2
    assert desk.show(act("CLOSE")) == ["REDO"], "line 3 is open"
    # What is said comes a moment after the light.
    wait_for(
        lambda: any(
            '"line_3"' in line and "kit_unsettled" in line for line in map(json.dumps, list(desk.station.others))
        ),
        "what is open to be said",
    )
    assert desk.show(act("TRAY_REST"), act("CLOSE"), SECOND, apart_s=0.6) == ["ATTENTION", "ASK", "CONTEXT"]
    site.wait_delivered(desk.station.recorded())
    said = record(site, "--document", "K-1")
    for each in (
        "外来器械 K-1 结束",
        "双人清点接收: 1207 + 1300",
        "双人结清: 1207 + 1300",
        "1  髓内钉  清单 2  入 2  用 1  开封未用 0  还 1  缺 0",
        "2  皮质骨螺钉 3.5  清单 10  入 10  用 4  开封未用 0  还 5  缺 1",
        "3  螺钉 4.0  清单 6  入 6  用 1  开封未用 0  还 5  缺 0",
        "缺失 1  第2行  未找到",
    ):
        assert each in said, said
    (case,) = json.loads(asked(site, "record", "--document", "K-1", "--json"))["cases"]
    assert "外来器械 K-1 第2行" in record(site, "--case", case)
    assert desk.station.stop() == 0


@pytest.fixture
def table(site: Site, tmp_path: Path) -> Iterator[Table]:
    made = Table(site, tmp_path, task="TRAY", extra=AUTHORITY)
    yield made
    made.kill_camera()


def test_a_kit_without_a_list_has_a_picture_of_the_open_tray(site: Site, table: Table) -> None:
    table.lay(Label(("OPEN TRAY",), ()))
    table.start_camera()
    desk = Desk(site, table.terminal, "OR-01")
    wait_for(lambda: table.status()["fps"] is not None, "the camera's first word")
    assert desk.show(NURSE, GIAI) == ["CONTEXT", "CONTEXT"], "the kit's own code opens it"
    time.sleep(AFTER_NS / 1e9 + 0.2)  # until nobody's badge is near any more
    assert desk.press("no_code") == "MISSING"
    wait_for(table.scans, "the event with its picture: none is taken once a badge is awaited")
    assert desk.show(count(48)) == ["ATTENTION"]
    assert desk.show(act("CLOSE"), SECOND) == ["ASK", "CONTEXT"]
    assert desk.show(MOTHER, row(0)) == ["CONTEXT", "ATTENTION"]
    assert desk.show(GIAI, act("TRAY_REST"), act("CLOSE"), SECOND, apart_s=0.6)[1:] == ["ATTENTION", "ASK", "CONTEXT"]
    shown = {each["count"]: each for each in table.scans() if each["verdict"]["outcome"] == "MISSING"}
    assert {count: each["document"] for count, each in shown.items()} == {None: "6901234X17", 48: "6901234X17"}
    assert shown[None]["reads"][0]["picture"] is not None, "the picture stands for the list"
    site.wait_delivered(desk.station.recorded())
    said = record(site, "--document", "6901234X17")
    assert "0  清单外  入 48  用 1  开封未用 0  还 47  缺 0" in said, said
    assert "照片或缺码: 1" in said
    assert desk.station.stop() == 0
