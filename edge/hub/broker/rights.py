"""Who may read and write which topic at the broker: the one table, free of any broker's own syntax.

Every identity is named in full and gets its own rights. Patterns over the client's name (``udi/%u/scan``) would grant
a station's rights to whatever name a certificate carries, agents and ``site`` included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

STATION_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
"""Capital letters keep ``site`` and the hub apart from every station, the missing dot its agent."""
NODE_NAME = "broker"
"""The common name of every node of a cluster: by it they know each other, and it is nobody else's."""
HUB_NAME = re.compile(rf"(?!(?:site|{NODE_NAME})$)[a-z][a-z0-9-]{{0,30}}")
Access = Literal["read", "write", "readwrite"]


@dataclass(frozen=True, slots=True)
class Right:
    """One topic filter that an identity may use, and why it needs it."""

    access: Access
    topic: str
    why: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The common name of a certificate with everything it may do; what is not listed is refused."""

    name: str
    who: str
    rights: tuple[Right, ...]


def identities(hubs: Sequence[str], stations: Sequence[str]) -> Iterator[Identity]:
    """Everybody of a site: each hub, each station, and each station's firmware agent.

    Agents come last: mosquitto searches the names it has so far for every line it reads, and those of the stations lie
    closer together in its memory that way (10,000 stations: 4 s instead of 15 s).
    """
    for name in hubs:
        yield Identity(name, "a hub", hub_rights())
    for name in stations:
        yield Identity(name, f"station {name}", station_rights(name))
    for name in stations:
        yield Identity(f"{name}.fw", f"firmware agent of {name}", agent_rights(name))


def station_rights(name: str) -> tuple[Right, ...]:
    """A station says what happened at it, and hears its answers and the site's notices."""
    return (
        Right("write", f"udi/{name}/scan", "its events"),
        Right("readwrite", f"udi/{name}/status", "its state and will; reading it shows a second holder of its name"),
        Right("write", f"udi/{name}/health", "how its processes are"),
        Right("write", f"udi/{name}/photo/+", "sealed pictures"),
        Right("read", f"udi/{name}/ack", "the watermark: it releases the journal, so only the hub may write it"),
        Right("read", f"udi/{name}/photo-ack", "which pictures the hub has"),
        Right("read", "udi/site/#", "presence of the hub, rules, recalls, catalogue notices"),
    )


def agent_rights(name: str) -> tuple[Right, ...]:
    """A firmware agent says how its machine is and carries out what the hub asks; scans are none of its business."""
    return (
        Right("write", f"udi/{name}.fw/health", "how the machine is"),
        Right("read", f"udi/{name}.fw/config/desired", "the configuration it shall apply; only the hub writes it"),
        Right("write", f"udi/{name}.fw/config/reported", "what became of it"),
        Right("readwrite", f"udi/{name}.fw/cmd/+/+", "a command, and how far it has come, in the same retained topic"),
        Right("write", f"udi/{name}.fw/diagnostics", "the archive that the hub asked for, in pieces"),
        Right("read", "udi/site/time", "what time it is, where no server can be asked"),
    )


def hub_rights() -> tuple[Right, ...]:
    """The hub hears all stations and answers them; it can speak in the name of none."""
    return (
        Right("read", "udi/+/scan", "events to collect"),
        Right("read", "udi/+/status", "state of each station"),
        Right("read", "udi/+/health", "health of stations and machines"),
        Right("read", "udi/+/photo/+", "sealed pictures to collect"),
        Right("write", "udi/+/ack", "watermarks"),
        Right("write", "udi/+/photo-ack", "pictures that are stored"),
        Right("write", "udi/+/config/desired", "configuration for an agent"),
        Right("read", "udi/+/config/reported", "what became of it"),
        Right("readwrite", "udi/+/cmd/+/+", "commands for an agent, and how far they have come"),
        Right("read", "udi/+/diagnostics", "archives that it asked machines for, in pieces"),
        Right("write", "udi/site/#", "its presence and will, and notices to the site"),
        Right("read", "udi/site/hub", "its own presence: shows the late will of a former process, or a second hub"),
        Right("read", "udi/site/bindings/+", "what stands there for house codes: its next version is higher"),
        Right("read", "udi/site/document/+", "what stands there for documents: those that are over have to go"),
        Right("read", "udi/site/order/+", "what stands there for orders: a forged notice hides the right one"),
    )
