"""What a link is told and what it tells (`hardware.host.link`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hardware.host.tls import Tls


class NotConnected(ConnectionError):  # noqa: N818 - reads as what it is
    """There is no connection to the broker now; nothing was queued."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says when this client is lost."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where and as whom to connect."""

    host: str
    port: int
    client_id: str
    tls: Tls | None = None
    keepalive_s: int = 20
    will: Will | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker accepted the connection: subscribe now."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is gone or was refused; everything unacknowledged is forgotten."""

    reason: str
    code: int | None = None
    """The reason code of MQTT v5; None if there never was a connection, or we ended it."""
    hung_up: bool = False
    """What we sent last may be why: the other side closed a connection that stood, and gave no better reason."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker confirmed a subscription (or refused it)."""

    topic: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A message received."""

    topic: str
    payload: bytes
    retained: bool
    properties: Mapping[str, str]
    mid: int
    qos: int


@dataclass(frozen=True, slots=True)
class Published:
    """The broker answered a publication of QoS 1. ``ok`` says only that the broker took it."""

    mid: int
    ok: bool
    reason: str


LinkEvent = Connected | Disconnected | Subscribed | Message | Published
