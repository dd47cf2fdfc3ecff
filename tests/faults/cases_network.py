"""Connections that break in mid-packet, go deaf, wait, lose packets."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from tests.faults.table import fault, proxied
from tests.faults.world import KeepingBroker, World
from tests.support.lossy import NEAR, LossyLink
from tests.support.site import free_port


@fault("connection of the station cut in mid-packet", quick=True, build=proxied)
def station_cut(world: World) -> None:
    _cut_at_random(world, "OR-01")


@fault("connection of the hub cut in mid-packet", quick=True, build=proxied)
def hub_cut(world: World) -> None:
    _cut_at_random(world, "hub")


def _cut_at_random(world: World, name: str) -> None:
    rng = random.Random(20261124)  # noqa: S311 - a reproducible schedule
    proxy = world.proxies[name]
    for number in range(5):  # each is followed by a pause that may be twice as long as the one before
        proxy.cut_after("up" if number % 2 else "down", rng.randint(1, 400 if number % 2 else 60))
        cuts = proxy.cuts
        while proxy.cuts == cuts:
            world.station.scan()
            world.tend()


@fault("station's connection half-open", build=proxied)
def half_open(world: World) -> None:
    world.station.scan(3)
    world.proxies["OR-01"].go_deaf("up", "down")
    world.station.scan(20)
    world.station.life.wait_log("link=lost", 60)  # the keepalive notices
    world.station.scan(5)


@fault("hub's connection half-open", build=proxied)
def hub_half_open(world: World) -> None:
    world.station.scan(3)
    world.proxies["hub"].go_deaf("up", "down")
    world.station.scan(60)
    world.wait(lambda: b"broker=lost" in world.hub.said(), "the hub to notice", 60)
    world.station.scan(5)


@fault("nothing reaches the station", build=proxied)
def deaf_station(world: World) -> None:
    world.station.scan(3)
    world.proxies["OR-01"].go_deaf("down")
    world.station.scan(20)
    world.station.life.wait_log("link=lost", 60)


@fault("nothing of the hub reaches the broker", build=proxied)
def mute_hub(world: World) -> None:
    world.station.scan(3)
    world.proxies["hub"].go_deaf("up")
    world.station.scan(20)
    world.wait(lambda: b"broker=lost" in world.hub.said(), "the hub to notice", 60)


@fault("everything arrives a second late", build=proxied)
def late(world: World) -> None:
    for proxy in world.proxies.values():
        proxy.delay(1.0)
    world.station.scan(30)
    world.wait(world.station.acknowledged, "delivery over a slow network", 120)


@fault("connections refused, then taken", quick=True, build=proxied)
def refused(world: World) -> None:
    for name in ("OR-01", "hub", "OR-01"):
        world.proxies[name].refuse()
        world.station.scan(5)
        world.proxies[name].heal()


def over_a_lossy_link(folder: Path) -> World:
    """A station in a network namespace of its own, behind 30 % loss and 2 s there and back."""
    link = LossyLink(loss=0.3, delay_s=1.0)
    port = free_port()
    world = World(folder, broker=KeepingBroker(folder, f"listener {port} {NEAR}\n"), closing=(link.close,))
    file = world.station.home / "station.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace('"127.0.0.1"', f'"{NEAR}"').replace(f"port = {world.site.broker.port}\n", f"port = {port}\n")
    file.write_text(text, encoding="utf-8")
    plain = [sys.executable, "-m", "tests.faults.killed_station", "never", "1"]
    world.station.program = [*link.prefix, *plain]
    return world


@fault("30 % loss and 2 s latency", build=over_a_lossy_link, within_s=600.0)
def lossy(world: World) -> None:
    world.station.scan(20)
