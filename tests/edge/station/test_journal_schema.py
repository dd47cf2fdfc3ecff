"""What a release says of its journal is what it makes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.station.journal import file
from edge.station.journal.file import open_checked
from hardware.host.toml import read_table

SCHEMA = Path(file.__file__).with_name("schema.toml")
OPENED_FROM_1 = {
    "outbox": "seq INTEGER PRIMARY KEY, line BLOB NOT NULL",
    "cursor": "epoch TEXT NOT NULL, acked_seq INTEGER NOT NULL, acked_chain TEXT",
}
"""What a release of schema 1 reads and writes: as long as it says so, these stay as they are."""


def test_the_number_is_that_of_the_steps(tmp_path: Path) -> None:
    told = read_table(SCHEMA)
    open_checked(tmp_path / "journal.sqlite3").conn.close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%'")]
        steps = db.execute(f"SELECT count(*) FROM {names[0]}").fetchone()[0]  # noqa: S608 - the library's own name
        made = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    assert told["writes"] == steps
    assert 1 <= told["opens_from"] <= steps
    if told["opens_from"] == 1:
        assert {name: re.split(r"\((.*)\)", made[name])[1] for name in OPENED_FROM_1} == OPENED_FROM_1
