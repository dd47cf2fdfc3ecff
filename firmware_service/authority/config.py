"""What a site says of its authority: strict TOML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hardware.host.toml import load

CONFIG = Path("/etc/udi-authority/authority.toml")
_NAME = {"check": lambda value: 0 < len(value) <= 48 and value.isprintable(), "expected": "1 to 48 characters"}  # noqa: PLR2004
_HOSTS = {
    "check": lambda value: bool(value) and all(host and host.isascii() and " " not in host for host in value),
    "expected": "at least one host name or address, as it stands in the stations' [authority] url",
}
_PORT = {"check": lambda value: 0 <= value < 2**16, "expected": "a port from 0 to 65535; 0: any that is free"}


@dataclass(frozen=True, slots=True)
class AuthorityTable:
    """``[authority]``."""

    name: str = field(metadata=_NAME)
    """Of the site; stands in the authority's own certificate."""
    hosts: tuple[str, ...] = field(metadata=_HOSTS)
    """How stations find it: its own certificate is made for these."""
    listen: str = "0.0.0.0"  # noqa: S104 - stations are elsewhere
    port: int = field(default=8443, metadata=_PORT)
    state: Path = Path("/var/lib/udi-authority")
    """Keys, store and log; what the broker reads is in ``published`` there."""
    on_change: tuple[str, ...] = ()
    """The command, and its arguments, that makes the broker read ``published`` anew and ends its connections; such as
    systemctl, restart, mosquitto, which looks at its list of revoked certificates only when a connection begins."""


@dataclass(frozen=True, slots=True)
class AuthorityConfig:
    """The file."""

    authority: AuthorityTable


def read_config(file: Path) -> AuthorityTable:
    """The table of this file.

    Raises:
        hardware.host.toml.ConfigError: it cannot be used.
    """
    return load(file, AuthorityConfig).authority
