"""The hub's file server and a station's fetching of what it serves, over real TLS."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.hub.files import application
from edge.hub.server import PageServer
from hardware.host.fetch import FetchError, fetch
from hardware.host.tls import Tls
from tests.support.pki import Authority

CONTENT = os.urandom(3_000_000)
SHA = hashlib.sha256(CONTENT).hexdigest()
FILE = f"{SHA}.sqlite3"


@pytest.fixture
def site(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / FILE).write_bytes(CONTENT)
    (folder / "manifest.json").write_text("{}")
    return folder


@contextlib.contextmanager
def serving(folder: Path, tls: Tls | None) -> Iterator[str]:
    server = PageServer(application(folder), socket.create_server(("127.0.0.1", 0)), name="files", tls=tls)
    server.worker.start()
    scheme = "http" if tls is None else "https"
    try:
        yield f"{scheme}://localhost:{server.address[1]}/files/"
    finally:
        server.stop()


def test_a_station_fetches_with_its_own_certificate(tmp_path: Path, site: Authority, served: Path) -> None:
    out = tmp_path / FILE
    with serving(served, site.identity("hub")) as base:
        sizes = list(fetch(base + FILE, out, sha256=SHA, size=len(CONTENT), tls=site.identity("OR-03")))
    assert out.read_bytes() == CONTENT
    assert (sizes[0], sizes[-1]) == (0, len(CONTENT))
    assert not list(tmp_path.glob("*.part"))


def test_a_stranger_is_not_let_in(tmp_path: Path, site: Authority, served: Path) -> None:
    stranger = Authority(tmp_path / "other", "another authority").identity("OR-03")
    trusting = Tls(site.file, stranger.certificate, stranger.key)
    with serving(served, site.identity("hub")) as base, pytest.raises(FetchError):
        list(fetch(base + FILE, tmp_path / FILE, sha256=SHA, size=len(CONTENT), tls=trusting))
    assert not (tmp_path / FILE).exists()


def test_a_station_does_not_fetch_from_a_stranger(tmp_path: Path, site: Authority, served: Path) -> None:
    stranger = Authority(tmp_path / "other", "another authority").identity("hub")
    with serving(served, stranger) as base, pytest.raises(FetchError, match="verify failed"):
        list(fetch(base + FILE, tmp_path / FILE, sha256=SHA, size=len(CONTENT), tls=site.identity("OR-03")))


def test_it_goes_on_where_it_broke_off(tmp_path: Path, served: Path) -> None:
    out = tmp_path / FILE
    with serving(served, None) as base:
        pieces = fetch(base + FILE, out, sha256=SHA, size=len(CONTENT), tls=None)
        for there in pieces:
            if there >= 1_000_000:
                break
        pieces.close()
        kept = out.with_name(FILE + ".part").stat().st_size
        again = list(fetch(base + FILE, out, sha256=SHA, size=len(CONTENT), tls=None))
    assert 0 < kept < len(CONTENT)
    assert again[0] == kept
    assert out.read_bytes() == CONTENT


def test_other_bytes_than_promised_are_thrown_away(tmp_path: Path, served: Path) -> None:
    (served / FILE).write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    out = tmp_path / FILE
    with serving(served, None) as base:
        with pytest.raises(FetchError, match="expected SHA-256"):
            list(fetch(base + FILE, out, sha256=SHA, size=len(CONTENT), tls=None))
        assert not list(tmp_path.glob("*.sqlite3*"))
        (served / FILE).write_bytes(CONTENT)
        list(fetch(base + FILE, out, sha256=SHA, size=len(CONTENT), tls=None))
    assert out.read_bytes() == CONTENT


def test_a_longer_file_than_promised_is_not_written_out(tmp_path: Path, served: Path) -> None:
    (served / FILE).write_bytes(CONTENT + b"more")
    with serving(served, None) as base:
        list(fetch(base + FILE, tmp_path / FILE, sha256=SHA, size=len(CONTENT), tls=None))
    assert (tmp_path / FILE).read_bytes() == CONTENT


def test_a_file_that_became_shorter_is_begun_anew(tmp_path: Path, served: Path) -> None:
    part = tmp_path / (FILE + ".part")
    part.write_bytes(CONTENT[:2_000_000])
    (served / FILE).write_bytes(CONTENT[:1000])
    with serving(served, None) as base, pytest.raises(FetchError, match="416"):
        list(fetch(base + FILE, tmp_path / FILE, sha256=SHA, size=len(CONTENT), tls=None))
    assert not part.exists()


UNSERVED = {
    "not there": "0" * 64 + ".sqlite3",
    "the manifest": "manifest.json",
    "out of the folder": "..%2Fmanifest.json",
}


@pytest.mark.parametrize("name", UNSERVED.values(), ids=UNSERVED.keys())
def test_nothing_but_content_is_served(tmp_path: Path, served: Path, name: str) -> None:
    with serving(served, None) as base, pytest.raises(FetchError, match="404"):
        list(fetch(base + name, tmp_path / "out", sha256=SHA, size=1, tls=None))


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match="refused"):
        list(fetch(f"http://127.0.0.1:{port}/files/x", tmp_path / "out", sha256=SHA, size=1, tls=None))


ADDRESSES = ["file:///etc/passwd", "ftp://hub/files/x", "//hub/x"]


@pytest.mark.parametrize("url", ADDRESSES)
def test_only_the_web_is_fetched_from(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match="expected an https"):
        list(fetch(url, tmp_path / "out", sha256=SHA, size=1, tls=None))


def test_with_an_identity_nothing_is_fetched_in_the_open(tmp_path: Path, site: Authority) -> None:
    with pytest.raises(FetchError, match="expected an https"):
        list(fetch("http://hub/x", tmp_path / "out", sha256=SHA, size=1, tls=site.identity("OR-03")))


def test_a_server_that_sends_us_elsewhere_is_not_followed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        answering = threading.Thread(target=_redirect, args=(sock,))
        answering.start()
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/files/x"
        with pytest.raises(FetchError, match="302"):
            list(fetch(url, tmp_path / "out", sha256=SHA, size=1, tls=None))
        answering.join()


def _redirect(sock: socket.socket) -> None:
    client, _ = sock.accept()
    with client:
        client.recv(65_536)
        client.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
