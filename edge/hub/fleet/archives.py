"""The folder of what machines sent: ``<folder>/<station>/<command>.tar.gz``, mode 0600, the newest of each machine.

Both names are the hub's own: a station of its list, and a command that it asked. What the machine says of itself is
only inside.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge import wire
from hardware.host import files

log = logging.getLogger(__name__)

ENDING = ".tar.gz"
MOST_KEPT = 5
"""Archives of one machine; the oldest go first."""
MOST_BYTES = 16 * 1024 * 1024
"""Of one machine's archives together."""
MOST_BYTES_OF_ALL = 512 * 1024 * 1024
"""Of all machines' archives together: the disk is the one that the events go to."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One file.

    Attributes:
        command: name of the command that asked for it.
        file: where it lies.
        size: bytes.
        at: when it came, UTC.
    """

    command: str
    file: Path
    size: int
    at: str


def keep(folder: Path, station: str, command: str, data: bytes) -> Path:
    """Store an archive durably, and let the machine's oldest go, then those of all machines; gives its file.

    Raises:
        OSError: it cannot be written.
    """
    own = folder / station
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = own / f"{command}{ENDING}"
    files.replace(file, data)
    _bound(own, file)
    _bound_all(folder, file)
    return file


def _bound(own: Path, newest: Path) -> None:
    for half in own.glob("*.part"):  # of a hub that was killed in the midst
        half.unlink(missing_ok=True)
    room = MOST_BYTES - newest.stat().st_size
    others = [each for each in _of(own) if each.file != newest]
    for number, each in enumerate(reversed(others), 2):
        room -= each.size
        if number > MOST_KEPT or room < 0:
            each.file.unlink(missing_ok=True)


def _bound_all(folder: Path, newest: Path) -> None:
    every = sorted((each for sent in archives(folder).values() for each in sent), key=lambda each: each.at)
    over = sum(each.size for each in every) - MOST_BYTES_OF_ALL
    for each in every:
        if over <= 0:
            return
        if each.file != newest:
            each.file.unlink(missing_ok=True)
            over -= each.size
            log.warning("file=%s let go: the archives of all machines may have %d bytes", each.file, MOST_BYTES_OF_ALL)


def archives(folder: Path) -> Mapping[str, tuple[Archive, ...]]:
    """What is there, by station, the oldest first; nothing where the folder is missing or closed to this user."""
    try:
        with os.scandir(folder) as found:
            owns = [Path(each.path) for each in found if each.is_dir(follow_symlinks=False)]
        return {own.name: tuple(_of(own)) for own in owns}
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s: archives of machines are not shown", error)
        return {}


def _of(own: Path) -> list[Archive]:
    rows = []
    with os.scandir(own) as found:
        for each in found:
            with contextlib.suppress(FileNotFoundError):  # the hub let it go meanwhile
                if each.name.endswith(ENDING):
                    rows.append((each.stat(follow_symlinks=False), Path(each.path)))
    rows.sort(key=lambda row: (row[0].st_mtime_ns, row[1].name))
    return [_archive(stat, file) for stat, file in rows]


def _archive(stat: os.stat_result, file: Path) -> Archive:
    at = wire.iso(datetime.fromtimestamp(stat.st_mtime, UTC))
    return Archive(file.name.removesuffix(ENDING), file, stat.st_size, at)
