"""A client with a valid certificate that does what it has no right to: the others go on, and nothing of it counts."""

from __future__ import annotations

import secrets

from edge import wire
from hardware.host.link import Disconnected, NotConnected, Published
from tests.faults.cases_certificates import SecureWorld
from tests.faults.table import fault
from tests.faults.world import World
from tests.support.events import AT, draft
from tests.support.secure import Peer

FLOOD = 3_000


def _forged(station: str, epoch: str = "feedfacefeedface", seq: int = 1) -> bytes:
    return draft().encode(epoch, seq, None).replace(b'"station":"OR-01"', f'"station":"{station}"'.encode())


def _try(peer: Peer, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Publish, whatever the broker makes of it."""
    try:
        peer.link.publish(topic, payload, retain=retain)
    except NotConnected:
        pass
    else:
        peer.until((Published, Disconnected))


@fault("hostile client writes as another station", quick=True, build=SecureWorld)
def as_another(world: World) -> None:
    peer = _intruder(world)
    for topic in ("udi/OR-01/scan", "udi/EVIL/scan", "udi/OR-99/scan"):
        _try(peer, topic, _forged("OR-01"))
    world.station.scan(5)
    key = world.station.status()["epoch"]
    _try(peer, "udi/OR-01/scan", _forged("OR-01", key, 1_000))
    _try(peer, "udi/EVIL/scan", _forged("OR-01", key, 1_001))


@fault("hostile client writes watermarks and site topics", quick=True, build=SecureWorld)
def acknowledges(world: World) -> None:
    peer = _intruder(world)
    world.hub.end()
    world.station.scan(10)
    epoch = world.station.status()["epoch"]
    for through in (5, 1_000_000):
        ack = wire.Ack(epoch, through, secrets.token_hex(32)).encode()
        _try(peer, "udi/OR-01/ack", ack, retain=True)
    _try(peer, "udi/site/hub", wire.HubPresence("evil", True, wire.iso(AT)).encode(), retain=True)
    _try(peer, "udi/OR-01/status", b"{}", retain=True)
    world.station.scan(3)
    status = world.station.status()
    assert status["epoch"] == epoch, "a foreign watermark was believed"
    assert status["unacknowledged"] >= 13
    world.hub.start()


@fault("hostile client floods", quick=True, build=SecureWorld)
def floods(world: World) -> None:
    peer = _intruder(world)
    for number in range(FLOOD):
        peer.link.publish("udi/EVIL/scan", b"%d" % number + b"x" * 1_000)
        if number % 500 == 0:
            world.station.scan()
            peer.link.step(0)
    world.station.scan(5)
    world.wait(lambda: world.station.life.green() <= world.held().events, "delivery beside a flood", 15)


@fault("hostile client sends 10 MB", quick=True, build=SecureWorld)
def sends_much(world: World) -> None:
    peer = _intruder(world)
    _try(peer, "udi/EVIL/scan", b"x" * 10_000_000)
    world.station.scan(5)
    peer = _intruder(world)
    _try(peer, "udi/OR-01/scan", b"x" * 10_000_000)
    world.station.scan(5)


def _intruder(world: World) -> Peer:
    assert isinstance(world, SecureWorld)
    world.others = frozenset({"EVIL"})
    return world.secure.peer("EVIL")
