"""Documents in the store, from files and from the watched folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from edge import wire
from edge.catalog.columns import PLAIN
from edge.documents import Document, DocumentKind
from edge.hub import inbox
from edge.hub.documents.folder import DONE, FAILED, WatchedFolder
from edge.hub.documents.form import LINES, rows_of
from edge.hub.documents.importing import Importer
from edge.hub.documents.keeping import KeepingError, close, counting, demand_unbegun, find, keep, known, listed
from edge.hub.documents.sheets import write_table
from edge.hub.patients import no_index
from edge.hub.projector import project_all
from edge.hub.reading import Incoming
from edge.hub.store import Store
from tests.edge.hub.conftest import FakeJournal
from tests.support.documents import DI, document, line

TODAY = date(2026, 11, 26)
AT = "2026-11-23T07:00:00.000000Z"
CHANGED = document("PO-1", line(quantity=11))


def kept(store: Store, *found: Document, at: str = AT) -> list[tuple[int, str]]:
    with store.begin() as connection:
        return [(said.version, result) for said, result in (keep(connection, each, "d.csv", at) for each in found)]


def refused(store: Store, *found: Document) -> None:
    with store.read() as connection:
        demand_unbegun(connection, found)


def open_now(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return counting(connection, TODAY)


def heard(store: Store, journal: FakeJournal) -> None:
    message = Incoming(journal.topic, wire.batch(journal.lines), journal.properties(1, len(journal.lines)))
    inbox.store(store, [message], AT)
    project_all(store, no_index)


def test_a_changed_document_gets_the_next_version(store: Store) -> None:
    assert kept(store, document(), document("PO-2")) == [(1, "new"), (1, "new")]
    assert kept(store, CHANGED, document("PO-2")) == [(2, "changed"), (1, "unchanged")]
    assert kept(store, CHANGED) == [(2, "unchanged")]
    with store.read() as connection:
        assert [each.said for each in listed(connection)] == [replace(CHANGED, version=2), document("PO-2")]
        assert known(connection, ("PO-2", "PO-3")) == {"PO-2"}
    assert open_now(store) == {"PO-1": 2, "PO-2": 1}


def test_work_that_was_done_is_not_overturned_silently(store: Store, journal: FakeJournal, tmp_path: Path) -> None:
    kept(store, document(), document("PO-2"))
    journal.scan(document="PO-1")
    journal.scan(document="PO-2", fields={"training": True})
    heard(store, journal)
    with pytest.raises(KeepingError, match=r"document PO-1: is not as it was imported .* work was done .* at OR-03"):
        refused(store, document("PO-3"), CHANGED)
    refused(store, document("PO-3"), document(), document("PO-2", line(3)))
    file = tmp_path / "d.csv"
    write_table(file, LINES, PLAIN, (row for said in (document("PO-3"), CHANGED) for row in rows_of(said)), "csv")
    importer = Importer(store, lambda: datetime(2026, 11, 26, tzinfo=UTC))
    with pytest.raises(KeepingError, match="with --begun"):
        importer.take(file)
    assert open_now(store) == {"PO-1": 1, "PO-2": 1}, "all of a file or nothing"
    assert [result for _, result in importer.take(file, begun=True)] == ["new", "changed"]


def test_a_document_counts_until_it_is_closed_or_over(store: Store, journal: FakeJournal) -> None:
    over, last = document("PO-1", expires=date(2026, 11, 25)), document("PO-2", expires=TODAY)
    kept(store, over, last, document("PO-3"), document("PO-4"), document("PO-5"))
    for what, ident in (("opened", "PO-2"), ("closed", "PO-3"), ("suspended", "PO-4")):
        journal.add(wire.Kind.DOCUMENT, {"document": ident, "change": {"what": what, "lines": None}})
    heard(store, journal)
    assert open_now(store) == {"PO-2": 1, "PO-4": 1, "PO-5": 1}
    with store.begin() as connection:
        close(connection, "PO-5", AT)
        with pytest.raises(KeepingError, match="PO-5 was closed on"):
            close(connection, "PO-5", AT)
        with pytest.raises(KeepingError, match="no document PO-9"):
            close(connection, "PO-9", AT)
    assert open_now(store) == {"PO-2": 1, "PO-4": 1}
    kept(store, document("PO-3", line(9)), document("PO-5", line(9)), at="2026-11-24T00:00:00.000000Z")
    assert open_now(store) == {"PO-2": 1, "PO-3": 2, "PO-4": 1, "PO-5": 2}


def test_a_document_whose_last_act_is_taken_back_counts_again(store: Store, journal: FakeJournal) -> None:
    kept(store, document("SO-1"), document("SO-2"))
    ends = [
        journal.add(wire.Kind.DOCUMENT, {"document": each, "change": {"what": "shipped", "lines": 1}})
        for each in ("SO-1", "SO-2")
    ]
    heard(store, journal)
    assert open_now(store) == {}
    journal.add(wire.Kind.CORRECTION, {"corrects": wire.Event.decode(ends[0]).event_id, "reason": "undo"})
    heard(store, journal)
    assert open_now(store) == {"SO-1": 1}


GOOD = f"单号,产品标识,数量\nPO-1,{DI},10\n"


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> WatchedFolder:
    importer = Importer(store, lambda: datetime(2026, 11, 26, tzinfo=UTC), kind=DocumentKind.RECEIPT)
    return WatchedFolder(tmp_path / "in", importer)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def test_a_file_is_taken_once_it_is_whole(folder: WatchedFolder, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "in" / "a.csv"
    file.write_text(GOOD[:-4], encoding="utf-8")
    folder.look()
    file.write_text(GOOD, encoding="utf-8")
    folder.look()
    assert open_now(store) == {}
    folder.look()
    assert open_now(store) == {"PO-1": 1}
    assert (names(tmp_path / "in"), names(tmp_path / "in" / DONE)) == ([], ["a.csv"])


def test_what_is_wrong_is_set_aside_with_the_reason(folder: WatchedFolder, store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "in" / "a.csv").write_text(GOOD.replace(DI, DI[:-1]), encoding="utf-8")
        (tmp_path / "in" / "b.part").write_text(GOOD, encoding="utf-8")
        folder.look()
        folder.look()
    failed = tmp_path / "in" / FAILED
    assert names(failed) == ["a-2.csv", "a-2.csv.txt", "a.csv", "a.csv.txt"]
    assert "a.csv, row 2: di = '0690123456789': expected check digit" in (failed / "a.csv.txt").read_text("utf-8")
    assert (names(tmp_path / "in"), open_now(store)) == (["b.part"], {})


class PowerCut(BaseException):
    pass


def test_a_file_that_was_taken_and_not_moved_changes_nothing(store: Store, tmp_path: Path) -> None:
    def cut(step: str) -> None:
        if step == "taken":
            raise PowerCut

    importer = Importer(store, lambda: datetime(2026, 11, 26, tzinfo=UTC), kind=DocumentKind.RECEIPT)
    file = tmp_path / "in" / "a.csv"
    broken = WatchedFolder(tmp_path / "in", importer, cut)
    file.write_text(GOOD, encoding="utf-8")
    broken.look()
    with pytest.raises(PowerCut):
        broken.look()
    assert (open_now(store), file.exists()) == ({"PO-1": 1}, True)
    again = WatchedFolder(tmp_path / "in", importer)
    again.look()
    again.look()
    with store.read() as connection:
        found = find(connection, "PO-1")
    assert found is not None
    assert (found.said.version, names(tmp_path / "in" / DONE)) == (1, ["a.csv"])
