"""Fetching a file whose SHA-256 is known before: outbound HTTPS, gone on with where it broke off."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from hardware.host.files import sync_folder
from hardware.host.tls import Tls, client_context

PIECE = 256 * 1024
TIMEOUT_S = 20.0
"""Without a byte."""
_PARTIAL = 206
_RANGE_REFUSED = 416


class FetchError(OSError):
    """The file could not be fetched; what has come so far is kept unless it was wrong."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that sends us elsewhere is not the one that was named."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        """Refuse: the answer 3xx becomes an error."""


def fetch(
    url: str, out: Path, *, sha256: str, size: int, tls: Tls | None, check_time: bool = True
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

    Raises:
        FetchError: no connection, another answer than the file, or other bytes than promised.
        TlsError: this device's identity cannot be used.
    """
    if not url.startswith("http://" if tls is None else "https://"):
        raise FetchError(f"{url}: expected an https:// address")
    part = out.with_name(out.name + ".part")
    digest = hashlib.sha256()
    there = _take_up(part, size, digest)
    yield there
    if there < size:
        yield from _rest(url, part, there, size, digest, _opener(tls, check_time=check_time))
    if digest.hexdigest() != sha256:
        part.unlink()
        raise FetchError(f"{url}: expected SHA-256 {sha256}, found {digest.hexdigest()}; it will be fetched anew")
    part.rename(out)
    sync_folder(out.parent)


def _take_up(part: Path, size: int, digest: Any) -> int:
    """Hash what an earlier attempt left; more than the whole is no part of it."""
    if not part.exists() or part.stat().st_size > size:
        part.write_bytes(b"")
        return 0
    with part.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return part.stat().st_size


def _opener(tls: Tls | None, *, check_time: bool) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({}), _NoRedirect()]
    if tls is not None:
        handlers.append(urllib.request.HTTPSHandler(context=client_context(tls, check_time=check_time)))
    return urllib.request.build_opener(*handlers)


def _rest(
    url: str, part: Path, there: int, size: int, digest: Any, opener: urllib.request.OpenerDirector
) -> Iterator[int]:
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})  # noqa: S310 - checked
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer, part.open("ab") as file:
            if there and answer.status != _PARTIAL:
                raise FetchError(f"{url}: expected the rest from byte {there} on, found status {answer.status}")
            while there < size and (piece := answer.read(min(PIECE, size - there))):
                file.write(piece)
                digest.update(piece)
                there += len(piece)
                yield there
            file.flush()
            os.fsync(file.fileno())
    except urllib.error.HTTPError as error:
        if error.code == _RANGE_REFUSED:
            part.unlink()  # the server's file is another one
        raise FetchError(f"{url}: the server answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{url}: {error}") from error
    if there < size:
        raise FetchError(f"{url}: expected {size} bytes, {there} came; the rest will be asked for")
