"""Writing a catalogue file: records in any order go in, one immutable SQLite file comes out, whole or not at all.

While it grows it stands beside its place as ``<name>.part``, with ``<name>.work``: the DIs in order of arrival, which
parts of the release are in, and what was wrong with them. A run that was interrupted goes on after the last part that
was committed; nothing is flushed before the end, so after a power cut (another boot) it begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from edge.catalog.claims import settle
from edge.catalog.form import Forms, laid_out
from edge.catalog.packed import OWN, SHARED, own_row, rank_of_row, shared_row
from edge.catalog.pool import Pool
from edge.catalog.release import DeviceRecord
from hardware.host.files import sync_folder
from hardware.host.sqlite import is_refusal

FORMAT = 1
APPLICATION = 0x55444963
"""``UDIc`` in the header of each catalogue file."""
RECALL_COLUMNS = ("order", "kind", "di", "lots", "serials")
COMMIT_EVERY = 20_000
"""A commit comes at the border of a part."""
_FLUSH_EVERY = 5_000
_CACHE_KIB = 24_000
"""Of the file that is written and of the sorter, which spills the rest into files beside the output."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SCHEMA = f"""
PRAGMA main.application_id = {APPLICATION};
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE shared(id INTEGER PRIMARY KEY, {", ".join(SHARED)});
CREATE TABLE shape(id INTEGER PRIMARY KEY, packaging);
CREATE TABLE product(id INTEGER PRIMARY KEY, {", ".join(OWN)});
CREATE TABLE gtin(di INTEGER PRIMARY KEY, product, level, contains);
CREATE TABLE claim(di, place, product, level, contains, PRIMARY KEY(di, place)) WITHOUT ROWID;
CREATE TABLE recall("order", kind, di, lots, serials);
CREATE TABLE work.made(of, boot);
CREATE TABLE work.arrived(di, rank, product, level, contains);
CREATE TABLE work.part(name PRIMARY KEY, records);
CREATE TABLE work.problem(text);
"""


class CatalogueError(ValueError):
    """What cannot become or be a catalogue; the text names each place, the value and what was expected."""


@dataclass(frozen=True, slots=True)
class Source:
    """One part of what a file is made of."""

    name: str
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class About:
    """What a catalogue file says of itself."""

    kind: Literal["base", "overlay"]
    release: date
    """Day of the release it was made from."""
    sources: tuple[Source, ...]
    follows: date | None = None
    """The base, by its release, that an overlay changes."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what the file is made of and how: equal ones may be gone on with."""
        told = json.dumps([FORMAT, asdict(self)], default=str, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Made:
    """A catalogue file that was written."""

    records: int
    dis: int
    problems: tuple[str, ...]


class Writer:
    """Writes one file. Used as a context: what is not finished when it ends stays to be gone on with."""

    def __init__(self, out: Path, about: About, commit_every: int = COMMIT_EVERY) -> None:
        """Begin, or go on with what an earlier run left of the same sources.

        Args:
            out: where the file will be.
            about: what it will say of itself.
            commit_every: records between two commits, at least.

        Raises:
            OSError, sqlite3.Error: the place cannot be written.
        """
        self.out = out
        self.about = about
        self._part, self._work = out.with_name(f"{out.name}.part"), out.with_name(f"{out.name}.work")
        self._conn = self._open()
        self._shared = Pool(self._conn, "shared", len(SHARED))
        self._shape = Pool(self._conn, "shape", 1)
        self._forms = Forms()
        self._own: list[tuple[Any, ...]] = []
        self._claims: list[tuple[Any, ...]] = []
        self._problems: list[tuple[str]] = []
        self._next: int = self._one("SELECT coalesce(max(id), 0) + 1 FROM product")
        self._committed = self._next
        self._commit_every = commit_every
        self._where = ""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close; the last commit stands."""
        self._conn.close()

    @property
    def parts(self) -> frozenset[str]:
        """Names of the parts that are in."""
        return frozenset(name for (name,) in self._conn.execute("SELECT name FROM work.part"))

    def add(self, record: DeviceRecord) -> None:
        """Take a record; of two with one sale unit the newer version counts."""
        number, self._next = self._next, self._next + 1
        self._where = record.sale_unit
        keys, form = laid_out(record)
        text, claims = self._forms.claims(record, keys, form, self._noted)
        shape = None if text is None else self._shape.number((text,))
        own = own_row(record, keys, self._shared.number(shared_row(record)), shape)
        rank = rank_of_row(own)
        self._own.append((number, *own))
        self._claims += [(key, rank, number, level, contains) for key, level, contains in claims]
        if len(self._own) >= _FLUSH_EVERY:
            self._flush()

    def report(self, problem: str) -> None:
        """Keep a problem for the list at the end."""
        self._problems.append((problem,))

    def recalls(self, rows: Iterable[Sequence[Any]]) -> None:
        """Orders of a site's table, in the order of `RECALL_COLUMNS`."""
        self._conn.executemany("INSERT INTO recall VALUES (?, ?, ?, ?, ?)", rows)

    def end_part(self, name: str) -> None:
        """A part is in as a whole: an interrupted run will not read it again."""
        self._conn.execute("INSERT INTO work.part VALUES (?, ?)", (name, self._next - self._committed))
        if self._next - self._committed >= self._commit_every:
            self.commit()

    def commit(self) -> None:
        """Keep everything up to here for a later run; call it at the border of a part only."""
        self._flush()
        self._conn.execute("COMMIT")
        self._conn.execute("BEGIN EXCLUSIVE")
        self._committed = self._next

    def finish(self) -> Made:
        """Sort the DIs, say in ``meta`` what this is, check the file, flush it and give it its name.

        Raises:
            CatalogueError: what was written does not read back whole.
            OSError, sqlite3.Error: the disk is full or refuses; a later run goes on from here.
        """
        self.commit()
        dis = settle(self._conn, self.report)
        records = self._one("SELECT count(*) FROM product")
        self._flush()
        problems = tuple(text for (text,) in self._conn.execute("SELECT text FROM work.problem ORDER BY rowid"))
        self._conn.executemany("INSERT INTO meta VALUES (?, ?)", self._meta(records, dis, len(problems)))
        self._conn.execute("COMMIT")
        self._conn.execute("DETACH work")
        self._check()
        self._conn.close()
        self._name_it()
        return Made(records, dis, problems)

    def _open(self) -> sqlite3.Connection:
        for _ in range(2):
            with contextlib.ExitStack() as unless_good:
                try:
                    conn = sqlite3.connect(self._part, isolation_level=None, check_same_thread=False, timeout=1)
                    unless_good.callback(conn.close)
                    self._set_up(conn)
                    if self._is_ours(conn):
                        unless_good.pop_all()
                        return conn
                except sqlite3.DatabaseError as error:
                    if is_refusal(error):
                        expected = "expected a folder with room, and no other import of this catalogue"
                        raise CatalogueError(f"{self._part}: {error}: {expected}") from error
            self._remove(self._part, self._work)
        raise CatalogueError(f"{self._part}: begun anew, and not what was written; check the disk")

    def _set_up(self, conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA temp_store_directory = " + _quoted(self.out.absolute().parent))
        conn.execute("ATTACH ? AS work", (str(self._work),))
        for name in ("main", "work"):
            conn.execute(f"PRAGMA {name}.journal_mode = TRUNCATE")  # new pages are not copied: next to nothing
            conn.execute(f"PRAGMA {name}.synchronous = OFF")
            conn.execute(f"PRAGMA {name}.secure_delete = OFF")
            conn.execute(f"PRAGMA {name}.cache_size = {-_CACHE_KIB}")
        conn.execute("BEGIN EXCLUSIVE")
        if not conn.execute("SELECT 1 FROM sqlite_master").fetchone():
            for statement in _SCHEMA.split(";"):
                conn.execute(statement)
            conn.execute("INSERT INTO work.made VALUES (?, ?)", (self.about.digest, _boot()))
            conn.execute("COMMIT")
            conn.execute("BEGIN EXCLUSIVE")

    def _is_ours(self, conn: sqlite3.Connection) -> bool:
        return bool(conn.execute("SELECT of, boot FROM work.made").fetchone() == (self.about.digest, _boot()))

    def _noted(self, field: str, problem: str) -> None:
        self.report(f"record {self._where}: {field}: {problem}")

    def _flush(self) -> None:
        self._shared.flush()
        self._shape.flush()
        own = ", ".join("?" * (len(OWN) + 1))
        for statement, rows in (
            (f"INSERT INTO product VALUES ({own})", self._own),  # noqa: S608
            ("INSERT INTO work.arrived VALUES (?, ?, ?, ?, ?)", self._claims),
            ("INSERT INTO work.problem VALUES (?)", self._problems),
        ):
            self._conn.executemany(statement, rows)
            rows.clear()

    def _meta(self, records: int, dis: int, problems: int) -> Iterator[tuple[str, object]]:
        about = self.about
        yield from (("format", FORMAT), ("kind", about.kind), ("release", about.release.isoformat()))
        yield "follows", None if about.follows is None else about.follows.isoformat()
        yield "sources", json.dumps([[each.name, each.size, each.crc] for each in about.sources], ensure_ascii=False)
        yield from (("made_of", about.digest), ("records", records), ("dis", dis), ("problems", problems))

    def _check(self) -> None:
        found = self._conn.execute("PRAGMA quick_check").fetchall()
        if found != [("ok",)]:
            raise CatalogueError(f"{self._part}: written, but it reads back damaged: {found[0][0]}; check the disk")

    def _name_it(self) -> None:
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.rename(self.out)
        sync_folder(self.out.parent)
        self._remove(self._work, self._part)

    @staticmethod
    def _remove(*databases: Path) -> None:
        for path in databases:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)

    def _one(self, query: str) -> int:
        return int(self._conn.execute(query).fetchone()[0])


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _boot() -> str:
    return _BOOT_ID.read_text(encoding="ascii") if _BOOT_ID.exists() else ""
