"""What a site says about its broker: strict TOML, and lists of stations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.hub.broker.rights import HUB_NAME, STATION_NAME
from hardware.host.toml import ConfigError, Problem, load

STATION_EXPECTED = "1 to 31 capital letters, digits and hyphens, for example OR-03"
_PORT = {"check": lambda value: 1 <= value < 2**16, "expected": "a port from 1 to 65535"}


def _is_plain_absolute(path: Path) -> bool:
    return path.is_absolute() and str(path).isprintable()


def _is_address(value: str) -> bool:
    return value != "" and value.isprintable() and " " not in value


_PATH = {"check": _is_plain_absolute, "expected": "an absolute path: the broker runs in another folder"}


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
    hub: str = field(
        default="hub",
        metadata={
            "check": lambda value: HUB_NAME.fullmatch(value) is not None,
            "expected": "the common name of the hub's certificate: 1 to 31 small letters, digits and hyphens, not site",
        },
    )
    listen: str | None = field(
        default=None, metadata={"check": _is_address, "expected": "an address or host name of this machine"}
    )
    """None: every network of this machine."""
    port: int = field(default=8883, metadata=_PORT)
    loopback_port: int | None = field(default=None, metadata=_PORT)
    """Without TLS, on 127.0.0.1 only, for a hub on this machine: whoever is logged in here can act as the hub."""
    state: Path = field(default=Path("/var/lib/mosquitto"), metadata=_PATH)
    """Folder for the broker's retained messages."""

    def problems(self) -> Iterable[Problem]:
        """Names, and two listeners on one port."""
        for index, name in enumerate(self.stations):
            if STATION_NAME.fullmatch(name) is None:
                yield _problem(f"stations[{index}]", name, STATION_EXPECTED)
        if self.loopback_port == self.port:
            yield _problem("loopback_port", self.loopback_port, "another port than broker.port")


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
