"""A card without room: calls that refuse from one write on, and a file system that takes so many bytes and no more."""

from __future__ import annotations

import contextlib
import errno
import io
import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest

CALLS = ("mkdir", "rename", "replace", "symlink", "fsync", "open")
NEVER = 1 << 62
TOLD = "the card is full: remove what is not the station's, or fit a larger one"


@dataclass
class Full:
    """A disk that has no room any more from its `at`-th write on, for so many writes."""

    at: int
    lasts: float = math.inf
    writes: int = 0
    refused: int = 0

    def write(self, *_: object) -> None:
        self.writes += 1
        if self.at <= self.writes < self.at + self.lasts:
            self.refused += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @contextlib.contextmanager
    def disk(self) -> Iterator[None]:
        """Whatever is written in here is written to it."""
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, partial(self._call, name, getattr(os, name)))
            patch.setattr(io, "open", partial(self._open, io.open))
            yield

    def _call(self, name: str, real: Callable[..., Any], *args: Any, **options: Any) -> Any:
        is_there = name in ("open", "mkdir") and Path(args[0]).exists()  # takes nothing, or is an error of its own
        if not is_there and (name != "open" or args[1] & os.O_CREAT):
            self.write()
        return None if name == "fsync" else real(*args, **options)  # nobody cuts the power here

    def _open(self, real: Callable[..., Any], file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "b" not in mode or not set(mode) & set("wax"):
            return real(file, mode, *args, **options)
        if not isinstance(file, int) and not Path(file).exists():
            self.write()
        return io.BufferedWriter(_File(self.write, file, mode.replace("b", ""), options.get("opener")))


class _File(io.FileIO):
    def __init__(self, write: Callable[[], None], file: Any, mode: str, opener: Any) -> None:
        super().__init__(file, mode, opener=opener)
        self._write = write

    def write(self, data: Any, /) -> int:
        self._write()
        return super().write(data)


@dataclass(frozen=True)
class Card:
    """A file system of its own in memory: it takes so many bytes and no more."""

    folder: Path

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            pytest.skip("a real full card needs root: it is mounted")
        self._mount("size=64m")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)

    def leave(self, free: int | None) -> None:
        """So many bytes are free from now on; None: enough."""
        size = 64 << 20 if free is None else shutil.disk_usage(self.folder).used + free
        self._mount(f"remount,size={size}")

    def _mount(self, options: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "card", str(self.folder)], check=True)
