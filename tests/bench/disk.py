"""What the disk under a folder has written, and the cheapest writing that it allows."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import MissingError

SECTOR = 512
BLOCK = 4096
BLOCKS = 1000
"""Of the file that is overwritten: about as many as the journal's log has."""


OWN_BYTES = 512 * 1024 * 1024


@contextlib.contextmanager
def own(folder: Path) -> Iterator[Path]:
    """A folder on a disk that nobody else writes: ext4 in a file, as root; else `folder`, with everybody's writes."""
    image, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(OWN_BYTES)
    mkfs = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")
    made = mkfs is not None and _done(mkfs, "-q", "-F", "-b", str(BLOCK), str(image))
    if os.geteuid() != 0 or not made or not _done("mount", "-o", "loop", str(image), str(mounted)):
        yield mounted
        return
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def _done(*words: str) -> bool:
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


@dataclass(frozen=True, slots=True)
class Written:
    """Counters of a whole disk: where others write to it too, measure often and take the median."""

    bytes: int
    flushes: int

    def __sub__(self, before: Written) -> Written:
        return Written(self.bytes - before.bytes, self.flushes - before.flushes)


def written(folder: Path) -> Written:
    """What the disk of `folder` has been told to write and to flush since the system started."""
    device = folder.stat().st_dev
    number = [str(os.major(device)), str(os.minor(device))]
    for line in Path("/proc/diskstats").read_text(encoding="ascii").splitlines():
        words = line.split()
        if words[:2] == number and len(words) > 18:
            return Written(int(words[9]) * SECTOR, int(words[18]))
    raise MissingError(f"/proc/diskstats counts no flushes of the disk of {folder}: use a folder on a real disk")


class Bare:
    """Overwrites parts of a file that has its full size already, and flushes."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._at = 0
        for _ in range(BLOCKS):
            os.write(self._fd, os.urandom(BLOCK))
        os.fsync(self._fd)

    def flush(self, pieces: Sequence[int], *, aligned: bool = False) -> float:
        """Milliseconds to write pieces of these sizes one after the other and flush them once."""
        contents = [bytes(size) for size in pieces]
        if aligned:
            self._at = -(-self._at // BLOCK) * BLOCK
        if self._at + sum(pieces) > BLOCKS * BLOCK:
            self._at = 0
        began = time.perf_counter_ns()
        for content in contents:
            self._at += os.pwrite(self._fd, content, self._at)
        os.fdatasync(self._fd)
        return (time.perf_counter_ns() - began) / 1e6

    def close(self) -> None:
        os.close(self._fd)
