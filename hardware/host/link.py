"""The MQTT v5 link: the one importer of paho, driven by its owner's own loop in one thread.

paho's queue is never used: `Link.publish` refuses while offline, a new client object is made after every loss, and
what has to be sent again is known by the owner (the journal, the hub's table). Subscriptions are not remembered.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 3.0
BACKOFF_FIRST_S = 0.25
BACKOFF_MOST_S = 30.0


class NotConnected(ConnectionError):  # noqa: N818 - reads as what it is
    """There is no connection to the broker now; nothing was queued."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The device's identity at the broker."""

    ca: Path
    certificate: Path
    key: Path


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


@dataclass(slots=True)
class _Session:
    """One paho client object with its socket and what it was asked."""

    client: mqtt.Client
    up: bool = False
    subscribing: dict[int, str] = field(default_factory=dict)


class Link:
    """A connection that is made again by itself. All methods but `wake` belong to one thread."""

    def __init__(self, settings: LinkSettings, *, manual_ack: bool = False, receive_maximum: int | None = None) -> None:
        """Prepare; `step` connects.

        Args:
            settings: where and as whom.
            manual_ack: messages of QoS 1 are acknowledged only by `ack`.
            receive_maximum: how many unacknowledged messages the broker may send at once.
        """
        self._settings = settings
        self._manual_ack = manual_ack
        self._receive_maximum = receive_maximum
        self._session: _Session | None = None
        self._events: list[LinkEvent] = []
        self._attempt = 0
        self._next_try = 0.0
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.server_receive_maximum = 65_535
        """How many unacknowledged messages the broker takes from us."""
        self.maximum_packet_size: int | None = None
        """The broker's limit in bytes; None if it named none."""

    @property
    def connected(self) -> bool:
        """The broker has accepted us."""
        return self._session is not None and self._session.up

    def step(self, timeout_s: float) -> list[LinkEvent]:
        """Do what is due, wait at most `timeout_s` seconds for something to happen, and say what happened."""
        if self._session is None and not self._connect(timeout_s):
            return self._take()
        session = self._session
        sock = None if session is None else session.client.socket()
        if session is None or sock is None:
            self._lost("connection closed")
            return self._take()
        writing: list[Any] = [sock] if session.client.want_write() else []
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        readable, writable, _ = select.select(
            list[Any]([sock, self._wake_read]), writing, [], 0 if pending else timeout_s
        )
        self._drain(readable)
        self._pump(session, read=pending or sock in readable, write=sock in writable)
        return self._take()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> int:
        """Send a message; `Published` with the returned id follows for QoS 1.

        Raises:
            NotConnected: there is no connection; nothing was queued.
        """
        session = self._up()
        extra = _properties(PacketTypes.PUBLISH)
        if properties:
            extra.UserProperty = list(properties.items())
        info = session.client.publish(topic, payload, qos, retain, properties=extra if properties else None)
        if info.rc not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_AGAIN):
            self._lost(mqtt.error_string(info.rc))
            raise NotConnected(f"publishing to {topic}: {mqtt.error_string(info.rc)}")
        return info.mid

    def subscribe(self, topic: str, qos: int = 1) -> None:
        """Ask for a topic; `Subscribed` follows.

        Raises:
            NotConnected: there is no connection.
        """
        session = self._up()
        rc, mid = session.client.subscribe(topic, qos)
        if rc != mqtt.MQTT_ERR_SUCCESS or mid is None:
            raise NotConnected(f"subscribing to {topic}: {mqtt.error_string(rc)}")
        session.subscribing[mid] = topic

    def ack(self, message: Message) -> None:
        """Acknowledge a message (only with `manual_ack`); harmless when its connection is gone."""
        if self._session is not None and self._session.up and message.qos > 0:
            self._session.client.ack(message.mid, message.qos)

    def wake(self) -> None:
        """Let a waiting `step` return at once; may be called from any thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")

    def disconnect(self) -> None:
        """Say goodbye (the will is not sent) after what waits has been sent; a later `step` connects again."""
        session, self._session = self._session, None
        if session is None:
            return
        deadline = time.monotonic() + 1.0
        while session.up and session.client.want_write() and time.monotonic() < deadline:
            session.client.loop_write()
        session.client.disconnect()
        while session.client.want_write() and time.monotonic() < deadline:
            session.client.loop_write()
        self._close(session)

    def _up(self) -> _Session:
        if self._session is None or not self._session.up:
            raise NotConnected(f"not connected to {self._settings.host}:{self._settings.port}")
        return self._session

    def _take(self) -> list[LinkEvent]:
        events, self._events = self._events, []
        return events

    def _drain(self, readable: list[Any]) -> None:
        if self._wake_read in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)

    def _pump(self, session: _Session, *, read: bool, write: bool) -> None:
        results = []
        if read:
            results.append(session.client.loop_read())
        if write or session.client.want_write():
            results.append(session.client.loop_write())
        results.append(session.client.loop_misc())
        bad = [rc for rc in results if rc != mqtt.MQTT_ERR_SUCCESS]
        if bad and self._session is session:
            self._lost(mqtt.error_string(bad[0]))

    def _connect(self, timeout_s: float) -> bool:
        pause = self._next_try - time.monotonic()
        if pause > 0:
            self._drain(select.select([self._wake_read], [], [], min(pause, timeout_s))[0])
            return False
        session = _Session(self._client())
        self._bind(session)
        self._session = session
        try:
            session.client.connect(
                self._settings.host,
                self._settings.port,
                keepalive=self._settings.keepalive_s,
                clean_start=True,
                properties=self._connect_properties(),
            )
        except (OSError, ssl.SSLError, ValueError) as error:
            self._lost(f"{self._settings.host}:{self._settings.port}: {error}")
            return False
        return True

    def _client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=mqtt.MQTTv5,
            manual_ack=self._manual_ack,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        tls, will = self._settings.tls, self._settings.will
        if tls is not None:
            client.tls_set(str(tls.ca), str(tls.certificate), str(tls.key), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        if will is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        return client

    def _connect_properties(self) -> Properties:
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        if self._receive_maximum is not None:
            properties.ReceiveMaximum = self._receive_maximum
        return properties

    def _bind(self, session: _Session) -> None:
        client = session.client
        client.on_socket_open = _no_delay
        client.on_connect = lambda _c, _u, _f, reason, props: self._on_connect(session, reason, props)
        client.on_disconnect = lambda _c, _u, _f, reason, _p: self._on_disconnect(session, str(reason))
        client.on_message = lambda _c, _u, message: self._events.append(_message(message))
        client.on_publish = lambda _c, _u, mid, reason, _p: self._events.append(
            Published(mid, not reason.is_failure, str(reason))
        )
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._events.append(
            Subscribed(session.subscribing.pop(mid, ""), not any(r.is_failure for r in reasons))
        )

    def _on_connect(self, session: _Session, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._lost(f"refused: {reason}")
            return
        session.up = True
        self._attempt = 0
        self.server_receive_maximum = getattr(properties, "ReceiveMaximum", 65_535)
        self.maximum_packet_size = getattr(properties, "MaximumPacketSize", None)
        self._events.append(Connected())

    def _on_disconnect(self, session: _Session, reason: str) -> None:
        if self._session is session:
            self._lost(reason)

    def _lost(self, reason: str) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        self._next_try = time.monotonic() + random.uniform(  # noqa: S311 - spreads reconnects, keeps no secret
            0, min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2**self._attempt)
        )
        self._attempt += 1
        self._events.append(Disconnected(reason))
        self._close(session)

    @staticmethod
    def _close(session: _Session) -> None:
        client = session.client
        client.on_disconnect = None
        sock = client.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves this constructor untyped


def _no_delay(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _message(message: mqtt.MQTTMessage) -> Message:
    pairs = getattr(message.properties, "UserProperty", None) or ()
    return Message(message.topic, bytes(message.payload), message.retain, dict(pairs), message.mid, message.qos)


def topic_matches(pattern: str, topic: str) -> bool:
    """Whether a topic is within a subscription with ``+`` and ``#``."""
    return mqtt.topic_matches_sub(pattern, topic)
