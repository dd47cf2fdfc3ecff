"""``udi-hub documents`` as people run it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge import wire
from edge.catalog.site_build import Sources, build_site
from edge.catalog.tables import raw_rows
from edge.hub import inbox
from edge.hub.cli import main
from edge.hub.config import read_config
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from tests.edge.hub.conftest import START, FakeJournal
from tests.support.catalogues import DI as CATALOGUED
from tests.support.catalogues import base
from tests.support.documents import DI
from tests.support.site import ROOT, command, wait_for

HUB = """\
[hub]
store = "{folder}/hub.sqlite3"
[link]
host = "127.0.0.1"
port = 1883
bench = true
[documents]
authority = "hub-documents"
key = "{folder}/documents.key"
kind = "shipment"
tables = "{folder}/site.sqlite3"
catalogue = "{folder}/catalogue"
supplier = "某某医药"
"""
ROWS = f"单号,行号,物资编码,产品标识,产品名称,数量,客户\nSO-1,1,K-1,,导管,2,某某医院\nSO-1,2,,{CATALOGUED},导丝,1,\n"


class Office:
    """A hub's folder, and the commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file("hub.toml", HUB.format(folder=folder))
        items = self.file("items.csv", f"物资编码,产品标识\nK-1,{DI}\n")
        build_site(folder / "site.sqlite3", Sources(items=items), today=START.date())
        base(folder / "catalogue", "球囊扩张导管")
        Store.open_writer(folder / "hub.sqlite3").close()

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def ask(self, *words: str, status: int = 0) -> Result:
        where = () if words[0] == "key" else ("--config", str(self.folder / "hub.toml"))
        done = CliRunner().invoke(main, ["documents", *words, *where])
        assert done.exit_code == status, done.output
        return done

    def export(self, *words: str, status: int = 0, to: str = "out.csv") -> list[dict[str, object]]:
        out = self.folder / to
        self.ask("export", *words, "--out", str(out), status=status)
        head, *rows = raw_rows(out) if out.exists() else [[]]
        return [dict(zip(map(str, head), row, strict=True)) for row in rows]

    def hear(self, journal: FakeJournal) -> None:
        store = Store.open_writer(self.folder / "hub.sqlite3")
        message = Incoming(journal.topic, wire.batch(journal.lines), journal.properties(1, len(journal.lines)))
        inbox.store(store, [message], wire.iso(START))
        project_all(store, no_index)
        store.close()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_from_a_file_to_the_papers(office: Office, journal: FakeJournal) -> None:
    file = str(office.file("so.csv", ROWS))
    assert "SO-1 version 1 shipment 2 lines: new" in office.ask("import", file).output
    assert "SO-1 version 1 shipment 2 lines: unchanged" in office.ask("import", file).output
    assert office.ask("export", "--document", "SO-1", "--out", str(office.folder / "x.csv"), status=1)
    (listed,) = json.loads(office.ask("list", "--json").stdout)
    assert (listed["document"], listed["open"], listed["source"]) == ("SO-1", True, "so.csv")
    ship = {"task": "SHIP"}
    journal.scan(document="SO-1", line=1, count=2, di=DI, fields=ship)
    office.hear(journal)
    refused = office.ask("export", "--document", "SO-1", "--what", "shipping", "--out", "x", status=1)
    assert f"document SO-1, line 2, 导丝 ({CATALOGUED}): no UDI of it was scanned" in refused.output
    journal.lines[:] = journal.lines[:1]
    journal.scan(document="SO-1", line=2, di=CATALOGUED, lot="L7", fields=ship)
    office.hear(journal)
    first, second = office.export("--document", "SO-1", "--what", "shipping")
    assert (first["产品名称"], first["产品标识(UDI-DI)"], first["数量"]) == ("导管", DI, "2")
    assert (second["产品名称"], second["批号"], second["购货单位"]) == ("球囊扩张导管", "L7", "某某医院")
    (note, _) = office.export("--document", "SO-1", "--what", "note", "--format", "xlsx", to="note.xlsx")
    assert (note["供货单位"], note["数量"]) == ("某某医药", 2)
    assert [row["业务"] for row in office.export("--since", "2026-11-01")] == ["SHIP", "SHIP"]
    assert office.export("--since", "2027-11-01", status=1) == []
    map_file = office.file("map.toml", '[moves.columns]\nserial = "SN"\nlot = "CHARG"\n')
    mapped = office.export("--document", "SO-1", "--map", str(map_file))
    assert [list(row.items()) for row in mapped] == [[("SN", ""), ("CHARG", "A1")], [("SN", ""), ("CHARG", "L7")]]


