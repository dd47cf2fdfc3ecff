"""What a site says about its broker: strict TOML, and lists of stations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from edge.hub.broker.rights import HUB_NAME, STATION_NAME
from hardware.host.toml import ConfigError, Problem, load

STATION_EXPECTED = "1 to 31 capital letters, digits and hyphens, for example OR-03"
HUB_EXPECTED = (
    "the common name of a hub's own certificate: 1 to 31 small letters, digits and hyphens, not site, not broker"
)
LEAST_NODES = 3
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
NODE = re.compile(r"[a-z][a-z0-9-]{0,30}")
Kind = Literal["mosquitto", "nats"]
_PORT = {"check": lambda value: 1 <= value < 2**16, "expected": "a port from 1 to 65535"}


def _is_plain_absolute(path: Path) -> bool:
    return path.is_absolute() and str(path).isprintable()


def _is_address(value: str) -> bool:
    return value != "" and value.isprintable() and " " not in value


_HOST = {
    "check": lambda value: HOST.fullmatch(value) is not None,
    "expected": "an IPv4 address or host name of that machine: letters, digits, dots and hyphens",
}
_ADDRESS = {"check": _is_address, "expected": "an address or host name of this machine"}
_PATH = {"check": _is_plain_absolute, "expected": "an absolute path: the broker runs in another folder"}


@dataclass(frozen=True, slots=True)
class Node:
    """``[[broker.node]]``: one machine of a cluster."""

    name: str = field(
        metadata={
            "check": lambda value: NODE.fullmatch(value) is not None,
            "expected": "1 to 31 small letters, digits and hyphens, for example n1: a folder of that name is written",
        }
    )
    host: str = field(metadata=_HOST)
    """Where it listens, and where the other nodes find it; its certificate must name it."""
    port: int | None = field(default=None, metadata=_PORT)
    """For stations and hubs; None: ``broker.port``."""
    cluster_port: int = field(default=6222, metadata=_PORT)
    """For the other nodes."""

    def mqtt_port(self, common: int) -> int:
        """The port for stations and hubs, where `common` is that of the site."""
        return common if self.port is None else self.port


@dataclass(frozen=True, slots=True)
class BrokerTable:
    """``[broker]``."""

    ca: Path = field(metadata=_PATH)
    """PEM of the authority (or authorities) that sign the certificates of hub, stations and agents."""
    certificate: Path = field(metadata=_PATH)
    """The broker's own certificate, for the host name the stations connect to."""
    key: Path = field(metadata=_PATH)
    """Its key; readable by the broker's user only."""
    stations: tuple[str, ...] = ()
    revoked: Path | None = field(default=None, metadata=_PATH)
    """PEM list of revoked certificates; the authority must renew it in time, a list out of date locks out all."""
    hubs: tuple[str, ...] = field(default=("hub",), metadata={"check": bool, "expected": f"at least {HUB_EXPECTED}"})
    """A name and certificate for each: two hubs of one name throw each other out."""
    listen: str | None = field(default=None, metadata=_ADDRESS)
    """None: every network of this machine."""
    port: int = field(default=8883, metadata=_PORT)
    loopback_port: int | None = field(default=None, metadata=_PORT)
    """Without TLS, on 127.0.0.1 only, for a hub on this machine: whoever is logged in here can act as the hub."""
    state: Path | None = field(default=None, metadata=_PATH)
    """Folder for what the broker keeps; None: ``/var/lib/<kind>``."""
    kind: Kind = "mosquitto"
    node: tuple[Node, ...] = ()
    """The machines of a cluster; mosquitto has none."""

    @property
    def state_folder(self) -> Path:
        """Where the broker keeps its retained messages."""
        return self.state or Path("/var/lib") / self.kind

    def problems(self) -> Iterable[Problem]:
        """Names, two listeners in one place, and what the kind of broker cannot do."""
        for index, name in enumerate(self.stations):
            if STATION_NAME.fullmatch(name) is None:
                yield _problem(f"stations[{index}]", name, STATION_EXPECTED)
        for index, name in enumerate(self.hubs):
            if HUB_NAME.fullmatch(name) is None or name in self.hubs[:index]:
                yield _problem(f"hubs[{index}]", name, f"{HUB_EXPECTED}, each once")
        if self.loopback_port == self.port:
            yield _problem("loopback_port", self.loopback_port, "another port than broker.port")
        yield from self._nats_problems() if self.kind == "nats" else self._mosquitto_problems()

    def _mosquitto_problems(self) -> Iterable[Problem]:
        if self.node:
            yield _problem("node", len(self.node), 'no nodes: one mosquitto is no cluster; kind = "nats" is')

    def _nats_problems(self) -> Iterable[Problem]:
        if len(self.node) < LEAST_NODES or len(self.node) % 2 == 0:
            yield _problem("node", len(self.node), "3 or 5 nodes: more than half of them must be alive")
        if len({node.name for node in self.node}) < len(self.node):
            yield _problem("node", [node.name for node in self.node], "a name for each node")
        places = [(node.host, port) for node in self.node for port in (node.mqtt_port(self.port), node.cluster_port)]
        if len(set(places)) < len(places):
            yield _problem("node", sorted(places), "a host and port for each listener")
        for key in ("listen", "loopback_port", "revoked"):
            if getattr(self, key) is not None:
                yield _problem(key, getattr(self, key), 'nothing with kind = "nats", which has no such thing')


@dataclass(frozen=True, slots=True)
class _File:
    broker: BrokerTable


def read_site(path: Path, listed: Path | None = None, named: Sequence[str] = ()) -> BrokerTable:
    """Read a site's file, and add the stations of a list and of the command line.

    Args:
        path: the TOML file.
        listed: a text with one station a line; blank lines and what follows a ``#`` are left out.
        named: more stations.

    Raises:
        ConfigError: with every problem found; also when there is no station at all.
    """
    table = load(path, _File).broker
    more = [(f"{listed}:{number}", name) for number, name in _lines(listed)] + [("station", name) for name in named]
    wrong = [_problem(where, name, STATION_EXPECTED) for where, name in more if STATION_NAME.fullmatch(name) is None]
    stations = tuple(dict.fromkeys([*table.stations, *(name for _, name in more)]))
    if not stations:
        wrong.append(_problem("broker.stations", [], "at least one station, here, with --stations or as an argument"))
    if wrong:
        raise ConfigError(tuple(wrong))
    return replace(table, stations=stations)


def _lines(listed: Path | None) -> list[tuple[int, str]]:
    if listed is None:
        return []
    try:
        text = listed.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        expected = "a readable text with one station a line"
        problem = Problem("--stations", str(listed), expected, f"{listed}: {error}; expected {expected}")
        raise ConfigError((problem,)) from error
    names = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, name) for number, name in names if name]


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
