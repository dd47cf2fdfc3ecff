"""MQTT packets as bytes: those that pass by the thousand (MQTT v5, chapters 1.5, 2 and 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hardware.host.link_types import Message

MORE = 0x80
"""Of a byte of a variable length: another follows."""
USER_PROPERTY = 0x26
_SIZES = {0x01: 1, 0x02: 4, 0x23: 2}
"""Properties of a PUBLISH with a fixed size: payload format, expiry, topic alias."""
_TEXTS = (0x03, 0x08, 0x09)
"""Content type, response topic, correlation data: length and bytes."""
_SUBSCRIPTION = 0x0B


class Malformed(ValueError):  # noqa: N818 - the standard's word
    """Bytes that cannot be a packet."""


def split_packet(data: bytes | bytearray, at: int) -> tuple[int, bytes, int] | None:
    """First byte and body of the packet that begins at `at`, and where it ends; None if it is not there wholly.

    Raises:
        Malformed: its length is of more than four bytes.
    """
    try:
        size, begin = _varint(data, at + 1)
    except IndexError:
        return None
    end = begin + size
    return (data[at], bytes(memoryview(data)[begin:end]), end) if end <= len(data) else None


def read_puback(body: bytes, *, five: bool) -> tuple[int, int]:
    """Message id and reason code of a PUBACK; without a reason it is 0, success.

    Raises:
        Malformed: it breaks off.
    """
    if len(body) < 2:  # noqa: PLR2004 - the id
        raise Malformed("a PUBACK that breaks off")
    return int.from_bytes(body[:2], "big"), body[2] if five and len(body) > 2 else 0  # noqa: PLR2004


def read_publish(head: int, body: bytes, *, five: bool) -> Message:
    """A PUBLISH packet as a message; of its properties only the user's.

    Args:
        head: the packet's first byte.
        body: what follows its length.
        five: MQTT 5; else 3.1.1, which has no properties.

    Raises:
        Malformed: it breaks off, or has what cannot be in it.
    """
    qos = head >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:at]
    mid = int.from_bytes(body[at : at + 2], "big") if qos else 0
    at += 2 if qos else 0
    if at > len(body):
        raise Malformed("a PUBLISH that breaks off")
    properties: dict[str, str] = {}
    try:
        if five:
            size, at = _varint(body, at)
            properties, at = _user_properties(body, at, at + size), at + size
        return Message(topic.decode(), body[at:], bool(head & 1), properties, mid, qos)
    except (UnicodeDecodeError, IndexError) as error:
        raise Malformed(f"a PUBLISH that cannot be read: {error}") from error


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
            raise Malformed(f"property {kind:#x} is none of a PUBLISH")
    if at != end or end > len(body):
        raise Malformed("the properties of a PUBLISH break off")
    return found


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + (body[at] << 8 | body[at + 1])
    return body[at + 2 : end], end


def _varint(body: bytes | bytearray, at: int) -> tuple[int, int]:
    number = body[at]
    if number < MORE:
        return number, at + 1
    number &= 127
    for shift in (7, 14, 21):
        at += 1
        number |= (body[at] & 127) << shift
        if body[at] < MORE:
            return number, at + 1
    raise Malformed("a length of more than four bytes")


def pack_pairs(pairs: Mapping[str, str]) -> bytes:
    """User properties as MQTT v5 packs them (3.3.2.3.7): 38 and two strings for each, their length before all."""
    parts: list[bytes] = []
    for name, value in pairs.items():
        name_bytes, value_bytes = name.encode(), value.encode()
        parts += (
            b"&",
            len(name_bytes).to_bytes(2, "big"),
            name_bytes,
            len(value_bytes).to_bytes(2, "big"),
            value_bytes,
        )
    body = b"".join(parts)
    return pack_variable(len(body)) + body


def pack_variable(number: int) -> bytes:
    """A variable byte integer (MQTT v5, 1.5.5)."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + pack_variable(rest) if rest else bytes([low])
