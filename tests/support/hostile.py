"""A broker of a few lines that breaks, refuses or hangs up as a test wants; it stands for broker and hub at once.

It speaks just enough MQTT v5 for one station: CONNECT, SUBSCRIBE, PUBLISH of QoS 1, PINGREQ.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from edge import wire

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
ACCEPTED, HANG_UP, SILENT, MUTE = 0, -1, -2, -3
Judge = Callable[[list[wire.Event]], int]
"""What to say to a message with these events: a reason code for its PUBACK, or `HANG_UP`."""


class HostileBroker:
    """Listens on loopback; everything it took is in `events`. With `parting` it says that to a client, and closes."""

    def __init__(self, judge: Judge = lambda _events: ACCEPTED, *, parting: bytes | None = None) -> None:
        self.judge = judge
        self.connections = 0
        self.sizes: list[int] = []
        self.events: dict[int, wire.Event] = {}
        self.judge_picture: Callable[[bytes], int] = lambda _picture: ACCEPTED
        """As `judge`; `SILENT`: a PUBACK for a hub that does not answer; `MUTE`: not even that."""
        self.heard: list[str] = []
        """The last part of every topic that something was published to, in order."""
        self.pictures: list[bytes] = []
        self._parting = parting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._client = client
            with contextlib.closing(client), contextlib.suppress(OSError, EOFError):
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        for kind, body in _packets(client):
            if kind == CONNECT:
                client.sendall(bytes.fromhex("2003000000"))
                if self._parting is not None:
                    client.sendall(self._parting)
                    return
            elif kind == SUBSCRIBE:
                client.sendall(b"\x90\x04" + body[:2] + b"\0\x01")
                if wire.HUB_PRESENCE.encode() in body:
                    presence = wire.HubPresence("h", present=True, since="2026-11-24T08:00:00.000000Z")
                    client.sendall(_publish(wire.HUB_PRESENCE, presence.encode()))
            elif kind == PINGREQ:
                client.sendall(b"\xd0\0")
            elif kind == PUBLISH and not self._published(client, body):
                return

    def _published(self, client: socket.socket, body: bytes) -> bool:
        topic, rest = _text(body)
        mid, rest = rest[:2], rest[2:]
        length, rest = _varint(rest)
        payload = rest[length:]
        self.heard.append(topic.rsplit("/", 1)[-1])
        if "/photo/" in topic:
            return self._picture(client, topic, mid, payload)
        if not topic.endswith("/scan"):
            client.sendall(b"\x40\x02" + mid)
            return True
        events = [wire.Event.decode(line) for line in wire.split(payload)]
        self.sizes.append(len(events))
        answer = self.judge(events)
        if answer == HANG_UP:
            return False
        client.sendall(b"\x40\x03" + mid + bytes([answer]))
        if answer == ACCEPTED:
            self.events |= {event.seq: event for event in events}
            self._acknowledge(client, topic)
        return True

    def _picture(self, client: socket.socket, topic: str, mid: bytes, payload: bytes) -> bool:
        self.pictures.append(payload)
        answer = self.judge_picture(payload)
        if answer == HANG_UP:
            return False
        if answer != MUTE:
            client.sendall(b"\x40\x03" + mid + bytes([max(answer, ACCEPTED)]))
        if answer == ACCEPTED:
            station, name = topic.split("/")[1], topic.rsplit("/", 1)[-1]
            client.sendall(_publish(wire.topic(station, "photo-ack"), wire.PhotoAck(name).encode()))
        return True

    def _acknowledge(self, client: socket.socket, topic: str) -> None:
        through = 0
        while through + 1 in self.events:
            through += 1
        if through:
            last = self.events[through]
            ack = wire.Ack(last.epoch, through, wire.digest(last.line))
            client.sendall(_publish(topic.replace("/scan", "/ack"), ack.encode()))


def _packets(client: socket.socket) -> Iterator[tuple[int, bytes]]:
    with client.makefile("rb") as stream:
        while head := stream.read(1):
            length = shift = 0
            while True:
                byte = stream.read(1)[0]
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            yield head[0] >> 4, stream.read(length)


def _publish(topic: str, payload: bytes) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + b"\0" + payload
    assert 128 <= len(body) < 128 * 128 or len(body) < 128
    size = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    return b"\x30" + size + body


def _text(data: bytes) -> tuple[str, bytes]:
    end = 2 + int.from_bytes(data[:2], "big")
    return data[2:end].decode(), data[end:]


def _varint(data: bytes) -> tuple[int, bytes]:
    value = shift = 0
    for number, byte in enumerate(data):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, data[number + 1 :]
    return value, b""
