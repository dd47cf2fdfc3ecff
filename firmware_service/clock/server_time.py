"""What time a server of the site says it is (RFC 9110, section 6.6.1: ``Date``), over a connection that names it.

A machine without a time cannot judge whether the server's certificate has begun or ended. Everything else of it is
checked, against the site's own authority alone; then the time it says has to lie within those very dates.
"""

from __future__ import annotations

import http.client
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from hardware.host.tls import NO_CHECK_TIME

TIMEOUT_S = 10.0
HALF_A_SECOND = timedelta(seconds=0.5)
"""``Date`` has whole seconds, cut off."""
SLOWEST = timedelta(seconds=5)
"""An answer that took longer says too little."""


class NoTime(OSError):  # noqa: N818 - reads as what it is
    """The server's time could not be learned, or is not to be believed; the text says why."""


def server_time(url: str, ca: Path, not_before: datetime) -> tuple[datetime, int]:
    """Ask once.

    Args:
        url: ``https://`` address of a server of the site; what it answers is of no interest.
        ca: PEM of the site's authority, the only one that counts.
        not_before: the time before which it certainly is not.

    Returns:
        The time, UTC, and the monotonic nanoseconds at which it was so.

    Raises:
        NoTime: no connection, a foreign certificate, or a time that cannot be.
    """
    where = urlsplit(url)
    if where.scheme != "https" or where.hostname is None:
        raise NoTime(f"{url}: expected an https:// address")
    connection = http.client.HTTPSConnection(where.hostname, where.port, timeout=TIMEOUT_S, context=_context(ca))
    try:
        connection.connect()
        since, until = _dates(connection)
        asked_ns = time.monotonic_ns()
        connection.request("HEAD", where.path or "/")
        said = connection.getresponse().getheader("Date")
        answered_ns = time.monotonic_ns()
    except (OSError, http.client.HTTPException) as error:
        raise NoTime(f"{url}: {error}") from error
    finally:
        connection.close()
    if answered_ns - asked_ns > SLOWEST.total_seconds() * 1e9:
        raise NoTime(f"{url}: the answer took {(answered_ns - asked_ns) / 1e9:.1f} s, expected at most 5 s")
    return _believed(url, said, max(since, not_before), until), (asked_ns + answered_ns) // 2


def _context(ca: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    try:
        context.load_verify_locations(ca)
    except OSError as error:
        raise NoTime(f"{ca}: not the certificate of an authority in PEM: {error}") from error
    return context


def _dates(connection: http.client.HTTPSConnection) -> tuple[datetime, datetime]:
    sock = connection.sock
    assert isinstance(sock, ssl.SSLSocket)  # noqa: S101 - it was connected
    shown = sock.getpeercert() or {}
    since, until = (ssl.cert_time_to_seconds(str(shown[name])) for name in ("notBefore", "notAfter"))
    return datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC)


def _believed(url: str, said: str | None, since: datetime, until: datetime) -> datetime:
    try:
        at = parsedate_to_datetime(said or "") + HALF_A_SECOND
    except ValueError:
        raise NoTime(f"{url}: Date: {said!r} is no time, expected one as HTTP writes it") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if not since <= at <= until:
        raise NoTime(f"{url}: says {at:%Y-%m-%d %H:%M}, expected a time from {since:%Y-%m-%d} to {until:%Y-%m-%d}")
    return at
