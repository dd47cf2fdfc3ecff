"""A TCP proxy on loopback that misbehaves as networks do: cuts in mid-packet, goes deaf, delays, refuses."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["up", "down"]
"""``up``: from the client to the server."""
_RESET = struct.pack("ii", 1, 0)


@dataclass
class _Pair:
    """Two connected sockets, one to each side."""

    client: socket.socket
    server: socket.socket
    open: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """End both at once, whatever is under way."""
        self.open.clear()
        for sock in (self.client, self.server):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class Proxy:
    """Listens on `port` and passes everything on to `target`, as well as the faults of the moment allow."""

    def __init__(self, target: int) -> None:
        """Begin to listen; without a fault it is a plain proxy."""
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[_Pair] = []
        self._lock = threading.Lock()
        self._deaf: set[Way] = set()
        self._budget: dict[Way, int] = {}
        self._refuse = False
        self._delay_s = 0.0
        self.passed: dict[Way, int] = {"up": 0, "down": 0}
        self.cuts = 0
        """Connections ended by a budget that ran out, or by `cut`."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection now; new ones are taken."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        self.cuts += len(pairs)
        for pair in pairs:
            pair.reset()

    def cut_after(self, way: Way, count: int) -> None:
        """End the connection that passes the next `count` bytes this way, after just so many of them."""
        with self._lock:
            self._budget[way] = count

    def go_deaf(self, *ways: Way) -> None:
        """Swallow what comes these ways, closes as well, and say nothing: both ways is a half-open connection."""
        self._deaf = set(ways)

    def delay(self, seconds: float) -> None:
        """Let every byte arrive so much later, each way."""
        self._delay_s = seconds

    def refuse(self) -> None:
        """End what is there and whatever comes."""
        self._refuse = True
        self.cut()

    def heal(self) -> None:
        """No fault any more; connections that lost bytes are reset, for TCP would not have lost them silently."""
        spoilt = bool(self._deaf)
        with self._lock:
            self._budget = {}
        self._deaf, self._refuse, self._delay_s = set(), False, 0.0
        if spoilt:
            self.cut()

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                client.close()
                continue
            self._join(_Pair(client, server))

    def _join(self, pair: _Pair) -> None:
        for sock in (pair.client, pair.server):
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair.open.set()
        if self._refuse:
            pair.reset()
            return
        with self._lock:
            self._pairs.append(pair)
        ways: tuple[tuple[Way, socket.socket, socket.socket], ...] = (
            ("up", pair.client, pair.server),
            ("down", pair.server, pair.client),
        )
        for way, near, far in ways:
            waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            threading.Thread(target=self._take, args=(near, waiting), daemon=True).start()
            threading.Thread(target=self._pass, args=(pair, way, far, waiting), daemon=True).start()

    def _take(self, near: socket.socket, waiting: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        for data in _received(near):
            waiting.put((time.monotonic() + self._delay_s, data))
        waiting.put((time.monotonic() + self._delay_s, b""))

    def _pass(self, pair: _Pair, way: Way, far: socket.socket, waiting: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        while pair.open.is_set():
            due, data = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if way in self._deaf:
                continue
            if not data:
                pair.reset()
                return
            whole = self._within_budget(way, data)
            with contextlib.suppress(OSError):
                far.sendall(data[:whole])
            self.passed[way] += whole
            if whole < len(data):
                self.cuts += 1
                pair.reset()

    def _within_budget(self, way: Way, data: bytes) -> int:
        """How many of the bytes may pass."""
        with self._lock:
            left = self._budget.get(way)
            if left is None:
                return len(data)
            if left >= len(data):
                self._budget[way] = left - len(data)
                return len(data)
            del self._budget[way]
            return left


def _received(near: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            data = near.recv(65_536)
        except OSError:
            return
        if not data:
            return
        yield data
