"""A tree as a tar in one exact form, and back without trusting it: the same tree gives the same bytes everywhere.

Only folders, plain files and links that stay inside; of a file's mode only whether it can be run; no owner, no time.
"""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from hardware.host.files import sync_folder

MOST_ENTRIES = 20_000
MOST_NAME = 240
"""Characters of a path."""
_PIECE = 256 * 1024
_TAKEN = (tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE)


class ArchiveError(Exception):
    """A tar that is not taken; what was written of it so far is to be thrown away."""


class Reader(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What identifies some bytes."""

    sha256: str
    size: int


class DigestReader:
    """Hands bytes on and adds them up; never more than the promised number."""

    def __init__(self, inner: Reader, most: int) -> None:
        """Read from `inner`, at most `most` bytes."""
        self._inner, self._most = inner, most
        self._digest, self._size = hashlib.sha256(), 0

    def read(self, size: int, /) -> bytes:
        """Read on.

        Raises:
            ArchiveError: there is more than was promised.
        """
        data = self._inner.read(size)
        self._digest.update(data)
        self._size += len(data)
        if self._size > self._most:
            raise ArchiveError(f"longer than the promised {self._most} bytes")
        return data

    def digest(self) -> Digest:
        """Of what was read so far."""
        return Digest(self._digest.hexdigest(), self._size)

    def drain(self) -> None:
        """Read to the end."""
        while self.read(_PIECE):
            pass


class _DigestWriter(io.RawIOBase):
    def __init__(self, inner: BinaryIO) -> None:
        self._inner, self._digest, self._size = inner, hashlib.sha256(), 0

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._digest.update(data)
        self._size += len(data)
        return self._inner.write(data)

    def digest(self) -> Digest:
        return Digest(self._digest.hexdigest(), self._size)


def names_of(tree: Path) -> list[str]:
    """Every folder, file and link below, in order, with ``/``."""
    return sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*"))


def write_tar(tree: Path, names: Iterable[str], out: Path) -> Digest:
    """Put these entries of a tree into a tar.

    Raises:
        ArchiveError: one of them is neither folder, file nor link that stays inside.
    """
    with out.open("wb") as file:
        writer = _DigestWriter(file)
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name in sorted(names):
                _add(tar, tree, name)
        return writer.digest()


def _add(tar: tarfile.TarFile, tree: Path, name: str) -> None:
    _refuse_name(name)
    path, info = tree / name, tarfile.TarInfo(name)
    if path.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(path), 0o777  # noqa: PTH115 - as it is written
        _refuse_link(name, info.linkname)
        tar.addfile(info)
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    elif path.is_file():
        stat = path.stat()
        info.size, info.mode = stat.st_size, 0o755 if stat.st_mode & 0o100 else 0o644
        with path.open("rb") as file:
            tar.addfile(info, file)
    else:
        raise ArchiveError(f"{path}: expected a folder, a file or a link")


def unpack_tar(stream: Reader, into: Path, on_file: Callable[[str], object] = lambda _: None) -> None:
    """Write what a tar holds into an empty folder; every file and folder is flushed.

    Args:
        stream: of the tar; read once, from begin to end.
        into: the folder.
        on_file: told the name of each entry once it is written.

    Raises:
        ArchiveError: it is no tar, or holds what is not taken.
        OSError: `into` cannot be written.
    """
    seen: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as tar:  # type: ignore[call-overload]
            for info in tar:
                _refuse(info, seen)
                seen[info.name] = info.type
                _write(tar, info, into / info.name)
                on_file(info.name)
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise ArchiveError(f"not a tar that is taken: {error}") from error
    for folder, _, _ in os.walk(into, topdown=False):
        sync_folder(Path(folder))


def _write(tar: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> None:
    if info.type == tarfile.DIRTYPE:
        if path.is_symlink() or not path.is_dir():  # another layer may have made the same folder
            path.mkdir(mode=0o755)
            path.chmod(0o755)  # whatever the umask
        return
    if info.type == tarfile.SYMTYPE:
        path.symlink_to(info.linkname)
        return
    source = tar.extractfile(info)
    assert source is not None  # noqa: S101 - a plain file has one
    mode = 0o755 if info.mode & 0o100 else 0o644
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with source, os.fdopen(fd, "wb") as file:
        shutil.copyfileobj(source, file, _PIECE)
        file.flush()
        os.fchmod(fd, mode)  # whatever the umask
        os.fsync(fd)


def _refuse(info: tarfile.TarInfo, seen: Mapping[str, bytes]) -> None:
    """What an entry must be before anything is written for it.

    Raises:
        ArchiveError: it is not.
    """
    _refuse_name(info.name)
    if len(seen) >= MOST_ENTRIES:
        raise ArchiveError(f"more than {MOST_ENTRIES} entries")
    if info.name in seen:
        raise ArchiveError(f"{info.name!r} is there twice")
    parent = posixpath.dirname(info.name)
    if parent and seen.get(parent) != tarfile.DIRTYPE:
        raise ArchiveError(f"{info.name!r} does not lie in a folder of this tar")
    if info.type not in _TAKEN or info.issparse():
        raise ArchiveError(f"{info.name!r} is of type {info.type!r}: expected a folder, a file or a link")
    if info.type == tarfile.SYMTYPE:
        _refuse_link(info.name, info.linkname)


def _refuse_name(name: str) -> None:
    good = name.isprintable() and "\\" not in name and not name.startswith("/") and len(name) <= MOST_NAME
    if not good or posixpath.normpath(name) != name or name.split("/", 1)[0] in ("", ".", ".."):
        raise ArchiveError(f"{name!r}: expected a plain relative path of at most {MOST_NAME} characters")


def _refuse_link(name: str, target: str) -> None:
    """A target steps up at its begin only: further on a step up could lead out of what another link names."""
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    plain = target.isprintable() and posixpath.normpath(target) == target and not target.startswith("/")
    if not plain or inside.split("/", 1)[0] == "..":
        raise ArchiveError(f"{name!r} is a link to {target!r}: expected one that stays inside")
