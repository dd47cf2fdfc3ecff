"""What the authority did and refused, for whoever has to answer for it: lines of JSON, chained by SHA-256; no secrets.

A line is on the disk before what it tells of is valid. So a line may tell of something that a power cut undid, and
nothing is valid that no line tells of.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

START = "0" * 64
"""What the first line names as the one before it."""


class AuditError(ValueError):
    """The chain is broken; the text names the line."""


def append(file: Path, at: datetime, act: str, **facts: str | int | None) -> str:
    """Write a line; it is on the disk when this returns. Processes that append at once wait for each other.

    A last line without its end was cut off by a power cut, before anything came of it: it is taken away.

    Returns:
        SHA-256 of the line, by which the next one names it.

    Raises:
        OSError: it could not be written.
    """
    with _held(file) as log:
        before = _cut_to_last_whole_line(log)
        line = json.dumps({"at": at.isoformat(), "act": act, **facts, "before": before}, ensure_ascii=False).encode()
        log.write(line + b"\n")
        log.flush()
        os.fsync(log.fileno())
    return hashlib.sha256(line).hexdigest()


def verify(file: Path, head: str = START) -> int:
    """Follow the chain.

    Args:
        file: the log.
        head: hash of a line that has to be in it; `START`: none has to.

    Returns:
        The number of lines.

    Raises:
        AuditError: a line was changed, put in or taken away; or the last ones are gone.
    """
    before, count, seen = START, 0, head == START
    for count, line in enumerate(file.read_bytes().split(b"\n")[:-1], start=1):
        if _names(line) != before:
            raise AuditError(f"{file}, line {count}: does not follow line {count - 1}; the log was changed there")
        before = hashlib.sha256(line).hexdigest()
        seen = seen or before == head
    if not seen:
        raise AuditError(f"{file}: ends after line {count}, before the last line that was written: its end is missing")
    return count


def _names(line: bytes) -> object:
    try:
        return json.loads(line)["before"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


@contextmanager
def _held(file: Path) -> Iterator[BinaryIO]:
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b", buffering=0) as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        yield log


def _cut_to_last_whole_line(log: BinaryIO) -> str:
    size = log.seek(0, os.SEEK_END)
    start = max(0, size - 64 * 1024)
    log.seek(start)
    tail = log.read(size - start)
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        log.truncate(start + len(whole))
    last = whole[:-1].rpartition(b"\n")[2]
    return hashlib.sha256(last).hexdigest() if whole else START
