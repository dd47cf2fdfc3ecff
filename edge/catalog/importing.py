"""From a release to a catalogue file: every part, in order, with a report of what was wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from edge.catalog.folder import Signer, changing, present, put_in, sweep
from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from edge.catalog.write import COMMIT_EVERY, About, CatalogueError, Made, Source, Writer
from hardware.host.sqlite import is_full

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
    commit_every: int = COMMIT_EVERY,
) -> Made:
    """Make a base from a full release. Run again after an error or a kill, it goes on after the last finished part.

    Raises:
        CatalogueError: the release is a delta, cannot be read on, or the disk refuses; names part and record.
    """
    if release.kind != "full":
        raise CatalogueError(
            f"a base needs a full release, found a {release.kind} one of {release.date}: update a folder"
        )
    about = About("base", release.date, _sources(release))
    return _make(release, Writer(out, about, commit_every), told, lambda record: record)


def import_into(
    release: Release, folder: Path, signer: Signer | None, told: Callable[[Progress], None] = lambda _: None
) -> Made:
    """Make a base and take it into service."""
    with changing(folder):
        sweep(folder)
        made = import_base(release, folder / BASE, told)
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
            made = _make(release, writer, told, lambda record: _last_known(record, catalog, release.date))
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


def _make(
    release: Release,
    writer: Writer,
    told: Callable[[Progress], None],
    as_kept: Callable[[DeviceRecord], DeviceRecord],
) -> Made:
    at = _Place(writer.out)
    try:
        with writer:
            _read_all(release, writer, told, as_kept, at)
            return writer.finish()
    except (sqlite3.Error, OSError) as error:
        raise CatalogueError(at.told(error)) from error


def _read_all(
    release: Release,
    writer: Writer,
    told: Callable[[Progress], None],
    as_kept: Callable[[DeviceRecord], DeviceRecord],
    at: _Place,
) -> None:
    known, done = writer.parts, 0
    for part in release.parts:
        if part.name not in known:
            at.part, at.record = part.name, 0
            for record in release.read(part, lambda problem: writer.report(str(problem))):
                at.record += 1
                at.sale_unit = record.sale_unit
                writer.add(as_kept(record))
            writer.end_part(part.name)
        done += part.size
        told(Progress(part.name, done))
    at.part = ""


@dataclass(slots=True)
class _Place:
    """Where a run is, for its error."""

    out: Path
    part: str = ""
    record: int = 0
    sale_unit: str = ""

    def told(self, error: Exception) -> str:
        where = f"part {self.part}, record {self.record} ({self.sale_unit})" if self.part else "sorting the DIs"
        full = isinstance(error, sqlite3.Error) and is_full(error)
        what = "the disk is full: make room" if full else f"{error}; see to the disk"
        return (
            f"{self.out}: {where}: {what} and run this again, it goes on where it was; nothing in service was touched"
        )


def _last_known(record: DeviceRecord, catalog: Catalog, released: date) -> DeviceRecord:
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
