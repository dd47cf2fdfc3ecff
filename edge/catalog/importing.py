"""From a release to a catalogue file: every part, in order, with a report of what was wrong."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from edge.catalog.folder import Signer, changing, present, put_in, sweep
from edge.catalog.prepare import Ahead, Noted, Prepared, Preparer
from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from edge.catalog.tree import Key, di_of
from edge.catalog.write import COMMIT_EVERY, About, CatalogueError, Made, Source, Writer
from hardware.host.sqlite import is_full

WORTH_AHEAD = 8
"""Parts from which other processes are begun."""
BASE, OVERLAY = "base", "overlay"
"""Names of a file that is being made in a folder."""


class Part(Protocol):
    """One part of a release."""

    @property
    def name(self) -> str:
        """Unique in the release."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def crc(self) -> int:
        """Of its content."""


class Release(Protocol):
    """What an opened release offers; see `edge.catalog.udid_zip`."""

    @property
    def kind(self) -> str:
        """``full``, or that of a delta."""

    @property
    def date(self) -> date:
        """The last day that it covers."""

    @property
    def parts(self) -> Sequence[Any]:
        """In the order in which they apply, each a `Part`."""

    def read(self, part: Any, report: Callable[[Any], None], /) -> Iterable[DeviceRecord]:
        """The records of a part; problems are reported."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has done so far."""

    part: str
    bytes: int
    """Of the parts that are in."""


def import_base(
    release: Release,
    out: Path,
    told: Callable[[Progress], None] = lambda _: None,
    *,
    opener: Callable[[], Release] | None = None,
    commit_every: int = COMMIT_EVERY,
) -> Made:
    """Make a base from a full release. Run again after an error or a kill, it goes on after the last finished part.

    Args:
        release: opened.
        out: the file to be.
        told: hears of each part that is in.
        opener: opens the release again, in processes that read its parts ahead, one for each core; can be pickled.
            None: everything is done here.
        commit_every: records between two points from which a later run can go on.

    Raises:
        CatalogueError: the release is a delta, or the disk refuses; names part and record.
        ReleaseError: a part cannot be read on.
    """
    if release.kind != "full":
        raise CatalogueError(
            f"a base needs a full release, found a {release.kind} one of {release.date}: update a folder"
        )
    writer = Writer(out, About("base", release.date, _sources(release)), commit_every)
    if opener is None or len(release.parts) < WORTH_AHEAD:
        return _make(release, writer, told, lambda numbers: _parts_here(release, numbers, lambda record: record))
    with Ahead(opener, out.with_name(f"{out.name}.spool"), os.cpu_count() or 1) as ahead:
        return _make(release, writer, told, ahead.parts)


def import_into(
    release: Release,
    folder: Path,
    signer: Signer | None,
    told: Callable[[Progress], None] = lambda _: None,
    *,
    opener: Callable[[], Release] | None = None,
) -> Made:
    """Make a base, as `import_base` does, and take it into service."""
    with changing(folder):
        sweep(folder)
        made = import_base(release, folder / BASE, told, opener=opener)
        put_in(folder, folder / BASE, signer)
    return made


def update(
    release: Release, folder: Path, signer: Signer | None, told: Callable[[Progress], None] = lambda _: None
) -> Made:
    """Make an overlay from a delta and take it into service.

    A record that the delta deletes is kept as it was last known, with the day of its withdrawal.

    Raises:
        CatalogueError: there is no base before it, it is older than what is there, or as for `import_base`.
    """
    with changing(folder):
        sweep(folder)
        here = present(folder)
        _must_follow(release, folder, here.release if here.base is not None else None)
        base = None if here.base is None else date.fromisoformat(here.base.release)
        about = About("overlay", release.date, _sources(release), base)
        with closing(Catalog.open(folder)) as catalog:
            writer = Writer(folder / OVERLAY, about)
            last_known = partial(_last_known, catalog, release.date)
            made = _make(release, writer, told, lambda numbers: _parts_here(release, numbers, last_known))
        put_in(folder, folder / OVERLAY, signer)
    return made


def _must_follow(release: Release, folder: Path, newest: date | None) -> None:
    what = f"the {release.kind} release of {release.date}"
    if release.kind == "full":
        raise CatalogueError(f"{what} is a base and no update: import it with --folder {folder}")
    if newest is None:
        raise CatalogueError(f"{what} is a delta, and {folder} has no base yet: import a full release first")
    if release.date < newest:
        raise CatalogueError(f"{what} is older than what {folder} has ({newest}): it is in there, or was left out")


def _sources(release: Release) -> tuple[Source, ...]:
    return tuple(Source(part.name, part.size, part.crc) for part in release.parts)


_Rows = Callable[[Iterable[int]], Iterable[tuple[int, Iterator[Prepared], Noted]]]
"""Gives the parts with these numbers: number, rows, and the problems of reading, whole once the rows were taken."""


def _parts_here(
    release: Release, numbers: Iterable[int], as_kept: Callable[[DeviceRecord], DeviceRecord]
) -> Iterator[tuple[int, Iterator[Prepared], Noted]]:
    preparer = Preparer()
    for number in numbers:
        noted = Noted()
        records = release.read(release.parts[number], noted)
        yield number, (preparer.prepare(as_kept(record)) for record in records), noted


def _make(release: Release, writer: Writer, told: Callable[[Progress], None], parts: _Rows) -> Made:
    at = _Place(writer.out)
    try:
        with writer:
            _take_all(release, writer, told, parts, at)
            at.where = "sorting the DIs"
            return writer.finish()
    except (sqlite3.Error, OSError) as error:
        raise CatalogueError(at.told(error)) from error


def _take_all(release: Release, writer: Writer, told: Callable[[Progress], None], parts: _Rows, at: _Place) -> None:
    known = writer.parts
    done = sum(part.size for part in release.parts if part.name in known)
    todo = [number for number, part in enumerate(release.parts) if part.name not in known]
    for number, rows, noted in parts(todo):
        part = release.parts[number]
        at.begin(part.name)
        for each in rows:
            at.next(each)
            writer.put(each)
        for problem in noted.lines():
            writer.report(problem)
        writer.end_part(part.name)
        done += part.size
        told(Progress(part.name, done))


@dataclass(slots=True)
class _Place:
    """Where a run is, for its error."""

    out: Path
    where: str = "reading ahead"
    part: str = ""
    record: int = 0
    sale_unit: Key = ""

    def begin(self, part: str) -> None:
        self.part, self.record = part, 0

    def next(self, rows: Prepared) -> None:
        self.record += 1
        self.sale_unit = rows.own[0]

    def told(self, error: Exception) -> str:
        where = self.where
        if self.part and where == "reading ahead":
            where = f"part {self.part}, record {self.record} ({di_of(self.sale_unit)})"
        full = is_full(error) if isinstance(error, sqlite3.Error) else getattr(error, "errno", 0) == errno.ENOSPC
        what = "the disk is full: make room" if full else f"{error}; see to the disk"
        return (
            f"{self.out}: {where}: {what} and run this again, it goes on where it was; nothing in service was touched"
        )


def _last_known(catalog: Catalog, released: date, record: DeviceRecord) -> DeviceRecord:
    if record.status != "deleted":
        return record
    known = catalog.record(record.sale_unit) or record
    withdrawn = record.withdrawn or record.version_date or record.published or released
    return replace(
        known, status="deleted", withdrawn=withdrawn, version=record.version, version_date=record.version_date
    )


def newest_last(releases: Sequence[Release]) -> list[Release]:
    """In the order in which deltas apply."""
    return sorted(releases, key=lambda release: release.date)
