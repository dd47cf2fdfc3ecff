"""Fetching a file whose SHA-256 is known before, by outbound HTTPS or from a folder; goes on where it broke off."""

from __future__ import annotations

import hashlib
import http.client
import os
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hardware.host.files import FULL, sync_file, sync_folder
from hardware.host.tls import Tls, client_context

PIECE = 256 * 1024
TIMEOUT_S = 20.0
"""Without a byte."""
READ_S = 60.0
"""For a whole small file."""
_PARTIAL = 206
_ABSENT = (403, 404)
_RANGE_REFUSED = 416


class FetchError(OSError):
    """The file could not be fetched; what has come so far is kept unless it was wrong."""


class AbsentError(FetchError):
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached. Proxies that the environment names are never asked.

    Attributes:
        proxy: the site's, ``http://host:port``; None: none is between.
        public: the server's certificate may also be of an authority that the operating system knows; else only of the
            site's own.
    """

    proxy: str | None = None
    public: bool = False

    def place(self, url: str) -> str:
        """The address as messages name it."""
        return url if self.proxy is None else f"{url} (by the proxy {self.proxy})"


DIRECT = Route()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that sends us elsewhere is not the one that was named."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        """Refuse: the answer 3xx becomes an error."""


def fetch(
    url: str, out: Path, *, sha256: str, size: int, tls: Tls | None, check_time: bool = True, route: Route = DIRECT
) -> Generator[int, None, None]:
    """Fetch one file, piece by piece; gives the number of bytes that are there after each.

    `out` appears when it is whole and right. What is there of it before lies beside it as ``<out>.part``, and the next
    call goes on from there.

    Args:
        url: ``https://``; ``http://`` only without `tls`, on a bench.
        out: where it goes.
        sha256: of the whole file, lower-case hex.
        size: of the whole file, bytes; not one more is written.
        tls: this device's identity.
        check_time: whether this machine's clock can judge the server's certificate.
        route: how the server is reached.

    Raises:
        AbsentError: the server has no such file.
        FetchError: no connection, another answer than the file, or other bytes than promised.
        TlsError: this device's identity cannot be used.
        OSError: this device's disk is full.
    """
    _refuse_address(url, tls)
    part, digest = out.with_name(out.name + ".part"), hashlib.sha256()
    there = _take_up(part, size, digest)
    yield there
    if there < size:
        opener = _opener(tls, route, check_time=check_time)
        yield from _rest(url, route, part, there, size, digest, opener)
    _finish(url, part, out, sha256, digest)


def copy(source: Path, out: Path, *, sha256: str, size: int) -> Generator[int, None, None]:
    """`fetch` from a folder, such as a stick that may be pulled out at any moment.

    Raises:
        AbsentError: there is no such file.
        FetchError: it cannot be read, or has other bytes than promised.
        OSError: this device's disk is full.
    """
    part, digest = out.with_name(out.name + ".part"), hashlib.sha256()
    there = _take_up(part, size, digest)
    yield there
    if there < size:
        yield from _rest_of_file(source, part, there, size, digest)
    _finish(str(source), part, out, sha256, digest)


def read(
    url: str,
    *,
    most: int,
    tls: Tls | None,
    check_time: bool = True,
    within_s: float = READ_S,
    route: Route = DIRECT,
) -> bytes:
    """A small file as it is, whole.

    Args:
        url: as for `fetch`.
        most: bytes; a longer file is an error, and no more of it is read.
        tls: this device's identity.
        check_time: whether this machine's clock can judge the server's certificate.
        within_s: seconds for all of it, however steadily it drips.
        route: how the server is reached.

    Raises:
        AbsentError: the server has no such file.
        FetchError: no connection, another answer than the file, too long or too slow.
        TlsError: this device's identity cannot be used.
    """
    _refuse_address(url, tls)
    ends = time.monotonic() + within_s
    data, place = bytearray(), route.place(url)
    try:
        with _opener(tls, route, check_time=check_time).open(url, timeout=min(TIMEOUT_S, within_s)) as answer:
            while len(data) <= most and (piece := answer.read1(most + 1 - len(data))):
                data += piece
                _refuse_late(place, len(data), ends)
            promised = int(answer.headers.get("Content-Length", len(data)))
    except urllib.error.HTTPError as error:
        raise _answered(place, error) from error
    except FetchError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FetchError(f"{place}: {_why(error, route)}") from error
    return _whole(place, bytes(data), most, promised)


def read_file(path: Path, *, most: int) -> bytes:
    """`read` from a folder.

    Raises:
        AbsentError: there is no such file.
        FetchError: it cannot be read, is no plain file, or is longer than `most`.
    """
    try:
        with _plain_file(path) as file:
            data = file.read(most + 1)
    except FileNotFoundError as error:
        raise AbsentError(f"{path}: no such file") from error
    except OSError as error:
        raise FetchError(f"{path}: {error.strerror or error}") from error
    return _whole(str(path), data, most, len(data))


_TODO = {
    "connection failed: 403": "let the proxy pass this host, or name it in the site file's network.direct",
    "connection failed: 407": "let the proxy pass this host without a password, or name it in network.direct",
    "connection failed: 5": "the proxy does not reach this host; one inside the site stands in network.direct",
    "verify failed": "this is not the server that was named: the proxy must not open this host's TLS",
    "": "is the proxy there? A host that is reached without it stands in the site file's network.direct",
}
"""What a proxy's failure says, and what to do about it; the last is for every other one of the connection."""
_OF_THE_LINE = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