def test_what_was_imported_is_given_back(office: Office) -> None:
    office.ask("import", str(office.file("so.csv", ROWS)))
    office.export("--document", "SO-1", "--what", "documents", "--format", "xlsx", to="again.xlsx")
    assert "unchanged" in office.ask("import", str(office.folder / "again.xlsx")).output


def test_what_is_wrong_is_said_and_the_other_files_are_taken(office: Office) -> None:
    bad, good = office.file("bad.csv", ROWS.replace("K-1", "K-2")), office.file("good.csv", ROWS)
    told = office.ask("import", str(bad), str(good), status=1).output
    assert f"{bad}, row 2: item = 'K-2': expected an item code" in told
    assert "SO-1 version 1" in told
    office.ask("import", str(office.folder / "none.csv"), status=1)
    office.ask("import", "a", "b", "--watch", status=2)
    office.ask("export", "--out", "x", status=2)
    office.ask("export", "--out", "x", "--what", "note", "--since", "2026-11-01", status=2)
    office.ask("export", "--out", "x", "--what", "note", "--document", "SO-9", status=1)


def test_a_closed_document_is_open_no_more(office: Office) -> None:
    office.ask("import", str(office.file("so.csv", ROWS)))
    office.ask("close", "SO-1")
    assert "open=False" in office.ask("list").output
    office.ask("close", "SO-1", status=1)


def test_a_key_for_documents(office: Office) -> None:
    file = office.folder / "documents.key"
    table = office.ask("key", "hub-documents", "--out", str(file)).stdout
    assert 'may = ["document"]' in table
    assert file.stat().st_mode & 0o777 == 0o600
    (office.folder / "hub.toml").write_text(HUB.format(folder=office.folder) + table, encoding="utf-8")
    settings = read_config(office.folder / "hub.toml")
    assert settings.documents is not None
    assert settings.authority[0].may == ("document",)
    office.ask("key", "hub-documents", "--out", str(file), status=1)


def test_a_folder_is_watched_until_interrupted(office: Office) -> None:
    folder = office.folder / "in"
    words = [*command("edge.hub.cli"), "documents", "import", str(folder), "--watch"]
    watching = subprocess.Popen([*words, "--config", str(office.folder / "hub.toml")], cwd=ROOT)
    try:
        wait_for((folder / "done").is_dir, "the folders")
        (folder / "so.csv").write_text(ROWS, encoding="utf-8")
        wait_for((folder / "done" / "so.csv").exists, "the file to be taken")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 0
    finally:
        watching.kill()
    assert "open=True" in office.ask("list").output


def test_the_differences_of_a_stock_take(office: Office, journal: FakeJournal) -> None:
    rows = f"单号,行号,产品标识,产品名称,批号,数量\nPD-1,1,{DI},导管,A1,10\nPD-1,2,{DI},导管,B7,4\n"
    office.ask("import", str(office.file("pd.csv", rows)), "--kind", "count")
    journal.scan(document="PD-1", line=1, count=9, outcome="CHECKED", fields={"task": "COUNT"})
    office.hear(journal)
    first, second = office.export("--document", "PD-1", "--what", "differences")
    assert [(each["行号"], each["账面数量"], each["实盘数量"], each["盈亏"]) for each in (first, second)] == [
        ("1", "10", "9", "-1"),
        ("2", "4", "0", "-4"),
    ]
    refused = office.ask("export", "--document", "PD-1", "--what", "shipping", "--out", "x", status=1)
    assert "document PD-1 is a count: expected a shipment" in refused.output


def test_what_one_person_picked_and_verified_goes_out_with_a_word_only(office: Office, journal: FakeJournal) -> None:
    office.ask("import", str(office.file("so.csv", f"单号,行号,产品标识,产品名称,数量\nSO-2,1,{DI},导管,1\n")))
    for task in ("PICK", "VERIFY"):
        journal.scan(document="SO-2", line=1, fields={"task": task})
    office.hear(journal)
    shipping = ("--document", "SO-2", "--what", "shipping")
    refused = office.ask("export", *shipping, "--out", str(office.folder / "no.csv"), status=1)
    assert "document SO-2, line 1, 导管: picked and verified by the same person, N1207" in refused.output
    assert not (office.folder / "no.csv").exists()
    (row,) = office.export(*shipping, "--one-person")
    assert (row["单据号"], row["操作人"]) == ("SO-2", "N1207")
