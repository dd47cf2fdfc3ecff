"""Disks that fill, break and lose their power: an ext4 of a few MiB in a file, and limits on a process's files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import struct
import subprocess
from pathlib import Path

import zstandard

from tests.support.needs import MissingError

_SHUTDOWN = 0x8004587D
_AT_ONCE = struct.pack("I", 2)


class SmallDisk:
    """An ext4 of its own, mounted at `folder`; an error makes it read-only, as on a station's card."""

    def __init__(
        self, folder: Path, megabytes: int = 24, *, for_root: int = 0, options: str = "errors=remount-ro"
    ) -> None:
        """Make and mount it.

        Args:
            folder: where; the disk lies in a file beside it.
            megabytes: its size.
            for_root: percent of it that nobody else may fill; ``mkfs.ext4`` keeps 5 where it is not told.
            options: of the mount.

        Raises:
            MissingError: not root, or nothing can be mounted here.
        """
        self.folder = folder
        self._options = options
        self._image = folder.with_name(f"{folder.name}.ext4")
        folder.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as image:
            image.truncate(megabytes << 20)
        try:
            made = ["mkfs.ext4", "-q", "-F", "-m", str(for_root), "-E", "lazy_itable_init=0", str(self._image)]
            subprocess.run(made, check=True, capture_output=True)
            self._mount()
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingError("a disk of its own needs root, mkfs.ext4 and loop mounts") from error

    def fill(self, user: int = 0) -> None:
        """Take every free byte that this user may take."""
        fd = os.open(self.folder / "filler", os.O_WRONLY | os.O_CREAT)
        words = ["dd", "if=/dev/zero", "bs=4096"]
        subprocess.run(words, stdout=fd, stderr=subprocess.DEVNULL, user=user, check=False)
        os.close(fd)

    def free(self) -> None:
        """Give them back."""
        (self.folder / "filler").unlink(missing_ok=True)

    def settle(self) -> None:
        """Everything written so far is on the disk."""
        subprocess.run(["sync", "-f", str(self.folder)], check=True)

    def break_down(self) -> None:
        """An error: the file system is read-only from now on."""
        subprocess.run(["mount", "-o", "remount,abort", str(self.folder)], check=True, capture_output=True)
        with contextlib.suppress(OSError):
            (self.folder / "noticed").touch()

    def lose_power(self) -> None:
        """From now on nothing reaches the disk, and what was not flushed is lost."""
        fd = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(fd, _SHUTDOWN, _AT_ONCE)
        os.close(fd)

    def reached(self) -> bytes:
        """All that has reached it so far: what a power cut would leave now; packed, for `cut`."""
        before, now = b"", self._image.read_bytes()
        while before != now:  # somebody's sync, anywhere on this machine, writes to it at the same time
            before, now = now, self._image.read_bytes()
        return zstandard.ZstdCompressor(level=1).compress(now)

    def holds(self, data: bytes) -> bool:
        """Whether these bytes lie on it anywhere, also where no file is any more."""
        return data in self._image.read_bytes()

    def cut(self, reached: bytes) -> None:
        """The machine is on again after a power cut that left just this; the journal is replayed: nobody may use it."""
        self.close()
        self._image.unlink()  # a loop device that still goes away holds the former file
        self._image.write_bytes(zstandard.ZstdDecompressor().decompress(reached))
        self._mount()

    def again(self) -> None:
        """Unmount, check and mount: nobody may use it."""
        self.close()
        subprocess.run(["e2fsck", "-fy", str(self._image)], check=False, capture_output=True)
        self._mount()

    def close(self) -> None:
        """Unmount."""
        subprocess.run(["umount", str(self.folder)], check=True, capture_output=True)

    def _mount(self) -> None:
        words = ["mount", "-o", f"loop,{self._options}", str(self._image), str(self.folder)]
        subprocess.run(words, check=True, capture_output=True)


def limit_files(pid: int, size: int | None) -> None:
    """From now on no write of this process goes beyond this offset of any file; None: no limit."""
    most = resource.RLIM_INFINITY if size is None else size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def next_write(database: Path) -> int:
    """Where in its log SQLite writes next: 32 bytes of header, then the frames that the shared index counts."""
    with database.with_name(f"{database.name}-shm").open("rb") as index:
        frames = int.from_bytes(index.read(20)[16:20], "little")
    return 32 + frames * frame_bytes(database)


def frame_bytes(database: Path) -> int:
    """A page in SQLite's log with its header."""
    with database.open("rb") as file:
        return int.from_bytes(file.read(18)[16:18], "big") + 24
