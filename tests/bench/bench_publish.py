"""CPU of the publishing side for each event, through a real mosquitto; whoever loses an id has no figure.

The station's figure is its uplink's thread, from the journal's rows to the broker's and the hub's answers. Rivals send
the same lines from memory: paho as its documentation shows it, paho with its own queue, and the C client.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge import wire
from edge.station.journal.store import Journal, JournalReader
from edge.station.journal.writer import JournalWriter
from edge.station.uplink import Uplink
from edge.station.uplink_state import UplinkSettings
from hardware.host.clock import Clock
from hardware.host.link import LinkSettings
from tests.bench import fixture
from tests.bench.figures import Figure, MissingError, VoidError
from tests.bench.sink import Sink
from tests.support.site import MOSQUITTO, Broker

SINGLE = 4_000
BATCHED = 20_000
NAIVE = 2_000
ONE_EVENT_BYTES = 4000
"""A broker that takes packets of this size: no two events fit into one."""
MOST_S = 60.0
PUB = shutil.which("mosquitto_pub")


def measure(folder: Path) -> list[Figure]:
    if MOSQUITTO is None:
        raise MissingError("mosquitto is not installed: apt-get install mosquitto")
    lines = list(fixture.lines(list(fixture.drafts(SINGLE, fixture.sealer()))))
    single, rivals = _beside(folder, "single", f"max_packet_size {ONE_EVENT_BYTES}\n", SINGLE, lines)
    batched, _ = _beside(folder, "batched", "", BATCHED, [])
    return [
        Figure("publish.single_cpu_us", single, "us/event", 30, rivals),
        Figure("publish.batched_cpu_us", batched, "us/event", 4),
    ]


def _beside(folder: Path, name: str, limits: str, count: int, lines: Sequence[bytes]) -> tuple[float, dict[str, float]]:
    """The uplink's microseconds for each event, and the rivals', with one broker and one subscriber."""
    home = folder / name
    home.mkdir()
    broker = Broker(home, f"max_queued_messages 100000\n{limits}")
    broker.start()
    sink = Sink(broker.port)
    try:
        ours = _uplink(home, broker.port, sink, count)
        rivals = _rivals(home, broker.port, sink, lines) if lines else {}
    finally:
        sink.close()
        broker.stop()
    return ours, rivals


def _uplink(home: Path, port: int, sink: Sink, count: int) -> float:
    file = home / "journal.sqlite3"
    _fill(file, count)
    journal = Journal.open(file, opening=fixture.opening)
    writer, events = JournalWriter(journal), journal.head.last_seq
    writer.worker.start()
    link = LinkSettings("127.0.0.1", port, fixture.STATION)
    settings = UplinkSettings(fixture.STATION, link, "bench", "0", wire.iso(fixture.FIRST_AT), ())
    uplink = Uplink(settings, JournalReader.open(file), writer, now=Clock().now)
    try:
        spent = _drain(uplink, writer, events)
    finally:
        uplink._close()
        writer.stop(10)
    _demand(sink, fixture.STATION, events)
    return spent / events


def _fill(file: Path, count: int) -> None:
    with closing(Journal.open(file, opening=fixture.opening)) as journal:
        waiting = list(fixture.drafts(count, fixture.sealer()))
        for first in range(0, count, 100):
            journal.append(waiting[first : first + 100])


def _drain(uplink: Uplink, writer: JournalWriter, events: int) -> float:
    """Microseconds of this thread from the first event that may go out to the last watermark."""
    deadline = time.monotonic() + MOST_S
    while not uplink.stats.hub_present:
        uplink._step()
    gc.collect()
    began = time.thread_time_ns()
    while writer.head.acked_seq < events:
        if time.monotonic() > deadline:
            raise VoidError(f"{writer.head.acked_seq} of {events} events were confirmed in {MOST_S:.0f} s")
        uplink._step()
    return (time.thread_time_ns() - began) / 1e3


def _demand(sink: Sink, station: str, events: int) -> None:
    found = sink.counted(station, events)
    if found != {"distinct": events, "repeated": 0}:
        raise VoidError(f"{station}: {events} events were sent, the subscriber counted {found}")


def _rivals(home: Path, port: int, sink: Sink, lines: Sequence[bytes]) -> dict[str, float]:
    runs: dict[str, tuple[Callable[[int, str, Sequence[bytes]], float], int]] = {
        "paho_one_by_one": (_one_by_one, NAIVE),
        "paho_own_queue": (_own_queue, len(lines)),
    }
    if PUB is not None:
        runs["mosquitto_pub"] = (lambda *words: _mosquitto_pub(home, *words), len(lines))
    found = {}
    for name, (run, count) in runs.items():
        part = lines[:count]
        found[f"{name}_us"] = run(port, name, part) / count
        _demand(sink, name, count)
    return found


def _client(port: int, name: str) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.001)
    return client


def _one_by_one(port: int, name: str, lines: Sequence[bytes]) -> float:
    client = _client(port, name)
    began = time.process_time_ns()
    for line in lines:
        client.publish(wire.topic(name, "scan"), line, 1).wait_for_publish()
    spent = time.process_time_ns() - began
    client.disconnect()
    client.loop_stop()
    return spent / 1e3


def _own_queue(port: int, name: str, lines: Sequence[bytes]) -> float:
    client = _client(port, name)
    began = time.process_time_ns()
    sent = [client.publish(wire.topic(name, "scan"), line, 1) for line in lines]
    sent[-1].wait_for_publish()
    spent = time.process_time_ns() - began
    client.disconnect()
    client.loop_stop()
    return spent / 1e3


def _mosquitto_pub(home: Path, port: int, name: str, lines: Sequence[bytes]) -> float:
    assert PUB is not None
    given = home / "lines"
    given.write_bytes(b"".join(line + b"\n" for line in lines))
    words = [PUB, "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1", "-t", wire.topic(name, "scan"), "-l"]
    with given.open("rb") as file:
        process = subprocess.Popen(words, stdin=file)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return (used.ru_utime + used.ru_stime) * 1e6
