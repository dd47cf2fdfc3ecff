"""When something was scanned last, asked of a journal that a station writes."""

from __future__ import annotations

from pathlib import Path

from edge.station.last_scan import last_scan


def test_no_journal(tmp_path: Path) -> None:
    assert last_scan(tmp_path / "journal.sqlite3") is None


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"not a database" * 100)
    assert last_scan(tmp_path / "journal.sqlite3") is None
