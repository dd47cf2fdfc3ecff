"""paho's client with its sending and reading of packets replaced: what station and hub spend most on.

paho reads each packet with four system calls and writes it with one, and each lets another thread of the process take
the interpreter for 5 ms; here one reads all that is there, and one writes what the owner wants sent together. A
publication and its answer cost paho 40 us and a list of what is under way, a message read 60; here 5. Connecting,
subscribing, pinging and the end of a connection stay paho's. The methods are private to paho: the tests of the link
hold them, and whoever raises paho's version looks here.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hardware.host.link_types import LinkSettings, Message
from hardware.host.packets import Malformed, pack_variable, read_puback, read_publish, split_packet

CONNECT_TIMEOUT_S = 3.0
PUBLISH = 0x30
PUBACK_OF_TWO = b"\x40\x02"
READ_AHEAD = 262_144
HELD_MOST = 65_536
"""Bytes held back at most: the broker is to begin with what is large."""
READ_PACKETS = 100
"""Of one step: an owner has other things to do."""


class LinkClient(mqtt.Client):
    """As `mqtt.Client`; but `send`, `acknowledge`, `heard` and `answered` stand for its ``publish`` and callbacks."""

    heard: Callable[[Message], None]
    """Takes a message of QoS 0 or 1."""
    answered: Callable[[int, int], None]
    """Takes id and reason code of the answer to a publication of QoS 1."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ahead = bytearray()
        self._behind = bytearray()
        self._holding = False
        self.read_ahead = False
        """Whole packets were read and not yet looked at: `loop_read` has work though the socket may have none."""

    def send(self, topic: str, payload: bytes, qos: int, *, retain: bool, properties: bytes) -> int:
        """Publish; gives the message's id, 0 for QoS 0.

        Args:
            topic: without wildcards.
            payload: at most 256 MiB with topic and properties.
            qos: 0 or 1.
            retain: the broker keeps it.
            properties: as `hardware.host.packets.pack_pairs` gives them; empty for none.

        Raises:
            OSError: the connection is lost.
        """
        name, mid = topic.encode(), self._mid_generate() if qos else 0
        body = len(name).to_bytes(2, "big") + name + (mid.to_bytes(2, "big") if qos else b"")
        if self._protocol == mqtt.MQTTv5:
            body += properties or b"\0"
        head = bytes([PUBLISH | qos << 1 | retain]) + pack_variable(len(body) + len(payload))
        self._behind += head + body
        self._behind += payload
        self._push()
        return mid

    def acknowledge(self, mid: int) -> None:
        """Answer a message of QoS 1. A connection that is lost is noticed by what reads next."""
        self._behind += PUBACK_OF_TWO + mid.to_bytes(2, "big")
        with contextlib.suppress(OSError):
            self._push()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what is sent until the end. A connection that is lost is noticed by what reads next."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            with contextlib.suppress(OSError):
                self._push()

    def want_write(self) -> bool:
        """As paho's."""
        return len(self._behind) > 0 or super().want_write()

    def loop_write(self) -> MQTTErrorCode:
        """As paho's."""
        try:
            self._push()
        except OSError:
            return mqtt.MQTT_ERR_CONN_LOST
        return super().loop_write()

    def _sock_send(self, buf: bytes | bytearray) -> int:
        self._behind += buf
        self._push()
        return len(buf)

    def _push(self) -> None:
        """Send what waits, as far as the socket takes it."""
        if self._behind and (not self._holding or len(self._behind) >= HELD_MOST):
            with contextlib.suppress(BlockingIOError):
                del self._behind[: super()._sock_send(self._behind)]
                self._last_msg_out = time.monotonic()

    def _packet_read(self) -> MQTTErrorCode:
        """Handle the packets that are there, at most about `READ_PACKETS`; paho's ``loop_read`` calls it."""
        try:
            if not self.read_ahead:
                more = self._sock_recv(READ_AHEAD)
                if not more:
                    return mqtt.MQTT_ERR_CONN_LOST
                self._ahead += more
                self._last_bytes_received = time.monotonic()
            return self._handle_ahead()
        except BlockingIOError:
            return mqtt.MQTT_ERR_AGAIN
        except OSError as error:
            self._easy_log(mqtt.MQTT_LOG_ERR, "failed to receive on socket: %s", error)
            return mqtt.MQTT_ERR_CONN_LOST
        except (Malformed, MalformedPacket) as error:
            self._easy_log(mqtt.MQTT_LOG_ERR, "%s", error)
            return mqtt.MQTT_ERR_PROTOCOL

    def _handle_ahead(self) -> MQTTErrorCode:
        result, at = mqtt.MQTT_ERR_SUCCESS, 0
        for _ in range(READ_PACKETS):
            found = split_packet(self._ahead, at)
            self.read_ahead = found is not None
            if found is None or result != mqtt.MQTT_ERR_SUCCESS:
                break
            head, body, at = found
            result = self._handle(head, body)
        del self._ahead[:at]
        return result

    def _handle(self, head: int, body: bytes) -> MQTTErrorCode:
        five = self._protocol == mqtt.MQTTv5
        match head & 0xF0:
            case mqtt.PUBACK:
                self.answered(*read_puback(body, five=five))
                return mqtt.MQTT_ERR_SUCCESS
            case mqtt.PUBLISH:
                message = read_publish(head, body, five=five)
                if message.qos > 1:  # never asked for
                    return mqtt.MQTT_ERR_PROTOCOL
                self.heard(message)
                if message.qos and not self._manual_ack:
                    self.acknowledge(message.mid)
                return mqtt.MQTT_ERR_SUCCESS
        packet = self._in_packet
        packet["command"], packet["pos"] = head, 0
        packet["packet"], packet["remaining_length"] = bytearray(body), len(body)
        return self._packet_handle()


FAILURE = 0x80
"""Reason codes from here on say that it failed (MQTT v5, 2.4)."""


def reason_text(code: int) -> str:
    """What a PUBACK's reason code means, in the words of the standard (MQTT v5, 2.4).

    mosquitto also gives reasons there that the standard has for a DISCONNECT only, such as 0x95, packet too large.
    """
    for kind in (PacketTypes.PUBACK, PacketTypes.DISCONNECT):
        with contextlib.suppress(KeyError, ValueError):
            return str(ReasonCode(kind, identifier=code))
    return f"reason {code:#x}"


def made(settings: LinkSettings, version: MQTTProtocolVersion, *, manual_ack: bool) -> LinkClient:
    """A client for one connection: it keeps no queue, and is not used again after a loss."""
    client = LinkClient(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        protocol=version,
        manual_ack=manual_ack,
        reconnect_on_failure=False,  # paho would go down to 3.1 by itself
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    client.max_inflight_messages_set(0)
    client.max_queued_messages_set(0)
    client.on_socket_open = _no_delay
    will = settings.will
    if will is not None:
        client.will_set(will.topic, will.payload, will.qos, will.retain)
    return client


def connect_properties(receive_maximum: int | None) -> Properties:
    """Of a CONNECT of version 5: the session ends with the connection."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = 0
    if receive_maximum is not None:
        properties.ReceiveMaximum = receive_maximum
    return properties


def _no_delay(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def topic_matches(pattern: str, topic: str) -> bool:
    """Whether a topic is within a subscription with ``+`` and ``#``."""
    return mqtt.topic_matches_sub(pattern, topic)
