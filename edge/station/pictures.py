"""Pictures that wait for the hub: sealed, in a folder of their own, and never worth as much as an event.

The folder is the whole state. A file is named by the SHA-256 of its sealed bytes and written whole or not at all; its
time is when it was taken. What is not such a file is left alone. Losing a picture is no fault: the folder has a quota
and pictures an age, and none is taken while the disk is short, so that the journal never misses the room.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from edge.seal import MAX_PICTURE_BYTES, Sealer, picture_name
from edge.station.config import SealTable
from edge.station.jpeg import is_bare
from hardware.host.clock import BUILD_FLOOR, TRUSTED, ClockReading
from hardware.host.files import replace

log = logging.getLogger(__name__)

FOLDER = "pictures"
NAME = re.compile(r"[0-9a-f]{64}")
_ABSENT = (FileNotFoundError, NotADirectoryError)
_HALF_WRITTEN = re.compile(r"[0-9a-f]{64}\.part")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much pictures may take of the card, and for how long."""

    quota_bytes: int = 50 * 1024 * 1024
    """Some 350 of the largest; a shift takes a few."""
    age: timedelta = timedelta(days=14)
    """As long as the journal is sure to hold events. A picture that came no further by then helps nobody."""
    spare_bytes: int = 64 * 1024 * 1024
    """Of the disk, left to others: with less than this free no picture is taken."""


class PictureError(ValueError):
    """A picture that may not be kept. The text never holds any of it."""


class _File(NamedTuple):
    """A picture in the folder; the oldest sorts first."""

    mtime: float
    name: str
    size: int