def _why(error: Exception, route: Route) -> str:
    """What happened, and what to do about it where a proxy is between."""
    text = str(error.reason if isinstance(error, urllib.error.URLError) else error)
    text = text if text.isprintable() else repr(text)
    if route.proxy is None or not isinstance(error, _OF_THE_LINE):
        return text
    return f"{text}; {next((todo for mark, todo in _TODO.items() if mark in text), _TODO[''])}"


def _answered(url: str, error: urllib.error.HTTPError) -> FetchError:
    error.close()
    kind = AbsentError if error.code in _ABSENT else FetchError
    return kind(f"{url}: the server answers {error.code} {error.reason}")


def _refuse_late(url: str, there: int, ends: float) -> None:
    if time.monotonic() > ends:
        raise FetchError(f"{url}: {there} bytes came in the time for all of it, and no end")


def _whole(place: str, data: bytes, most: int, promised: int) -> bytes:
    if len(data) > most:
        raise FetchError(f"{place}: longer than {most} bytes")
    if len(data) < promised:
        raise FetchError(f"{place}: expected {promised} bytes, {len(data)} came")
    return data


def _refuse_address(url: str, tls: Tls | None) -> None:
    if not url.startswith("http://" if tls is None else "https://"):
        raise FetchError(f"{url}: expected an https:// address, asked with this device's identity")


def _finish(place: str, part: Path, out: Path, sha256: str, digest: Any) -> None:
    if digest.hexdigest() != sha256:
        part.unlink()
        raise FetchError(f"{place}: expected SHA-256 {sha256}, found {digest.hexdigest()}; it will be fetched anew")
    sync_file(part)  # also what an earlier process has left
    part.rename(out)
    sync_folder(out.parent)


def _plain_file(path: Path) -> BinaryIO:
    """Open for reading; a pipe or device, which would be endless or block, is refused."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FetchError(f"{path}: not a plain file")
    return file


def _rest_of_file(source: Path, part: Path, there: int, size: int, digest: Any) -> Iterator[int]:
    try:
        with _plain_file(source) as file, part.open("ab") as out:
            file.seek(there)
            while there < size and (piece := file.read(min(PIECE, size - there))):
                out.write(piece)
                digest.update(piece)
                there += len(piece)
                yield there
    except FetchError:
        raise
    except FileNotFoundError as error:
        raise AbsentError(f"{source}: no such file") from error
    except OSError as error:
        _refuse_full(error, part)
        raise FetchError(f"{source}: {error.strerror or error}") from error
    if there < size:
        raise FetchError(f"{source}: expected {size} bytes, {there} are there")


def _refuse_full(error: Exception, part: Path) -> None:
    """A full disk is this device's own, wherever the file comes from."""
    if isinstance(error, OSError) and error.errno in FULL:
        raise OSError(error.errno, os.strerror(error.errno), str(part)) from error


def _take_up(part: Path, size: int, digest: Any) -> int:
    """Hash what an earlier attempt left; more than the whole is no part of it."""
    if not part.exists() or part.stat().st_size > size:
        part.write_bytes(b"")
        return 0
    with part.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return part.stat().st_size


def _opener(tls: Tls | None, route: Route, *, check_time: bool) -> urllib.request.OpenerDirector:
    proxies = {} if route.proxy is None else {"http": route.proxy, "https": route.proxy}
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler(proxies), _NoRedirect()]
    if tls is not None:
        context = client_context(tls, check_time=check_time, public=route.public)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


def _demand_the_rest(place: str, there: int, status: int) -> None:
    if there and status != _PARTIAL:
        raise FetchError(f"{place}: expected the rest from byte {there} on, found status {status}")


def _rest(
    url: str, route: Route, part: Path, there: int, size: int, digest: Any, opener: urllib.request.OpenerDirector
) -> Iterator[int]:
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})  # noqa: S310 - checked
    place = route.place(url)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer, part.open("ab") as file:
            _demand_the_rest(place, there, answer.status)
            while there < size and (piece := answer.read1(min(PIECE, size - there))):
                file.write(piece)
                digest.update(piece)
                there += len(piece)
                yield there
    except urllib.error.HTTPError as error:
        if error.code == _RANGE_REFUSED:
            part.unlink()  # the server's file is another one
        raise _answered(place, error) from error
    except FetchError:
        raise
    except (OSError, http.client.HTTPException) as error:
        _refuse_full(error, part)
        raise FetchError(f"{place}: {_why(error, route)}") from error
    if there < size:
        raise FetchError(f"{place}: expected {size} bytes, {there} came; the rest will be asked for")
