import contextlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from firmware_service.clock.server_time import NoTime, server_time
from hardware.host.clock import BUILD_FLOOR
from tests.support.pki import NOW, Authority

DAY = timedelta(days=1)


@contextlib.contextmanager
def serving(authority: Authority, date: str | None, *, until: datetime = NOW + DAY) -> Iterator[str]:
    """A server of the site whose clock says this; None: nothing at all."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            if date is not None:
                self.send_header("Date", date)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    tls = authority.identity("hub", until=until)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    server = HTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def http(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


def test_the_time_of_a_server_that_the_authority_vouches_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority, http(NOW)) as url:
        at, mono_ns = server_time(url, authority.file, BUILD_FLOOR)
    assert abs(at - NOW) < timedelta(seconds=1.1)
    assert mono_ns > 0


def test_a_certificate_that_has_ended_by_this_clock_is_no_hindrance(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority, http(NOW - 2 * DAY), until=NOW - DAY) as url:
        at, _ = server_time(url, authority.file, NOW - 10 * DAY)
    assert abs(at - (NOW - 2 * DAY)) < timedelta(seconds=1.1), "by the server's clock it has not"


UNBELIEVABLE = {
    "after the end of its own certificate": (http(NOW + 2 * DAY), "expected a time from"),
    "before the certificate began": (http(NOW - 9 * DAY), "expected a time from"),
    "1970": (http(datetime(1970, 1, 1, tzinfo=UTC)), "expected a time from"),
    "no date": (None, "is no time"),
    "nonsense": ("tomorrow", "is no time"),
}


@pytest.mark.parametrize(("date", "why"), UNBELIEVABLE.values(), ids=UNBELIEVABLE.keys())
def test_a_time_that_cannot_be(tmp_path: Path, date: str | None, why: str) -> None:
    authority = Authority(tmp_path)
    with serving(authority, date) as url, pytest.raises(NoTime, match=why):
        server_time(url, authority.file, NOW - 20 * DAY)


def test_not_before_what_certainly_was(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority, http(NOW - 2 * DAY)) as url, pytest.raises(NoTime, match="expected a time from"):
        server_time(url, authority.file, NOW - DAY)


def test_a_stranger_is_not_asked(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    with serving(theirs, http(NOW)) as url, pytest.raises(NoTime, match="verify failed"):
        server_time(url, ours.file, BUILD_FLOOR)


def test_nobody_there_and_no_authority(tmp_path: Path) -> None:
    with pytest.raises(NoTime, match="refused"):
        server_time("https://localhost:1/", Authority(tmp_path).file, BUILD_FLOOR)
    with pytest.raises(NoTime, match="expected an https"):
        server_time("http://localhost/", Authority(tmp_path).file, BUILD_FLOOR)
    with pytest.raises(NoTime, match="not the certificate of an authority"):
        server_time("https://localhost:1/", tmp_path / "nowhere", BUILD_FLOOR)
