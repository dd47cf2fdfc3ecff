"""The parts of a release, read by several processes at once; what each makes of its part comes back in order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from edge.catalog.release import DeviceRecord, Problem, ReleaseError, Tally
from edge.catalog.udid_zip import Kind, Part, Release, open_release

T = TypeVar("T")
Work = Callable[[Iterator[DeviceRecord]], T]
AHEAD = 2
"""Parts under way for each process: what waits for the reader is bounded by them."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What became of a part."""

    part: Part
    result: T
    problems: tuple[Problem, ...] = ()
    tally: Tally = field(default_factory=Tally)


def read_parallel(release: Release, work: Work[T], processes: int, *, after: int = 0) -> Generator[Done[T], None, None]:
    """Let `processes` processes read the parts of a release.

    A record that is sent from one process to another costs about as much as reading it, so each process does `work` on
    the records of a part and sends what that gives: rows for a table, best as one bytes or a list of plain tuples.

    Args:
        release: an opened release; each process opens it anew.
        work: a function of a module, called with the records of one part in one of the processes.
        processes: how many; with 1 the parts are read here, without another process.
        after: so many parts are left out, those that an earlier run has kept.

    Yields:
        The parts in their order; at most `AHEAD` for each process are kept.

    Raises:
        ReleaseError: a part cannot be read on, or its process died; the parts before it have been given.
    """
    parts = release.parts[after:]
    if processes == 1:
        yield from (_read(release, part, work) for part in parts)
        return
    context = multiprocessing.get_context("spawn")  # whoever imports may have threads
    opening = (release.path, release.kind, release.date)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_open, initargs=opening) as pool:
        waiting: deque[Future[Done[T]]] = deque()
        try:
            for part in parts:
                waiting.append(pool.submit(_read_here, part, work))
                if len(waiting) == AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ReleaseError(f"{release.path}: a process that read it died: killed, or out of memory?") from error
        finally:
            pool.shutdown(cancel_futures=True)


_opened: list[Release] = []
"""The release of this process."""


def _open(path: Path, kind: Kind, released: date) -> None:
    _opened.append(open_release(path, kind=kind, released=released))


def _read_here(part: Part, work: Work[T]) -> Done[T]:
    return _read(_opened[0], part, work)


def _read(release: Release, part: Part, work: Work[T]) -> Done[T]:
    problems: list[Problem] = []
    tally = Tally()
    result = work(release.read(part, problems.append, tally))
    return Done(part, result, tuple(problems), tally)
