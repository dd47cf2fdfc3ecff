"""The list of rooms that a technician equips: CSV, a row for each station."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware_service.card.errors import CardError
from firmware_service.card.site import STATION, is_address, is_text

COLUMNS = ("station", "place", "address", "token")
_NEEDED = ("station", "place")


class RoomsError(CardError):
    """A list that cannot be used; the text names each row that is wrong."""


@dataclass(frozen=True, slots=True)
class Room:
    """One row."""

    station: str
    place: str
    address: str | None = None
    token: str | None = None
    """File of its enrolment token, relative to the list."""


def read_rooms(file: Path) -> list[Room]:
    """Read the list; UTF-8, with or without the mark that Excel writes.

    Raises:
        RoomsError: with every problem found.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RoomsError(f"{file}: {error}: expected CSV in UTF-8") from error
    rows = csv.DictReader(io.StringIO(text), restkey="more")
    names = rows.fieldnames or ()
    if unknown := [name for name in names if name not in COLUMNS]:
        raise RoomsError(f"{file}: unknown column {', '.join(unknown)}: expected {', '.join(COLUMNS)}")
    if missing := [name for name in _NEEDED if name not in names]:
        raise RoomsError(f"{file}: column {', '.join(missing)} is missing: expected {', '.join(COLUMNS)}")
    try:
        told = list(rows)
    except csv.Error as error:
        raise RoomsError(f"{file}: {error}") from error
    if wrong := [f"line {number}: {problem}" for number, row in enumerate(told, 2) for problem in _problems(row)]:
        raise RoomsError(f"{file}: " + "; ".join(wrong))
    rooms = [Room(*((row.get(name) or "").strip() or None for name in COLUMNS)) for row in told]  # type: ignore[arg-type]
    _refuse_twice(file, rooms)
    return rooms


def _problems(row: dict[str, str]) -> Iterator[str]:
    station, place, address = ((row.get(name) or "").strip() for name in COLUMNS[:3])
    if "more" in row:
        yield "more cells than columns"
    if STATION.fullmatch(station) is None:
        yield f"station {station!r}: expected capital letters, digits and hyphens, such as OR-03"
    if not is_text(place):
        yield f"place {place!r}: expected one line of text"
    if address and not is_address(address):
        yield f"address {address!r}: expected such as 10.20.3.17/24"


def _refuse_twice(file: Path, rooms: list[Room]) -> None:
    for name in ("station", "address"):
        values = [value for room in rooms if (value := getattr(room, name)) is not None]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise RoomsError(f"{file}: {name} {', '.join(twice)} stands there twice: each room has its own")
    if not rooms:
        raise RoomsError(f"{file}: no rooms in it")