class PictureStore:
    """The folder; every method may be called from any thread."""

    def __init__(
        self, folder: Path, station: str = "", seal: SealTable | None = None, limits: Limits | None = None
    ) -> None:
        """Prepare; the folder is made with the first picture.

        Args:
            folder: for these files alone.
            station: to which, with the seal's site, each picture is bound.
            seal: the hub's key; without one no picture is taken.
            limits: quota, age and spare room.
        """
        self._folder = folder
        self._station = station
        self._site = "" if seal is None else seal.site
        self._sealer = None if seal is None else Sealer(seal.kid, base64.b64decode(seal.public_key))
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._passed: set[str] = set()
        """Files that can neither be read nor deleted; tried again after the next start."""
        self._counts: Counter[str] = Counter()
        self._told = ""
        for part in folder.glob("*.part"):
            if _HALF_WRITTEN.fullmatch(part.name):
                self._unlink(part)

    @classmethod
    def none(cls) -> PictureStore:
        """One that holds nothing and takes nothing."""
        return cls(Path(os.devnull, FOLDER))

    def keep(self, jpeg: bytes) -> str | None:
        """Seal a picture and keep it until the hub has it.

        Takes two flushes of the card: not for a thread that a person waits for.

        Args:
            jpeg: cropped to the object, without any metadata.

        Returns:
            Its name, for ``reads[].picture`` of its event; None if it was refused, which is logged and counted.
        """
        try:
            data = self._sealed(jpeg)
            with self._lock:
                self._make_room(len(data))
                replace(self._folder / picture_name(data), data)
        except (ValueError, OSError) as error:
            self._counts["refused"] += 1
            log.warning("picture=refused %s", error)
            return None
        return picture_name(data)

    def takes_more(self) -> bool:
        """Whether a picture would be kept now: there is a key to seal it to, and the disk has room."""
        return self._sealer is not None and self._free(self._folder.parent) >= self._limits.spare_bytes

    def names(self) -> list[str]:
        """Pictures that wait, the oldest first."""
        return [file.name for file in self._files() if file.name not in self._passed]

    def size(self, name: str) -> int | None:
        """Bytes of a picture; None if it is not there any more."""
        return next((file.size for file in self._files() if file.name == name), None)

    def read(self, name: str) -> bytes | None:
        """The sealed bytes; None if there is no such picture. A file that is not what its name says is deleted."""
        file = self._folder / name
        try:
            data = b"" if file.stat().st_size > MAX_PICTURE_BYTES else file.read_bytes()
        except _ABSENT:
            return None
        except OSError as error:
            log.warning("picture=%s passed over: %s", name, error)
            self._passed.add(name)
            return None
        if picture_name(data) != name:
            self._drop([name], "damaged")
            return None
        return data

    def remove(self, name: str) -> bool:
        """Delete a picture that the hub has; whether it was here."""
        return NAME.fullmatch(name) is not None and self._unlink(self._folder / name)

    def tidy(self, now: ClockReading) -> None:
        """Delete what is over the quota or past its age, the oldest first.

        The age is judged only by a clock that is right. A file from before this software or from the future was
        written while the time was not known: its age begins now.
        """
        with self._lock:
            self._make_room(0)
        if now.quality not in TRUSTED:
            return
        at = now.at.timestamp()
        files = self._files()
        for file in files:
            if not BUILD_FLOOR.timestamp() <= file.mtime <= at:
                self._date(file.name, at)
        past = at - self._limits.age.total_seconds()
        self._drop([file.name for file in files if BUILD_FLOOR.timestamp() <= file.mtime < past], "too_old")

    def stats_json(self) -> dict[str, int]:
        """For ``udi-station status``: what waits, and since the start of the process what came to nothing, and why."""
        files = self._files()
        why = {name: self._counts[name] for name in ("refused", "over_quota", "too_old", "damaged")}
        return {"waiting": len(files), "bytes": sum(file.size for file in files), **why}

    def _sealed(self, jpeg: bytes) -> bytes:
        if self._sealer is None:
            raise PictureError("no hub's key to seal a picture to: expected a [seal] table")
        if not is_bare(jpeg):
            raise PictureError(f"{len(jpeg)} bytes are no JPEG without metadata: expected nothing but the picture")
        return self._sealer.seal_picture(jpeg, site=self._site, station=self._station)

    def _make_room(self, size: int) -> None:
        """Under the lock; for so many bytes more."""
        if size:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            free = self._free(self._folder) - size
            if free < self._limits.spare_bytes:
                raise PictureError(f"{free} bytes would be free on the disk: expected {self._limits.spare_bytes}")
        files = self._files()
        over = sum(file.size for file in files) + size - self._limits.quota_bytes
        dropped = []
        for file in files:
            if over <= 0:
                break
            over -= file.size
            dropped.append(file.name)
        self._drop(dropped, "over_quota")

    @staticmethod
    def _free(folder: Path) -> int:
        """Bytes of the disk that anybody may use; 0 where it cannot be told."""
        try:
            disk = os.statvfs(folder)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    def _files(self) -> list[_File]:
        found = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        stat = entry.stat(follow_symlinks=False)
                        found.append(_File(stat.st_mtime, entry.name, stat.st_size))
        except _ABSENT:
            pass  # no picture was taken yet; or one was deleted while we looked, and we look again
        except OSError as error:
            self._say(f"pictures cannot be looked for: {error}")
        return sorted(found)

    def _drop(self, names: Iterable[str], why: str) -> None:
        for name in names:
            self._counts[why] += 1
            log.warning("picture=%s dropped why=%s", name, why)
            self._unlink(self._folder / name)

    def _unlink(self, file: Path) -> bool:
        try:
            file.unlink()
        except _ABSENT:
            return False
        except OSError as error:
            self._passed.add(file.name)
            self._say(f"{error}: the picture is passed over")
        return True

    def _date(self, name: str, at: float) -> None:
        try:
            os.utime(self._folder / name, (at, at), follow_symlinks=False)
        except OSError as error:
            self._say(f"the age of pictures is not known: {error}")

    def _say(self, text: str) -> None:
        if text != self._told:
            self._told = text
            log.warning("%s", text)
