"""Files that are whole after a power cut: the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of an `OSError` that says: the disk is full."""


def replace(path: Path, data: bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Replace the content of `path` durably: write aside, flush, rename, flush the folder.

    Args:
        path: the file.
        data: its content.
        mode: its rights, whatever the umask is: a service's is strict, and some files are for others.
        owner: user and group number, if they have to be others than this process's.

    Raises:
        OSError: the file could not be written; the former content is untouched.
    """
    replace_by_pieces(path, [data], mode=mode, owner=owner)


def replace_by_pieces(
    path: Path, pieces: Iterable[bytes], *, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> None:
    """`replace` for more than fits into memory; what `pieces` raises leaves the former content untouched too."""
    part = path.with_name(path.name + ".part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with contextlib.ExitStack() as unless_whole:
        unless_whole.callback(part.unlink)
        with os.fdopen(fd, "wb") as file:
            if owner is not None:
                os.fchown(fd, *owner)
            os.fchmod(fd, mode)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        unless_whole.pop_all()
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Flush what somebody else has written to a file, so that it survives a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that renames and new files in it survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
