"""The MQTT link: with `link_client` the one importer of paho, driven by its owner's own loop in one thread.

Version 5 is asked for first, 3.1.1 by the next attempt if the broker does not answer to that: without user properties,
limits and reasons then, which the owner must not depend on. A broker that says that it knows no version 5 gets topics
spelt as `hardware.host.link_topics` says; the owner never sees that.

paho's queue is never used: `Link.publish` refuses while offline, a new client object is made after every loss, and
what has to be sent again is known by the owner (the journal, the hub's table). Subscriptions are not remembered.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from paho.mqtt import client as mqtt

from hardware.host.backoff import Backoff
from hardware.host.link_client import FAILURE, LinkClient, connect_properties, made, reason_text, topic_matches
from hardware.host.link_topics import spell, unspell
from hardware.host.link_types import (
    Connected,
    Disconnected,
    LinkEvent,
    LinkSettings,
    Message,
    NotConnected,
    Published,
    Subscribed,
    Will,
)
from hardware.host.packets import pack_pairs
from hardware.host.tls import Tls, client_context

__all__ = [
    "TAKEN_OVER", "Connected", "Disconnected", "Link", "LinkEvent", "LinkSettings", "Message", "NotConnected",
    "Published", "Subscribed", "Tls", "Will", "topic_matches",
]  # fmt: skip

log = logging.getLogger(__name__)

BACKOFF_FIRST_S = 0.25
BACKOFF_MOST_S = 30.0
TAKEN_OVER = 0x8E
"""The broker's reason: somebody else connected with our client id."""
RIVAL_FIRST_S = 2.0
RIVAL_MOST_S = 300.0
"""Pauses after `TAKEN_OVER`: each of the two throws the other one out, so both wait long, and take turns."""
_CLOSED = 0x80
"""What paho makes of an end without a word."""
_BLAMELESS = (0x00, 0x89, 0x8B, 0x8D, TAKEN_OVER, 0x98, 0x9C, 0x9D, 0x9F)
"""Reasons of a disconnection that what we sent cannot have caused: end, busy, shut down, silence, order, move, rate."""
ASK_AGAIN_S = 5.0
UNSUPPORTED_VERSION = 0x84
"""Reason of a CONNACK; paho gives it for return code 1 of a broker of version 3.1.1 as well."""


