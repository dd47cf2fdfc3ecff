"""The authority over HTTPS: EST (RFC 7030), on the standard library, for it shows a client's certificate.

A connection is one request. The dates of a client's certificate are not for TLS to judge: one that has ended can still
be renewed for a while, and the registrar says how long.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware_service.authority.keyring import KeyringError
from firmware_service.authority.limits import Limits
from firmware_service.authority.office import Office
from firmware_service.authority.registrar import UNAUTHORIZED, Refused
from firmware_service.authority.store import Issued
from firmware_service.identity import est
from hardware.host.tls import NO_CHECK_TIME

log = logging.getLogger(__name__)

SILENCE_S = 10.0
"""A client that says nothing for so long is gone."""
LONGEST_S = 30.0
"""Of a connection, however slowly it trickles."""
LINGER_S, LINGER_BYTES = 2.0, 64 * 1024
"""What a client that was answered may still take and say."""
MOST_CONNECTIONS = 64
"""At once; more are closed unheard, and come again."""

REFUSAL_COSTS = 5
"""Requests."""

Now = Callable[[], datetime]


class AuthorityServer(ThreadingHTTPServer):
    """Listens; a thread for each connection.

    Attributes:
        office: decides and keeps.
        now: the time, or `Refused` where this machine does not know it.
    """

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, office: Office, now: Now, limits: Limits | None = None) -> None:
        """Listen where the site says.

        Raises:
            OSError: that address is not to be had.
        """
        self.office = office
        self.now = now
        self.alive_s = time.monotonic()
        self._limits = limits or Limits()
        self._limits_lock = threading.Lock()
        self._open: dict[socket.socket, float] = {}
        super().__init__((office.table.listen, office.table.port), _Handler)

    def wait_s(self, address: str) -> float:
        """Count a request; 0, or after how many seconds this address may ask again."""
        with self._limits_lock:
            return self._limits.take(address, time.monotonic())

    def charge(self, address: str) -> None:
        """A refusal counts for more: nobody tries tokens one after the other, or fills the log."""
        with self._limits_lock:
            self._limits.charge(address, REFUSAL_COSTS, time.monotonic())

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's own form
        """Whether there is a place for one more."""
        if len(self._open) >= MOST_CONNECTIONS:
            return False
        self._open[request] = time.monotonic()
        return True

    def service_actions(self) -> None:
        """End connections that last too long."""
        self.alive_s = time.monotonic()
        for sock, since_s in list(self._open.items()):
            if self.alive_s - since_s > LONGEST_S:
                _shut(sock)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """One connection: a handshake, one request, its answer."""
        request.settimeout(SILENCE_S)
        try:
            context = _context(self.office)
            with context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as tls:
                self._open[tls] = self._open.pop(request)
                try:
                    tls.do_handshake()
                    _Handler(tls, client_address, self)
                    _hear_out(tls)
                finally:
                    del self._open[tls]
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            log.debug("from=%s problem=%s", client_address[0], error)

    def shutdown_request(self, request: Any) -> None:
        """The connection has ended."""
        self._open.pop(request, None)
        super().shutdown_request(request)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # it ended by itself at this moment
        log.debug("socket=%s ended", sock)


def _hear_out(tls: ssl.SSLSocket) -> None:
    """Take what the client still says: closing before that would tear our answer from it."""
    tls.shutdown(socket.SHUT_WR)
    tls.settimeout(LINGER_S)
    left = LINGER_BYTES
    while left > 0 and (piece := tls.recv(LINGER_BYTES)):
        left -= len(piece)


def _context(office: Office) -> ssl.SSLContext:
    """Read anew for each connection, so that a next authority or certificate counts at once; takes a millisecond."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
    context.load_cert_chain(office.server / "certificate.pem", office.server / "key.pem")
    trusted = office.keyring.trusted()
    context.load_verify_locations(cadata=b"".join(ca.certificate.public_bytes(Encoding.DER) for ca in trusted))
    return context


