"""A folder into which ERP, WMS or SPD put files: each is taken once it is whole, and moved out of the way.

A file is whole when two looks found the same size and time. What was taken goes to ``done``, what was refused to
``failed`` with a text file that says why. A file that was taken and not moved when the power went is taken again, which
changes nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.catalog.write import CatalogueError
from edge.hub.documents.importing import Importer
from edge.hub.documents.keeping import KeepingError
from hardware.host.files import replace, sync_folder
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

DONE, FAILED = "done", "failed"
SUFFIXES = (".csv", ".xlsx", ".txt")
"""A program that writes slowly gives its file another name until it is whole."""
LOOK_S = 1.0
FRESH_S = 300.0
"""A table of the largest size takes long to read."""


class WatchedFolder:
    """Everything but `worker` belongs to its own thread."""

    def __init__(
        self, folder: Path, importer: Importer, after_step: Callable[[str], None] = lambda _step: None
    ) -> None:
        """Prepare; makes the folders.

        Args:
            folder: where files arrive.
            importer: takes them.
            after_step: told after ``taken`` (in the store, not moved yet) and ``moved``; tests kill the process there.

        Raises:
            OSError: the folders cannot be made.
        """
        for each in (folder, folder / DONE, folder / FAILED):
            each.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._importer = importer
        self._after_step = after_step
        self._seen: dict[Path, tuple[int, int]] = {}
        self._trouble = ""
        self.worker = Worker("documents", self._step, fresh_within=FRESH_S)

    def look(self) -> None:
        """Take every file that is as it was at the last look."""
        seen, self._seen = self._seen, {}
        for file, stamp in self._files():
            if seen.get(file) == stamp:
                self._take(file)
                self.worker.beat()
            else:
                self._seen[file] = stamp

    def _step(self) -> None:
        try:
            self.look()
        except OSError as error:  # a disk that is full or a right that is missing: events are still collected
            if str(error) != self._trouble:
                log.error("documents: %s; the folder is looked at again", error)  # noqa: TRY400 - the text says it all
            self._trouble = str(error)
        else:
            self._trouble = ""
        self.worker.stopping.wait(LOOK_S)

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for file in sorted(self._folder.iterdir()):
            if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~")):
                try:
                    stat = file.stat()
                except OSError:
                    continue  # who wrote it took it back
                if file.is_file():
                    yield file, (stat.st_size, stat.st_mtime_ns)

    def _take(self, file: Path) -> None:
        try:
            taken = self._importer.take(file)
        except (CatalogueError, KeepingError, OSError) as error:
            log.warning("file=%s refused: %s", file.name, str(error).partition("\n")[0])
            self._move(file, FAILED, f"{error}\n")
            return
        self._after_step("taken")
        for said, result in taken:
            log.info("file=%s document=%s version=%d %s", file.name, said.ident, said.version, result)
        self._move(file, DONE)

    def _move(self, file: Path, where: str, why: str | None = None) -> None:
        name = _free_name(self._folder / where, file.name)
        if why is not None:
            replace(name.with_name(f"{name.name}.txt"), why.encode(), mode=0o644)
        file.rename(name)
        sync_folder(name.parent)
        sync_folder(self._folder)
        self._after_step("moved")


def _free_name(folder: Path, name: str) -> Path:
    """The same name where it is free, else with a number."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - both parts at once
    number = 1
    found = folder / name
    while found.exists():
        number += 1
        found = folder / f"{stem}-{number}{suffix}"
    return found
