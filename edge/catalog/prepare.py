"""The rows of a record, made ahead of the writer: by itself, or by other processes a part at a time.

Reading XML takes four times as long as writing the file. So each core reads a part of its own, into a spool file beside
the output; the writer takes the parts in their order.
"""

from __future__ import annotations

import marshal
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edge.catalog.form import Forms, Placed, laid_out
from edge.catalog.packed import own_row, rank_of_row, shared_row
from edge.catalog.release import DeviceRecord, ReleaseError

MOST_NOTED = 2_000
"""Problems of one part that are kept one by one."""
_BATCH = 500
_LENGTH_BYTES = 4


class Prepared(NamedTuple):
    """What a record becomes."""

    shared: tuple[Any, ...]
    own: tuple[Any, ...]
    packaging: str | None
    rank: int
    claims: list[Placed]
    problems: list[str]


class Noted:
    """The problems of reading a part; called with each. Of very many the rest is counted."""

    def __init__(self) -> None:
        """None yet."""
        self._told: list[str] = []
        self._more = 0

    def __call__(self, problem: object) -> None:
        """Note one."""
        if len(self._told) < MOST_NOTED:
            self._told.append(str(problem))
        else:
            self._more += 1

    def lines(self) -> list[str]:
        """What was noted."""
        return [*self._told, f"{self._more} further problems in the same part"] if self._more else self._told


class Preparer:
    """Makes rows."""

    def __init__(self) -> None:
        """Know no form yet."""
        self._forms = Forms()

    def prepare(self, record: DeviceRecord) -> Prepared:
        """The rows of a record, and what is wrong with its packaging."""
        problems: list[str] = []
        keys, form = laid_out(record)
        packaging, claims = self._forms.claims(
            record, keys, form, lambda field, told: problems.append(f"record {record.sale_unit}: {field}: {told}")
        )
        own = own_row(record, keys)
        return Prepared(shared_row(record), own, packaging, rank_of_row(own), claims, problems)


class PartReader(Protocol):
    """An opened release."""

    @property
    def parts(self) -> Sequence[Any]:
        """In the order in which they apply."""

    def read(self, part: Any, report: Callable[[Any], None], /) -> Iterable[DeviceRecord]:
        """The records of a part; problems are reported."""


class Ahead:
    """Other processes that read the next parts while this one writes. A context."""

    def __init__(self, opener: Callable[[], PartReader], spool: Path, processes: int) -> None:
        """Start them.

        Args:
            opener: opens the release again, in each of them; can be pickled.
            spool: name to which a number is put: files beside the output.
            processes: how many.
        """
        self._spool = spool
        self._most = processes + 1
        self._pool = ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(opener,)
        )
        self._closing = ExitStack()
        self._closing.callback(self._sweep)
        self._closing.callback(self._pool.shutdown, cancel_futures=True)

    def __enter__(self) -> Ahead:  # noqa: PYI034 - final
        """Sweep away what a killed run left."""
        self._sweep()
        return self

    def __exit__(self, *_error: object) -> None:
        """End them."""
        self._closing.close()

    def parts(self, numbers: Iterable[int]) -> Iterator[tuple[int, Iterator[Prepared], Noted]]:
        """These parts in their order: number, rows, and the problems of reading, whole once the rows were taken.

        Raises:
            ReleaseError: a part cannot be read on; the rows before it were given.
        """
        waiting: deque[tuple[int, Future[tuple[Noted, str]]]] = deque()
        rest = iter(numbers)
        while True:
            while len(waiting) < self._most and (number := next(rest, None)) is not None:
                waiting.append((number, self._pool.submit(_spool, number, self._file(number))))
            if not waiting:
                return
            number, future = waiting.popleft()
            try:
                noted, error = future.result()
            except BrokenProcessPool as broken:
                raise ReleaseError("a process that reads the release was killed; is there memory enough?") from broken
            yield number, _unspooled(self._file(number), error), noted

    def _file(self, number: int) -> Path:
        return self._spool.with_name(f"{self._spool.name}{number}")

    def _sweep(self) -> None:
        for file in self._spool.parent.glob(f"{self._spool.name}*"):
            file.unlink()


class _Reader:
    """What a reading process has opened."""

    release: PartReader | None = None
    preparer = Preparer()


def _begin(opener: Callable[[], PartReader]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Reader.release = opener()


def _end_with_parent() -> None:
    """A writer that was killed leaves nobody behind."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _spool(number: int, file: Path) -> tuple[Noted, str]:
    """Read a part into a file; answers with its problems, and why it ended if not at its end."""
    assert _Reader.release is not None  # noqa: S101 - `_begin` was before
    release, noted, batch, error = _Reader.release, Noted(), list[Prepared](), ""
    with file.open("wb") as out:

        def put() -> None:
            data = marshal.dumps([tuple(each) for each in batch])
            out.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
            batch.clear()

        try:
            for record in release.read(release.parts[number], noted):
                batch.append(_Reader.preparer.prepare(record))
                if len(batch) >= _BATCH:
                    put()
        except ReleaseError as told:
            error = str(told)
        put()
    return noted, error


def _unspooled(file: Path, error: str) -> Iterator[Prepared]:
    with file.open("rb") as spooled:
        while head := spooled.read(_LENGTH_BYTES):
            batch = marshal.loads(spooled.read(int.from_bytes(head, "big")))  # noqa: S302 - this program's own file
            yield from map(Prepared._make, batch)
    file.unlink()
    if error:
        raise ReleaseError(error)
