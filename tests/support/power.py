"""A power cut on a disk of its own: what had not reached it is lost, and nothing rests on ext4's kindness.

The disk is put by as it is at some moment (`SmallDisk.reached`) while the work on it goes on; `SmallDisk.cut` then puts
it back and replays its journal, as after a power cut at that moment. What a card's own cache may lose is not seen.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.disk import SmallDisk
from tests.support.needs import MissingError

UNKIND = "noauto_da_alloc,commit=300"
"""What is renamed is not flushed by ext4 itself, and nothing is committed because time goes by."""
CALLS = ("mkdir", "rename", "replace", "symlink", "unlink", "fsync", "sync")


@contextlib.contextmanager
def power_disk(megabytes: int = 8) -> Iterator[SmallDisk]:
    """In memory where there is some: what is tried is what reaches it, not how fast."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        try:
            disk = SmallDisk(Path(folder) / "device", megabytes, options=UNKIND)
        except MissingError as missing:
            pytest.skip(f"NOT TRIED: {missing}")
        try:
            yield disk
        finally:
            disk.close()


def there(*folders: Path) -> Mapping[Path, bytes]:
    """All files and links below these, without those that are still being written aside."""
    found = {}
    for folder in folders:
        for path in sorted((folder, *folder.rglob("*"))):
            if path.is_symlink():
                found[path] = os.fsencode(path.readlink())
            elif path.is_file() and path.suffix != ".part":
                found[path] = path.read_bytes()
    return found


@contextlib.contextmanager
def before_each_call(told: Callable[[str], object]) -> Iterator[None]:
    """Whatever in here changes a folder or flushes is told by its name just before it; see `CALLS`."""

    def call(name: str, real: Callable[..., Any], *args: Any, **options: Any) -> Any:
        told(name)
        return real(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, partial(call, name, getattr(os, name)))
        yield