class _Handler(BaseHTTPRequestHandler):
    server: AuthorityServer
    connection: ssl.SSLSocket

    def do_GET(self) -> None:
        self._answer({est.CACERTS: _Handler._cacerts, est.CONFIRM: _Handler._confirm})

    def do_POST(self) -> None:
        self._answer({est.ENROL: _Handler._enrol, est.RENEW: _Handler._renew})

    def version_string(self) -> str:
        return "udi-authority"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own form
        log.info("from=%s %s", self.client_address[0], format % args)

    def _answer(self, routes: Mapping[str, Callable[[_Handler], tuple[str, bytes]]]) -> None:
        wait_s = self.server.wait_s(self.client_address[0])
        if wait_s > 0:
            seconds = int(wait_s) + 1
            self._send_text(HTTPStatus.TOO_MANY_REQUESTS, f"too many requests: ask again in {seconds} s", seconds)
            return
        route = routes.get(self.path)
        if route is None:
            self._send_text(HTTPStatus.NOT_FOUND, f"nothing is at {self.path[:80]!r}")
            return
        try:
            kind, body = route(self)
        except Refused as refused:
            self.server.charge(self.client_address[0])
            self._send_text(HTTPStatus(refused.status), str(refused))
        except est.FormError as error:
            self._send_text(HTTPStatus.BAD_REQUEST, str(error))
        except (OSError, sqlite3.Error, KeyringError) as error:
            log.error("from=%s problem=%s", self.client_address[0], error)  # noqa: TRY400 - the message says it
            self._send_text(HTTPStatus.SERVICE_UNAVAILABLE, "the authority cannot work: see its log, and ask again")
        else:
            self._send(HTTPStatus.OK, kind, body)

    def _cacerts(self) -> tuple[str, bytes]:
        trusted = self.server.office.keyring.trusted()
        return _PKCS7, est.write_certificates([ca.certificate for ca in trusted])

    def _enrol(self) -> tuple[str, bytes]:
        token = self._token()
        request = est.read_request(self._body())
        made = self.server.office.registrar.enrol(token, request, self.server.now(), self.client_address[0])
        return _PKCS7, est.write_certificates([made])

    def _renew(self) -> tuple[str, bytes]:
        held = self._held()
        request = est.read_request(self._body())
        made = self.server.office.registrar.renew(held, request, self.server.now(), self.client_address[0])
        return _PKCS7, est.write_certificates([made])

    def _confirm(self) -> tuple[str, bytes]:
        held = self._held()
        now = self.server.now()
        active = self.server.office.registrar.confirm(held, now, self.client_address[0])
        renew = active.ca != self.server.office.keyring.signing().pin
        told = {"station": active.station, "role": active.role, "state": active.state, "renew": renew}
        return "application/json", json.dumps({"schema": 1, "at": now.isoformat(), **told}).encode()

    def _held(self) -> Issued:
        """What the client proved to hold by its handshake."""
        shown = self.connection.getpeercert(binary_form=True)
        if shown is None:
            raise Refused(UNAUTHORIZED, "expected the device's own certificate in the TLS handshake, found none")
        return self.server.office.registrar.held_by(x509.load_der_x509_certificate(shown))

    def _token(self) -> str:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return value
        if kind.lower() == "basic":
            try:
                return base64.b64decode(value, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                raise Refused(UNAUTHORIZED, "the header Authorization is not base64: expected name:token") from None
        raise Refused(UNAUTHORIZED, "expected a token as the password of HTTP Basic, or as a bearer's; found none")

    def _body(self) -> bytes:
        told = self.headers.get("Content-Length", "")
        if re.fullmatch("[0-9]{1,6}", told) is None or int(told) > est.MOST_BYTES:
            raise est.FormError(f"Content-Length {told[:20]!r}: expected a number of bytes, at most {est.MOST_BYTES}")
        body = self.rfile.read(int(told))
        if len(body) != int(told):
            raise est.FormError(f"expected {told} bytes, found {len(body)}")
        return body

    def _send_text(self, status: HTTPStatus, text: str, retry_s: int | None = None) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{text}\n".encode(), retry_s)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, retry_s: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if kind == _PKCS7:
            self.send_header("Content-Transfer-Encoding", "base64")
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="udi-authority"')
        if retry_s is not None:
            self.send_header("Retry-After", str(retry_s))
        self.end_headers()
        self.wfile.write(body)


_PKCS7 = "application/pkcs7-mime"
