"""What the files of every broker have in common: each line stands under a comment that says why it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge.hub.broker.config import BrokerTable

MADE = "Written by `udi-hub broker-config`: change the site's file and write it again."
SPARE_CONNECTIONS, CONNECTIONS_PER_STATION = 64, 4
OTHER_FILES = 1024
"""Files a broker has open beside its connections; NATS several for each of its streams."""
Line = tuple[str, str]
"""What the broker reads, and why."""


def text(lines: Iterable[Line]) -> str:
    """A whole file."""
    return f"# {MADE}\n{block(lines)}"


def block(lines: Iterable[Line]) -> str:
    """A paragraph."""
    return "\n" + "".join(f"# {why}\n{line}\n" for line, why in lines)


def connections(site: BrokerTable) -> int:
    """How many clients a broker lets in at once."""
    return CONNECTIONS_PER_STATION * len(site.stations) + SPARE_CONNECTIONS


def unit(site: BrokerTable, more: Iterable[Line] = ()) -> str:
    """A drop-in for the broker's systemd unit; it belongs under /etc/systemd/system."""
    return text(_unit(site, more))


def _unit(site: BrokerTable, more: Iterable[Line]) -> Iterator[Line]:
    yield "[Service]", "For the broker's unit: copy this folder to /etc/systemd/system, then systemctl daemon-reload."
    yield f"LimitNOFILE={connections(site) + OTHER_FILES}", "A file for each connection, and the broker's own."
    yield from more
