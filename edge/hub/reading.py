"""A message of a station as lines with their keys. No database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge import wire
from edge.hub.projections import MAX_NUMBER, PatientIndex, ProjectionError, Row, check_key, project

STATION_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message of ``udi/<station>/scan``."""

    topic: str
    payload: bytes
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a message at its key."""

    key: Key
    event_id: str
    """Empty for poison."""
    line: bytes
    digest: str
    row: Row | None = None
    poison: str | None = None
    """Why this line cannot be read."""


def station_of(topic: str) -> str | None:
    """The station of a topic ``udi/<station>/...``; None if the name is not allowed."""
    parts = topic.split("/")
    return parts[1] if len(parts) > 1 and STATION_NAME.fullmatch(parts[1]) else None


def read_message(message: Incoming, patient_index: PatientIndex) -> tuple[list[Entry], list[tuple[bytes, str]]]:
    """The lines that have a key, and the bytes that have none with the reason. Pure but for `patient_index`.

    A line that cannot be read takes the key that the message's user properties give it, so that the watermark can
    pass it; its bytes are set aside.
    """
    station = station_of(message.topic)
    if station is None:
        return [], [(message.payload, f"{message.topic!r} names no station")]
    lines = wire.split(message.payload)
    places = _places(message.properties, station, len(lines))
    entries: list[Entry] = []
    homeless: list[tuple[bytes, str]] = []
    for index, line in enumerate(lines):
        entry = _entry(line, station, None if places is None else places[index], patient_index)
        if isinstance(entry, str):
            homeless.append((line, entry))
        else:
            entries.append(entry)
    return entries, homeless


def _places(properties: Mapping[str, str], station: str, count: int) -> list[Key] | None:
    """The keys that the user properties give to the lines; None if they do not fit the message."""
    try:
        first, told = int(properties["first_seq"]), int(properties["count"])
    except (KeyError, ValueError):
        return None
    epoch = properties.get("epoch", "")
    if properties.get("station") != station or told != count or not 1 <= first < MAX_NUMBER or not epoch.isascii():
        return None
    return [(station, epoch, first + index) for index in range(count)] if epoch else None


def _entry(line: bytes, station: str, place: Key | None, patient_index: PatientIndex) -> Entry | str:
    """The line at its key, or why it has none."""
    digest = wire.digest(line)
    try:
        event = wire.Event.decode(line)
        check_key(event)
    except (wire.WireError, ProjectionError) as error:
        why = str(error)
        return why if place is None else Entry(place, "", line, digest, poison=why)
    if event.station != station:
        why = f"station {event.station!r} in a message of {station!r}"
        return why if place is None else Entry(place, "", line, digest, poison=why)
    try:
        return Entry(event.key, event.event_id, line, digest, row=project(event, patient_index))
    except ProjectionError as error:
        return Entry(event.key, "", line, digest, poison=str(error))
