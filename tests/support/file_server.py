"""A web server of a folder, with ranges; and one that misbehaves for the paths it is told."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from hardware.host.tls import Tls

Manner = Literal["endless", "drip", "cut", "error", "whole"]


class FileServer:
    """Serves a folder; what was asked for is kept.

    With `tls` its clients show a certificate of the same authority, unless `anybody` may come.
    """

    def __init__(self, folder: Path, tls: Tls | None = None, *, anybody: bool = False) -> None:
        self.folder = folder
        self.manners: dict[str, Manner] = {}
        """Path to how it is answered."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and range."""
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tls.ca))
            context.load_cert_chain(tls.certificate, tls.key)
            context.verify_mode = ssl.CERT_NONE if anybody else ssl.CERT_REQUIRED
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = False  # closing waits for them
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):
                    server._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, wanted = handler.path.lstrip("/"), handler.headers.get("Range")
        self.asked.append((path, wanted))
        manner = self.manners.get(path)
        if manner == "error":
            handler.send_error(500)
        elif manner in ("endless", "drip"):
            self._never_end(handler, slow=manner == "drip")
        elif (self.folder / path).is_file():
            wanted = None if manner == "whole" else wanted  # a server that knows no ranges
            self._send(handler, (self.folder / path).read_bytes(), wanted, cut=manner == "cut")
        else:
            handler.send_error(404)

    def _never_end(self, handler: BaseHTTPRequestHandler, *, slow: bool) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not self._ending.wait(0.02 if slow else 0):
            handler.wfile.write(b" " if slow else b" " * 65536)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, data: bytes, wanted: str | None, *, cut: bool) -> None:
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        handler.send_response(206 if wanted else 200)
        handler.send_header("Content-Length", str(len(data) - first))
        handler.end_headers()
        rest = data[first:]
        handler.wfile.write(rest[: len(rest) // 2] if cut else rest)


@contextlib.contextmanager
def serving(folder: Path, tls: Tls | None = None, *, anybody: bool = False) -> Iterator[FileServer]:
    server = FileServer(folder, tls, anybody=anybody)
    try:
        yield server
    finally:
        server.close()
