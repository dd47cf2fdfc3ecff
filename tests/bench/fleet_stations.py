"""Many stations in one process: what each sends and hears at the broker is what a station does, and nothing else is.

Hand-encoded MQTT v5 over epoll, so that the simulator costs little beside what it measures. Every station has its own
connection, client id, will, birth, subscriptions, epoch, and gapless chain of events of the one fixture. Nothing is
sent twice: what a broker or a hub loses here is missing at the end.

Spoken with over lines: says ``connected``; ``send START_NS SECONDS`` begins; says ``covered LEFT`` when the hub's
watermarks cover everything, or do not for too long; ``end`` says goodbye. What was sent is left in a file.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from edge import wire
from tests.bench import fixture

TEMPLATES = 50
KEEPALIVE_S = 60
PATIENCE_S = 60.0
"""So long the watermarks may stand still at the end before the rest is given up."""
LEAST_POLL_S = 0.001
RECEIVED = 65_536
PUBLISH, PUBACK, CONNACK, SUBACK = 3, 4, 2, 9


@dataclass(frozen=True, slots=True)
class Task:
    """What one process simulates."""

    port: int
    first: int
    """Number of its first station."""
    count: int
    ramp_s: float
    every_s: float
    """Seconds between two events of one station."""
    file: str

    def encode(self) -> str:
        return json.dumps(asdict(self))


class LostError(ConnectionError):
    """A connection ended, was refused or is jammed: the run is void."""


def station_name(number: int) -> str:
    return f"OR-{number:05d}"


def epoch_of(number: int) -> str:
    return f"{number:016x}"


def event_id(number: int, seq: int, ms: int) -> str:
    """A UUIDv7 that needs no store: the same again from the same three."""
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:05x}{seq:07x}"


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _varint(number: int) -> bytes:
    if number < 128:
        return bytes((number,))
    return bytes((number & 127 | 128,)) + _varint(number >> 7)


def _packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + _varint(len(body)) + body


def _pair(name: str, value: str) -> bytes:
    return b"\x26" + _text(name) + _text(value)


def _templates() -> list[tuple[str, str]]:
    """What stands between seq and at, and between at and chain, of some events of the fixture."""
    found = []
    for draft in fixture.drafts(TEMPLATES, fixture.sealer()):
        line = draft.encode("", 1, None).decode()
        before, after = line.split(f'"{draft.at}"')
        found.append((before.split('"seq":1')[1] + '"', '"' + after.removesuffix("null}")))
    return found


@dataclass(slots=True)
class Station:
    """One connection and its journal's end."""

    number: int
    between: str
    rest: str
    sock: socket.socket
    ready: int = 2
    """Answers still awaited before it may send."""
    seq: int = 0
    chain: str | None = None
    ack: bytes = b""
    left: bytes = b""
    scan_head: bytes = field(init=False)
    properties: bytes = field(init=False)
    placed: str = field(init=False)

    def __post_init__(self) -> None:
        name, epoch = station_name(self.number), epoch_of(self.number)
        self.scan_head = _text(wire.topic(name, "scan"))
        self.properties = _pair("station", name) + _pair("epoch", epoch) + _pair("count", "1")
        self.placed = f'","station":"{name}","epoch":"{epoch}","seq":'

    def hello(self) -> bytes:
        name = station_name(self.number)
        status, ack = wire.topic(name, "status"), wire.topic(name, "ack")
        will = _text(status) + _text(self._status("lost").decode())
        head = b"\x00\x04MQTT\x05\x2e" + KEEPALIVE_S.to_bytes(2, "big") + b"\x05\x11\x00\x00\x00\x00"
        topics = b"".join(_text(topic) + b"\x01" for topic in (status, ack, wire.HUB_PRESENCE))
        birth = _text(status) + b"\x00\x02\x00" + self._status("ready")
        return (
            _packet(0x10, head + _text(name) + b"\x00" + will)
            + _packet(0x82, b"\x00\x01\x00" + topics)
            + _packet(0x33, birth)
        )

    def event(self, ms: int, at: str) -> bytes:
        """The next event as a message."""
        self.seq += 1
        seq, number = self.seq, self.number
        chain = "null" if self.chain is None else f'"{self.chain}"'
        line = (
            f'{{"schema":1,"event_id":"{event_id(number, seq, ms)}{self.placed}{seq}{self.between}{at}'
            f"{self.rest}{chain}}}"
        ).encode()
        self.chain = wire.digest(line)
        extra = self.properties + _pair("first_seq", str(seq))
        mid = (seq % 60_000 + 10).to_bytes(2, "big")
        return _packet(0x32, self.scan_head + mid + _varint(len(extra)) + extra + line)

    def hear(self, data: bytes) -> bytes:
        """Take what the broker sent; gives the answer."""
        data = self.left + data
        answer = b""
        start, end = 0, len(data)
        while (body := _body(data, start, end)) is not None:
            first, after = body
            answer += self._take(data[start], data[first:after])
            start = after
        self.left = data[start:]
        return answer

    @property
    def covered(self) -> bool:
        """The last watermark is that of the last event."""
        if self.seq == 0:
            return True
        want = wire.Ack(epoch_of(self.number), self.seq, self.chain or "")
        return self.ack == want.encode()

    def _take(self, head: int, body: bytes) -> bytes:
        kind = head >> 4
        if kind == PUBLISH:
            size = int.from_bytes(body[:2], "big")
            start = 2 + size + (2 if head & 6 else 0)
            assert body[start] < 128, body
            if body[2 : 2 + size].endswith(b"/ack"):
                self.ack = body[start + 1 + body[start] :]
            return b"\x40\x02" + body[2 + size : 4 + size] if head & 6 else b""
        if kind in (CONNACK, SUBACK):
            codes = body[1:2] if kind == CONNACK else body[-3:]
            if max(codes) >= 128:
                raise LostError(f"{station_name(self.number)}: refused: {body!r}")
            self.ready -= 1
        return b""

    def _status(self, state: wire.State) -> bytes:
        session = f"{self.number:016x}"
        status = wire.Status(session, state, _at(time.time_ns()), "1", epoch_of(self.number), 0, 100_000, ("button",))
        return status.encode()


