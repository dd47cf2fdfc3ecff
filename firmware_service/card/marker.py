"""``udi/prepared.json``: what was written to a card, with the SHA-256 of each file.

Written last: without it, a card is not prepared. Standard library only, because the first start reads it too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from firmware_service.card.errors import CardError

NAME = "udi/prepared.json"
SCHEMA = 1


class MarkerError(CardError):
    """A marker that this version does not understand."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What it says."""

    site: str
    station: str | None
    place: str | None
    kind: str
    """Of first start: ``cloud-init`` or ``firstrun``."""
    edition: str
    instance: str
    prepared: str
    """UTC, ISO 8601."""
    release: str | None
    files: Mapping[str, str]
    """Name to SHA-256, each written file but this one."""
    schema: int = SCHEMA


def sha256(data: bytes) -> str:
    """In hex."""
    return hashlib.sha256(data).hexdigest()


def write_marker(marker: Marker) -> bytes:
    """As JSON."""
    return (json.dumps(asdict(marker), ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def read_marker(data: bytes) -> Marker:
    """The marker in these bytes.

    Raises:
        MarkerError: it is none, or of another version.
    """
    try:
        told = json.loads(data)
        marker = Marker(**told)
        whole = all(isinstance(each, str) for pair in marker.files.items() for each in pair)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise MarkerError(f"{NAME} is damaged: {error}") from None
    if marker.schema != SCHEMA or not whole:
        raise MarkerError(f"{NAME} has schema {marker.schema!r}, expected {SCHEMA}: use the version that wrote it")
    return marker


def wrong_files(marker: Marker, read: Callable[[str], bytes | None]) -> Iterator[str]:
    """What is not as it was written, a text each.

    Args:
        marker: what was written.
        read: reads a file of the card; None when there is none.
    """
    for name, expected in marker.files.items():
        data = read(name)
        if data is None:
            yield f"{name} is missing"
        elif (found := sha256(data)) != expected:
            yield f"{name} has SHA-256 {found[:12]}…, expected {expected[:12]}…"
