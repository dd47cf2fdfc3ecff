"""Where releases come from: a server, or a folder such as a stick's. Both only carry: trust is in `update.trust`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hardware.host import fetch as carrier
from hardware.host.fetch import DIRECT, AbsentError, FetchError, Route
from hardware.host.tls import Tls

__all__ = ["AbsentError", "FetchError", "FolderSource", "Source", "WebSource"]

LEAST_PER_S = 512
"""Bytes a second, over `PATIENCE_S`; a slower server is given up, and asked for the rest another time."""
PATIENCE_S = 60.0


class Source(Protocol):
    """A repository of releases as files by path."""

    def read(self, path: str, most: int) -> bytes:
        """A small file, whole.

        Args:
            path: below the repository, with ``/``.
            most: bytes; a longer file is an error, and no more of it is read.

        Raises:
            AbsentError: there is no such file.
            FetchError: it did not come, is too long or too slow.
            TlsError: this device's identity cannot be used.
        """

    def fetch(self, path: str, into: Path, sha256: str, size: int) -> Iterator[int]:
        """A large file, gone on with where an earlier attempt broke off; see `hardware.host.fetch.fetch`.

        Raises:
            FetchError: it did not come, is too slow, or has other bytes than promised.
            TlsError: this device's identity cannot be used.
        """


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A copy of the repository in a folder.

    Attributes:
        folder: may vanish at any moment.
    """

    folder: Path

    def read(self, path: str, most: int) -> bytes:
        """See `Source.read`."""
        return carrier.read_file(self.folder / path, most=most)

    def fetch(self, path: str, into: Path, sha256: str, size: int) -> Iterator[int]:
        """See `Source.fetch`."""
        return carrier.copy(self.folder / path, into, sha256=sha256, size=size)


@dataclass(frozen=True, slots=True)
class WebSource:
    """A server's copy of the repository.

    Attributes:
        url: of the repository; ``https://`` with `tls`, ``http://`` without.
        tls: this device's identity.
        check_time: whether this machine's clock can judge the server's certificate.
        route: how the server is reached. What it brings is believed by its signatures alone, so that a server that the
            site's own authority does not know is good enough to carry it; it sees this device's certificate.
        patience_s: seconds for a small file, and after which the speed of a large one is judged.
    """

    url: str
    tls: Tls | None = None
    check_time: bool = True
    route: Route = DIRECT
    patience_s: float = PATIENCE_S

    def read(self, path: str, most: int) -> bytes:
        """See `Source.read`."""
        place = self._place(path)
        return carrier.read(
            place,
            most=most,
            tls=self.tls,
            check_time=self.check_time,
            within_s=self.patience_s,
            route=self.route,
        )

    def fetch(self, path: str, into: Path, sha256: str, size: int) -> Iterator[int]:
        """See `Source.fetch`."""
        place = self._place(path)
        pieces = carrier.fetch(
            place, into, sha256=sha256, size=size, tls=self.tls, check_time=self.check_time, route=self.route
        )
        return _not_too_slow(place, pieces, self.patience_s, time.monotonic)

    def _place(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}"


def _not_too_slow(
    place: str, pieces: Iterator[int], patience_s: float, monotonic: Callable[[], float]
) -> Iterator[int]:
    """The same pieces; only the time spent waiting for them counts, not what is done between them."""
    before, waited = next(pieces), 0.0
    yield before
    while True:
        began = monotonic()
        there = next(pieces, None)
        if there is None:
            return
        waited += monotonic() - began
        if waited >= patience_s:
            if there - before < LEAST_PER_S * waited:
                raise FetchError(f"{place}: {there - before} bytes in {waited:.0f} s, expected {LEAST_PER_S} a second")
            before, waited = there, 0.0
        yield there
