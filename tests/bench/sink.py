"""``python -m tests.bench.sink PORT``: the other end of every publisher: counts ids, and answers as a hub does.

Each word on stdin names a station; what was counted of it is answered as one JSON line. CPU spent here is not the
publisher's, which is why this is a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import re
import select
import subprocess
import sys
import time
from collections import Counter, defaultdict
from typing import Any

from edge import wire
from hardware.host.link import Link, LinkSettings, Message, Subscribed
from tests.support.site import ROOT

_ID = re.compile(rb'"event_id":"([^"]+)"')
RECEIVE = 1000
SINGLES_S = 1.0
"""A hub answers single events of one station together, at most this often."""
SECONDS = 30.0


class Sink:
    """The process, as its parent sees it."""

    def __init__(self, port: int) -> None:
        words = [sys.executable, "-m", "tests.bench.sink", str(port)]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._answer() == {"ready": True}

    def counted(self, station: str, events: int) -> dict[str, int]:
        """``{distinct, repeated}`` of a station, once `events` came or nothing more comes."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{station} {events}\n".encode())
        self._process.stdin.flush()
        found: dict[str, int] = self._answer()
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def main(port: int) -> None:
    link = Link(LinkSettings("127.0.0.1", port, "sink"), receive_maximum=RECEIVE)
    presence = wire.HubPresence("sink", present=True, since="2026-11-24T09:30:00.000000Z")
    ids: defaultdict[str, Counter[bytes]] = defaultdict(Counter)
    asked: list[tuple[str, int, float]] = []
    acks = _Acks(link)
    while not link.connected:
        link.step(0.1)
    link.subscribe("udi/+/scan")
    while True:
        for event in link.step(0.01):
            match event:
                case Message():
                    ids[_station(event)].update(_ID.findall(event.payload))
                    acks.take(event)
                case Subscribed():
                    link.publish(wire.HUB_PRESENCE, presence.encode(), retain=True)
                    _say({"ready": True})
        acks.send_due()
        _answer(asked, ids)


class _Acks:
    """Watermarks as a hub sends them."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._due: dict[str, wire.Ack] = {}
        self._next = 0.0

    def take(self, message: Message) -> None:
        if "epoch" not in message.properties:
            return
        count = int(message.properties["count"])
        through = int(message.properties["first_seq"]) + count - 1
        last = wire.split(message.payload)[-1]
        self._due[_station(message)] = wire.Ack(message.properties["epoch"], through, wire.digest(last))
        if count > 1:
            self._next = 0.0

    def send_due(self) -> None:
        if self._due and time.monotonic() >= self._next:
            for station, ack in self._due.items():
                self._link.publish(wire.topic(station, "ack"), ack.encode(), qos=0, retain=True)
            self._due.clear()
            self._next = time.monotonic() + SINGLES_S


def _station(message: Message) -> str:
    return message.topic.split("/")[1]


def _answer(asked: list[tuple[str, int, float]], ids: defaultdict[str, Counter[bytes]]) -> None:
    if select.select([sys.stdin], [], [], 0)[0]:
        words = sys.stdin.readline().split()
        if not words:
            sys.exit()
        asked.append((words[0], int(words[1]), time.monotonic() + SECONDS))
    for each in list(asked):
        station, events, deadline = each
        if ids[station].total() >= events or time.monotonic() > deadline:
            asked.remove(each)
            _say({"distinct": len(ids[station]), "repeated": ids[station].total() - len(ids[station])})


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(int(sys.argv[1]))
