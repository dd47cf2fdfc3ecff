"""``udi-hub recall`` on both kinds of store."""

from __future__ import annotations

import base64
import json
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from edge import wire
from edge.catalog.build import build
from edge.hub.cli import main
from edge.hub.config import read_config
from edge.hub.inbox import store as store_messages
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from edge.sign import public_half
from tests.support.orders import BOTH, DI, KEYS
from tests.support.recalls import RecallOffice

if TYPE_CHECKING:
    from tests.edge.hub.conftest import FakeJournal

RECEIVED = "2026-11-24T00:00:00.000000Z"
CARTON, OTHER = "16901234567899", "06909999999995"


@pytest.fixture
def config(tmp_path: Path, place: str) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(
        f'[hub]\nstore = "{place}"\nsite = "test"\n[link]\nhost = "x"\nport = 1883\nbench = true\n', encoding="utf-8"
    )
    return file


@pytest.fixture
def office(config: Path, store: Store) -> RecallOffice:
    """Its commands run while `store` is open, as beside a hub."""
    assert store.name
    return RecallOffice(config)


class Ledger:
    """What stations recorded."""

    def __init__(self, store: Store, journal: FakeJournal) -> None:
        self._store = store
        self._journal = journal

    def scan(self, task: str, *, place: str = "OR-01", **udi: Any) -> str:
        """One booked scan; gives its event_id."""
        fields = {"task": task, "place": place, "training": udi.pop("training", False)}
        line = self._journal.scan(fields=fields, **udi)
        return wire.Event.decode(line).event_id

    def correct(self, event_id: str) -> None:
        self._journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": event_id})

    def settle(self) -> None:
        store_messages(self._store, [Incoming(self._journal.topic, wire.batch(self._journal.lines), {})], RECEIVED)
        project_all(self._store, no_index)


@pytest.fixture
def ledger(store: Store, journal: FakeJournal) -> Ledger:
    return Ledger(store, journal)


def published(office: RecallOffice, ident: str = "R-1", *lots: str) -> None:
    office.draft(ident, *lots)
    office.sign(ident, *BOTH)
    office.publish(ident)


def test_a_draft_shows_what_it_would_hit(office: RecallOffice, ledger: Ledger) -> None:
    for number in range(3):
        ledger.scan("RECEIVE", place="DEPOT", document="DN-1", lot="A1", serial=f"S{number}", count=1)
    ledger.scan("RECEIVE", place="DEPOT", document="DN-2", lot="A7", count=10)
    ledger.scan("USE", lot="A1", serial="S0", case="c1")
    ledger.scan("USE", lot="A2", case="c1")
    ledger.scan("USE", place="OR-02", lot="A2", case="c2")
    ledger.scan("USE", lot="B1", case="c3")
    ledger.settle()
    shown = office.draft("R-1", "A1..A9")
    assert shown["hits"] == {
        "uses": 3,
        "cases": 2,
        "used_at": {"OR-01": 2, "OR-02": 1},
        "stock": 12,
        "stock_at": {"DEPOT, DN-1": 2, "DEPOT, DN-2": 10},
    }
    text = office.run("publish", "R-1", "--yes", status=1)
    assert "3 used, in 2 cases; 12 received and not used" in text
    assert "used at   OR-02: 1" in text


def test_what_left_is_no_longer_stock_and_what_was_handed_out_is_used(office: RecallOffice, ledger: Ledger) -> None:
    ledger.scan("RECEIVE", place="DEPOT", document="DN-1", lot="A1", count=10)
    for task in ("SHIP", "WASTE", "SEND_BACK", "SAMPLE", "DISPENSE"):
        ledger.scan(task, lot="A1")
    for task in ("STORE", "ISSUE", "RETURN", "PICK", "VERIFY", "COUNT"):
        ledger.scan(task, lot="A1")
    ledger.settle()
    hits = office.draft("R-1", "A1")["hits"]
    assert (hits["uses"], hits["stock"]) == (1, 5)


