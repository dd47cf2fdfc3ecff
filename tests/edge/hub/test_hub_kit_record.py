"""The record of a loaner kit: what became of every line, who signed, as it is asked, printed and checked."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from edge import wire
from edge.documents import Document, DocumentKind, Line
from edge.hub.case_record import case_record
from edge.hub.cli import main
from edge.hub.documents import keeping as documents
from edge.hub.kit_record import KitRecord, kit_record, kit_text
from edge.hub.record_text import case_text
from tests.edge.hub.test_hub_questions import get
from tests.edge.hub.test_hub_records import SCHEMA, Room, keep

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal

KIT, DI = "K-7", "06901234567892"
LIST = Document(
    KIT,
    DocumentKind.KIT,
    "某器械商",
    None,
    (Line(1, "髓内钉", 2, di=DI), Line(2, "皮质骨螺钉 3.5", 10, item="SCREW-35"), Line(3, "螺钉 4.0", 6, item="S-40")),
)


@pytest.fixture
def kit(journal: FakeJournal) -> Room:
    return Room(journal, case=None)


def row(room: Room, task: str, line: int, count: int | None, **changed: object) -> str:
    blank = {} if line == 1 else {"udi": None, "outcome": "ATTENTION"}
    told = {"document": KIT, "line": line, "counterparty": "某器械商", **blank, **changed}
    return room.does(task, count, **told)  # type: ignore[arg-type]


def loan(room: Room, *, settled: bool = True) -> None:
    """Ten screws came, four were used, one dropped, one lost; a nail went back."""
    room.session("opened", of="document", ident=KIT)
    room.does("TRAY", None, udi=None, outcome="MISSING", document=KIT)
    row(room, "TRAY", 1, 2)
    row(room, "TRAY", 2, 9, corrects=row(room, "TRAY", 2, 1))
    row(room, "TRAY", 2, 1, reason="OVER")
    room.undoes(row(room, "TRAY", 3, 6))
    room.session("opened", "differs 3:-6", of="tray", ident=KIT, witness="N2")
    row(room, "USE", 1, 1, case="c7")
    row(room, "USE", 2, 4, case="c7")
    row(room, "WASTE", 2, 1, case="c7", reason="DROPPED")
    row(room, "TRAY_BACK", 1, 1)
    row(room, "TRAY_BACK", 2, 4, by="N3")
    room.session("suspended", "unsettled 2:+1", of="tray", ident=KIT, operator="N3")
    row(room, "TRAY_MISSING", 2, 1, by="N3", reason="NOT_FOUND")
    if settled:
        room.session("closed", of="tray", ident=KIT, operator="N3", witness="N4")
        room.session("closed", of="document", ident=KIT, operator="N3", witness="N4")


def of_kit(store: Store, room: Room, *, listed: bool = True) -> KitRecord:
    keep(store, room.journal)
    with store.begin() as connection:
        if listed:
            documents.keep(connection, LIST, "K-7.csv", "2026-11-26T08:00:00.000000Z")
        found = kit_record(connection, KIT)
    assert found is not None
    return found


def test_a_kit_says_what_became_of_every_line(store: Store, kit: Room) -> None:
    loan(kit)
    record = of_kit(store, kit)
    parts = ("line", "name", "listed", "came", "used", "wasted", "returned", "missing", "open")
    assert [tuple(getattr(each, part) for part in parts) for each in record.lines] == [
        ("1", "髓内钉", 2, 2, 1, 0, 1, 0, 0),
        ("2", "皮质骨螺钉 3.5", 10, 10, 4, 1, 4, 1, 0),
        ("3", "螺钉 4.0", 6, 0, 0, 0, 0, 0, 0),
    ]
    signed = [(each.what, each.operator, each.witness, each.why) for each in record.signatures]
    assert signed == [("opened", "N1", "N2", "differs 3:-6"), ("closed", "N3", "N4", None)]
    assert (record.lender, record.state, record.pictures, record.cases) == ("某器械商", "closed", 1, ("c7",))
    assert [(each.what, each.line, each.units, each.operator) for each in record.missing] == [
        ("NOT_FOUND", "2", 1, "N3")
    ]
    assert [each.operator for each in record.people] == ["N1", "N3"]
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(dataclasses.asdict(record))))


def test_a_kit_without_a_list_has_the_lines_that_people_counted(store: Store, kit: Room) -> None:
    row(kit, "TRAY", 0, 48)
    row(kit, "TRAY_BACK", 0, 47)
    (line,) = of_kit(store, kit, listed=False).lines
    assert (line.line, line.listed, line.came, line.returned, line.open) == ("0", None, 48, 47, 1)
    assert "    0  清单外  入 48  用 0  开封未用 0  还 47  缺 0  ! 对不上 +1" in kit_text(
        of_kit(store, kit, listed=False), "zh"
    )


ZH = """\
外来器械 K-7 结束
  出借方: 某器械商
  照片或缺码: 1
  双人清点接收: N1 + N2  T  与清单不符 3:-6
  双人结清: N3 + N4  T
  使用于: c7
    1  髓内钉  清单 2  入 2  用 1  开封未用 0  还 1  缺 0
    2  皮质骨螺钉 3.5  清单 10  入 10  用 4  开封未用 1  还 4  缺 1
    3  螺钉 4.0  清单 6  入 0  用 0  开封未用 0  还 0  缺 0
  ! 缺失 1  第2行  未找到  T  N3
  T  开始  N1
  T  开始  N1  与清单不符 3:-6
  T  挂起  N3  对不上 2:+1
  T  结束  N3
  T  结束  N3"""


def test_the_record_is_printed_for_people(
    store: Store, place: str, kit: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.hub.kit_record.local", lambda _at: "T")
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstore = "{place}"\n[link]\nhost = "x"\nport = 1\nbench = true\n', encoding="utf-8")
    loan(kit)
    of_kit(store, kit)

    def asked(*words: str) -> str:
        done = CliRunner().invoke(main, ["record", "--document", KIT, *words, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.output.rstrip("\n")

    assert asked() == ZH
    assert "does not add up: 2:+1" in asked("--lang", "en")
    assert "    2  皮质骨螺钉 3.5  listed 10  in 10  used 4  wasted 1  returned 4  missing 1" in asked("--lang", "en")
    Draft202012Validator(SCHEMA).validate(json.loads(asked("--json")))


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_pages_show_it(store: Store, kit: Room) -> None:
    loan(kit, settled=False)
    of_kit(store, kit)
    (status, _, text), (_, _, case) = get(store, f"/document/{KIT}"), get(store, "/case/c7")
    assert status == 200
    assert [each for each in ("外来器械", "皮质骨螺钉 3.5", "N1 + N2", "未找到", "/case/c7") if each not in text] == []
    assert f'<a href="/document/{KIT}">{KIT}</a> / 2' in case


def test_a_case_names_the_kit_and_line_of_what_carries_no_code(store: Store, kit: Room) -> None:
    loan(kit)
    keep(store, kit.journal)
    with store.read() as connection:
        record = case_record(connection, "c7")
    assert record is not None
    assert [(each.state, each.units, each.kit, each.line) for each in record.items] == [
        ("used", 1, KIT, "1"),
        ("used", 4, KIT, "2"),
        ("wasted", 1, KIT, "2"),
    ]
    assert any("外来器械 K-7 第2行" in each for each in case_text(record, "zh"))
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(dataclasses.asdict(record))))


def test_what_nobody_counted_is_no_kit(store: Store, kit: Room) -> None:
    kit.journal.add(wire.Kind.DOCUMENT, wire.document_change(KIT, "opened", 3))
    keep(store, kit.journal)
    with store.read() as connection:
        assert kit_record(connection, KIT) is None
