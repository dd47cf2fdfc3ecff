"""The hub's configuration file: strict TOML into frozen dataclasses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hardware.host.toml import Problem, load

_PORT = {"check": lambda value: 0 <= value < 2**16, "expected": "a port from 0 (any free one) to 65535"}
_FILLED = {"check": bool, "expected": "a text that is not empty"}


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class HubTable:
    """``[hub]``."""

    store: Path
    """The SQLite file; ``<store>.lock`` beside it keeps a second collector out."""
    id: str = field(default="hub", metadata=_FILLED)
    """Client id at the broker."""
    site: str = field(default="site", metadata=_FILLED)
    """The site that patients are sealed for; the same text as in the stations' ``[seal] site``."""
    keys: Path | None = None
    """Folder of ``<kid>.key`` files, mode 0600: X25519 private keys, raw, in base64. None: patients stay sealed."""


@dataclass(frozen=True, slots=True)
class TlsTable:
    """``[link] tls``: the hub's identity at the broker."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class LinkTable:
    """``[link]``: the broker of the site."""

    host: str = field(metadata=_FILLED)
    port: int = field(metadata={"check": lambda value: 1 <= value < 2**16, "expected": "a port from 1 to 65535"})
    tls: TlsTable | None = None
    bench: bool = False

    def problems(self) -> Iterable[Problem]:
        """Without TLS only on a bench."""
        if self.tls is None and not self.bench:
            expected = "ca, certificate and key files; only a bench (bench = true) goes without"
            yield Problem("tls", None, expected, f"tls is missing: expected {expected}")


@dataclass(frozen=True, slots=True)
class PageTable:
    """``[page]``: the pages for people."""

    listen: str = field(
        default="127.0.0.1",
        metadata={
            "check": _is_loopback,
            "expected": "a loopback address: to reach further, put a proxy with TLS and sign-in before it",
        },
    )
    port: int = field(default=8080, metadata=_PORT)


@dataclass(frozen=True, slots=True)
class HubConfig:
    """The whole file."""

    hub: HubTable
    link: LinkTable
    page: PageTable = PageTable()


def read_config(path: Path) -> HubConfig:
    """Read and check a hub's file.

    Raises:
        ConfigError: with every problem found, each naming its dotted key.
    """
    return load(path, HubConfig)
