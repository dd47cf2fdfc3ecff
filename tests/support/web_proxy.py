"""A hospital's web proxy on loopback: tunnels and plain requests, and what such proxies do wrong."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from hardware.host.tls import Tls

Refusal = Literal["password", "forbidden", "unreachable", "rubbish"]
_ANSWERS: dict[Refusal, bytes] = {
    "password": b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
    "forbidden": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "unreachable": b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
    "rubbish": b"\x15\x03\x01\x00\x02\x02\x0a",
}


class WebProxy:
    """Passes on; with `refuses` it does not, with `intercepts` it answers tunnels itself by that certificate."""

    def __init__(self, *, refuses: Refusal | None = None, intercepts: Tls | None = None) -> None:
        self.asked: list[str] = []
        """First lines of what came."""
        self._refuses = refuses
        self._intercepts = intercepts
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                proxy._take(self)

            def do_GET(self) -> None:
                proxy._take(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        return Handler

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.requestline)
        handler.close_connection = True
        with contextlib.suppress(OSError):
            if self._refuses is not None:
                handler.connection.sendall(_ANSWERS[self._refuses])
            elif handler.command == "CONNECT":
                handler.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._tunnel(handler)
            else:
                _pass_on(handler)

    def _tunnel(self, handler: BaseHTTPRequestHandler) -> None:
        if self._intercepts is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._intercepts.certificate, self._intercepts.key)
            with context.wrap_socket(handler.connection, server_side=True) as inner:
                inner.recv(65536)
                inner.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            return
        host, _, port = handler.path.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            _join(handler.connection, server)


def _join(one: socket.socket, other: socket.socket) -> None:
    ways = {one: other, other: one}
    while True:
        for ready in select.select(list(ways), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            ways[ready].sendall(data)


def _pass_on(handler: BaseHTTPRequestHandler) -> None:
    where = urlsplit(handler.path)
    line = http.client.HTTPConnection(where.hostname or "", where.port)
    line.request("GET", where.path, headers={"Range": wanted} if (wanted := handler.headers.get("Range")) else {})
    answer = line.getresponse()
    body = answer.read()
    handler.connection.sendall(
        f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    line.close()


@contextlib.contextmanager
def web_proxy(*, refuses: Refusal | None = None, intercepts: Tls | None = None) -> Iterator[WebProxy]:
    proxy = WebProxy(refuses=refuses, intercepts=intercepts)
    try:
        yield proxy
    finally:
        proxy.close()