def test_a_loaner_kit_is_looked_for_as_long_as_it_is_here(office: RecallOffice, ledger: Ledger) -> None:
    ledger.scan("TRAY", document="K-1", line=1, lot="A1", count=10)
    ledger.scan("USE", document="K-1", line=1, lot="A1", count=2, case="c1")
    ledger.scan("TRAY_BACK", document="K-1", line=1, lot="A1", count=5)
    ledger.scan("TRAY_MISSING", document="K-1", line=1, lot="A1", count=1)
    ledger.settle()
    hits = office.draft("R-1", "A1")["hits"]
    assert (hits["uses"], hits["stock_at"]) == (2, {"OR-01, K-1": 2})


def test_hits_are_what_was_booked_and_not_taken_back(office: RecallOffice, ledger: Ledger) -> None:
    kept = ledger.scan("USE", lot="A1", case="c1")
    ledger.scan("USE", lot="A1", training=True)
    ledger.scan("CHECK", lot="A1", count=None)
    ledger.scan("USE", lot="A1", outcome="STOP", count=None)
    ledger.correct(ledger.scan("USE", lot="A1", case="c2"))
    ledger.settle()
    office.draft("R-1", "A1")
    assert [each["event_id"] for each in office.hits("R-1")] == [kept]
    assert office.hits("R-1")[0] | {"at": "", "event_id": ""} == {
        "what": "use", "event_id": "", "at": "", "station": "OR-03", "place": "OR-01", "case": "c1", "document": None,
        "di": DI, "lot": "A1", "serial": None, "expires": "2027-12-31", "count": 1,
    }  # fmt: skip


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_oldest_received_of_a_lot_counts_as_used_first(office: RecallOffice, ledger: Ledger) -> None:
    for document, count in (("DN-1", 3), ("DN-2", 5)):
        ledger.scan("RECEIVE", document=document, lot="A1", count=count)
    for _ in range(4):
        ledger.scan("USE", lot="A1")
    ledger.settle()
    office.draft("R-1")
    stock = [each for each in office.hits("R-1") if each["what"] == "stock"]
    assert [(each["document"], each["count"]) for each in stock] == [("DN-2", 4)]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_with_a_catalogue_a_di_means_its_packaging_tree(office: RecallOffice, ledger: Ledger, tmp_path: Path) -> None:
    products, catalogue = tmp_path / "p.csv", tmp_path / "c.sqlite3"
    products.write_text(
        f"di,sale_unit,level,contains,name\n{DI},{DI},sale_unit,1,screw\n{CARTON},{DI},case,10,screws\n"
        f"{OTHER},{OTHER},sale_unit,1,plate\n",
        encoding="utf-8",
    )
    build(products, catalogue)
    ledger.scan("RECEIVE", di=CARTON, lot="A1", count=10)
    ledger.scan("USE", di=DI, lot="A1")
    ledger.scan("USE", di=OTHER, lot="A1")
    ledger.settle()
    office.draft("R-1", di=DI)
    assert [(each["what"], each["di"]) for each in office.hits("R-1")] == [("use", DI)]
    found = office.hits("R-1", "--catalogue", str(catalogue))
    assert [(each["what"], each["di"], each["count"]) for each in found] == [("use", DI, 1), ("stock", CARTON, 9)]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_production_dates_come_from_the_events_as_they_were(
    office: RecallOffice, ledger: Ledger, journal: FakeJournal
) -> None:
    for day in ("2024-06-30", "2024-07-01", None):
        body = json.loads(journal.scan(lot="A1"))
        journal.lines.pop()
        udi = {**body["udi"], "manufactured": day}
        names = ("reads", "product", "verdict", "count")
        rest = {name: None for name in body if name in ("document", "line", "case", "patient", "counterparty")}
        whole = {name: body[name] for name in names} | rest | {"udi": udi}
        journal.add(wire.Kind.SCAN, whole, task="USE")
    ledger.settle()
    office.draft("R-1", more=("--made-from", "2024-07-01"))
    assert len(office.hits("R-1")) == 2, "of the day, and of an unknown one"


