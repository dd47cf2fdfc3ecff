"""Newline-delimited JSON over a Unix stream socket, between processes of one machine."""

from __future__ import annotations

import contextlib
import json
import logging
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MAX_LINE = 1024 * 1024
MAX_UNSENT = 256 * 1024
RETRY_S = 0.2
_CHUNK = 65_536


class LineError(ValueError):
    """The other side sent something that is no line of JSON. The text never holds it: a read may be a wristband."""


def _dump(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class _Lines:
    """Bytes received, cut into JSON objects."""

    rest: bytes = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        *lines, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > MAX_LINE:
            raise LineError(f"a line of more than {MAX_LINE} bytes")
        return [_object(line) for line in lines if line]


def _object(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(f"a line of {len(line)} bytes is not JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise LineError(f"a line of {len(line)} bytes is a JSON {type(message).__name__}, expected an object")
    return message


@dataclass(slots=True)
class _Client:
    sock: socket.socket
    lines: _Lines = field(default_factory=_Lines)
    unsent: bytes = b""

    def flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.unsent = self.unsent[self.sock.send(self.unsent) :]


class LineServer:
    """Serves any number of clients without ever waiting for one; not thread-safe."""

    def __init__(self, path: Path, *, mode: int = 0o660) -> None:
        """Listen at `path`; a stale socket file there is replaced."""
        path.unlink(missing_ok=True)
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.bind(str(path))
        self._file = _identity(path)
        path.chmod(mode)
        self._sock.listen()
        self._sock.setblocking(False)
        self._clients: dict[int, _Client] = {}

    def step(self, timeout_s: float) -> list[tuple[int, dict[str, Any]]]:
        """Accept clients, send what waits, and give the messages that came as ``(client, message)``."""
        socks = [self._sock, *(client.sock for client in self._clients.values())]
        unsent = [client.sock for client in self._clients.values() if client.unsent]
        readable, _, _ = select.select(socks, unsent, [], timeout_s)
        if self._sock in readable:
            self._accept()
        for number, client in list(self._clients.items()):
            self._guard(number, client.flush)
        return [
            (number, message)
            for number, client in list(self._clients.items())
            if client.sock in readable
            for message in self._receive(number, client)
        ]

    def broadcast(self, message: Mapping[str, Any]) -> None:
        """Send to every client; one that does not read is dropped."""
        data = _dump(message)
        for number in list(self._clients):
            self._send(number, data)

    def send(self, number: int, message: Mapping[str, Any]) -> None:
        """Send to one client; harmless when it has gone."""
        if number in self._clients:
            self._send(number, _dump(message))

    def close(self) -> None:
        """Close everything and remove the socket file, unless another server has taken the place."""
        for number in list(self._clients):
            self._drop(number, "closing")
        if _identity(self._path) == self._file:
            self._path.unlink(missing_ok=True)
        self._sock.close()

    def _accept(self) -> None:
        sock, _ = self._sock.accept()
        sock.setblocking(False)
        self._clients[sock.fileno()] = _Client(sock)

    def _receive(self, number: int, client: _Client) -> list[dict[str, Any]]:
        try:
            data = client.sock.recv(_CHUNK)
            if not data:
                self._drop(number, "closed")
                return []
            return client.lines.feed(data)
        except BlockingIOError:
            return []
        except (OSError, LineError) as error:
            self._drop(number, str(error))
            return []

    def _send(self, number: int, data: bytes) -> None:
        client = self._clients[number]
        client.unsent += data
        if len(client.unsent) > MAX_UNSENT:
            self._drop(number, "does not read")
            return
        self._guard(number, client.flush)

    def _guard(self, number: int, action: Any) -> None:
        try:
            action()
        except OSError as error:
            self._drop(number, str(error))

    def _drop(self, number: int, why: str) -> None:
        client = self._clients.pop(number)
        client.sock.close()
        log.debug("socket=%s client=%d dropped: %s", self._path, number, why)


class LineClient:
    """Talks to a `LineServer`; connects again by itself. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        """Prepare; `step` connects."""
        self._path = path
        self._sock: socket.socket | None = None
        self._file: tuple[int, int] | None = None
        self._lines = _Lines()

    @property
    def connected(self) -> bool:
        """There is a connection."""
        return self._sock is not None

    @property
    def outdated(self) -> bool:
        """Another server listens at the path than the one of this connection, which was never closed.

        A process that cannot be killed keeps its connections open for ever.
        """
        return self._sock is not None and _identity(self._path) != self._file

    def step(self, timeout_s: float) -> list[dict[str, Any]]:
        """Connect if need be, then give the messages that came within `timeout_s` seconds."""
        if self._sock is None and not self._connect():
            time.sleep(min(timeout_s, RETRY_S))
            return []
        assert self._sock is not None  # noqa: S101 - _connect said so
        if not select.select([self._sock], [], [], timeout_s)[0]:
            return []
        try:
            data = self._sock.recv(_CHUNK)
            if not data:
                raise ConnectionResetError(f"{self._path} was closed")
            return self._lines.feed(data)
        except (OSError, LineError) as error:
            log.info("socket=%s lost: %s", self._path, error)
            self.close()
            return []

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message; dropped with the connection if that is gone."""
        if self._sock is not None:
            try:
                self._sock.sendall(_dump(message))
            except OSError:
                self.close()

    def close(self) -> None:
        """Close the connection; a later `step` opens a new one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None
            self._lines = _Lines()

    def _connect(self) -> bool:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(str(self._path))
        except OSError:
            sock.close()
            return False
        self._sock, self._file = sock, _identity(self._path)
        return True


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file this is; the number of one that is still in use is not given to another."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def ask(path: Path, request: Mapping[str, Any], *, within_s: float) -> dict[str, Any] | None:
    """Ask a server one thing; None if nobody answers within `within_s` seconds."""
    client = LineClient(path)
    try:
        deadline = time.monotonic() + within_s
        asked = False
        while time.monotonic() < deadline:
            answers = client.step(0.05)
            if answers:
                return answers[0]
            if client.connected and not asked:
                client.send(request)
                asked = True
        return None
    finally:
        client.close()
