"""A release of UDID as it is downloaded: which parts it has, and the records of each.

A release is a ZIP of XML parts, a single part, or a folder of parts, named as published (pages of the share API,
``*.json``, are parts too: `edge.catalog.udid_api`):

- ``UDID_FULL_RELEASE_20260501.zip``, in it ``UDID_FULL_DOWNLOAD_PART26_Of_1136_2026-05-01.xml``
- ``UDID_DAY_UPDATE_20260811.zip``, in it ``UDID_INCREMENTAL_DOWNLOAD_PART1_Of_1_2026-08-11.xml``
- ``UDID_WEEKLY_UPDATE_20260810_20260816.zip`` and ``UDID_MONTH_UPDATE_202608.zip``: ZIPs of daily ZIPs, or of parts

::

    with open_release(path) as release:
        for part in release.parts:
            for record in release.read(part, report):
                ...

Parts come in the order in which they apply: by date, then by number. Names and sizes stay the same from one opening to
the next, so that an import can go on behind the last part that it kept.
"""

from __future__ import annotations

import calendar
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Literal, Self

from edge.catalog.release import DeviceRecord, ReleaseError, Tally
from edge.catalog.udid_api import read_page
from edge.catalog.udid_xml import Report, read_part

Kind = Literal["full", "monthly", "weekly", "daily"]

MOST_RATIO = 200
"""Times that a part may grow when it is unpacked. A record's own data, its DI and its key, take ten bytes however good
the compression, and what repeats takes at least three bytes for 258 (deflate): 1,450 bytes in 27 are a ratio of 54.
Deflate allows 1,032, and that is what bombs have."""
RATIO_FROM = 1 << 20
"""Bytes unpacked from which the ratio is asked."""
MOST_NESTED = 1 << 30
"""Bytes of all ZIPs inside a ZIP together; those of a month have some ten million."""
MOST_DEPTH = 2

_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"FULL"), "full"),
    (re.compile(r"MONTH(?:LY)?_UPDATE"), "monthly"),
    (re.compile(r"WEEK(?:LY)?_UPDATE"), "weekly"),
    (re.compile(r"DAY_UPDATE|DAILY|INCREMENTAL"), "daily"),
)
_DATES = re.compile(r"(?<![0-9])([0-9]{4})-?([0-9]{2})(?:-?([0-9]{2}))?(?![0-9])")
_NUMBERS = re.compile(r"([0-9]+)")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, OverflowError, ValueError)
_PARTS = (".xml", ".json")
_ENCRYPTED = 0x1
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class Part:
    """One XML part of a release."""

    name: str
    """Unique in the release; with ``/`` behind the name of a ZIP inside the ZIP."""
    size: int
    """Bytes of XML, as the ZIP says."""
    crc: int = 0
    """CRC-32 of the XML, as the ZIP says; 0 where there is no ZIP."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the bytes of a part come from: a file, or a member of an archive."""

    where: str | Path
    archive: zipfile.ZipFile | None = None

    def open(self) -> IO[bytes]:
        return Path(self.where).open("rb") if self.archive is None else self.archive.open(str(self.where))


class _Checked:
    """A part's bytes; what goes wrong with them says where."""

    def __init__(self, stream: IO[bytes], path: Path, part: str) -> None:
        self._stream, self._path, self._part = stream, path, part

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except (*_DAMAGED, OSError) as error:
            raise _damaged(self._path, error, self._part) from error


class Release:
    """An opened release; see `open_release`. A context manager."""

    def __init__(self, path: Path, kind: Kind, released: date, sources: dict[Part, _Source], files: ExitStack) -> None:
        self.path = path
        self.kind = kind
        self.date = released
        """The last day that it covers."""
        self.parts = tuple(sources)
        """In the order in which they apply."""
        self._sources = sources
        self._files = files

    def read(self, part: Part, report: Report, tally: Tally | None = None) -> Iterator[DeviceRecord]:
        """The records of a part, one after the other; several parts may be read at once by one thread.

        Args:
            part: one of `parts`.
            report: is told every problem of a record; the record is left out or has that field unknown.
            tally: counts along.

        Raises:
            ReleaseError: the part cannot be read on. Its checksum is only known at its end: a part is good when the
                iterator has ended without this error.
        """
        if part not in self._sources:
            raise ReleaseError(f"{self.path}: holds no {part.name} of {part.size} bytes: was it replaced?")
        try:
            stream = self._sources[part].open()
        except (*_DAMAGED, OSError) as error:
            raise _damaged(self.path, error, part.name) from error
        with stream:
            read = read_page if _suffix(part.name) == ".json" else read_part
            yield from read(_Checked(stream, self.path, part.name), part.name, report, tally)

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self.close()