def test_two_people_publish_and_a_third_person_or_key_does_not(office: RecallOffice) -> None:
    office.draft("R-1", "A1")
    assert "not signed" in office.ask("publish", "R-1", "--yes", status=1).stderr
    office.sign("R-1", "quality", "quality")
    assert "signed by quality alone" in office.ask("publish", "R-1", "--yes", status=1).stderr
    words = ("sign", "R-1", "--yes", "--as", "director", "--key", str(office.key("quality")))
    assert "not that of [[authority]] 'director'" in office.ask(*words, status=1).stderr
    words = ("sign", "R-1", "--yes", "--as", "nobody", "--key", str(office.key("quality")))
    assert "no [[authority]] 'nobody'" in office.ask(*words, status=2).stderr
    assert office.listed()["R-1"]["state"] == "draft"
    office.sign("R-1", "director")
    office.publish("R-1")
    assert office.listed()["R-1"] | {"published": ""} == {
        "order": "R-1", "version": 1, "kind": "recall", "state": "published", "authority": "NMPA 2026-12",
        "ends": None, "published": "", "signed_by": ["director", "quality"], "taken": [], "refused": [],
    }  # fmt: skip


def test_a_change_is_a_further_version_signed_anew(office: RecallOffice) -> None:
    published(office, "R-1", "A1")
    office.draft("R-1", "A1", "A2")
    assert office.listed()["R-1"]["version"] == 2
    assert "not signed" in office.ask("publish", "R-1", "--yes", status=1).stderr
    office.sign("R-1", *BOTH)
    office.publish("R-1")
    assert "nothing newer is drafted" in office.ask("publish", "R-1", "--yes", status=1).stderr


def test_withdrawn_with_both_keys_at_hand_or_one_after_the_other(office: RecallOffice) -> None:
    for ident in ("R-1", "R-2"):
        published(office, ident)
    office.withdraw("R-1")
    assert "withdrawn" in office.run("withdraw", "R-2")
    assert office.listed()["R-2"]["state"] == "draft"
    office.sign("R-2", *BOTH)
    office.publish("R-2")
    for ident in ("R-1", "R-2"):
        row = office.listed()[ident]
        assert (row["state"], row["version"], row["ends"] is not None) == ("withdrawn", 2, True)
        assert "withdrawn already, by version 2" in office.ask("withdraw", ident, status=1).stderr
    assert "no order R-3 is published" in office.ask("withdraw", "R-3", status=1).stderr


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_one_key_withdraws_nothing(office: RecallOffice) -> None:
    published(office)
    words = ("withdraw", "R-1", "--yes", "--as", "quality", "--key", str(office.key("quality")))
    assert "signed by quality alone" in office.ask(*words, status=1).stderr
    assert office.listed()["R-1"]["state"] == "published"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_who_says_no_has_done_nothing(office: RecallOffice) -> None:
    office.draft("R-1")
    words = ("sign", "R-1", "--as", "quality", "--key", str(office.key("quality")))
    for answer in ("n\n", ""):
        done = office.ask(*words, status=1, say=answer)
        assert "recall R-1 version 1" in done.stdout
    assert office.listed()["R-1"]["signed_by"] == []
    office.ask(*words, say="y\n")
    assert office.listed()["R-1"]["signed_by"] == ["quality"]


FILE = """
order = "R-9"
kind = "stop_use"
authority = "国药监械管〔2026〕12号"
di = ["06901234567892", "+A123BCD"]
lots = ["A1..A5", "B7"]
serials = ["S1"]
made_from = "2026-01-01"
made_to = "2026-01-31"
expires_to = "2028-12-31"
ends = "2030-12-31"
"""


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_draft_from_a_file(office: RecallOffice, tmp_path: Path) -> None:
    file = tmp_path / "order.toml"
    file.write_text(FILE, encoding="utf-8")
    told = json.loads(office.run("draft", str(file), "--json"))["order"]
    assert told | {"issued": ""} == {
        "schema": 1, "id": "R-9", "version": 1, "kind": "stop_use", "withdrawn": False, "issued": "",
        "ends": "2030-12-31", "authority": "国药监械管〔2026〕12号", "dis": ["06901234567892", "+A123BCD"],
        "lots": [["A1", "A5"], ["B7", "B7"]], "serials": ["S1"], "made": ["2026-01-01", "2026-01-31"],
        "expires": [None, "2028-12-31"],
    }  # fmt: skip


