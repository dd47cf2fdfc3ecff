"""A message of a station as lines with their keys. No database, no clock.

Only what places an event is looked at here; what it says is the projector's business, later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import msgspec

from edge import wire

STATION_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
MAX_NUMBER = 2**53
"""No counted quantity is larger; databases and JSON readers agree up to here."""
NAME = r"^[ -~]{1,64}\Z"
"""An event_id or an epoch: printable, so that every database takes it. A UUID has 36 characters, an epoch 16."""

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message of ``udi/<station>/scan``."""

    topic: str
    payload: bytes
    properties: Mapping[str, str]


class Entry(NamedTuple):
    """One line of a message at its key. A plain tuple: there are 40,000 of them a second while a backlog drains."""

    key: Key
    event_id: str
    """Empty for poison."""
    digest: str
    chain: str | None
    """What the event says of the one before it."""
    line: bytes
    poison: str | None = None
    """Why this line cannot be read."""


def station_of(topic: str) -> str | None:
    """The station of a topic ``udi/<station>/...``; None if the name is not allowed."""
    parts = topic.split("/")
    return parts[1] if len(parts) > 1 and STATION_NAME.fullmatch(parts[1]) else None


def read_message(message: Incoming) -> tuple[list[Entry], list[tuple[bytes, str]]]:
    """The lines that have a key, and the bytes that have none with the reason. Pure.

    A line that cannot be read takes the key that the message's user properties give it, or that is free between its
    neighbours (MQTT 3.1.1 has no properties), so that the watermark can pass it; its bytes are set aside.
    """
    station = station_of(message.topic)
    if station is None:
        return [], [(message.payload, f"{message.topic!r} names no station")]
    lines = wire.split(message.payload)
    entries: list[Entry] = []
    homeless: list[tuple[bytes, str]] = []
    for index, line in enumerate(lines):
        try:
            place = _place(line, station)
        except wire.WireError as error:
            told = _told_key(message.properties, station, index, len(lines))
            told = told or _key_between(entries, lines[index + 1 : index + 2], station)
            if told is None:
                homeless.append((line, str(error)))
            else:
                entries.append(Entry(told, "", wire.digest(line), None, line, str(error)))
            continue
        key = (station, place.epoch, place.seq)
        entries.append(Entry(key, place.event_id, wire.digest(line), place.chain, line))
    return entries, homeless


_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Place(msgspec.Struct, frozen=True, gc=False):
    """What places an event. The decoder reads all of the line, but keeps only this."""

    event_id: _Short
    station: str
    epoch: _Short
    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)]
    kind: str
    chain: _Short | None


_DECODER = msgspec.json.Decoder(_Place)


def decode(line: bytes) -> wire.Event:
    """An event from its bytes.

    Raises:
        WireError: not an event.
    """
    return wire.Event.decode(line, loads=msgspec.json.decode)


def encode(value: Any) -> str:
    """JSON; quick, but only for texts that UTF-8 takes and numbers of 64 bits."""
    return msgspec.json.encode(value).decode()


def _place(line: bytes, station: str) -> _Place:
    """What places a line.

    Raises:
        WireError: not JSON, or something of its place is missing, of the wrong type, or of another station.
    """
    try:
        place = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        raise wire.WireError(f"not an event: {error} in {line[:40]!r}") from error
    names = place.event_id + place.epoch + (place.chain or "")
    if not (names.isascii() and names.isprintable()):  # as `NAME`, which would take as long as all the rest
        raise wire.WireError(f"an event's event_id, epoch and chain are printable ASCII, found {names!r}")
    if place.station != station:
        raise wire.WireError(f"station {place.station!r} in a message of {station!r}")
    return place


def _key_between(entries: list[Entry], following: list[bytes], station: str) -> Key | None:
    """The key between the line before and the line behind, if these leave just one free."""
    if not entries or not following:
        return None
    _, epoch, seq = entries[-1].key
    try:
        behind = _place(following[0], station)
    except wire.WireError:
        return None
    return (station, epoch, seq + 1) if (behind.epoch, behind.seq) == (epoch, seq + 2) else None


def _told_key(properties: Mapping[str, str], station: str, index: int, count: int) -> Key | None:
    """The key that the user properties give to a line; None if they do not fit the message."""
    try:
        first, told = int(properties["first_seq"]), int(properties["count"])
    except (KeyError, ValueError):
        return None
    epoch = properties.get("epoch", "")
    fits = properties.get("station") == station and told == count and 1 <= first < MAX_NUMBER - count
    return (station, epoch, first + index) if fits and re.match(NAME, epoch) else None
