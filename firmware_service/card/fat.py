"""The files of a boot partition: of an image or an unmounted card through mtools, or of a folder where it is mounted.

mtools knows the lower-case flags of short names, without which ``cmdline.txt`` would be there twice and the Pi would go
on reading the old one. Nothing is mounted, so a power cut or a pulled card hurts nobody else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from firmware_service.card.errors import CardError
from firmware_service.card.layout import Partition

TIMEOUT_S = 300.0
_PIECE = 1 << 20


class FatError(CardError):
    """The partition could not be read or written; the text is what the tool says of it."""


class Boot(Protocol):
    """A boot partition. Names are relative to its root, with ``/``."""

    def names(self, folder: str = "") -> list[str]:
        """The names in a folder as they are written there, folders without a stroke; empty when there is none."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Write or replace a file and make its folders."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def free(self) -> int:
        """Bytes."""

    def flush(self) -> None:
        """Make the card have it, and forget what is only in memory."""

    def faults(self) -> str:
        """What is wrong with the file system; empty when nothing is, or when it is not ours to look."""


@dataclass(frozen=True, slots=True)
class FatPartition:
    """Through mtools."""

    path: Path
    """The image or the device."""
    partition: Partition

    def names(self, folder: str = "") -> list[str]:
        """See `Boot`."""
        return [line.rstrip("/").rpartition("/")[2] for line in self._lines(folder)]

    def read(self, name: str) -> bytes | None:
        """See `Boot`."""
        if f"::/{name}".lower() not in (line.lower() for line in self._lines(name.rpartition("/")[0])):
            return None
        return self._run(["mtype", "-i", self._drive, f"::/{name}"]).stdout

    def write(self, name: str, data: bytes) -> None:
        """See `Boot`."""
        self._make_folders(name)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            self._run(["mcopy", "-o", "-i", self._drive, file.name, f"::/{name}"])

    def remove(self, name: str) -> None:
        """See `Boot`."""
        self._run(["mdel", "-i", self._drive, f"::/{name}"], may_fail=True)

    def free(self) -> int:
        """See `Boot`."""
        text = self._run(["mdir", "-i", self._drive, "::/"]).stdout.decode("utf-8", "replace")
        found = re.search(r"([\d ]+) bytes free\s*$", text)
        if found is None:
            raise FatError(f"mdir does not tell the free space of {self.path}")
        return int(found[1].replace(" ", ""))

    def flush(self) -> None:
        """See `Boot`."""
        fd = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(fd)
            os.posix_fadvise(fd, self.partition.offset, self.partition.size, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)

    def faults(self) -> str:
        """See `Boot`; of a copy, because fsck knows no offset."""
        with tempfile.NamedTemporaryFile() as copy:
            _copy_sparse(self.path, self.partition, Path(copy.name))
            done = self._run(["fsck.vfat", "-n", copy.name], may_fail=True)
        return "" if done.returncode == 0 else done.stdout.decode("utf-8", "replace").strip()

    @property
    def _drive(self) -> str:
        return f"{self.path}@@{self.partition.offset}"

    def _lines(self, folder: str) -> list[str]:
        """What mdir lists: whole paths, a stroke behind those of folders."""
        done = self._run(["mdir", "-b", "-a", "-i", self._drive, f"::/{folder}"], may_fail=True)
        lines = done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []
        return [line for line in lines if line.startswith("::/")]

    def _make_folders(self, name: str) -> None:
        parts = name.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            folder, last = "/".join(parts[: count - 1]), parts[count - 1]
            if last.lower() not in (each.lower() for each in self.names(folder)):
                self._run(["mmd", "-i", self._drive, f"::/{'/'.join(parts[:count])}"])

    def _run(self, command: Sequence[str], *, may_fail: bool = False) -> subprocess.CompletedProcess[bytes]:
        env = os.environ | {
            "LC_ALL": "C.UTF-8",
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
        }
        try:
            done = subprocess.run(  # noqa: S603 - the tools' names are above
                command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, env=env, check=False
            )
        except FileNotFoundError:
            package = "dosfstools" if command[0].startswith("fsck") else "mtools"
            raise FatError(f"{command[0]} is not installed: apt install {package}") from None
        except subprocess.TimeoutExpired:
            raise FatError(f"{command[0]} did not end within {TIMEOUT_S:.0f} s: is the card still in?") from None
        if done.returncode and not may_fail:
            said = done.stderr.decode("utf-8", "replace").strip() or f"exit status {done.returncode}"
            raise FatError(
                f"{command[0]}: {said}; is the card still in, not locked and not full? Then its file system is "
                "damaged: write the image again"
            )
        return done


@dataclass(frozen=True, slots=True)
class BootFolder:
    """Where the boot partition is mounted, as on a PC that does so by itself."""

    path: Path

    def names(self, folder: str = "") -> list[str]:
        """See `Boot`."""
        try:
            return sorted(each.name for each in (self.path / folder).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name: str) -> bytes | None:
        """See `Boot`."""
        try:
            with (self.path / name).open("rb") as file:
                if hasattr(os, "posix_fadvise"):  # what is read is what the card has, not what the system remembers
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def write(self, name: str, data: bytes) -> None:
        """See `Boot`."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)

    def remove(self, name: str) -> None:
        """See `Boot`."""
        (self.path / name).unlink(missing_ok=True)

    def free(self) -> int:
        """See `Boot`."""
        return shutil.disk_usage(self.path).free

    def flush(self) -> None:
        """See `Boot`; as far as the system here can."""
        if hasattr(os, "sync"):
            os.sync()

    def faults(self) -> str:
        """See `Boot`: it is mounted, so there is nothing to look at."""
        return ""


def _copy_sparse(source: Path, partition: Partition, target: Path) -> None:
    """Copy a partition; what is zero stays a hole."""
    with source.open("rb") as file, target.open("wb") as copy:
        file.seek(partition.offset)
        left = partition.size
        while piece := file.read(min(_PIECE, left)):
            left -= len(piece)
            if piece.count(0) == len(piece):
                copy.seek(len(piece), os.SEEK_CUR)
            else:
                copy.write(piece)
        copy.truncate(partition.size - left)