BAD_DRAFTS = {
    "a wrong check digit": ('di = ["06901234567893"]', "right check digit"),
    "no DI": ("di = []", "at least one DI"),
    "a range of two lengths": ('lots = ["A9..A10"]', "two lots of one length"),
    "an open range": ('lots = ["A9.."]', "expected a text"),
    "a date": ('made_from = "31.1.2026"', 'such as "2026-01-31"'),
    "dates the wrong way": ('made_from = "2026-02-01"', "the earlier day first"),
    "an unknown key": ("lot = []", "did you mean lots?"),
    "a name": ('order = "R 9"', "letters, digits"),
    "a kind": ('kind = "advice"', "recall, stop_use, hold"),
}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("line", "why"), BAD_DRAFTS.values(), ids=BAD_DRAFTS.keys())
def test_a_wrong_draft_names_what_is_wrong(office: RecallOffice, tmp_path: Path, line: str, why: str) -> None:
    name = line.split(" ", maxsplit=1)[0]
    kept = [each for each in FILE.splitlines() if not each.startswith(f"{name} ")]
    file = tmp_path / "order.toml"
    file.write_text("\n".join([*kept, line]), encoding="utf-8")
    assert why in office.ask("draft", str(file), status=1).stderr
    assert office.ask("list", status=1).stdout == ""


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_usage(office: RecallOffice, tmp_path: Path) -> None:
    for wrong in (["draft"], ["draft", str(tmp_path), "--order", "R"], ["sign", "R-1"]):
        office.ask(*wrong, status=2)
    office.draft("R-1")
    keys = ("--as", "quality", "--as", "director", "--key", str(office.key("quality")))
    assert "2 --as and 1 --key" in office.ask("sign", "R-1", "--yes", *keys, status=2).stderr
    for words in (["sign", "R-7", *keys], ["publish", "R-7"], ["hits", "R-7"]):
        assert "no order R-7" in office.ask(*words, status=1).stderr
    assert "make several orders" in office.ask(
        "draft", "--order", "R-2", "--authority", "x", "--di", DI,
        *(word for number in range(4000) for word in ("--serials", f"S{number:06d}")), status=1,
    ).stderr  # fmt: skip


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_store_that_is_busy_for_too_long_is_said_and_nothing_is_changed(
    office: RecallOffice, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.hub.store.BUSY_TIMEOUT_MS", 10)
    office.draft("R-1")
    with store.begin():
        assert "database is locked; nothing was changed" in office.ask("withdraw", "R-1", status=1).stderr
    assert office.listed()["R-1"]["version"] == 1


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_key_that_others_may_read_signs_nothing(office: RecallOffice) -> None:
    office.draft("R-1")
    office.key("quality").chmod(0o640)
    words = ("sign", "R-1", "--yes", "--as", "quality", "--key", str(office.key("quality")))
    assert "chmod 600" in office.ask(*words, status=1).stderr
    assert office.listed()["R-1"]["signed_by"] == []


def test_a_new_key_is_for_its_owner_and_its_table_fits(tmp_path: Path) -> None:
    file = tmp_path / "n1207.key"
    words = ["recall", "key", "N1207 质控", "--out", str(file)]
    done = CliRunner().invoke(main, words)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    table = tomllib.loads(done.stdout)["authority"][0]
    public = base64.b64encode(public_half(base64.b64decode(file.read_bytes()))).decode()
    assert table == {"name": "N1207 质控", "public_key": public, "may": ["order"]}
    assert base64.b64decode(file.read_bytes()) not in done.output_bytes
    assert file.read_text(encoding="ascii") not in done.output
    before = file.read_bytes()
    assert CliRunner().invoke(main, words).exit_code == 1
    assert file.read_bytes() == before, "a key is never overwritten"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_authorities_of_the_hub_s_file_are_those_of_the_orders(config: Path, office: RecallOffice) -> None:
    assert office.key("quality").exists()
    assert [each.name for each in read_config(config).authority] == [*BOTH]
    assert base64.b64decode(read_config(config).authority[0].public_key) == public_half(KEYS["quality"])