@dataclass(slots=True)
class _Session:
    """One paho client object with its socket and what it was asked."""

    client: LinkClient
    unanswered: bool = False
    """The CONNECT is out, and nothing shows yet that the broker knows this version of MQTT."""
    time_checked: bool = True
    """The dates of the broker's certificate were checked, or there is none."""
    up_since: float | None = None
    """`time.monotonic` when the broker accepted us."""
    detail: str = ""
    """What paho logged of an error before we were accepted: its return codes do not tell a revoked certificate."""
    subscribing: dict[int, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """Subscriptions to ask for again; a cluster refuses them while it chooses a leader."""
    ask_at: float = 0.0

    @property
    def up(self) -> bool:
        """The broker accepted us."""
        return self.up_since is not None


class Link:
    """A connection that is made again by itself. All methods but `wake` belong to one thread; `close` is the last."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        manual_ack: bool = False,
        receive_maximum: int | None = None,
        time_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare; `step` connects.

        Args:
            settings: where and as whom.
            manual_ack: messages of QoS 1 are acknowledged only by `ack`.
            receive_maximum: how many unacknowledged messages the broker may send at once.
            time_trusted: whether this machine's clock can judge a certificate's dates. While it cannot they are not
                checked; when it can, a connection that was made without is made anew.
        """
        self._settings = settings
        self._manual_ack = manual_ack
        self._receive_maximum = receive_maximum
        self._session: _Session | None = None
        self._events: list[LinkEvent] = []
        self._time_trusted = time_trusted
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S)
        self._rival = Backoff(RIVAL_FIRST_S, RIVAL_MOST_S)
        self._rival_known = False
        self._next_try = 0.0
        self._wake_lock = threading.Lock()
        self._closed = False
        self._version = mqtt.MQTTv5
        self._spells = False
        """The broker said that it knows 3.1.1 only: NATS."""
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.server_receive_maximum = 65_535
        """How many unacknowledged messages the broker takes from us."""
        self.maximum_packet_size: int | None = None
        """The broker's limit in bytes; None if it named none."""

    @property
    def connected(self) -> bool:
        """The broker has accepted us."""
        return self._session is not None and self._session.up

    @property
    def time_checked(self) -> bool | None:
        """Whether the dates of the broker's certificate were checked; None without TLS or connection."""
        session = self._session
        return session.time_checked if session is not None and session.up and self._settings.tls is not None else None

    def step(self, timeout_s: float) -> list[LinkEvent]:
        """Do what is due, wait at most `timeout_s` seconds for something to happen, and say what happened."""
        self._check_time_now()
        if self._session is None and not self._connect(timeout_s):
            return self._take()
        session = self._session
        sock = None if session is None else session.client.socket()
        if session is None or sock is None:
            self._lost("connection closed")
            return self._take()
        self._ask_again(session)
        writing: list[Any] = [sock] if session.client.want_write() else []
        pending = session.client.read_ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
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
        client = self._up().client
        packed = pack_pairs(properties) if properties else b""
        try:
            return client.send(self._spelt(topic), payload, qos, retain=retain, properties=packed)
        except OSError as error:
            self._lost(str(error))
            raise NotConnected(f"publishing to {topic}: {error}") from error

    def subscribe(self, topic: str, qos: int = 1) -> None:
        """Ask for a topic; `Subscribed` follows.

        Raises:
            NotConnected: there is no connection.
        """
        session = self._up()
        rc, mid = session.client.subscribe(self._spelt(topic), qos)
        if rc != mqtt.MQTT_ERR_SUCCESS or mid is None:
            raise NotConnected(f"subscribing to {topic}: {mqtt.error_string(rc)}")
        session.subscribing[mid] = topic

    def ack(self, message: Message) -> None:
        """Acknowledge a message (only with `manual_ack`); harmless when its connection is gone."""
        if self._session is not None and self._session.up and message.qos > 0:
            self._session.client.acknowledge(message.mid)

    def together(self) -> AbstractContextManager[None]:
        """What is sent within goes out in one piece at the end: many small packets, one system call."""
        return contextlib.nullcontext() if self._session is None else self._session.client.together()

    def wake(self) -> None:
        """Let a waiting `step` return at once; may be called from any thread."""
        with self._wake_lock, contextlib.suppress(BlockingIOError):
            if not self._closed:  # the number of a closed pipe may be another file's by now
                os.write(self._wake_write, b"\0")

    def rival_seen(self) -> None:
        """Another client uses our name: a lost connection is its doing, also where the broker does not say so.

        mosquitto before 2.0.15 closes the older connection without a word. Holds until one stands for `RIVAL_MOST_S`.
        """
        self._rival_known = True

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

    def close(self) -> None:
        """Say goodbye and give everything back; no `step` may follow."""
        self.disconnect()
        with self._wake_lock:
            if not self._closed:
                self._closed = True
                os.close(self._wake_read)
                os.close(self._wake_write)

    def _check_time_now(self) -> None:
        session = self._session
        if session is None or session.time_checked or not self._time_trusted():
            return
        self.disconnect()
        self._next_try = time.monotonic() + self._backoff.pause(self._stood(session))
        self._events.append(Disconnected("the clock is right now: the certificate's dates can be checked"))

    def _spelt(self, topic: str) -> str:
        return spell(topic) if self._spells else topic

    def _here(self) -> LinkSettings:
        """The settings as this broker takes them."""
        will = self._settings.will
        return (
            self._settings
            if will is None
            else replace(self._settings, will=replace(will, topic=self._spelt(will.topic)))
        )

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
        check_time = self._time_trusted()
        session = _Session(
            made(self._here(), self._version, manual_ack=self._manual_ack),
            time_checked=check_time or self._settings.tls is None,
        )
        self._bind(session)
        self._session = session
        five: dict[str, Any] = {}
        if self._version == mqtt.MQTTv5:
            five = {"clean_start": True, "properties": connect_properties(self._receive_maximum)}
        settings = self._settings
        try:
            if settings.tls is not None:
                session.client.tls_set_context(client_context(settings.tls, check_time=check_time))
            session.client.connect(settings.host, settings.port, keepalive=settings.keepalive_s, **five)
            session.unanswered = True
        except (OSError, ssl.SSLError, ValueError) as error:
            self._lost(f"{self._settings.host}:{self._settings.port}: {error}")  # TlsError is an OSError
            return False
        return True

    def _bind(self, session: _Session) -> None:
        client = session.client
        client.on_connect = lambda _c, _u, _f, reason, props: self._on_connect(session, reason, props)
        client.on_disconnect = lambda _c, _u, _f, reason, _p: self._on_disconnect(session, reason)
        client.on_log = lambda _c, _u, level, text: _keep_error(session, level, text)
        client.heard = self._heard
        client.answered = self._answered
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._on_subscribe(
            session, session.subscribing.pop(mid, ""), ok=not any(r.is_failure for r in reasons)
        )

    def _on_connect(self, session: _Session, reason: Any, properties: Any) -> None:
        foreign = reason.value == UNSUPPORTED_VERSION and self._version == mqtt.MQTTv5
        session.unanswered = foreign
        self._spells = foreign or (self._spells and self._version != mqtt.MQTTv5)
        if reason.is_failure:
            self._lost(f"refused: {reason}", reason.value)
            self._next_try = 0.0 if foreign else self._next_try
            return
        session.up_since = time.monotonic()
        session.client.on_log = None  # it would format a line for every packet
        self.server_receive_maximum = getattr(properties, "ReceiveMaximum", 65_535)
        self.maximum_packet_size = getattr(properties, "MaximumPacketSize", None)
        self._events.append(Connected())

    def _on_subscribe(self, session: _Session, topic: str, *, ok: bool) -> None:
        if not ok:
            session.refused.append(topic)
            session.ask_at = time.monotonic() + ASK_AGAIN_S
        self._events.append(Subscribed(topic, ok))

    def _answered(self, mid: int, code: int) -> None:
        self._events.append(Published(mid, code < FAILURE, reason_text(code) if code else "Success"))

    def _heard(self, message: Message) -> None:
        self._events.append(replace(message, topic=unspell(message.topic)) if self._spells else message)

    def _ask_again(self, session: _Session) -> None:
        if session.refused and session.up and time.monotonic() >= session.ask_at:
            topics, session.refused = session.refused, []
            with contextlib.suppress(NotConnected):  # noticed by what reads next
                for topic in topics:
                    self.subscribe(topic)

    def _on_disconnect(self, session: _Session, reason: Any) -> None:
        if self._session is session:
            text = "the connection was closed" if reason.value == _CLOSED else str(reason)
            self._lost(f"{text}: {session.detail}" if session.detail else text, reason.value)

    def _lost(self, reason: str, code: int | None = None) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        stood = self._stood(session)
        self._rival_known = self._rival_known and stood < RIVAL_MOST_S
        if self._rival_known and session.up:
            code = TAKEN_OVER
        backoff = self._rival if code == TAKEN_OVER else self._backoff
        self._next_try = time.monotonic() + backoff.pause(stood)
        self._version = mqtt.MQTTv311 if session.unanswered and self._version == mqtt.MQTTv5 else mqtt.MQTTv5
        self._events.append(Disconnected(reason, code, hung_up=session.up and code not in _BLAMELESS))
        self._close(session)

    @staticmethod
    def _stood(session: _Session) -> float:
        return 0.0 if session.up_since is None else time.monotonic() - session.up_since

    @staticmethod
    def _close(session: _Session) -> None:
        client = session.client
        client.on_disconnect = None
        sock = client.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()


def _keep_error(session: _Session, level: int, text: str) -> None:
    if level == mqtt.MQTT_LOG_ERR:
        session.detail = text