def _body(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where a whole packet's body begins and ends; None if it is not all there."""
    size, shift, at = 0, 0, start + 1
    while at < end:
        size |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return (at, at + size) if at + size <= end else None
        shift += 7
    return None


def _at(now_ns: int) -> str:
    seconds, rest = divmod(now_ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"


class Fleet:
    """The stations of one process."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._random = random.Random(task.first)  # noqa: S311 - phases keep no secret
        self._poll = select.epoll()
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._stations: dict[int, Station] = {}
        self._said: list[str] = []
        self.sent = array("Q")
        """Station, seq, monotonic ns before the send, ms of the event id, ns behind its time; event after event."""

    def run(self) -> None:
        templates = _templates()
        numbers = range(self.task.first, self.task.first + self.task.count)
        begin_ns = time.monotonic_ns()
        for due_ns, number in zip(self._phases(begin_ns, self.task.ramp_s), numbers, strict=True):
            self._until(due_ns)
            self._connect(number, templates[number % len(templates)])
        if self._wait(lambda station: station.ready > 0):
            raise LostError("the broker did not answer all")
        _say("connected")
        start_ns, seconds = self._told("send")
        self._send(int(start_ns), float(seconds))
        left = self._wait(lambda station: not station.covered)
        with Path(self.task.file).open("wb") as file:
            self.sent.tofile(file)
        _say(f"covered {left}")
        self._told("end")
        for station in self._stations.values():
            station.sock.send(b"\xe0\x00")
            station.sock.close()

    def _phases(self, begin_ns: int, seconds: float) -> list[int]:
        return sorted(begin_ns + int(self._random.uniform(0, seconds) * 1e9) for _ in range(self.task.count))

    def _connect(self, number: int, template: tuple[str, str]) -> None:
        sock = socket.create_connection(("127.0.0.1", self.task.port), 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        station = Station(number, *template, sock)
        self._stations[sock.fileno()] = station
        self._poll.register(sock.fileno(), select.EPOLLIN)
        _put(station, station.hello())

    def _send(self, start_ns: int, seconds: float) -> None:
        stations = list(self._stations.values())
        self._random.shuffle(stations)
        every_ns = int(self.task.every_s * 1e9)
        phases = self._phases(start_ns, self.task.every_s)
        for turn in range(int(seconds / self.task.every_s)):
            for station, phase_ns in zip(stations, phases, strict=True):
                due_ns = phase_ns + turn * every_ns
                self._until(due_ns)
                self._send_one(station, due_ns)

    def _send_one(self, station: Station, due_ns: int) -> None:
        now_ns = time.time_ns()
        ms = now_ns // 1_000_000
        message = station.event(ms, _at(now_ns))
        sent_ns = time.monotonic_ns()
        _put(station, message)
        self.sent.extend((station.number, station.seq, sent_ns, ms, sent_ns - due_ns))

    def _until(self, due_ns: int) -> None:
        """Serve the connections until then; at least once in a while even when late."""
        while (left_s := (due_ns - time.monotonic_ns()) / 1e9) > 0:
            self._serve(max(left_s, LEAST_POLL_S))
        if left_s < -0.02:
            self._serve(0)

    def _wait(self, open_: Callable[[Station], bool]) -> int:
        """Until no station is open, or none closed for long; gives how many are left."""
        left = [station for station in self._stations.values() if open_(station)]
        deadline = time.monotonic() + PATIENCE_S
        while left and time.monotonic() < deadline:
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                self._serve(0.2)
            still = [station for station in left if open_(station)]
            deadline = deadline if len(still) == len(left) else time.monotonic() + PATIENCE_S
            left = still
        return len(left)

    def _told(self, word: str) -> Sequence[str]:
        while not self._said:
            self._serve(1.0)
        first, *rest = self._said.pop(0).split()
        assert first == word, first
        return rest

    def _serve(self, timeout_s: float) -> None:
        for descriptor, _ in self._poll.poll(timeout_s):
            station = self._stations.get(descriptor)
            if station is None:
                self._said.append(sys.stdin.readline())
                continue
            data = station.sock.recv(RECEIVED)
            if not data:
                raise LostError(f"{station_name(station.number)}: the broker closed the connection")
            answer = station.hear(data)
            if answer:
                _put(station, answer)


def _put(station: Station, data: bytes) -> None:
    if station.sock.send(data) != len(data):
        raise LostError(f"{station_name(station.number)}: the broker does not read")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it was sent."""

    number: int
    seq: int
    sent_ns: int
    ms: int
    late_ns: int


def read_sent(file: Path) -> Iterator[Sent]:
    """What a process left behind."""
    values = array("Q")
    values.frombytes(file.read_bytes())
    each = iter(values)
    return (Sent(*row) for row in zip(each, each, each, each, each, strict=True))


if __name__ == "__main__":
    Fleet(Task(**json.loads(sys.argv[1]))).run()
