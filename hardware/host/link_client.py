"""paho's client with three of its inner methods replaced: what a hub spends most on with single messages of version 5.

paho reads each packet with four system calls and writes it with one, and each lets another thread of the process take
the interpreter for 5 ms; here one reads all that is there, and one writes what the owner wants sent together. paho's
reading of user properties takes 60 us a message; here 3. The methods are private to paho: the tests of the link hold
them, and whoever raises paho's version looks here.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hardware.host.link_types import LinkSettings, Message, pack_pairs

CONNECT_TIMEOUT_S = 3.0
READ_AHEAD = 65_536
READ_PACKETS = 100
"""Of one step: an owner has other things to do."""
MORE = 0x80
"""Of a byte of a variable length: another follows."""
USER_PROPERTY = 0x26
_SIZES = {0x01: 1, 0x02: 4, 0x23: 2}
"""Properties of a PUBLISH with a fixed size: payload format, expiry, topic alias."""
_TEXTS = (0x03, 0x08, 0x09)
"""Content type, response topic, correlation data: length and bytes."""
_SUBSCRIPTION = 0x0B


class LinkClient(mqtt.Client):
    """As `mqtt.Client`; messages of QoS 0 and 1 go to `heard` instead of ``on_message``."""

    heard: Callable[[Message], None]
    _ahead = memoryview(b"")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._behind = bytearray()
        self._holding = False

    @property
    def read_ahead(self) -> bool:
        """Bytes were read and not yet looked at: `loop_read` has work though the socket may have none."""
        return len(self._ahead) > 0

    def read_all(self) -> MQTTErrorCode:
        """Handle the packets that are there, at most about `READ_PACKETS`."""
        result = self.loop_read()
        for _ in range(READ_PACKETS):
            if result != mqtt.MQTT_ERR_SUCCESS or not self.read_ahead:
                break
            result = self.loop_read()
        return result

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
        if self._behind and not self._holding:
            with contextlib.suppress(BlockingIOError):
                del self._behind[: super()._sock_send(self._behind)]

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._ahead:
            self._ahead = memoryview(super()._sock_recv(READ_AHEAD))
        taken, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
        return bytes(taken)

    def _handle_publish(self) -> MQTTErrorCode:
        message = read_publish(
            self._in_packet["command"], bytes(self._in_packet["packet"]), five=self._protocol == mqtt.MQTTv5
        )
        if message.qos > 1:  # never asked for
            return mqtt.MQTT_ERR_PROTOCOL
        self.heard(message)
        return self._send_puback(message.mid) if message.qos and not self._manual_ack else mqtt.MQTT_ERR_SUCCESS


def read_publish(head: int, body: bytes, *, five: bool) -> Message:
    """A PUBLISH packet as a message; of its properties only the user's.

    Args:
        head: the packet's first byte.
        body: what follows its length.
        five: MQTT 5; else 3.1.1, which has no properties.

    Raises:
        MalformedPacket: it breaks off, or has what cannot be in it.
    """
    qos = head >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:at]
    mid = int.from_bytes(body[at : at + 2], "big") if qos else 0
    at += 2 if qos else 0
    if at > len(body):
        raise MalformedPacket("a PUBLISH that breaks off")
    properties: dict[str, str] = {}
    try:
        if five:
            size, at = _varint(body, at)
            properties, at = _user_properties(body, at, at + size), at + size
        return Message(topic.decode(), body[at:], bool(head & 1), properties, mid, qos)
    except (UnicodeDecodeError, IndexError) as error:
        raise MalformedPacket(f"a PUBLISH that cannot be read: {error}") from error


def _user_properties(body: bytes, at: int, end: int) -> dict[str, str]:
    found = {}
    while at < end:
        kind = body[at]
        if kind == USER_PROPERTY:
            name, at = _text(body, at + 1)
            value, at = _text(body, at)
            found[name.decode()] = value.decode()
        elif kind in _TEXTS:
            _, at = _text(body, at + 1)
        elif kind == _SUBSCRIPTION:
            _, at = _varint(body, at + 1)
        elif kind in _SIZES:
            at += 1 + _SIZES[kind]
        else:
            raise MalformedPacket(f"property {kind:#x} is none of a PUBLISH")
    if at != end or end > len(body):
        raise MalformedPacket("the properties of a PUBLISH break off")
    return found


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + (body[at] << 8 | body[at + 1])
    return body[at + 2 : end], end


def _varint(body: bytes, at: int) -> tuple[int, int]:
    number = body[at]
    if number < MORE:
        return number, at + 1
    number &= 127
    for shift in (7, 14, 21):
        at += 1
        number |= (body[at] & 127) << shift
        if body[at] < MORE:
            return number, at + 1
    raise MalformedPacket("a length of more than four bytes")


class UserProperties(Properties):
    """User properties of a PUBLISH packet and nothing else; paho's own packing costs more than the sending."""

    _pairs: Mapping[str, str]

    def __init__(self, pairs: Mapping[str, str]) -> None:
        object.__setattr__(self, "_pairs", pairs)  # paho's own takes the names of properties only

    def pack(self) -> bytes:
        """The property's bytes."""
        return pack_pairs(self._pairs)


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