def open_release(path: Path, *, kind: Kind | None = None, released: date | None = None) -> Release:
    """Open a release: a ZIP, one XML part, or a folder of parts. Nothing is unpacked but ZIPs inside the ZIP.

    Args:
        path: where it is.
        kind: what it is, where its name does not tell.
        released: the last day it covers, where its name does not tell.

    Raises:
        ReleaseError: it is no release, it is damaged or cut off, it is a bomb, or nobody says what it is.
    """
    with ExitStack() as files:
        try:
            sources = _Opening(path, files).sources()
        except ReleaseError:
            raise
        except (*_DAMAGED, OSError) as error:
            raise _damaged(path, error) from error
        if not sources:
            raise ReleaseError(
                f"{path}: expected XML parts such as UDID_FULL_DOWNLOAD_PART1_Of_9_2026-05-01.xml, found none"
            )
        names = (path.name, next(iter(sources)).name)
        kind = kind or next(filter(None, map(kind_of, names)), None)
        released = released or next(filter(None, map(date_of, names)), None)
        if kind is None or released is None:
            raise ReleaseError(
                f"{path}: the name does not tell the kind and the date of the release: expected one such as "
                f"UDID_FULL_RELEASE_20260501.zip or UDID_DAY_UPDATE_20260502.zip; rename it, or give both"
            )
        return Release(path, kind, released, sources, files.pop_all())


def kind_of(name: str) -> Kind | None:
    """What the name of a release or part says that it is."""
    return next((kind for pattern, kind in _KINDS if pattern.search(name.upper())), None)


def date_of(name: str) -> date | None:
    """The last day that the name of a release or part names; of a month its last day."""
    found = [day for year, month, day_ in _DATES.findall(name) if (day := _day(int(year), int(month), int(day_ or 0)))]
    return max(found, default=None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def _order(name: str) -> tuple[date, list[str | int]]:
    """By date, then by the numbers in it, so that PART10 follows PART9."""
    pieces = enumerate(_NUMBERS.split(name))  # every second one is a number
    return date_of(name) or date.min, [int(piece) if at % 2 else piece for at, piece in pieces]


class _Opening:
    """Finds the parts of what is at a path; what has to stay open for them goes to `files`."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._path = path
        self._files = files
        self._room = MOST_NESTED

    def sources(self) -> dict[Part, _Source]:
        path = self._path
        if path.is_dir():
            found = [file for file in path.iterdir() if _suffix(file.name) in _PARTS]
            return {_bare(file): _Source(file) for file in sorted(found, key=lambda file: _order(file.name))}
        if _suffix(path.name) in _PARTS:
            return {_bare(path): _Source(path)}
        return dict(self._members(self._files.enter_context(zipfile.ZipFile(path)), ""))

    def _members(self, archive: zipfile.ZipFile, within: str) -> Iterator[tuple[Part, _Source]]:
        _check(archive, f"{self._path}: {within}")
        for info in sorted(archive.infolist(), key=lambda info: _order(Path(info.filename).name)):
            name = within + info.filename
            if _suffix(info.filename) in _PARTS:
                yield Part(name, info.file_size, info.CRC), _Source(info.filename, archive)
            elif _suffix(info.filename) == ".zip":
                yield from self._members(self._unpacked(archive, info, name), f"{name}/")

    def _unpacked(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> zipfile.ZipFile:
        """A ZIP inside a ZIP, in a file without a name."""
        self._room -= info.file_size
        if self._room < 0 or name.lower().count(".zip") > MOST_DEPTH:
            most = f"at most {MOST_NESTED} bytes of ZIPs inside the ZIP, {MOST_DEPTH} deep"
            raise ReleaseError(f"{self._path}: {name}: expected {most}")
        copy = self._files.enter_context(TemporaryFile())  # noqa: SIM115 (the stack closes it)
        with archive.open(info) as stream:
            shutil.copyfileobj(stream, copy)
        return self._files.enter_context(zipfile.ZipFile(copy))


def _suffix(name: str) -> str:
    """Of a hidden file none: macOS puts ``._PART1.xml`` beside PART1.xml."""
    path = Path(name)
    return "" if path.name.startswith(".") else path.suffix.lower()


def _bare(file: Path) -> Part:
    return Part(file.name, file.stat().st_size)


def _check(archive: zipfile.ZipFile, where: str) -> None:
    """Refuse what is made to do harm, before anything is unpacked."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise ReleaseError(f"{where}: names a member twice; expected each part once")
    for info in archive.infolist():
        if info.flag_bits & _ENCRYPTED:
            raise ReleaseError(f"{where}: {info.filename} is encrypted; a release is not")
        if info.compress_type not in _PACKED:
            raise ReleaseError(f"{where}: {info.filename} is packed by method {info.compress_type}; expected deflate")
        if info.file_size > max(RATIO_FROM, info.compress_size * MOST_RATIO):
            raise ReleaseError(
                f"{where}: {info.filename} would grow from {info.compress_size} to {info.file_size} bytes, more than "
                f"{MOST_RATIO} times: that is a ZIP bomb, no part of a release"
            )
    if sum(info.compress_size for info in archive.infolist()) > archive.start_dir:
        raise ReleaseError(f"{where}: its members overlap: that is a ZIP bomb, no release")


def _damaged(path: Path, error: Exception, part: str = "") -> ReleaseError:
    where = f"{path}: {part}" if part else str(path)
    if isinstance(error, FileNotFoundError):
        return ReleaseError(f"{where}: there is no such file or folder")
    return ReleaseError(f"{where}: cannot be read ({error}): damaged or cut off; fetch it again")
