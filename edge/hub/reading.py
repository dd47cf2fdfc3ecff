"""A message of a station as lines with their keys. No database, no clock.

Only what places an event is looked at here; what it says is the projector's business, later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from edge import wire

STATION_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
MAX_NUMBER = 2**53
"""No counted quantity is larger; databases and JSON readers agree up to here."""
MAX_NAME = 64
"""Characters of an event_id or an epoch; a UUID has 36, an epoch 16."""

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
    line: bytes
    poison: str | None = None
    """Why this line cannot be read."""


def station_of(topic: str) -> str | None:
    """The station of a topic ``udi/<station>/...``; None if the name is not allowed."""
    parts = topic.split("/")
    return parts[1] if len(parts) > 1 and STATION_NAME.fullmatch(parts[1]) else None


def read_message(message: Incoming) -> tuple[list[Entry], list[tuple[bytes, str]]]:
    """The lines that have a key, and the bytes that have none with the reason. Pure.

    A line that cannot be read takes the key that the message's user properties give it, so that the watermark can
    pass it; its bytes are set aside.
    """
    station = station_of(message.topic)
    if station is None:
        return [], [(message.payload, f"{message.topic!r} names no station")]
    lines = wire.split(message.payload)
    entries: list[Entry] = []
    homeless: list[tuple[bytes, str]] = []
    for index, line in enumerate(lines):
        try:
            event_id, epoch, seq = _place(line, station)
        except wire.WireError as error:
            key = _told_key(message.properties, station, index, len(lines))
            if key is None:
                homeless.append((line, str(error)))
            else:
                entries.append(Entry(key, "", wire.digest(line), line, str(error)))
            continue
        entries.append(Entry((station, epoch, seq), event_id, wire.digest(line), line))
    return entries, homeless


def decode(line: bytes) -> wire.Event:
    """An event from its bytes.

    Raises:
        WireError: not an event.
    """
    return wire.Event.decode(line, loads=orjson.loads)


def _place(line: bytes, station: str) -> tuple[str, str, int]:
    """event_id, epoch and seq of a line.

    Raises:
        WireError: not JSON, or something of its place is missing, of the wrong type, or of another station.
    """
    try:
        data = orjson.loads(line)
        event_id, epoch, seq = data["event_id"], data["epoch"], data["seq"]
        told, kind, chain = data["station"], data["kind"], data["chain"]
    except (ValueError, KeyError, TypeError) as error:
        raise wire.WireError(f"not an event: {error!r} in {line[:40]!r}") from error
    if told != station:
        raise wire.WireError(f"station {told!r} in a message of {station!r}")
    if not (_named(event_id) and _named(epoch) and isinstance(kind, str)):
        raise wire.WireError(f"an event's event_id and epoch are short texts, found {event_id!r} and {epoch!r}")
    if type(seq) is not int or not 1 <= seq <= MAX_NUMBER:
        raise wire.WireError(f"an event's seq is a whole number from 1 to 2**53, found {seq!r}")
    if not (chain is None or isinstance(chain, str)):
        raise wire.WireError(f"an event's chain is text or null, found {chain!r}")
    return event_id, epoch, seq


def _named(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isascii() and value.isprintable()


def _told_key(properties: Mapping[str, str], station: str, index: int, count: int) -> Key | None:
    """The key that the user properties give to a line; None if they do not fit the message."""
    try:
        first, told = int(properties["first_seq"]), int(properties["count"])
    except (KeyError, ValueError):
        return None
    epoch = properties.get("epoch", "")
    if properties.get("station") != station or told != count or not 1 <= first < MAX_NUMBER or not _named(epoch):
        return None
    return station, epoch, first + index
