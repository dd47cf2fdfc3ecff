"""Disks that are full at every write, read-only, slow, and without power in mid-write."""

from __future__ import annotations

import itertools
import signal
import sys
from pathlib import Path

from tests.faults.table import fault
from tests.faults.world import World
from tests.support.disk import SmallDisk, frame_bytes, limit_files, next_write
from tests.support.site import wait_for


def _offsets(database: Path) -> list[int]:
    """Bytes of a commit that are still written: in the middle of a frame, at its ends, in its header."""
    frame = frame_bytes(database)
    return [0, 1, 24, 25, 200, frame, frame + 24, frame + 200, 2 * frame, 2 * frame + 300, 3 * frame, 3 * frame + 30,
            4 * frame, 99 * frame]  # fmt: skip


@fault("station's disk refuses at every write of a commit", quick=True)
def station_refused(world: World) -> None:
    world.broker.end()  # or watermarks write as well
    refused = 0
    offsets = _offsets(world.station.journal)
    for offset in offsets:
        life = world.station.life
        limit_files(life.process.pid, next_write(world.station.journal) + offset)
        world.station.scan()
        refused += life.shown()[-1] == "FAULT"
        limit_files(life.process.pid, None)
        world.station.scan()
        assert life.shown()[-1] == "ACCEPTED"
    assert 5 <= refused < len(offsets), f"{refused} of {len(offsets)} limits were met"


@fault("hub's disk refuses at every write of a commit", quick=True)
def hub_refused(world: World) -> None:
    refused, index = 0, Path(f"{world.site.store}-shm")
    for offset in _offsets(Path(world.site.store))[::2]:
        world.wait(lambda: world.hub.ready and world.hub.connected and index.exists(), "the hub")
        process = world.hub.process
        assert process is not None
        limit_files(process.pid, next_write(Path(world.site.store)) + offset)
        world.station.scan()
        wanted = world.station.told().green
        world.glance(lambda process=process, wanted=wanted: process.poll() is not None or wanted <= world.held().events)  # type: ignore[misc]
        refused += not wanted <= world.held().events
        if process.poll() is None:
            limit_files(process.pid, None)
    assert refused >= 2, "hardly a limit was met"


def station_on_a_disk(folder: Path) -> World:
    """The station's journal is on a disk of its own."""
    disk = SmallDisk(folder / "OR-01")
    return World(folder, disk=disk)


def hub_on_a_disk(folder: Path) -> World:
    """The hub's store is on a disk of its own."""
    disk = SmallDisk(folder / "store")
    return World(folder, disk=disk, store=str(disk.folder / "hub.sqlite3"))


@fault("station's disk full", build=station_on_a_disk)
def station_full(world: World) -> None:
    world.broker.end()
    world.disk.fill()
    station = world.station
    for number in itertools.count(1):
        station.terminal.send(b"]C0" + b"%06d" % number + b"x" * 3000)
        station.life.wait_shown(number)
        if station.life.shown()[-1] == "FAULT":
            break
    world.disk.free()
    wait_for(lambda: station.life.signals[-1]["signal"] == "READY", "READY again")
    station.scan(3)
    assert station.life.shown()[-1] == "ACCEPTED"


@fault("hub's disk full", build=hub_on_a_disk)
def hub_full(world: World) -> None:
    world.disk.fill()
    for _ in range(2):
        world.station.scan(50)
        world.hub.end(signal.SIGTERM)
        world.hub.start(ready=False)
    world.disk.free()
    world.tend()


@fault("station's disk becomes read-only", build=station_on_a_disk)
def station_read_only(world: World) -> None:
    world.station.scan(5)
    world.disk.settle()
    world.disk.break_down()
    world.station.scan(2)
    assert world.station.life.shown()[-2:] == ["FAULT", "FAULT"]
    world.station.end()
    world.station.start(ready=False).wait_death("a read-only journal")
    assert world.station.bury() not in (0, -signal.SIGKILL)
    world.disk.again()
    world.station.start()
    world.station.scan(2)


@fault("hub's disk becomes read-only", build=hub_on_a_disk)
def hub_read_only(world: World) -> None:
    world.station.scan(5)
    world.wait(lambda: world.station.told().green <= world.held().events, "delivery")
    world.disk.settle()
    world.disk.break_down()
    world.station.scan(5)
    world.hub.end()
    world.station.scan(5)
    world.disk.again()
    world.hub.start()


@fault("power of the station lost with scans under way", build=station_on_a_disk)
def station_without_power(world: World) -> None:
    world.disk.settle()
    for _ in range(5):
        station = world.station
        before = len(station.life.shown())
        station.pour(40)
        station.life.wait_shown(before + 10)
        world.disk.lose_power()
        station.end(look=False)  # what is still in memory was promised to nobody
        world.disk.again()
        station.start()


@fault("power of the hub lost with scans under way", build=hub_on_a_disk)
def hub_without_power(world: World) -> None:
    for _ in range(5):
        seen = len(world.held().events)
        world.station.pour(40)
        world.wait(lambda seen=seen: len(world.held().events) >= seen + 5, "the hub to take some")  # type: ignore[misc]
        world.disk.lose_power()
        world.hub.end()
        world.disk.again()
        world.hub.start()


@fault("a flush of 10 s", running=False)
def slow_flush(world: World) -> None:
    world.broker.start()
    world.hub.start()
    world.station.start([sys.executable, "-m", "tests.faults.slow_station", "10", "3"])
    world.station.scan()
    world.station.pour(20)
    world.wait(lambda: len(world.station.life.green()) == 21, "every answer")
