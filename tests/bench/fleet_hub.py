"""``python -m tests.bench.fleet_hub CONFIG FOLDER``: the hub, and beside it a note of when each commit was over.

The note is made in the collector's own hook, from a second connection: nothing of the hub is changed.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
import time
from array import array
from pathlib import Path

from edge.hub.config import read_config
from edge.hub.daemon import run

STORED, THREADS = "stored", "threads"


class Commits:
    """Monotonic ns and the last inbox id, commit after commit."""

    def __init__(self, store: str, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        self._noted = array("Q")

    def after_step(self, step: str) -> None:
        if step != "stored":
            return
        now_ns = time.monotonic_ns()
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self._store}?mode=ro", uri=True, check_same_thread=False)
            threads = "".join(f"{each.name} {each.native_id}\n" for each in threading.enumerate())
            (self._folder / THREADS).write_text(threads, encoding="ascii")
        (last,) = self._connection.execute("SELECT max(id) FROM inbox").fetchone()
        self._noted.extend((now_ns, last or 0))

    def save(self) -> None:
        (self._folder / STORED).write_bytes(self._noted.tobytes())


def read_commits(folder: Path) -> tuple[list[int], list[int]]:
    """When commits were over, and the last inbox id in each."""
    noted = array("Q")
    noted.frombytes((folder / STORED).read_bytes())
    return list(noted[0::2]), list(noted[1::2])


def main(config_file: Path, folder: Path) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    config = read_config(config_file)
    commits = Commits(config.hub.store, folder)
    code = run(config, commits.after_step)
    commits.save()
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
