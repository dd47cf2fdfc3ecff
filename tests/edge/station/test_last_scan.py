"""When something was scanned last, asked of a journal that a station writes."""

from __future__ import annotations

from pathlib import Path

from edge import wire
from edge.station.journal.store import Journal
from edge.station.last_scan import NEWEST, last_scan
from tests.support.events import AT, draft, opening


def test_no_journal(tmp_path: Path) -> None:
    assert last_scan(tmp_path / "journal.sqlite3") is None


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"not a database" * 100)
    assert last_scan(tmp_path / "journal.sqlite3") is None


def test_the_newest_scan_of_a_journal_that_is_open(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal.open(path, opening=opening)
    assert last_scan(path) is None, "the opening of an epoch is no scan"
    journal.append([draft({"reads": []}, wire.Kind.SCAN), draft()])
    assert last_scan(path) == wire.iso(AT)
    journal.append([draft() for _ in range(NEWEST)])
    assert last_scan(path) is None, "too long ago to be looked for"
    journal.close()
